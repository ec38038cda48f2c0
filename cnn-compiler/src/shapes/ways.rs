//! How a fault could be fixed. Each way is tried before it is proposed: the layer gets its new arguments, and the shapes
//! are inferred again.

use cnn_net::op::{Axis, LayerKind, Op, Padding, Shape, Size, Window};

use super::argument::{Argument, is_right, same};
use super::merge::{Projection, projection};
use super::{Found, Way, infer, shape_of};
use crate::eval::is_channels_last;
use crate::graph::{Graph, Node, Output, Source};
use crate::op::PadMode;
use crate::report::Edit;

/// No net needs a larger input than this to fit.
const LARGEST_INPUT: usize = 2048;

/// Ways for a window that does not fit its input.
pub(super) fn of_window(graph: &Graph, index: usize, input: Shape) -> Vec<Way> {
    let node = &graph.nodes[index];
    if let Some(way) = channels_first(graph, index) {
        return vec![way];
    }
    let Some(window) = node.op.window() else { return Vec::new() };
    let window = node.pad.padded(window, input.size());
    let arguments = [padded(&window, input), undilated(&window, input), smaller(&window, node, input)];
    let tried = |argument: Argument| {
        let words = match argument {
            Argument::Size(size) => format!("a window of {size} at most"),
            Argument::Pad(_)
            | Argument::OutputPad(_)
            | Argument::Dilation(_)
            | Argument::Groups(_)
            | Argument::Only(..) => {
                format!("`{} = {}`", argument.name(), argument.value())
            }
        };
        Some(Way { words, fixes: vec![argument.tried(graph, index)?] })
    };
    let mut ways: Vec<Way> = arguments.into_iter().flatten().filter_map(tried).collect();
    if let Some((root, shape)) = smallest_input(graph, index) {
        let fix = vec![Edit::instead(graph.inputs[root].place, shape.to_string())];
        ways.push(Way { words: format!("an input of at least {}", shape.size()), fixes: vec![fix] });
    }
    if ways.is_empty() && input.size() == Size::square(1) && !matches!(node.op, Op::Conv(_)) {
        ways.push(Way::words(format!("leave {} out: there is only one pixel", node.op.name())));
    }
    ways
}

/// The input that a node depends on, along first inputs.
fn root(graph: &Graph, index: usize) -> Option<usize> {
    let mut source = Source::Node(index);
    while let Source::Node(node) = source {
        source = graph.nodes[node].inputs[0];
    }
    if let Source::Input(root) = source { Some(root) } else { None }
}

/// The shapes of the inputs, with another one in place of one of them.
fn with_input(graph: &Graph, root: usize, shape: Shape) -> Vec<Shape> {
    let mut shapes = graph.input_shapes();
    shapes[root] = shape;
    shapes
}

/// The way for an image with its channels last: `224x224x3`.
fn channels_first(graph: &Graph, index: usize) -> Option<Way> {
    let root = root(graph, index)?;
    let Shape::Map { channels, height, width } = graph.inputs[root].shape else { return None };
    let shape = Shape::map(width, channels, height);
    let nodes = &graph.nodes[..=index];
    let fits = || matches!(infer(nodes, &with_input(graph, root, shape))[index], Some(Ok(_)));
    if !is_channels_last([channels, height, width]) || !fits() {
        return None;
    }
    let fix = vec![Edit::instead(graph.inputs[root].place, shape.to_string())];
    Some(Way { words: format!("channels come first: an input of `{shape}`"), fixes: vec![fix] })
}

/// More padding, up to what keeps the size: beyond that, windows would read little else.
fn padded(window: &Window, input: Shape) -> Option<Argument> {
    let pads = window.axes(input.size()).map(|axis| match axis.output() {
        Some(_) => Some([axis.before, axis.after]),
        None => {
            let pad = axis.extent().saturating_sub(axis.input).div_ceil(2);
            (pad <= (axis.extent() - 1) / 2).then_some([pad, pad])
        }
    });
    let [Some([top, bottom]), Some([left, right])] = pads else { return None };
    Some(Argument::Pad(Padding { top, left, bottom, right }))
}

fn undilated(window: &Window, input: Shape) -> Option<Argument> {
    let axes = window.axes(input.size());
    let most = |axis: &Axis| ((axis.padded() - 1) / (axis.kernel - 1).max(1)).min(axis.dilation);
    let dilation = [most(&axes[0]), most(&axes[1])];
    let is_change = !dilation.contains(&0) && dilation != axes.map(|axis| axis.dilation);
    is_change.then(|| Argument::Dilation(Size::new(dilation[0], dilation[1])))
}

