//! [`Graph`] to [`Shaped`]: the output shape of every layer, or an error at the faulty argument.

mod argument;
mod explain;
mod merge;
mod rules;
mod transposed;
mod ways;

use std::collections::HashMap;

use cnn_net::graph::Role;
use cnn_net::op::{Dims, Op, Padding, Shape, Window};

use crate::graph::{Graph, Node, Output, Source};
use crate::op::PadMode;
use crate::report::{Edit, Fix, Place, Report, detailed};
use argument::Argument;

/// A net whose shapes are known and correct.
#[derive(Clone)]
pub struct Shaped {
    /// The net; paddings are numbers now.
    pub(crate) graph: Graph,
    /// The output shape of each node.
    pub(crate) shapes: Vec<Shape>,
    /// The parameter tensors of each node.
    pub(crate) tensors: Vec<Vec<Tensor>>,
}

/// A parameter tensor.
#[derive(Clone)]
pub(crate) struct Tensor {
    /// Full name.
    pub(crate) name: String,
    /// Its role in the layer.
    pub(crate) role: Role,
    /// Its dimensions.
    pub(crate) shape: Vec<usize>,
}

/// Why a layer can't take its input.
struct Fault {
    /// The faulty argument, if the fault is in one.
    arg: Option<&'static str>,
    /// The faulty branch, if the fault is in one.
    branch: Option<usize>,
    /// What is wrong.
    wrong: String,
    /// The arithmetic.
    details: Vec<String>,
    /// How to fix it.
    help: String,
    /// The proposals of the help, each as an argument of the layer.
    arguments: Vec<Argument>,
    /// Whether a larger input to the net could help.
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
            help: String::new(),
            arguments: Vec::new(),
            too_small: false,
            output: None,
        }
    }

    fn at(self, arg: &'static str) -> Self {
        Self { arg: Some(arg), ..self }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }
}

/// One way to fix a fault: in words, and as edits of the source that were tried.
struct Way {
    words: String,
    fixes: Vec<Fix>,
}

impl Way {
    fn words(words: impl Into<String>) -> Self {
        Self { words: words.into(), fixes: Vec::new() }
    }
}

/// What is known about a layer: its output, why it has none, or nothing if an input already had no shape.
type Found = Option<Result<Inferred, Box<Fault>>>;

/// A layer's output: its shape, and the layer's padding in numbers.
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
            Source::Input(index) => self.graph.inputs[index].shape,
            // Nothing in a shaped net is broken.
            Source::None | Source::Broken => Shape::Vector(1),
        }
    }

    /// The parameter tensors of a node.
    fn tensors_of(&self, node: &Node) -> Vec<Tensor> {
        let tensors = node.op.tensors(self.shape(node.inputs[0]));
        let named = |(role, dims): (Role, Dims)| Tensor {
            name: node.op.tensor_name(&node.name, role),
            role,
            shape: dims.to_vec(),
        };
        tensors.iter().map(named).collect()
    }
}

/// Infers all shapes. `None` if there is a mistake, here or before.
pub(crate) fn shapes(mut graph: Graph, report: &mut Report) -> Option<Shaped> {
    let before = report.len();
    let inferred = infer(&graph.nodes, &graph.input_shapes());
    for (index, found) in inferred.iter().enumerate() {
        if let Some(Err(fault)) = found {
            explain::fault(&graph, &inferred, index, fault, report);
        }
    }
    for output in &graph.outputs {
        check_output(&graph, &inferred, output, report);
    }
    check_tensor_names(&graph, &inferred, report);
    check_shared(&graph, &inferred, report);
    let is_known = |output: &Output| output.value != Source::Broken && output.declared.is_some();
    if report.len() > before || !graph.outputs.iter().all(is_known) {
        return None;
    }
    let mut shapes = Vec::new();
    for (node, found) in graph.nodes.iter_mut().zip(inferred) {
        let Some(Ok(Inferred { shape, padding })) = found else { return None };
        if node.pad != PadMode::Explicit
            && let Some(padding) = padding
        {
            node.op = node.op.window().map_or(node.op, |window| node.op.with_window(Window { pad: padding, ..window }));
        }
        shapes.push(shape);
    }
    let mut shaped = Shaped { graph, shapes, tensors: Vec::new() };
    shaped.tensors = shaped.graph.nodes.iter().map(|node| shaped.tensors_of(node)).collect();
    Some(shaped)
}

/// The output of every node.
fn infer(nodes: &[Node], inputs: &[Shape]) -> Vec<Found> {
    let mut outputs: Vec<Option<Shape>> = Vec::new();
    let mut all = Vec::new();
    for node in nodes {
        let shape = |source: &Source| match source {
            Source::Input(index) => Some(inputs[*index]),
            Source::Node(index) => outputs[*index],
            Source::None | Source::Broken => None,
        };
        let inputs: Option<Vec<Shape>> = node.inputs.iter().map(shape).collect();
        let found = inputs.map(|inputs| rules::output(node, &inputs));
        outputs.push(output_of(&found));
        all.push(found);
    }
    all
}

