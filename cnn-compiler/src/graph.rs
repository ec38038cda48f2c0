//! [`Ast`] to [`Graph`]: blocks and repeats are expanded and every step is named, giving a list of nodes with their inputs.

mod bind;
mod check;
mod constants;
mod expand;
mod kinds;

use std::collections::HashMap;
use std::rc::Rc;

use cnn_net::op::{Op, Shape};
use proc_macro2::Span;

use self::constants::constants;
use crate::ast::{Ast, Net};
use crate::eval::{Of, shape};
use crate::op::PadMode;
use crate::path::RustPath;
use crate::report::{Place, Report, shortened};

pub(crate) use check::{check, is_double};

/// A net as a list of layers in an order in which they can run.
#[derive(Clone)]
pub struct Graph {
    /// Shape of the input.
    pub(crate) input: Shape,
    /// The declared output, if that is a shape.
    pub(crate) output: Option<Shape>,
    /// The input in the source.
    pub(crate) input_place: Place,
    /// The output in the source.
    pub(crate) output_place: Place,
    /// The closing brace of the body.
    pub(crate) end: Span,
    /// The layers.
    pub(crate) nodes: Vec<Node>,
    /// The net's output.
    pub(crate) result: Source,
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
    /// The net's input.
    Input,
    /// A node's output.
    Node(usize),
    /// A step with a mistake that was already reported.
    Broken,
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
    /// The function or the type by the user that computes it.
    pub(crate) path: Option<RustPath>,
    /// For a merge: its branches in the source.
    pub(crate) branches: Vec<Branch>,
    /// The block calls that led here, outermost first.
    pub(crate) calls: Rc<[Frame]>,
    /// The auxiliary classifier it belongs to.
    pub(crate) aux: Option<usize>,
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

/// Expands a net. `None` if its input is not a shape; other mistakes leave [`Source::Broken`] in their place.
pub(crate) fn graph(net: &Net, ast: &Ast, report: &mut Report) -> Option<Graph> {
    let constants = constants(ast, report);
    let input = shape(&net.input, Of::Input, &constants, report);
    let output = shape(&net.output, Of::Output, &constants, report);
    let mut graph = Graph {
        input: input.unwrap_or(Shape::Vector(1)),
        output,
        input_place: net.input.place,
        output_place: net.output.place,
        end: net.body.end,
        nodes: Vec::new(),
        // Even without a shape, the arguments of the layers can be checked.
        result: if input.is_some() { Source::Input } else { Source::Broken },
        taps: Vec::new(),
        aux: Vec::new(),
        doubles: Vec::new(),
    };
    expand::expand(net, ast, &constants, &mut graph, report);
    input.map(|_| graph)
}

impl Graph {
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
