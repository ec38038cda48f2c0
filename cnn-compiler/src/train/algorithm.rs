//! How a step computes its convolutions, and the gradients of their inputs.

use cnn_net::op::{Conv, Op, Padding, Size};

use super::forward::{Nodes, shares_tensors};
use crate::plan::{frozen, in_training};
use crate::step::Algorithm;

/// The algorithms of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithms {
    /// Of the layer.
    pub(super) forward: Algorithm,
    /// Of the gradient of its input: a convolution too, unless it is computed directly, as a transposed one.
    pub(super) backward: Option<(Conv, Algorithm)>,
}

impl Algorithms {
    const DIRECT: Self = Self { forward: Algorithm::Direct, backward: None };

    /// Those of all nodes.
    pub(super) fn of(nodes: &Nodes<'_>) -> Vec<Self> {
        (0..nodes.graph.nodes.len()).map(|index| Self::of_node(nodes, index)).collect()
    }

    fn of_node(nodes: &Nodes<'_>, index: usize) -> Self {
        let (graph, images) = (nodes.graph, nodes.spec.images);
        let node = &graph.nodes[index];
        // Layers with the same tensors share packed weights, whatever the sizes of their maps are.
        let shares = shares_tensors(graph, index);
        let Op::Conv(conv) = node.op else { return Self::DIRECT };
        if nodes.spec.exact || shares {
            return Self::DIRECT;
        }
        let input = graph.shape(node.inputs[0]);
        if nodes.trunk[index] {
            let forward = frozen(&conv, input.channels(), node.output.size());
            return Self { forward, backward: None };
        }
        let backward = turned(&conv, input.channels())
            .map(|turned| (turned, in_training(&turned, conv.filters, input.size(), images)));
        Self {
            forward: in_training(&conv, input.channels(), node.output.size(), images),
            backward: backward.filter(|(_, algorithm)| *algorithm != Algorithm::Direct),
        }
    }
}

/// The convolution that takes gradients of a convolution's output to those of its input, if it is one: with filters that are turned by half
/// a turn.
fn turned(conv: &Conv, inputs: usize) -> Option<Conv> {
    let Conv { kernel, stride, pad, dilation, groups, .. } = *conv;
    let one = Size::square(1);
    if stride != one || dilation != one {
        return None;
    }
    let before = |taps: usize, pad: usize| (taps - 1).checked_sub(pad);
    let pad = Padding {
        top: before(kernel.height, pad.top)?,
        bottom: before(kernel.height, pad.bottom)?,
        left: before(kernel.width, pad.left)?,
        right: before(kernel.width, pad.right)?,
    };
    Some(Conv { filters: inputs, kernel, stride, pad, dilation, groups, bias: false })
}
