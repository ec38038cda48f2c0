//! TFLite files, as the graphs that ONNX files become.
//!
//! ```text
//! file.tflite   tables of TensorFlow's schema                                    →  `buffer` finds fields, `model` reads them
//! CONV_2D       on maps of rows, columns and channels, with an activation        →  `call` finds what it reads
//! Conv, Relu    the same in ONNX's operators, between transpositions             →  `ops` translates
//! ```
//!
//! Maps are H x W x C in such files. An input of maps is C x H x W here and transposed at once; each operator that ONNX has on
//! C x H x W is between a transposition and its inverse. None of these is a layer: see `view`.

mod buffer;
mod call;
mod dilated;
mod model;
mod names;
mod operators;
mod ops;
mod tensors;

use std::collections::BTreeMap;
use std::rc::Rc;

use cnn_net::op::Shape;

use self::model::{Model, Operator};
use crate::constant::Constant;
use crate::graph::{Graph, Id, Input, Node, Output};
use crate::load::input_dims;
use crate::proto::{self, Dim, Value as Attribute};
use crate::report::{Error, Fault, Problem, text};

/// The version of ONNX's operators that operators are translated to.
const OPSET: i64 = 20;
/// Whole numbers are sizes and places; a net has no more of them.
const MOST_WHOLE: usize = 1 << 22;
/// Weights may be read this often, since a layer can occur more than once.
const MOST_READ: usize = 16;

/// The order of maps in files, from that of nets, for values of this many dimensions.
const LAST: [&[i64]; 2] = [&[0, 2, 1], &[0, 2, 3, 1]];
/// And back.
const FIRST: [&[i64]; 2] = [&[0, 2, 1], &[0, 3, 1, 2]];

