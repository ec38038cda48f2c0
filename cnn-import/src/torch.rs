//! Models that the Python package `cnn_export` has written, as the graphs that ONNX files become.
//!
//! ```text
//! model.json    the graph of `torch.export`, whose operators are PyTorch's      →  `model` reads it
//! aten.conv2d   a call by the names of the operator's schema                    →  `call` finds arguments
//! Conv          the same in ONNX's operators, of which layers are made          →  `ops` translates
//! ```
//!
//! Layers are those of the model: batch normalisations and dropout stay, biases of zeros too, and tensors have the names of the
//! state dict. The README of `cnn_export` describes the file.

mod call;
mod model;
mod ops;
mod tensors;

use std::collections::BTreeMap;
use std::rc::Rc;

use cnn_net::op::Shape;

pub(crate) use self::model::{Model, is_json, parse};
use self::tensors::Tensors;
use crate::constant::{self, Constant};
use crate::external::Files;
use crate::graph::{Graph, Id, Input, Node, Output};
use crate::proto::Value as Attribute;
use crate::report::{Error, Fault, Problem, Stop, fault, text};

/// The version of ONNX's operators that nodes are translated to.
const OPSET: i64 = 20;
/// No net has more nodes.
const MOST_NODES: usize = 100_000;

/// The graph of a model, or all that is wrong with it. `input` must be the shape that it was exported with.
pub(crate) fn load<'a>(model: &'a Model, input: Option<Shape>, files: &Files) -> Result<Graph<'a>, Error> {
    if model.nodes.len() > MOST_NODES {
        let why = format!("it has {} nodes; at most {MOST_NODES} are read", model.nodes.len());
        return Err(Error::Unreadable(why));
    }
    let tensors = Tensors::open(&model.weights, files);
    let tensors = tensors.map_err(|fault| Error::Unsupported(vec![fault.of("file", &model.weights)]))?;
    let mut loader = Loader {
        model,
        tensors,
        known: BTreeMap::new(),
        by_tensor: BTreeMap::new(),
        shapes: Vec::new(),
        constants: BTreeMap::new(),
        nodes: Vec::new(),
        problems: Vec::new(),
    };
    let inputs = loader.inputs(input);
    model.nodes.iter().for_each(|node| loader.node(node));
    let outputs = loader.outputs();
    let Loader { constants, nodes, shapes, problems, .. } = loader;
    if !problems.is_empty() {
        return Err(Error::Unsupported(problems));
    }
    let mut graph = Graph {
        opset: OPSET,
        is_exact: true,
        nodes,
        constants,
        inputs,
        outputs,
        values: shapes.len(),
        refused: Vec::new(),
        missing: Vec::new(),
    };
    graph.sweep();
    Ok(graph)
}

struct Loader<'a> {
    model: &'a Model,
    tensors: Tensors,
    /// Values by their names.
    known: BTreeMap<&'a str, Known>,
    by_tensor: BTreeMap<&'a str, Id>,
    /// The dimensions of each value.
    shapes: Vec<Vec<usize>>,
    constants: BTreeMap<Id, Rc<Constant<'a>>>,
    nodes: Vec<Node<'a>>,
    problems: Vec<Problem>,
}

/// A value, by its name.
#[derive(Clone, Copy)]
enum Known {
    Value(Id),
    /// What computes it can't be declared, which is reported.
    Broken,
}

impl<'a> Loader<'a> {
    /// A new value.
    fn value(&mut self, shape: Vec<usize>) -> Id {
        self.shapes.push(shape);
        self.shapes.len() - 1
    }

    fn constant(&mut self, constant: Constant<'a>) -> Id {
        let id = self.value(constant.dims.clone());
        self.constants.insert(id, Rc::new(constant));
        id
    }

    /// A tensor of the model: the same value each time.
    fn tensor(&mut self, name: &'a str) -> Result<Id, Fault> {
        if let Some(id) = self.by_tensor.get(name) {
            return Ok(*id);
        }
        let stored = self.model.shared.get(name).map_or(name, |stored| stored);
        let constant = self.tensors.get(name, stored)?;
        let id = self.constant(constant);
        self.by_tensor.insert(name, id);
        Ok(id)
    }

    fn define(&mut self, name: &'a str, known: Known) -> Result<(), Fault> {
        match self.known.insert(name, known) {
            Some(_) => Err(Fault::new(format!("its value `{}` is defined twice", text(name)))),
            None => Ok(()),
        }
    }

