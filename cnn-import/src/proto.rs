//! The messages of an ONNX file that describe inference, as far as they are needed.
//!
//! They are read by hand rather than by code generated from ONNX's schema: texts and tensors borrow from the file,
//! which may have hundreds of megabytes, unknown fields are skipped, and the number of parts is bounded, so that a small, hostile
//! file can't ask for much memory.

pub(crate) mod wire;

use self::wire::{Field, Fields, Malformed, Result};

/// A file with more parts (nodes, tensors, names, attributes) is not read. Nets have a few thousand.
const MOST_PARTS: usize = 400_000;
/// Nor is one with a tensor of more dimensions.
const MOST_DIMS: usize = 32;

/// A file.
#[derive(Debug, Default)]
pub(crate) struct Model<'a> {
    pub(crate) producer: &'a str,
    /// Domains of operators, and the versions of their sets.
    pub(crate) opsets: Vec<(&'a str, i64)>,
    pub(crate) graph: Option<Graph<'a>>,
}

/// A graph of operators.
#[derive(Debug, Default)]
pub(crate) struct Graph<'a> {
    pub(crate) name: &'a str,
    pub(crate) nodes: Vec<Node<'a>>,
    pub(crate) initializers: Vec<Tensor<'a>>,
    pub(crate) has_sparse: bool,
    pub(crate) inputs: Vec<Input<'a>>,
    pub(crate) outputs: Vec<Input<'a>>,
}

/// An operator's call.
#[derive(Debug, Default)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) op: &'a str,
    pub(crate) domain: &'a str,
    /// Names of values; an empty one is an input that is left out.
    pub(crate) inputs: Vec<&'a str>,
    pub(crate) outputs: Vec<&'a str>,
    pub(crate) attributes: Vec<Attribute<'a>>,
    /// Where exporters keep the names of modules.
    pub(crate) metadata: Vec<(&'a str, &'a str)>,
}

/// A named argument of an operator.
#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value<'a>,
}

/// The value of an attribute.
#[derive(Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Int(i64),
    Float(f32),
    Text(&'a str),
    Tensor(Tensor<'a>),
    Ints(Vec<i64>),
    Floats(Vec<f32>),
    /// `If` and `Loop` have graphs, which are read when they are asked for.
    Graph(&'a [u8]),
    Other,
}

/// A tensor, as it is encoded.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tensor<'a> {
    pub(crate) name: &'a str,
    pub(crate) dims: Vec<i64>,
    /// ONNX's number of the type.
    pub(crate) kind: i64,
    pub(crate) raw: Option<&'a [u8]>,
    /// Packed little-endian numbers; a single one is not packed.
    pub(crate) floats: Packed<'a>,
    pub(crate) doubles: Packed<'a>,
    /// Packed varints.
    pub(crate) int32: Packed<'a>,
    pub(crate) int64: Packed<'a>,
    pub(crate) uint64: Packed<'a>,
    pub(crate) has_strings: bool,
    /// Keys and values that say where the numbers are, if they are in another file.
    pub(crate) external: Vec<(&'a str, &'a str)>,
    pub(crate) is_external: bool,
}

/// Numbers of a repeated field: usually all in one piece.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Packed<'a> {
    #[default]
    None,
    One(&'a [u8]),
    /// One by one, as old writers have it.
    Fields(Vec<Field<'a>>),
}

/// An input or output of a graph.
#[derive(Debug, Default)]
pub(crate) struct Input<'a> {
    pub(crate) name: &'a str,
    /// ONNX's number of the type of its elements; 0, if it is no tensor.
    pub(crate) kind: i64,
    /// Each is a number, or a name, or unknown; nothing, if not even their number is known.
    pub(crate) dims: Option<Vec<Dim<'a>>>,
}

/// A dimension of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dim<'a> {
    Is(i64),
    Named(&'a str),
    Unknown,
}

/// Reads a file.
pub(crate) fn model(bytes: &[u8]) -> Result<Model<'_>> {
    let mut reader = Reader { parts: MOST_PARTS };
    let (mut model, mut fields) = (Model::default(), Fields(bytes));
    while let Some((number, field)) = fields.next()? {
        match number {
            2 => model.producer = field.text()?,
            7 => model.graph = Some(reader.graph(field.bytes()?)?),
            8 => model.opsets.push(reader.opset(field.bytes()?)?),
            _ => {}
        }
    }
    Ok(model)
}