/// An output of the net must be the declared one.
fn check_output(graph: &Graph, inferred: &[Found], output: &Output, report: &mut Report) {
    let found = shape_of(graph, inferred, output.value);
    if let (Some(declared), Some(found)) = (output.declared, found)
        && declared != found
        && !is_guess(graph, inferred, output.value)
    {
        let which = if output.name.is_empty() { "the net's output".to_owned() } else { format!("`{}`", output.name) };
        let wrong = format!("{which} is {found}, but {declared} is declared");
        let details: Vec<String> = explain::trace(graph, inferred, output.value).into_iter().collect();
        let ways = ways::of_output(graph, output, found, declared);
        explain::report_ways(output.place, "", (&wrong, &details), ways, report);
    }
}

/// Whether an output has the shape of branches that differ, of which none is known to be right.
fn is_guess(graph: &Graph, inferred: &[Found], output: Source) -> bool {
    let (mut open, mut seen) = (vec![output], vec![false; graph.nodes.len()]);
    while let Some(source) = open.pop() {
        let Source::Node(index) = source else { continue };
        let node = &graph.nodes[index];
        // The output of a fully connected layer is the one declared for it.
        if matches!(node.op, Op::Linear(_)) || std::mem::replace(&mut seen[index], true) {
            continue;
        }
        if matches!(&inferred[index], Some(Err(fault)) if fault.branch.is_some()) {
            return true;
        }
        open.extend(&node.inputs);
    }
    false
}

/// The shape of a value, if it is known.
fn shape_of(graph: &Graph, inferred: &[Found], value: Source) -> Option<Shape> {
    match value {
        Source::Input(index) => Some(graph.inputs[index].shape),
        Source::Node(index) => output_of(&inferred[index]),
        Source::None | Source::Broken => None,
    }
}

/// The shape of a node's output: the actual one, or what it would be without the fault.
fn output_of(inferred: &Found) -> Option<Shape> {
    match inferred {
        Some(Ok(inferred)) => Some(inferred.shape),
        Some(Err(fault)) => fault.output,
        None => None,
    }
}

/// A layer that is applied again must have the tensors of the first.
fn check_shared(graph: &Graph, inferred: &[Found], report: &mut Report) {
    let input = |node: &Node| shape_of(graph, inferred, node.inputs[0]);
    for (node, found) in graph.nodes.iter().zip(inferred) {
        let Some((first, Some(Ok(_)))) = node.again.map(|first| (&graph.nodes[first], found)) else { continue };
        let (Some(here), Some(there)) = (input(node), input(first)) else { continue };
        let [ours, theirs] = [here, there].map(|input| node.op.tensors(input));
        let differ = ours.iter().zip(theirs.iter()).find(|((_, ours), (_, theirs))| **ours != **theirs);
        if let Some(((role, ours), (_, theirs))) = differ {
            let (op, tensor) = (node.op.name(), format!("{}.{}", node.name, role.name()));
            let wrong = format!(
                "{op}: of {here}, `{tensor}` would be {:?}, but the one that it shares is {:?}",
                &ours[..],
                &theirs[..]
            );
            let details = [format!("the {op} on line {} reads {there}", first.place.line())];
            let help = format!("give this step a value of {there}, or layers of its own");
            report.error_once(node.place, "shared", detailed(&wrong, &details, &help));
        }
    }
}

/// Steps without names can get the same number in different branches; their tensors would then share a name.
fn check_tensor_names(graph: &Graph, inferred: &[Found], report: &mut Report) {
    let mut known: HashMap<String, Place> = HashMap::new();
    let own = |node: &&Node| node.op.has_tensors() && node.again.is_none();
    let named = graph.nodes.iter().filter(own).filter(|node| !graph.is_double(&node.name));
    for node in named {
        // Which tensors there are does not depend on the shape.
        let input = shape_of(graph, inferred, node.inputs[0]).unwrap_or(Shape::Vector(1));
        let names = node.op.tensors(input);
        let names: Vec<String> = names.iter().map(|(role, _)| node.op.tensor_name(&node.name, role)).collect();
        if let Some((name, first)) = names.iter().find_map(|name| Some((name, known.get(name)?))) {
            let (kind, line) = (node.op.name(), first.line());
            let wrong = format!("the tensors of this {kind} and of the layer on line {line} are both called `{name}`");
            // A repeat has the same mistake in each of its iterations.
            let key = format!("the tensors of line {line}");
            if node.named {
                report.error_once(
                    node.place,
                    &key,
                    detailed(&wrong, &graph.context(node), "give one of the two another name"),
                );
                continue;
            }
            let free = ways::free(graph, "", "a");
            let help = format!("unnamed steps are numbered; give this one a name: `{free}: {kind}`");
            let message = detailed(&wrong, &graph.context(node), &help);
            report.error_once(node.place, &key, message.fix([Edit::before(node.place, format!("{free}: "))]));
        } else {
            known.extend(names.into_iter().map(|name| (name, node.place)));
        }
    }
}