fn smaller(window: &Window, node: &Node, input: Shape) -> Option<Argument> {
    let most = |axis: Axis| ((axis.padded() - 1) / axis.dilation + 1).min(axis.kernel);
    let [height, width] = window.axes(input.size()).map(most);
    let kernel = Size::new(height, width);
    // A pooling of single pixels does nothing.
    let is_useful = kernel != Size::square(1) || matches!(node.op, Op::Conv(_));
    is_useful.then_some(Argument::Size(kernel))
}

/// The smallest input, with at least the present height and width, for which a node has no fault.
fn smallest_input(graph: &Graph, index: usize) -> Option<(usize, Shape)> {
    let root = root(graph, index)?;
    let Shape::Map { channels, height, width } = graph.inputs[root].shape else { return None };
    let same = same(graph, index);
    let nodes = &graph.nodes[..=same.last().map_or(index, |last| *last)];
    let fits = |input: &Shape| is_right(&infer(nodes, &with_input(graph, root, *input)), index, &same);
    let larger = |more: usize| Shape::map(channels, height + more, width + more);
    let more = (1..LARGEST_INPUT.saturating_sub(height.max(width))).find(|more| fits(&larger(*more)))?;
    // One direction may already be large enough.
    let lower = (0..=more).map(|less| Shape::map(channels, height + less, width + more)).find(fits)?;
    let height = lower.size().height;
    (0..=more).map(|less| Shape::map(channels, height, width + less)).find(fits).map(|shape| (root, shape))
}

/// Ways for branches that differ.
pub(super) fn of_merge(graph: &Graph, index: usize, inputs: &[Shape]) -> Vec<Way> {
    branches_padded(graph, index).or_else(|| projected(graph, index, inputs)).into_iter().collect()
}

/// Padding that keeps the size, for the layers of the branches that have none.
fn branches_padded(graph: &Graph, index: usize) -> Option<Way> {
    let merge = &graph.nodes[index];
    let mut nodes: Vec<Node> = graph.nodes[..=index].to_vec();
    let (mut edits, mut words) = (Vec::new(), Vec::new());
    for member in branch_nodes(graph, index) {
        let node = &graph.nodes[member];
        let Some(window) = node.op.window() else { continue };
        let [vertical, horizontal] =
            [(window.kernel.height, window.dilation.height), (window.kernel.width, window.dilation.width)]
                .map(|(kernel, dilation)| (kernel % 2 == 1).then_some(dilation * (kernel - 1) / 2));
        let (Some(vertical), Some(horizontal)) = (vertical, horizontal) else { continue };
        let is_candidate = node.pad == PadMode::Explicit && window.pad.is_none() && vertical + horizontal > 0;
        if !is_candidate || node.calls.len() != merge.calls.len() {
            continue;
        }
        let argument = Argument::Pad(Padding::symmetric(vertical, horizontal));
        nodes[member] = argument.put(node);
        edits.push(argument.edit(node)?);
        words.push(format!("`pad = {}` in the {} {}", argument.value(), window.kernel, node.op.name()));
    }
    words.dedup();
    let is_right = matches!(infer(&nodes, &graph.input_shapes())[index], Some(Ok(_)));
    let words = crate::report::listed(&words, "and");
    (!edits.is_empty() && is_right).then(|| Way { words: format!("{words} keeps the size"), fixes: vec![edits] })
}

