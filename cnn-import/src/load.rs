//! A file as a graph: names become numbers, nodes are put in order, tensors are decoded.

mod branches;
mod order;

use std::collections::BTreeMap;
use std::rc::Rc;

use cnn_net::op::Shape;

use crate::constant::{self, Constant, Data, type_name};
use crate::external::Files;
use crate::graph::{Graph, Id, Input, Node, Output};
use crate::proto::{self, Dim, Model, Value as Attribute};
use crate::report::{Error, Fault, Problem, text};

/// The known versions of ONNX's operators. Before the first, values were broadcast by other rules.
const KNOWN: std::ops::RangeInclusive<i64> = 7..=28;

/// How callers say the shape of an input: the command line, and the macro.
fn give(format: &str) -> String {
    format!("say its shape: `--input 3x224x224`, or `{format}(\"…\", input = 3x224x224)` in a declaration")
}

/// The graph of a model, or all that is wrong with its frame.
pub(crate) fn load<'a>(model: Model<'a>, input: Option<Shape>, files: &Files) -> Result<Graph<'a>, Error> {
    let Some(graph) = model.graph else { return Err(Error::Unreadable("it has no graph".to_owned())) };
    let mut loader =
        Loader { names: BTreeMap::new(), constants: BTreeMap::new(), values: 0, problems: Vec::new(), files };
    let opset = loader.opset(&model.opsets);
    if graph.has_sparse {
        loader.problem("tensor", graph.name, Fault::new("sparse tensors are not read").help("export dense ones"));
    }
    for tensor in &graph.initializers {
        let id = loader.define(tensor.name);
        loader.decode(id, tensor);
    }
    let inputs: Vec<&proto::Input<'a>> =
        graph.inputs.iter().filter(|input| !loader.names.contains_key(input.name)).collect();
    let inputs = loader.inputs(&inputs, input);
    let nodes = loader.nodes(graph.nodes);
    let outputs = loader.outputs(&graph.outputs);
    let Loader { constants, values, problems, .. } = loader;
    if !problems.is_empty() {
        return Err(Error::Unsupported(problems));
    }
    let (refused, missing) = (Vec::new(), Vec::new());
    let mut graph = Graph { opset, is_exact: false, nodes, constants, inputs, outputs, values, refused, missing };
    graph.sweep();
    Ok(graph)
}

struct Loader<'a, 'f> {
    names: BTreeMap<&'a str, Id>,
    constants: BTreeMap<Id, Rc<Constant<'a>>>,
    values: usize,
    problems: Vec<Problem>,
    files: &'f Files,
}

