//! How a step computes its convolutions, and the gradients of their inputs.

use cnn_net::graph::{Graph, Value};
use cnn_net::op::{Conv, Op, Padding, Size};
use cnn_runtime::kernels::gradient::conv::ConvInputGradient;

use super::forward::{Nodes, shares_tensors};
use crate::plan::{frozen, in_training};
use crate::step::Algorithm;

/// The algorithms of a convolution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Algorithms {
    /// Of the layer.
    pub(super) forward: Algorithm,
    /// Of the gradient of its input.
    pub(super) backward: Backward,
}

/// How the gradient of a convolution's input is computed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Backward {
    /// As a transposed convolution.
    Transposed,
    /// As a convolution.
    Conv(Conv, Algorithm),
    /// From rows of windows.
    Rows,
}

impl Algorithms {
    const DIRECT: Self = Self { forward: Algorithm::Direct, backward: Backward::Transposed };

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
        let (input, output) = (graph.shape(node.inputs[0]), node.output.size());
        let inputs = input.channels();
        if nodes.trunk[index] {
            return Self { forward: frozen(&conv, inputs, output), ..Self::DIRECT };
        }
        let turned = turned(&conv, inputs)
            .map(|turned| (turned, in_training(&turned, conv.filters, input.size(), images, false)));
        let backward = match turned {
            Some((conv, algorithm)) if algorithm != Algorithm::Direct => Backward::Conv(conv, algorithm),
            _ if ConvInputGradient::is_faster(&conv, inputs, input.size(), output) => Backward::Rows,
            _ => Backward::Transposed,
        };
        let plain = !is_joined(graph, node.inputs[0]);
        Self { forward: in_training(&conv, inputs, output, images, plain), backward }
    }
}

/// Whether a value may lie among the channels of others.
fn is_joined(graph: &Graph<'_>, value: Value) -> bool {
    graph.nodes.iter().any(|node| node.op == Op::Concat && node.inputs.contains(&value))
}

/// The convolution that maps gradients of a convolution's output to those of its input, if there is one: its filters
/// are rotated by 180 degrees.
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