/// Reads a file of a single tensor.
pub(crate) fn tensor(bytes: &[u8]) -> Result<Tensor<'_>> {
    Reader { parts: MOST_PARTS }.tensor(bytes)
}

/// Reads a graph that a node has.
pub(crate) fn graph(bytes: &[u8]) -> Result<Graph<'_>> {
    Reader { parts: MOST_PARTS }.graph(bytes)
}

struct Reader {
    /// How many more parts are read.
    parts: usize,
}

impl Reader {
    fn part(&mut self) -> Result<()> {
        self.parts = self.parts.checked_sub(1).ok_or(Malformed("it has more than 400,000 parts"))?;
        Ok(())
    }

    fn opset<'a>(&mut self, bytes: &'a [u8]) -> Result<(&'a str, i64)> {
        self.part()?;
        let (mut opset, mut fields) = (("", 0), Fields(bytes));
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => opset.0 = field.text()?,
                2 => opset.1 = field.int()?,
                _ => {}
            }
        }
        Ok(opset)
    }

    fn graph<'a>(&mut self, bytes: &'a [u8]) -> Result<Graph<'a>> {
        let (mut graph, mut fields) = (Graph::default(), Fields(bytes));
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => graph.nodes.push(self.node(field.bytes()?)?),
                2 => graph.name = field.text()?,
                5 => graph.initializers.push(self.tensor(field.bytes()?)?),
                11 => graph.inputs.push(self.input(field.bytes()?)?),
                12 => graph.outputs.push(self.input(field.bytes()?)?),
                15 => graph.has_sparse = true,
                _ => {}
            }
        }
        Ok(graph)
    }

    fn node<'a>(&mut self, bytes: &'a [u8]) -> Result<Node<'a>> {
        self.part()?;
        let (mut node, mut fields) = (Node::default(), Fields(bytes));
        while let Some((number, field)) = fields.next()? {
            match number {
                1 | 2 => {
                    self.part()?;
                    let names = if number == 1 { &mut node.inputs } else { &mut node.outputs };
                    names.push(field.text()?);
                }
                3 => node.name = field.text()?,
                4 => node.op = field.text()?,
                5 => node.attributes.push(self.attribute(field.bytes()?)?),
                7 => node.domain = field.text()?,
                9 => node.metadata.push(self.entry(field.bytes()?)?),
                _ => {}
            }
        }
        Ok(node)
    }

    /// A key and a value.
    fn entry<'a>(&mut self, bytes: &'a [u8]) -> Result<(&'a str, &'a str)> {
        self.part()?;
        let (mut entry, mut fields) = (("", ""), Fields(bytes));
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => entry.0 = field.text()?,
                2 => entry.1 = field.text()?,
                _ => {}
            }
        }
        Ok(entry)
    }

    fn attribute<'a>(&mut self, bytes: &'a [u8]) -> Result<Attribute<'a>> {
        self.part()?;
        let (mut name, mut fields) = ("", Fields(bytes));
        let (mut kind, mut single, mut ints, mut floats) = (0, None, Vec::new(), Vec::new());
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => name = field.text()?,
                2 => single = Some(Value::Float(field.float()?)),
                3 => single = Some(Value::Int(field.int()?)),
                // Bytes that are not text belong to an operator that is unknown anyway.
                4 => single = Some(field.text().map_or(Value::Other, Value::Text)),
                5 => single = Some(Value::Tensor(self.tensor(field.bytes()?)?)),
                6 => single = Some(Value::Graph(field.bytes()?)),
                7 => field.floats(&mut floats)?,
                8 => field.ints(&mut ints)?,
                20 => kind = field.int()?,
                9..=11 | 14 | 15 | 22 | 23 => single = Some(Value::Other),
                _ => {}
            }
        }
        // Old files don't say the type, and new ones leave out what is 0 or empty.
        let value = match (single, kind) {
            (Some(single), _) => single,
            (None, 1) => Value::Float(0.0),
            (None, 2) => Value::Int(0),
            (None, 3) => Value::Text(""),
            (None, 6) => Value::Floats(floats),
            (None, _) if !floats.is_empty() => Value::Floats(floats),
            (None, _) => Value::Ints(ints),
        };
        Ok(Attribute { name, value })
    }

    fn tensor<'a>(&mut self, bytes: &'a [u8]) -> Result<Tensor<'a>> {
        self.part()?;
        let (mut tensor, mut fields) = (Tensor::default(), Fields(bytes));
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => {
                    field.ints(&mut tensor.dims)?;
                    if tensor.dims.len() > MOST_DIMS {
                        return Err(Malformed("a tensor has more than 32 dimensions"));
                    }
                }
                2 => tensor.kind = field.int()?,
                4 => tensor.floats.add(field, self)?,
                5 => tensor.int32.add(field, self)?,
                6 => tensor.has_strings = true,
                7 => tensor.int64.add(field, self)?,
                8 => tensor.name = field.text()?,
                9 => tensor.raw = Some(field.bytes()?),
                10 => tensor.doubles.add(field, self)?,
                11 => tensor.uint64.add(field, self)?,
                13 => tensor.external.push(self.entry(field.bytes()?)?),
                14 => tensor.is_external = field.int()? == 1,
                _ => {}
            }
        }
        Ok(tensor)
    }

    fn input<'a>(&mut self, bytes: &'a [u8]) -> Result<Input<'a>> {
        self.part()?;
        let (mut input, mut fields) = (Input::default(), Fields(bytes));
        while let Some((number, field)) = fields.next()? {
            match number {
                1 => input.name = field.text()?,
                2 => self.kind(field.bytes()?, &mut input)?,
                _ => {}
            }
        }
        Ok(input)
    }

    /// The type of an input.
    fn kind<'a>(&mut self, bytes: &'a [u8], input: &mut Input<'a>) -> Result<()> {
        let mut fields = Fields(bytes);
        while let Some((number, field)) = fields.next()? {
            if number != 1 {
                continue;
            }
            let mut tensor = Fields(field.bytes()?);
            while let Some((number, field)) = tensor.next()? {
                match number {
                    1 => input.kind = field.int()?,
                    2 => input.dims = Some(self.dims(field.bytes()?)?),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn dims<'a>(&mut self, bytes: &'a [u8]) -> Result<Vec<Dim<'a>>> {
        let (mut dims, mut fields) = (Vec::new(), Fields(bytes));
        while let Some((number, field)) = fields.next()? {
            if number != 1 {
                continue;
            }
            self.part()?;
            let (mut dim, mut parts) = (Dim::Unknown, Fields(field.bytes()?));
            while let Some((number, field)) = parts.next()? {
                match number {
                    1 => dim = Dim::Is(field.int()?),
                    2 => dim = Dim::Named(field.text()?),
                    _ => {}
                }
            }
            dims.push(dim);
        }
        Ok(dims)
    }
}

impl<'a> Packed<'a> {
    fn add(&mut self, field: Field<'a>, reader: &mut Reader) -> Result<()> {
        match (&mut *self, field) {
            (Self::None, Field::Bytes(bytes)) => *self = Self::One(bytes),
            (Self::None, _) => *self = Self::Fields(vec![field]),
            (Self::Fields(fields), _) => {
                reader.part()?;
                fields.push(field);
            }
            (Self::One(first), _) => {
                reader.part()?;
                *self = Self::Fields(vec![Field::Bytes(first), field]);
            }
        }
        Ok(())
    }

    /// All of them as whole numbers.
    pub(crate) fn ints(&self) -> Result<Vec<i64>> {
        let mut ints = Vec::new();
        match self {
            Self::None => {}
            Self::One(bytes) => Field::Bytes(bytes).ints(&mut ints)?,
            Self::Fields(fields) => fields.iter().try_for_each(|field| field.ints(&mut ints))?,
        }
        Ok(ints)
    }
}
