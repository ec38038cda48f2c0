//! [`Graph`] to [`Shaped`]: the output shape of every layer, or a mistake at the argument at fault.

mod explain;
mod merge;
mod rules;
mod tensors;
mod window;

use std::collections::HashMap;

use cnn_runtime::graph::Role;
use cnn_runtime::op::{Padding, Shape};

use crate::graph::{Graph, Node, Source};
use crate::op::{PadMode, set_padding};
use crate::report::{Place, Report};

/// A net whose shapes are known and right.
pub struct Shaped {
    /// The net; paddings are numbers now.
    pub(crate) graph: Graph,
    /// The output shape of each node.
    pub(crate) shapes: Vec<Shape>,
    /// The parameter tensors of each node.
    pub(crate) tensors: Vec<Vec<Tensor>>,
    /// Multiplications with a weight, of each node.
    pub(crate) macs: Vec<u64>,
}

/// A parameter tensor.
pub(crate) struct Tensor {
    /// Full name.
    pub(crate) name: String,
    /// What it is to its layer.
    pub(crate) role: Role,
    /// Its dimensions.
    pub(crate) shape: Vec<usize>,
}

/// Why a layer can't take its input.
struct Fault {
    /// The argument at fault, if it is one.
    arg: Option<&'static str>,
    /// The branch at fault, if it is one.
    branch: Option<usize>,
    /// What is wrong.
    wrong: String,
    /// The arithmetic.
    details: Vec<String>,
    /// How it can be made right: one of these.
    ways: Vec<String>,
    /// Whether a larger input of the net could help.
    too_small: bool,
    /// The output that would have been right, so that later layers are checked too.
    output: Option<Shape>,
}

impl Fault {
    fn new(wrong: impl Into<String>) -> Self {
        Self {
            arg: None,
            branch: None,
            wrong: wrong.into(),
            details: Vec::new(),
            ways: Vec::new(),
            too_small: false,
            output: None,
        }
    }

    fn at(self, arg: &'static str) -> Self {
        Self { arg: Some(arg), ..self }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { ways: vec![help.into()], ..self }
    }
}

/// What is known of a layer: what it gives, why it gives nothing, or nothing where an input already had no shape.
type Found = Option<Result<Inferred, Box<Fault>>>;

/// What a layer gives: its output's shape, and its padding in numbers.
#[derive(Clone, Copy)]
struct Inferred {
    shape: Shape,
    padding: Option<Padding>,
}

impl From<Shape> for Inferred {
    fn from(shape: Shape) -> Self {
        Self { shape, padding: None }
    }
}

impl Shaped {
    /// The shape of a value.
    pub(crate) fn shape(&self, source: Source) -> Shape {
        match source {
            Source::Node(index) => self.shapes[index],
            // A shaped net has nothing broken.
            Source::Input | Source::Broken => self.graph.input,
        }
    }
}

/// Infers all shapes. `None` if there is a mistake, here or before.
pub(crate) fn shapes(mut graph: Graph, report: &mut Report) -> Option<Shaped> {
    let before = report.len();
    let inferred = infer(&graph.nodes, graph.input);
    for (index, found) in inferred.iter().enumerate() {
        if let Some(Err(fault)) = found {
            explain::fault(&graph, &inferred, index, fault, report);
        }
    }
    check_output(&graph, &inferred, report);
    check_tensor_names(&graph, report);
    if report.len() > before || graph.result == Source::Broken || graph.output.is_none() {
        return None;
    }
    let mut shapes = Vec::new();
    for (node, found) in graph.nodes.iter_mut().zip(inferred) {
        let Some(Ok(Inferred { shape, padding })) = found else { return None };
        if node.pad != PadMode::Explicit
            && let Some(padding) = padding
        {
            set_padding(&mut node.op, padding);
        }
        shapes.push(shape);
    }
    let mut shaped = Shaped { graph, shapes, tensors: Vec::new(), macs: Vec::new() };
    tensors::count(&mut shaped);
    Some(shaped)
}

/// The output of every node.
fn infer(nodes: &[Node], input: Shape) -> Vec<Found> {
    let mut outputs: Vec<Option<Shape>> = Vec::new();
    let mut all = Vec::new();
    for node in nodes {
        let shape = |source: &Source| match source {
            Source::Input => Some(input),
            Source::Node(index) => outputs[*index],
            Source::Broken => None,
        };
        let inputs: Option<Vec<Shape>> = node.inputs.iter().map(shape).collect();
        let found = inputs.map(|inputs| rules::output(node, &inputs));
        outputs.push(output_of(&found));
        all.push(found);
    }
    all
}

/// The net must give what its declaration says.
fn check_output(graph: &Graph, inferred: &[Found], report: &mut Report) {
    let found = match graph.result {
        Source::Input => Some(graph.input),
        Source::Node(index) => output_of(&inferred[index]),
        Source::Broken => None,
    };
    if let (Some(declared), Some(found)) = (graph.output, found)
        && declared != found
    {
        let wrong = format!("the net's output is {found}, but {declared} is declared");
        let details: Vec<String> = explain::trace(graph, inferred, graph.result).into_iter().collect();
        let help = match (found, declared) {
            (Shape::Map { .. }, Shape::Vector(features)) if found.elements() == features => {
                format!("end with `flatten`, or declare {found}")
            }
            (Shape::Map { channels, .. }, Shape::Vector(features)) if channels == features => {
                format!("end with `global_avg_pool -> flatten`, or declare {found}")
            }
            (Shape::Map { .. }, Shape::Vector(features)) => {
                format!("end with `linear({features})`, or declare {found}")
            }
            (Shape::Vector(_), Shape::Vector(features)) => {
                format!("declare {found}, or give the last layer {features} features")
            }
            (_, Shape::Map { .. }) => format!("declare {found}"),
        };
        report.error(graph.output_place, crate::report::message(&wrong, &details, &help));
    }
}

/// The shape of a node's output: what it is, or what it would be without the fault.
fn output_of(inferred: &Found) -> Option<Shape> {
    match inferred {
        Some(Ok(inferred)) => Some(inferred.shape),
        Some(Err(fault)) => fault.output,
        None => None,
    }
}

/// Steps without names can get the same number in different branches; their tensors would then share a name.
fn check_tensor_names(graph: &Graph, report: &mut Report) {
    let mut known: HashMap<&str, Place> = HashMap::new();
    let named = graph.nodes.iter().filter(|node| tensors::has_any(&node.op) && !graph.is_double(&node.name));
    for node in named {
        match known.get(node.name.as_str()) {
            Some(first) => {
                let (kind, name, line) = (node.op.name(), &node.name, first.line());
                let wrong = format!(
                    "the tensors of this {kind} and of the layer on line {line} are both called `{name}.weight`"
                );
                let help = format!("unnamed steps are numbered; give this one a name: `a: {kind}`");
                report.error(node.place, crate::report::message(&wrong, &graph.context(node), &help));
            }
            None => drop(known.insert(&node.name, node.place)),
        }
    }
}
