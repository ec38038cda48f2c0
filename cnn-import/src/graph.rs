//! A graph of operators between the file and the layers: values are numbers, constants are known, nodes are in order.

use cnn_net::text::count;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::constant::Constant;
use crate::proto::Value as Attribute;
use crate::report::{Fault, Problem};

/// A value, by its number in a graph.
pub(crate) type Id = usize;

/// What passes change, and what becomes layers.
pub(crate) struct Graph<'a> {
    /// The version of the operator set.
    pub(crate) opset: i64,
    /// Whether it is the model as it is trained, so that layers keep what doesn't matter yet, such as a bias of zeros.
    pub(crate) is_exact: bool,
    pub(crate) nodes: Vec<Node<'a>>,
    /// By values.
    pub(crate) constants: BTreeMap<Id, Rc<Constant<'a>>>,
    pub(crate) inputs: Vec<Input<'a>>,
    pub(crate) outputs: Vec<Output<'a>>,
    /// How many values there are.
    pub(crate) values: usize,
    /// What its reader could not translate, and the values that are missing because of that.
    pub(crate) refused: Vec<Problem>,
    pub(crate) missing: Vec<Id>,
}

/// An input of a graph.
pub(crate) struct Input<'a> {
    pub(crate) id: Id,
    pub(crate) name: &'a str,
    /// Its dimensions, the batch included.
    pub(crate) dims: Vec<usize>,
}

/// An output of a graph.
pub(crate) struct Output<'a> {
    pub(crate) id: Id,
    pub(crate) name: &'a str,
}

/// A call of an operator.
#[derive(Clone)]
pub(crate) struct Node<'a> {
    pub(crate) name: &'a str,
    pub(crate) op: &'a str,
    /// What the file calls it.
    pub(crate) written: &'a str,
    /// Empty for ONNX's own operators.
    pub(crate) domain: &'a str,
    pub(crate) inputs: Vec<Option<Id>>,
    pub(crate) outputs: Vec<Option<Id>>,
    pub(crate) attributes: Vec<(&'a str, Rc<Attribute<'a>>)>,
    /// Where exporters keep the names and the classes of modules.
    pub(crate) metadata: Vec<(&'a str, &'a str)>,
    /// The name of its first output.
    pub(crate) result: &'a str,
}

impl<'a> Graph<'a> {
    pub(crate) fn constant(&self, id: Option<Id>) -> Option<&Rc<Constant<'a>>> {
        self.constants.get(&id?)
    }

    /// The number that a constant consists of.
    pub(crate) fn scalar(&self, id: Option<Id>) -> Option<f64> {
        self.constant(id)?.common()
    }

    /// How often each value is read, by nodes and as an output.
    pub(crate) fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.values];
        for id in self.nodes.iter().flat_map(|node| &node.inputs).flatten() {
            uses[*id] += 1;
        }
        self.outputs.iter().for_each(|output| uses[output.id] += 1);
        uses
    }

    /// The node that computes each value.
    pub(crate) fn producers(&self) -> Vec<Option<usize>> {
        let mut producers = vec![None; self.values];
        for (index, node) in self.nodes.iter().enumerate() {
            for id in node.outputs.iter().flatten() {
                producers[*id] = Some(index);
            }
        }
        producers
    }

    /// Drops what nothing reads.
    pub(crate) fn sweep(&mut self) {
        let mut read = vec![false; self.values];
        self.outputs.iter().for_each(|output| read[output.id] = true);
        let mut kept = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes).into_iter().rev() {
            if node.outputs.iter().flatten().any(|id| read[*id]) {
                node.inputs.iter().flatten().for_each(|id| read[*id] = true);
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
    }
}

impl<'a> Node<'a> {
    /// One that is not in the file.
    pub(crate) fn blank(op: &'a str, outputs: Vec<Option<Id>>) -> Self {
        Self {
            name: "",
            op,
            written: op,
            domain: "",
            inputs: Vec::new(),
            outputs,
            attributes: Vec::new(),
            metadata: Vec::new(),
            result: "",
        }
    }

    /// Its name, or that of its result.
    pub(crate) fn title(&self) -> &'a str {
        if self.name.is_empty() { self.result } else { self.name }
    }

    pub(crate) fn problem(&self, fault: Fault) -> Problem {
        fault.of(self.written, self.title())
    }

    /// An input, if it is given.
    pub(crate) fn input(&self, index: usize) -> Option<Id> {
        self.inputs.get(index).copied().flatten()
    }

    /// An input that must be there.
    pub(crate) fn needs(&self, index: usize) -> Result<Id, Fault> {
        self.input(index).ok_or_else(|| Fault::new(format!("its input {} is missing", index + 1)))
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&Attribute<'a>> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    pub(crate) fn int(&self, name: &str, default: i64) -> Result<i64, Fault> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Int(number)) => Ok(*number),
            Some(_) => Err(mistyped(name, "a whole number")),
        }
    }

    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Fault> {
        self.int(name, default.into()).map(|flag| flag != 0)
    }

    pub(crate) fn float(&self, name: &str, default: f32) -> Result<f32, Fault> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Float(number)) => Ok(*number),
            Some(_) => Err(mistyped(name, "a number")),
        }
    }

    pub(crate) fn text(&self, name: &str, default: &'a str) -> Result<&'a str, Fault> {
        match self.attribute(name) {
            None => Ok(default),
            Some(Attribute::Text(text)) => Ok(text),
            Some(_) => Err(mistyped(name, "a text")),
        }
    }

    pub(crate) fn ints(&self, name: &str) -> Result<Option<&[i64]>, Fault> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Ints(ints)) => Ok(Some(ints)),
            Some(_) => Err(mistyped(name, "a list of whole numbers")),
        }
    }

    pub(crate) fn floats(&self, name: &str) -> Result<Option<&[f32]>, Fault> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Floats(floats)) => Ok(Some(floats)),
            Some(_) => Err(mistyped(name, "a list of numbers")),
        }
    }

    /// With an attribute.
    pub(crate) fn with(mut self, name: &'static str, value: Attribute<'a>) -> Self {
        self.attributes.push((name, Rc::new(value)));
        self
    }

    /// Another operator in its place, on one value.
    pub(crate) fn replaced(&self, op: &'static str, inputs: Vec<Option<Id>>) -> Self {
        Self { op, inputs, attributes: Vec::new(), outputs: self.outputs[..1].to_vec(), ..self.clone() }
    }
}

fn mistyped(name: &str, what: &str) -> Fault {
    Fault::new(format!("its attribute `{name}` is not {what}"))
}

/// An axis of a value with this many, which may be counted from the end.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, Fault> {
    let from_end = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    usize::try_from(from_end).ok().filter(|axis| *axis < rank).ok_or_else(|| {
        Fault::new(format!("its axis {axis} is none of a value with {rank}", rank = count(rank as u64, "dimension")))
    })
}