/// The nodes between a merge and the value that all its branches start from.
fn branch_nodes(graph: &Graph, index: usize) -> Vec<usize> {
    let chains: Vec<Vec<usize>> = graph.nodes[index].inputs.iter().map(|input| chain(graph, *input)).collect();
    let is_shared = |node: &usize| chains.iter().all(|chain| chain.contains(node));
    let mut all: Vec<usize> = chains.iter().flatten().filter(|node| !is_shared(node)).copied().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A value's node and those before it, along first inputs.
fn chain(graph: &Graph, mut source: Source) -> Vec<usize> {
    let mut nodes = Vec::new();
    while let Source::Node(index) = source {
        nodes.push(index);
        source = graph.nodes[index].inputs[0];
    }
    nodes
}

/// A layer at the end of one branch that gives it the shape of the others.
fn projected(graph: &Graph, index: usize, inputs: &[Shape]) -> Option<Way> {
    let merge = &graph.nodes[index];
    if merge.op != Op::Add {
        return None;
    }
    let is_skip = |branch: &usize| {
        merge.inputs.iter().enumerate().any(|(other, source)| {
            let Source::Node(node) = merge.inputs[*branch] else { return other != *branch };
            other != *branch && chain(graph, *source).contains(&node)
        })
    };
    let mut branches: Vec<usize> = (0..inputs.len()).collect();
    // If one branch is the input itself, that is the one to change.
    branches.sort_by_key(|branch| !is_skip(branch));
    branches.into_iter().find_map(|branch| {
        let others: Vec<&Shape> = inputs.iter().enumerate().filter(|(b, _)| *b != branch).map(|(_, s)| s).collect();
        let to = **others.first()?;
        // A single channel would be broadcast over the others.
        let narrows = to.channels() == 1 && inputs[branch].channels() > 1;
        if others.iter().any(|other| **other != to) || inputs[branch] == to || narrows {
            return None;
        }
        let Projection { layer, has_tensors } = projection(inputs[branch], to)?;
        let step = if has_tensors { format!("{}: {layer}", fresh(graph, index, "project")) } else { layer };
        let at_the_end = Edit::after(merge.branches[branch].whole, format!(" -> {step}"));
        let words = format!("`-> {step}` at the end of branch {} makes them equal", branch + 1);
        Some(Way { words, fixes: vec![vec![at_the_end]] })
    })
}

/// A name for a new step next to a node.
fn fresh(graph: &Graph, index: usize, name: &str) -> String {
    let prefix = graph.nodes[index].name.rsplit_once('.').map_or(String::new(), |(prefix, _)| format!("{prefix}."));
    free(graph, &prefix, name)
}

/// `name`, or `name2`, …: the first that is free under this prefix.
pub(super) fn free(graph: &Graph, prefix: &str, name: &str) -> String {
    let is_free = |name: &String| {
        let full = format!("{prefix}{name}");
        let has_it =
            |other: &str| other.strip_prefix(&full).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        !graph.nodes.iter().any(|node| has_it(&node.name)) && !graph.taps.iter().any(|tap| has_it(&tap.name))
    };
    let names = (1..).map(|number: usize| if number == 1 { name.to_owned() } else { format!("{name}{number}") });
    names.into_iter().find(is_free).unwrap_or_default()
}

/// Ways for a net whose output is not the declared one.
pub(super) fn of_output(graph: &Graph, output: &Output, found: Shape, declared: Shape) -> Vec<Way> {
    let mut ways = Vec::new();
    let mut end_with = |step: String| {
        if let Some(end) = output.end {
            let fix = vec![Edit::before(end, format!("{step}; "))];
            ways.push(Way { words: format!("end with `{step}`"), fixes: vec![fix] });
        }
    };
    match (found, declared) {
        (Shape::Map { .. }, Shape::Vector(features)) if found.elements() == features => end_with("flatten".to_owned()),
        (Shape::Map { channels, .. }, Shape::Vector(features)) if channels == features => {
            end_with("global_avg_pool -> flatten".to_owned());
        }
        (Shape::Vector(_), Shape::Vector(features)) => match last_linear(graph, output.value) {
            Some(way) => ways.extend(way.with(features)),
            None => end_with(format!("{}: linear({features})", free(graph, "", "fc"))),
        },
        (Shape::Map { .. }, Shape::Vector(features)) => {
            end_with(format!("{}: linear({features})", free(graph, "", "fc")));
        }
        (_, Shape::Map { .. }) => {}
    }
    let fix = vec![Edit::instead(output.place, found.to_string())];
    ways.push(Way { words: format!("declare {found}"), fixes: vec![fix] });
    ways
}

/// The layer that determines the number of outputs.
struct Last<'g>(&'g Node);

fn last_linear(graph: &Graph, output: Source) -> Option<Last<'_>> {
    let Source::Node(mut index) = output else { return None };
    loop {
        let node = &graph.nodes[index];
        match node.op.facts().kind.closed() {
            LayerKind::FullyConnected => return Some(Last(node)),
            LayerKind::Reordering
            | LayerKind::Regularisation
            | LayerKind::BatchNormalisation
            | LayerKind::Normalisation
            | LayerKind::Scaling
            | LayerKind::Activation
            | LayerKind::Softmax => {}
            LayerKind::Convolution
            | LayerKind::Rearrangement
            | LayerKind::Resampling
            | LayerKind::MaxPooling
            | LayerKind::AveragePooling
            | LayerKind::ResponseNormalisation
            | LayerKind::Gating
            | LayerKind::Concatenation
            | LayerKind::Addition
            | LayerKind::Multiplication
            | LayerKind::Maximum
            | LayerKind::Custom => return None,
        }
        let Source::Node(before) = node.inputs[0] else { return None };
        index = before;
    }
}

impl Last<'_> {
    fn with(self, features: usize) -> Option<Way> {
        let words = format!("give the last layer {features} features");
        // A layer in a block may also be used elsewhere.
        let place = self.0.args.get("features").filter(|_| self.0.calls.is_empty());
        let fixes = place.map(|place| vec![Edit::instead(*place, format!("features = {features}"))]);
        Some(Way { words, fixes: fixes.into_iter().collect() })
    }
}

/// The shapes of a merge's branches, if they are known.
pub(super) fn inputs_of(graph: &Graph, inferred: &[Found], index: usize) -> Option<Vec<Shape>> {
    graph.nodes[index].inputs.iter().map(|source| shape_of(graph, inferred, *source)).collect()
}