impl<'a> Loader<'a, '_> {
    fn problem(&mut self, what: &str, name: &str, fault: Fault) {
        self.problems.push(fault.of(what, name));
    }

    fn opset(&mut self, opsets: &[(&'a str, i64)]) -> i64 {
        let own = opsets.iter().find(|(domain, _)| ["", "ai.onnx"].contains(domain)).map_or(1, |(_, version)| *version);
        if !KNOWN.contains(&own) {
            let (first, last) = (KNOWN.start(), KNOWN.end());
            let why = format!("it is written for version {own} of ONNX's operators; {first} to {last} are known");
            self.problem("model", "opset", Fault::new(why).help(format!("export it with opset_version = {}", 20)));
        }
        own
    }

    /// A value of a new name.
    fn define(&mut self, name: &'a str) -> Id {
        let id = self.values;
        self.values += 1;
        if !name.is_empty() && self.names.insert(name, id).is_some() {
            self.problem("value", name, Fault::new("it is defined twice"));
        }
        id
    }

    fn decode(&mut self, id: Id, tensor: &proto::Tensor<'a>) {
        match constant::decode(tensor, self.files) {
            Ok(constant) => drop(self.constants.insert(id, Rc::new(constant))),
            Err(fault) => self.problem("tensor", tensor.name, fault),
        }
    }

    /// The inputs. A shape can be given for the only one.
    fn inputs(&mut self, inputs: &[&proto::Input<'a>], shape: Option<Shape>) -> Vec<Input<'a>> {
        match (inputs.len(), shape) {
            (0, _) => self.problem("model", "inputs", Fault::new("it has no inputs: it always computes the same")),
            (1, _) | (_, None) => {}
            (count, Some(_)) => {
                let why = format!("it has {count} inputs, and a shape can be given for a single one");
                self.problem("model", "inputs", Fault::new(why).help("export the model with fixed shapes"));
            }
        }
        let shape = shape.filter(|_| inputs.len() == 1);
        let mut all = Vec::new();
        for input in inputs {
            let id = self.define(input.name);
            match input_dims(input, shape, "onnx") {
                Ok(dims) => all.push(Input { id, name: input.name, dims }),
                Err(fault) => self.problem("input", input.name, fault),
            }
        }
        all
    }

    fn outputs(&mut self, outputs: &[proto::Input<'a>]) -> Vec<Output<'a>> {
        if outputs.is_empty() {
            self.problem("model", "outputs", Fault::new("it has no outputs"));
        }
        let mut all = Vec::new();
        for output in outputs {
            match self.names.get(output.name) {
                Some(id) => all.push(Output { id: *id, name: output.name }),
                None => self.problem("output", output.name, Fault::new("nothing computes it")),
            }
        }
        all
    }

    /// The nodes in an order in which they can be computed.
    fn nodes(&mut self, nodes: Vec<proto::Node<'a>>) -> Vec<Node<'a>> {
        let outputs: Vec<Vec<Option<Id>>> = nodes
            .iter()
            .map(|node| node.outputs.iter().map(|name| (!name.is_empty()).then(|| self.define(name))).collect())
            .collect();
        let mut linked = Vec::with_capacity(nodes.len());
        for (node, outputs) in nodes.into_iter().zip(outputs) {
            if let ("Constant", [Some(id), ..]) = (node.op, &*outputs) {
                self.constant(*id, node);
                continue;
            }
            let result = node.outputs.first().copied().unwrap_or_default();
            let mut inputs = Vec::with_capacity(node.inputs.len());
            for name in &node.inputs {
                let id = self.names.get(name).copied();
                if id.is_none() && !name.is_empty() {
                    let title = if node.name.is_empty() { result } else { node.name };
                    let why = format!("it reads `{}`, which nothing computes", text(name));
                    self.problem(node.op, title, Fault::new(why));
                }
                inputs.push(id);
            }
            if let ("If", Some((x, axes))) = (node.op, branches::squeeze(&node, self.files)) {
                inputs.push(self.names.get(x).copied());
                let id = self.define("");
                self.constants.insert(id, Rc::new(Constant::ints(vec![axes.len()], axes)));
                inputs.push(Some(id));
            }
            let attributes = node.attributes.into_iter().map(|it| (it.name, Rc::new(it.value))).collect();
            let (name, op, metadata) = (node.name, node.op, node.metadata);
            let domain = if node.domain == "ai.onnx" { "" } else { node.domain };
            linked.push(Node { name, op, written: op, domain, inputs, outputs, attributes, metadata, result });
        }
        match order::ordered(linked, self.values) {
            Ok(nodes) => nodes,
            Err(node) => {
                let node = *node;
                self.problem(node.op, node.title(), Fault::new("it depends on its own result"));
                Vec::new()
            }
        }
    }

    /// A node that is a tensor.
    fn constant(&mut self, id: Id, node: proto::Node<'a>) {
        let mut attributes = node.attributes.into_iter();
        let value = attributes.find(|it| it.name.starts_with("value") || it.name.starts_with("sparse"));
        let constant = match value.map(|attribute| attribute.value) {
            Some(Attribute::Tensor(tensor)) => return self.decode(id, &tensor),
            Some(Attribute::Float(number)) => Constant::floats(Vec::new(), vec![number]),
            Some(Attribute::Int(number)) => Constant::ints(Vec::new(), vec![number]),
            Some(Attribute::Floats(numbers)) => Constant::floats(vec![numbers.len()], numbers),
            Some(Attribute::Ints(numbers)) => Constant::ints(vec![numbers.len()], numbers),
            Some(Attribute::Text(_) | Attribute::Graph(_) | Attribute::Other) | None => {
                let title = node.outputs.first().copied().unwrap_or(node.name);
                return self.problem(node.op, title, Fault::new("its value is not a tensor of numbers"));
            }
        };
        self.constants.insert(id, Rc::new(constant));
    }
}

/// The dimensions of an input, with a batch of 1; a given shape fixes those that are not in the file, which is of this format.
pub(crate) fn input_dims(input: &proto::Input<'_>, shape: Option<Shape>, format: &str) -> Result<Vec<usize>, Fault> {
    if !constant::is_float(input.kind) {
        let why = format!("its numbers are of the type {}; only real ones are supported", type_name(input.kind));
        return Err(Fault::new(why));
    }
    let given = shape.map(|shape| match shape {
        Shape::Map { channels, height, width } => vec![channels, height, width],
        Shape::Vector(features) => vec![features],
    });
    let Some(declared) = &input.dims else {
        let given = given.ok_or_else(|| Fault::new("its shape is not in the file").help(give(format)))?;
        return Ok([1].into_iter().chain(given).collect());
    };
    let [_, rest @ ..] = &**declared else { return Err(Fault::new("it is a single number")) };
    let name = |dim: &Dim<'_>| match dim {
        Dim::Is(size) => size.to_string(),
        Dim::Named(name) => text(name),
        Dim::Unknown => "?".to_owned(),
    };
    let shown = || declared.iter().map(name).collect::<Vec<_>>().join(", ");
    if let Some(given) = &given
        && given.len() != rest.len()
    {
        return Err(Fault::new(format!("its shape is [{}], and not {}", shown(), given.len())));
    }
    let mut dims = vec![1];
    for (index, dim) in rest.iter().enumerate() {
        let given = given.as_ref().and_then(|given| given.get(index).copied());
        let size = match (dim, given) {
            (Dim::Is(size), None) if *size > 0 => *size as usize,
            (Dim::Is(size), Some(given)) if *size > 0 && *size as usize != given => {
                return Err(Fault::new(format!("its shape is [{}], which is fixed in the file", shown()))
                    .help("leave out the input's shape, or export the model for another one"));
            }
            (_, Some(given)) => given,
            (_, None) => {
                return Err(Fault::new(format!("its shape [{}] is not fixed in the file", shown())).help(give(format)));
            }
        };
        dims.push(size);
    }
    if !(2..=4).contains(&dims.len()) {
        return Err(Fault::new(format!("its shape is [{}]; inputs are vectors, sequences or maps", shown())));
    }
    let signed: Vec<i64> = dims.iter().map(|dim| i64::try_from(*dim).unwrap_or(i64::MAX)).collect();
    constant::dims(&signed)
}

/// The number that `ConstantOfShape` fills tensors with.
pub(crate) fn fill(node: &Node<'_>, files: &Files) -> Result<(f64, bool), Fault> {
    match node.attribute("value") {
        None => Ok((0.0, false)),
        Some(Attribute::Tensor(tensor)) => {
            let constant = constant::decode(tensor, files)?;
            let number = constant.scalar().ok_or_else(|| Fault::new("its value is not a single number"))?;
            Ok((number, matches!(constant.data, Data::Ints(_))))
        }
        Some(_) => Err(Fault::new("its value is not a tensor")),
    }
}
