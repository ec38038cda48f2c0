//! [`Ast`] to [`Graph`]: blocks and repeats are expanded and every step is named, giving a list of nodes with their inputs.

mod bind;
mod check;
mod constants;
mod elsewhere;
mod expand;
mod kinds;
mod unknown;

use std::collections::HashMap;
use std::rc::Rc;

use cnn_net::op::{Op, Shape};
use proc_macro2::Span;

use crate::ast::{Ast, Net, Port};
use crate::eval::{Of, shape};
use crate::op::PadMode;
use crate::path::RustPath;
use crate::report::{Place, Report, shortened};

pub(crate) use check::{check, is_double};
pub(crate) use constants::constants;

/// A net as a list of layers in an order in which they can run.
#[derive(Clone)]
pub struct Graph {
    /// What it reads.
    pub(crate) inputs: Vec<Input>,
    /// The layers.
    pub(crate) nodes: Vec<Node>,
    /// What it writes.
    pub(crate) outputs: Vec<Output>,
    /// Values kept as extra outputs.
    pub(crate) taps: Vec<Tap>,
    /// Auxiliary classifiers.
    pub(crate) aux: Vec<Aux>,
    /// Names that were given twice; this was already reported.
    doubles: Vec<String>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An input of the net.
    Input(usize),
    /// A node's output.
    Node(usize),
    /// No value yet: a net with several inputs begins with none of them. Nothing reads it once the net is expanded.
    None,
    /// A step with a mistake that was already reported.
    Broken,
}

/// What a net reads.
#[derive(Clone)]
pub(crate) struct Input {
    /// Its name; empty if it has none.
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// The shape in the source.
    pub(crate) place: Place,
}

/// What a net writes.
#[derive(Clone)]
pub(crate) struct Output {
    /// Its name; empty if it has none.
    pub(crate) name: String,
    /// The declared shape, if it is one.
    pub(crate) declared: Option<Shape>,
    /// The shape in the source.
    pub(crate) place: Place,
    pub(crate) value: Source,
    /// The statement that says what is written.
    written: Option<Place>,
    /// The closing brace before which a last step would be.
    pub(crate) end: Option<Span>,
}

/// The last step of a branch in the source.
#[derive(Clone, Copy)]
pub(crate) struct Branch {
    /// The token to point at.
    pub(crate) place: Place,
    /// The whole step.
    pub(crate) whole: Place,
}

/// One layer.
#[derive(Clone)]
pub(crate) struct Node {
    /// Full name; the names of its tensors begin with it.
    pub(crate) name: String,
    /// Whether the name, or its last part, was given.
    pub(crate) named: bool,
    /// Kind and arguments.
    pub(crate) op: Op,
    /// How the op's padding is found.
    pub(crate) pad: PadMode,
    /// What it reads.
    pub(crate) inputs: Vec<Source>,
    /// The layer's name in the source.
    pub(crate) place: Place,
    /// Its arguments in the source.
    pub(crate) args: HashMap<&'static str, Place>,
    /// The user's function or type that computes it, then the function's derivative.
    pub(crate) paths: Vec<RustPath>,
    /// For a merge: its branches in the source.
    pub(crate) branches: Vec<Branch>,
    /// The block calls that led here, outermost first.
    pub(crate) calls: Rc<[Frame]>,
    /// The auxiliary classifier it belongs to.
    pub(crate) aux: Option<usize>,
    /// The earlier node whose layer this one applies again.
    pub(crate) again: Option<usize>,
}

/// A block call.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The block.
    pub(crate) block: String,
    /// Full name of the call.
    pub(crate) name: String,
    /// The call with the values of its arguments: `fire(16, 64)`.
    pub(crate) call: String,
    /// The call in the source.
    pub(crate) place: Place,
    /// Whether the call was given a name.
    named: bool,
}

/// A value kept as an extra output.
#[derive(Clone)]
pub(crate) struct Tap {
    /// Full name.
    pub(crate) name: String,
    pub(crate) value: Source,
    /// Its name in the source.
    place: Place,
}

/// An auxiliary classifier.
#[derive(Clone)]
pub(crate) struct Aux {
    /// Full name.
    pub(crate) name: String,
    /// Weight of its loss.
    pub(crate) weight: f32,
    pub(crate) result: Source,
}

/// Expands a net. `None` if an input is not a shape; other mistakes leave [`Source::Broken`] in their place.
pub(crate) fn graph(net: &Net, ast: &Ast, report: &mut Report) -> Option<Graph> {
    let constants = constants(ast, report);
    let mut known = true;
    let inputs = net.inputs.iter().map(|port| {
        let shape = shape(&port.shape, Of::Input, &constants, report);
        known &= shape.is_some();
        Input { name: name(port), shape: shape.unwrap_or(Shape::Vector(1)), place: port.shape.place }
    });
    let inputs = inputs.collect();
    let outputs = net.outputs.iter().map(|port| Output {
        name: name(port),
        declared: shape(&port.shape, Of::Output, &constants, report),
        place: port.shape.place,
        value: Source::Broken,
        written: None,
        end: None,
    });
    let outputs = outputs.collect();
    let (nodes, taps, aux, doubles) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut graph = Graph { inputs, nodes, outputs, taps, aux, doubles };
    // Even without shapes, the arguments of the layers can be checked.
    expand::expand(net, ast, &constants, known, &mut graph, report);
    known.then_some(graph)
}

fn name(port: &Port) -> String {
    port.name.as_ref().map(ToString::to_string).unwrap_or_default()
}

impl Graph {
    /// Whether its outputs have names.
    pub(crate) fn names_outputs(&self) -> bool {
        self.outputs.iter().any(|output| !output.name.is_empty())
    }

    /// The shapes of its inputs.
    pub(crate) fn input_shapes(&self) -> Vec<Shape> {
        self.inputs.iter().map(|input| input.shape).collect()
    }

    /// The values that leave the net: outputs, then taps.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = Source> {
        self.outputs.iter().map(|output| output.value).chain(self.taps.iter().map(|tap| tap.value))
    }

    /// The lines that a message about a node inside a block adds: the calls that led there.
    pub(crate) fn context(&self, node: &Node) -> Vec<String> {
        shortened(node.calls.iter().rev().map(Frame::line).collect())
    }

    /// Whether a name, or the beginning of it, was reported as given twice.
    pub(crate) fn is_double(&self, name: &str) -> bool {
        self.doubles.iter().any(|double| {
            name.strip_prefix(double.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }
}

impl Frame {
    /// A description of where the call is.
    fn line(&self) -> String {
        let name = if self.named { format!("called as `{}`", self.name) } else { "called".to_owned() };
        format!("in `{}`, {name} on line {}", self.call, self.place.line())
    }
}