    fn inputs(&mut self, given: Option<Shape>) -> Vec<Input<'a>> {
        let model = self.model;
        if model.inputs.is_empty() {
            let fault = Fault::new("it has no inputs: it always computes the same");
            self.problems.push(fault.of("model", "inputs"));
        }
        let mut inputs = Vec::new();
        for input in &model.inputs {
            let dims = input_dims(input, given.filter(|_| model.inputs.len() == 1));
            let id = self.value(dims.clone().unwrap_or_default());
            let defined = self.define(&input.value, Known::Value(id));
            match defined.and(dims) {
                Ok(dims) => inputs.push(Input { id, name: &input.name, dims }),
                Err(fault) => self.problems.push(fault.of("input", &input.name)),
            }
        }
        inputs
    }

    fn outputs(&mut self) -> Vec<Output<'a>> {
        let model = self.model;
        if model.outputs.is_empty() {
            self.problems.push(Fault::new("it has no outputs").of("model", "outputs"));
        }
        let mut outputs = Vec::new();
        for output in &model.outputs {
            match self.known.get(&*output.value).copied() {
                Some(Known::Value(id)) => {
                    let id = self.batched(id);
                    outputs.push(Output { id, name: &output.name });
                }
                Some(Known::Broken) => {}
                None => self.problems.push(Fault::new("nothing computes it").of("output", &output.name)),
            }
        }
        outputs
    }

    /// A value with the batch of 1 that `squeeze` took from it.
    fn batched(&mut self, id: Id) -> Id {
        let shape = self.shapes[id].clone();
        if shape.len() > 1 {
            return id;
        }
        let to = vec![1, shape.iter().product()];
        let dims = to.iter().map(|size: &usize| *size as i64).collect();
        let sizes = self.constant(Constant::ints(vec![2], dims));
        let batched = self.value(to);
        let node = Node { inputs: vec![Some(id), Some(sizes)], ..Node::blank("Reshape", vec![Some(batched)]) };
        self.nodes.push(node);
        batched
    }

    fn node(&mut self, node: &'a model::Node) {
        let first = self.nodes.len();
        let found = self.translated(node);
        if let Err(Stop::Fault(fault)) = &found {
            self.problems.push(fault.clone().of(&node.op, &node.said.title));
        }
        let known = match found {
            Ok(()) => None,
            Err(_) => {
                self.nodes.truncate(first);
                Some(Known::Broken)
            }
        };
        for result in known.iter().flat_map(|_| &node.outputs) {
            self.known.insert(&result.name, Known::Broken);
        }
    }

    fn translated(&mut self, node: &'a model::Node) -> Result<(), Stop> {
        let mut outputs = Vec::with_capacity(node.outputs.len());
        for result in &node.outputs {
            outputs.push(self.value(constant::dims(&result.shape)?));
        }
        if outputs.is_empty() {
            return fault("it has no results");
        }
        ops::translate(&mut call::Call { loader: self, node, outputs: &outputs })?;
        for (result, id) in node.outputs.iter().zip(&outputs) {
            self.define(&result.name, Known::Value(*id))?;
        }
        Ok(())
    }

    /// Adds a node of the graph that a node of the file becomes, or a part of it.
    fn push(
        &mut self,
        of: &'a model::Node,
        op: &'static str,
        inputs: Vec<Option<Id>>,
        attributes: Vec<(&'static str, Attribute<'a>)>,
        outputs: Vec<Option<Id>>,
    ) {
        let said = &of.said;
        self.nodes.push(Node {
            name: &said.title,
            written: &of.op,
            inputs,
            attributes: attributes.into_iter().map(|(name, value)| (name, Rc::new(value))).collect(),
            metadata: vec![
                ("pkg.torch.onnx.name_scopes", &*said.scopes),
                ("pkg.torch.onnx.class_hierarchy", &*said.classes),
            ],
            result: of.outputs.first().map_or("", |result| &result.name),
            ..Node::blank(op, outputs)
        });
    }
}

/// The dimensions of an input, with its batch of 1.
fn input_dims(input: &model::Input, given: Option<Shape>) -> Result<Vec<usize>, Fault> {
    if !["float32", "float64", "float16", "bfloat16"].contains(&&*input.kind) {
        let why = format!("its numbers are of the type {}; only real ones are supported", text(&input.kind));
        return Err(Fault::new(why));
    }
    let dims = constant::dims(&input.shape)?;
    if dims.first() != Some(&1) || !(2..=4).contains(&dims.len()) || dims.contains(&0) {
        let why = format!("its shape is {dims:?}; inputs are vectors, sequences or maps, after a batch of 1");
        return Err(Fault::new(why));
    }
    let given = given.map(|shape| match shape {
        Shape::Map { channels, height, width } => vec![1, channels, height, width],
        Shape::Vector(features) => vec![1, features],
    });
    if given.is_some_and(|given| given != dims) {
        let why = format!("its shape is {dims:?}, which is fixed in the file");
        return Err(Fault::new(why).help("leave out the input's shape, or export the model for another one"));
    }
    Ok(dims)
}
