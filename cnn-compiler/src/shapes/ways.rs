//! How a fault could be fixed. Each way is tried before it is proposed: the layer gets its new arguments, and the shapes
//! are inferred again.

use cnn_net::language::arguments;
use cnn_net::op::{Axis, LayerKind, Norm, Op, Padding, Shape, Size, Window};

use super::merge::{Projection, projection};
use super::{Found, Way, infer, shape_of};
use crate::eval::is_channels_last;
use crate::graph::{Graph, Node, Output, Source};
use crate::op::PadMode;
use crate::report::{Edit, Fix};

/// No net needs a larger input than this to fit.
const LARGEST_INPUT: usize = 2048;

/// An argument of a layer with another value.
#[derive(Clone, Copy)]
pub(super) enum Argument {
    Size(Size),
    Pad(Padding),
    OutputPad(Size),
    Dilation(Size),
    Groups(usize),
    /// The first one of a layer that needs no other, by its name; and the layer.
    Only(&'static str, Op),
}

impl Argument {
    fn name(self) -> &'static str {
        match self {
            Self::Size(_) => "size",
            Self::Pad(_) => "pad",
            Self::OutputPad(_) => "output_pad",
            Self::Dilation(_) => "dilation",
            Self::Groups(_) => "groups",
            Self::Only(name, _) => name,
        }
    }

    /// As it is written.
    pub(super) fn value(self) -> String {
        let pair = |height, width| if height == width { format!("{height}") } else { format!("({height}, {width})") };
        match self {
            Self::Size(size) => size.to_string(),
            Self::Pad(Padding { top, left, bottom, right }) if top == bottom && left == right => pair(top, left),
            Self::Pad(Padding { top, left, bottom, right }) => format!("({top}, {left}, {bottom}, {right})"),
            Self::Dilation(Size { height, width }) | Self::OutputPad(Size { height, width }) => pair(height, width),
            Self::Groups(groups) => groups.to_string(),
            Self::Only(_, op) => arguments(&op),
        }
    }

    /// A layer with it.
    fn put(self, node: &Node) -> Node {
        let mut changed = node.clone();
        if let (Op::Conv(conv), Self::Groups(groups)) = (&mut changed.op, self) {
            conv.groups = groups;
        }
        if let (Op::Norm(Norm::Group { groups, .. }), Self::Groups(other)) = (&mut changed.op, self) {
            *groups = other;
        }
        if let Self::Only(_, op) = self {
            changed.op = op;
        }
        if let Op::ConvTranspose(conv) = &mut changed.op {
            match self {
                Self::Groups(groups) => conv.groups = groups,
                Self::Pad(pad) => {
                    conv.pad = pad;
                    changed.pad = PadMode::Explicit;
                }
                Self::OutputPad(size) => conv.output_pad = size,
                Self::Size(size) => conv.kernel = size,
                Self::Dilation(dilation) => conv.dilation = dilation,
                Self::Only(..) => {}
            }
        }
        let Some(mut window) = changed.op.window() else { return changed };
        match self {
            Self::Size(size) => {
                // The stride of a pooling is its size.
                if !matches!(node.op, Op::Conv(_)) && !node.args.contains_key("stride") {
                    window.stride = size;
                }
                window.kernel = size;
            }
            Self::Pad(pad) => {
                window.pad = pad;
                changed.pad = PadMode::Explicit;
            }
            Self::Dilation(dilation) => window.dilation = dilation,
            Self::Groups(_) | Self::OutputPad(_) | Self::Only(..) => {}
        }
        changed.op = changed.op.with_window(window);
        changed
    }

    /// The edit of the source, if it makes the layer fit its input here and in all other calls of its block.
    pub(super) fn tried(self, graph: &Graph, index: usize) -> Option<Fix> {
        let same = same(graph, index);
        let mut nodes = graph.nodes.clone();
        for index in &same {
            nodes[*index] = self.put(&graph.nodes[*index]);
        }
        let edit = self.edit(&graph.nodes[index])?;
        is_right(&infer(&nodes, &graph.input_shapes()), index, &same).then(|| vec![edit])
    }

    /// The argument in place of the old one, or after the size.
    fn edit(self, node: &Node) -> Option<Edit> {
        let text = match self {
            Self::Only(..) => self.value(),
            _ => format!("{} = {}", self.name(), self.value()),
        };
        match (node.args.get(self.name()), node.args.get("size")) {
            (Some(place), _) => Some(Edit::instead(*place, text)),
            (None, Some(size)) => Some(Edit::after(*size, format!(", {text}"))),
            (None, None) => None,
        }
    }
}

/// A node and the others of the same layer in the source: a layer in a block has one for each of its calls, and one that is there
/// again has several.
fn same(graph: &Graph, index: usize) -> Vec<usize> {
    let place = |index: usize| {
        let first = graph.nodes[index].again.unwrap_or(index);
        format!("{:?}", graph.nodes[first].place)
    };
    let here = place(index);
    let is_same = |other: &usize| *other == index || place(*other) == here;
    (0..graph.nodes.len()).filter(is_same).collect()
}

/// Whether neither a node nor any of the same layer has a fault.
fn is_right(inferred: &[Found], index: usize, same: &[usize]) -> bool {
    let fails = |index: &usize| matches!(inferred[*index], Some(Err(_)));
    matches!(inferred[index], Some(Ok(_))) && !same.iter().any(fails)
}

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
        // A single channel would be repeated over the others.
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