/// One of these orders, if a value with this many dimensions is maps or a sequence.
fn order(orders: [&'static [i64]; 2], rank: usize) -> Option<&'static [i64]> {
    orders.into_iter().find(|order| order.len() == rank)
}

/// Whether a file is one of TFLite, by what it says of itself.
#[must_use]
pub fn is_tflite(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"TFL3")
}

/// The graph of a file, and whether inputs or outputs have another order there; or all that is wrong with its frame.
pub(crate) fn load(bytes: &[u8], input: Option<Shape>) -> Result<(Graph<'_>, bool), Error> {
    let broken = |why: proto::wire::Malformed| Error::Unreadable(format!("it is no TFLite file: {}", why.0));
    let model = model::model(bytes).map_err(broken)?;
    let mut loader = Loader {
        model: &model,
        bytes: bytes.len(),
        dilated: dilated::parts(&model),
        known: BTreeMap::new(),
        moved: BTreeMap::new(),
        constants: BTreeMap::new(),
        nodes: Vec::new(),
        values: 0,
        whole: 0,
        read: 0,
        refused: Vec::new(),
        missing: Vec::new(),
        has_maps: false,
        batch: 1,
        problems: Vec::new(),
    };
    loader.frame();
    let inputs = if loader.problems.is_empty() { loader.inputs(input) } else { Vec::new() };
    if loader.problems.is_empty() {
        model.operators.iter().enumerate().for_each(|(at, operator)| loader.operator(at, operator));
    }
    let outputs = loader.outputs();
    let Loader { constants, nodes, values, refused, missing, has_maps, problems, .. } = loader;
    if !problems.is_empty() {
        return Err(Error::Unsupported(problems));
    }
    let mut graph =
        Graph { opset: OPSET, is_exact: false, nodes, constants, inputs, outputs, values, refused, missing };
    graph.sweep();
    Ok((graph, has_maps))
}

struct Loader<'m, 'a> {
    model: &'m Model<'a>,
    /// How many bytes the file has.
    bytes: usize,
    /// Operators that are one dilated convolution, by their places.
    dilated: dilated::Parts,
    /// Values by the numbers of their tensors.
    known: BTreeMap<i32, Id>,
    /// Constants in another order, by the order.
    moved: BTreeMap<(Id, Vec<i64>), Id>,
    constants: BTreeMap<Id, Rc<Constant<'a>>>,
    nodes: Vec<Node<'a>>,
    values: usize,
    /// How many whole numbers were read.
    whole: usize,
    /// How many bytes of real numbers operators read.
    read: usize,
    /// What is wrong with operators, and the values that are missing because of that.
    refused: Vec<Problem>,
    missing: Vec<Id>,
    /// Whether an input or an output has its channels last in the file.
    has_maps: bool,
    /// The batch that the file is for. It is 1 here, so constant shapes are changed.
    batch: i64,
    /// What is wrong with the frame.
    problems: Vec<Problem>,
}

impl<'a> Loader<'_, 'a> {
    fn value(&mut self) -> Id {
        self.values += 1;
        self.values - 1
    }

    fn constant(&mut self, constant: Constant<'a>) -> Id {
        let id = self.value();
        self.constants.insert(id, Rc::new(constant));
        id
    }

    fn problem(&mut self, what: &str, name: &str, fault: Fault) {
        self.problems.push(fault.of(what, name));
    }

    /// A tensor that the file must have.
    fn tensor(&self, index: i32) -> Result<&model::Tensor<'a>, Fault> {
        self.model.tensor(index).ok_or_else(|| Fault::new(format!("it names the tensor {index}, which there is not")))
    }

    /// The value of a tensor: a constant, or the result of an earlier operator.
    fn value_of(&mut self, index: i32) -> Result<Id, Fault> {
        let model = self.model;
        let id = match self.known.get(&index) {
            Some(id) => *id,
            None => {
                let tensor = self.tensor(index)?;
                if tensor.is_variable {
                    let why = format!("it reads `{}`, which is kept from one run to the next", text(tensor.name));
                    return Err(Fault::new(why).help("freeze the variables of the model before it is converted"));
                }
                let Some(constant) = tensors::constant(model, tensor)? else {
                    let why = format!("it reads `{}`, which nothing before it computes", text(tensor.name));
                    return Err(Fault::new(why));
                };
                self.whole += if constant.is_whole() { constant.len() } else { 0 };
                if self.whole > MOST_WHOLE {
                    return Err(Fault::new("its tensors have more whole numbers than a net has"));
                }
                let id = self.constant(constant);
                self.known.insert(index, id);
                id
            }
        };
        if let Some(constant) = self.constants.get(&id).filter(|constant| !constant.is_whole()) {
            self.read = self.read.saturating_add(constant.len().saturating_mul(size_of::<f32>()));
            if self.read / MOST_READ > self.bytes {
                return Err(Fault::new("its tensors are read more often than those of a net are"));
            }
        }
        Ok(id)
    }

    /// What is wrong with the file as a whole. All quantised tensors together are one problem.
    fn frame(&mut self) {
        let model = self.model;
        let op = |operator: &Operator<'_>| model.codes.get(operator.code).and_then(operators::name);
        if model.graphs > 1 && !model.operators.iter().filter_map(op).any(ops::is_call) {
            let why = format!("it has {} graphs, one for each of its signatures", model.graphs);
            self.problem("model", "subgraphs", Fault::new(why).help("convert one signature of the model alone"));
        }
        let all = model.tensors.iter().filter(|tensor| tensors::is_quantised(tensor));
        let mut all = all.filter(|tensor| tensor.kind != 2).peekable();
        let Some(first) = all.peek() else { return };
        let kind = tensors::type_name(first.kind);
        let (name, others) = (first.name, all.count() - 1);
        let more = match others {
            0 => String::new(),
            1 => ", as are those of another tensor".to_owned(),
            others => format!(", as are those of {others} others"),
        };
        let why = format!("its numbers are quantised to {kind}{more}; nets compute in single precision");
        self.problem("tensor", name, Fault::new(why).help(tensors::UNQUANTISED));
    }

    /// The inputs, with maps as the net has them.
    fn inputs(&mut self, given: Option<Shape>) -> Vec<Input<'a>> {
        let model = self.model;
        if model.inputs.is_empty() {
            self.problem("model", "inputs", Fault::new("it has no inputs: it always computes the same"));
        }
        if let (Some(_), count @ 2..) = (given, model.inputs.len()) {
            let why = format!("it has {count} inputs, and a shape can be given for a single one");
            self.problem("model", "inputs", Fault::new(why).help("convert the model with fixed shapes"));
        }
        let given = given.filter(|_| model.inputs.len() == 1);
        let mut inputs = Vec::new();
        for index in &model.inputs {
            let name = self.port(*index);
            match self.input(*index, name, given) {
                Ok(input) => inputs.push(input),
                Err(fault) => self.problem("input", name, fault),
            }
        }
        inputs
    }

    /// What an input or an output is called.
    fn port(&self, index: i32) -> &'a str {
        let name = self.model.names.get(&index).copied();
        name.or_else(|| self.model.tensor(index).map(|tensor| tensor.name)).unwrap_or_default()
    }

    fn input(&mut self, index: i32, name: &'a str, given: Option<Shape>) -> Result<Input<'a>, Fault> {
        let (kind, sizes) = {
            let tensor = self.tensor(index)?;
            (tensors::kind(tensor.kind)?, tensor.shape.clone())
        };
        self.batch = sizes.first().map_or(1, |batch| i64::from(*batch).max(1));
        let order = order(FIRST, sizes.len()).filter(|_| !self.is_first(index, sizes.len()));
        let dim = |size: i32| if size > 0 { Dim::Is(size.into()) } else { Dim::Unknown };
        let dims = match order {
            Some(order) => order.iter().map(|at| dim(sizes[*at as usize])).collect(),
            None => sizes.iter().map(|size| dim(*size)).collect(),
        };
        let dims = input_dims(&proto::Input { name, kind, dims: Some(dims) }, given, "tflite")?;
        let id = self.value();
        let mut value = id;
        if let Some(order) = order.and_then(|_| self::order(LAST, sizes.len())) {
            value = self.value();
            self.has_maps = true;
            let perm = Rc::new(Attribute::Ints(order.to_vec()));
            self.nodes.push(Node {
                inputs: vec![Some(id)],
                attributes: vec![("perm", perm)],
                ..Node::blank("Transpose", vec![Some(value)])
            });
        }
        match self.known.insert(index, value) {
            Some(_) => Err(Fault::new("it is there twice")),
            None => Ok(Input { id, name, dims }),
        }
    }

    /// Whether an input has its channels first already: all that reads it puts them last, as exports from PyTorch do.
    fn is_first(&self, index: i32, rank: usize) -> bool {
        let mut readers = self.model.operators.iter().filter(|operator| operator.inputs.contains(&index)).peekable();
        readers.peek().is_some() && readers.all(|operator| self.perm(operator).as_deref() == order(LAST, rank))
    }

    /// The order that a transposition makes.
    fn perm(&self, operator: &Operator<'a>) -> Option<Vec<i64>> {
        let code = self.model.codes.get(operator.code)?;
        let order = (operators::name(code) == Some("TRANSPOSE")).then(|| operator.inputs.get(1))??;
        let constant = tensors::constant(self.model, self.tensor(*order).ok()?).ok()??;
        (constant.len() <= 4).then(|| constant.to_ints().ok())?
    }

    /// The outputs, with maps as the net has them.
    fn outputs(&mut self) -> Vec<Output<'a>> {
        let model = self.model;
        if model.outputs.is_empty() {
            self.problem("model", "outputs", Fault::new("it has no outputs"));
        }
        let mut outputs = Vec::new();
        for index in &model.outputs {
            let name = self.port(*index);
            let rank = self.tensor(*index).map_or(0, |tensor| tensor.shape.len());
            match self.known.get(index).copied() {
                Some(id) => outputs.push(Output { id: self.output(*index, id, rank), name }),
                None if !self.problems.is_empty() => {}
                None => self.problem("output", name, Fault::new("nothing computes it")),
            }
        }
        outputs
    }

    /// The value of an output, with its channels first and with a batch.
    fn output(&mut self, index: i32, id: Id, rank: usize) -> Id {
        let first = order(FIRST, rank);
        let producer = self.model.operators.iter().find(|operator| operator.outputs.contains(&index));
        let is_first = producer.is_some_and(|operator| self.perm(operator).as_deref() == first);
        let (op, inputs, attributes) = match first {
            Some(order) if !is_first => {
                self.has_maps = true;
                ("Transpose", vec![Some(id)], vec![("perm", Rc::new(Attribute::Ints(order.to_vec())))])
            }
            None if rank < 2 => {
                let sizes = self.constant(Constant::ints(vec![2], vec![1, -1]));
                ("Reshape", vec![Some(id), Some(sizes)], Vec::new())
            }
            _ => return id,
        };
        let value = self.value();
        self.nodes.push(Node { inputs, attributes, ..Node::blank(op, vec![Some(value)]) });
        value
    }

    fn operator(&mut self, at: usize, operator: &Operator<'a>) {
        let model = self.model;
        let title = operator.outputs.first().map_or("", |index| self.tensor(*index).map_or("", |tensor| tensor.name));
        let code = model.codes.get(operator.code);
        let op = code.and_then(operators::name).unwrap_or("operator");
        let part = self.dilated.remove(&at).transpose();
        let mut call = call::Call { loader: self, operator, op, title, spread: None };
        let found = match code {
            Some(code) if operators::is_custom(code) => Err(ops::custom(op)),
            Some(_) => part.and_then(|part| ops::translate(&mut call, part)),
            None => Err(Fault::new("its number is none of the file's operators")),
        };
        let found = found.and_then(|values| self.define(operator, &values));
        if let Err(fault) = found {
            self.refused.push(fault.of(op, names::name(title)));
            for index in &operator.outputs {
                let id = self.value();
                self.missing.push(id);
                self.known.entry(*index).or_insert(id);
            }
        }
    }

    /// Gives the tensors of an operator's results their values.
    fn define(&mut self, operator: &Operator<'a>, values: &[Id]) -> Result<(), Fault> {
        if operator.outputs.is_empty() || values.len() < operator.outputs.len() {
            return Err(Fault::new(format!("it has {} results", operator.outputs.len())));
        }
        for (index, id) in operator.outputs.iter().zip(values) {
            let name = self.tensor(*index)?.name;
            if self.known.insert(*index, *id).is_some() {
                return Err(Fault::new(format!("its value `{}` is defined twice", text(name))));
            }
        }
        Ok(())
    }
}
