//! An argument of a layer with another value, as a fix of a fault.

use cnn_net::language::arguments;
use cnn_net::op::{Norm, Op, Padding, Size};

use super::{Found, infer};
use crate::graph::{Graph, Node};
use crate::op::PadMode;
use crate::report::{Edit, Fix};

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
    pub(super) fn name(self) -> &'static str {
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
    pub(super) fn put(self, node: &Node) -> Node {
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
    pub(super) fn edit(self, node: &Node) -> Option<Edit> {
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

/// A node and the others of the same layer in the source: a layer in a block has one for each of its calls, and one
/// that is applied again has several.
pub(super) fn same(graph: &Graph, index: usize) -> Vec<usize> {
    let place = |index: usize| {
        let first = graph.nodes[index].again.unwrap_or(index);
        format!("{:?}", graph.nodes[first].place)
    };
    let here = place(index);
    let is_same = |other: &usize| *other == index || place(*other) == here;
    (0..graph.nodes.len()).filter(is_same).collect()
}

/// Whether neither a node nor any of the same layer has a fault.
pub(super) fn is_right(inferred: &[Found], index: usize, same: &[usize]) -> bool {
    let fails = |index: &usize| matches!(inferred[*index], Some(Err(_)));
    matches!(inferred[index], Some(Ok(_))) && !same.iter().any(fails)
}
