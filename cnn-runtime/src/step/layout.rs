//! Where a step keeps its numbers.

#[cfg(any(feature = "alloc", feature = "kernels"))]
use cnn_net::graph::{Graph, Node, Tensor};
use cnn_net::record;

/// The numbers of a training step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLayout<'a> {
    /// Images of a minibatch.
    pub images: usize,
    /// Floats in the array that all images share.
    pub shared: usize,
    /// Floats of the workspace of an image.
    pub workspace: usize,
    /// The peak of live floats in a workspace: no workspace could be smaller.
    pub lower_bound: usize,
    /// Floats of all tensors outside the trunk. They come first in the shared array.
    pub tensors_len: usize,
    /// Floats of the trunk's tensors: those of the frozen layers that precede all trained ones.
    pub trunk_tensors: usize,
    /// Floats of the packed weights of the trunk.
    pub trunk: usize,
    /// Where an image's output is in its workspace, once it has been computed.
    pub output: usize,
    /// The net's tensors, in the order of its nodes.
    pub tensors: &'a [TensorPlace],
    /// Numbers that never change.
    pub constants: &'a [Constant],
    /// What has a loss: the net's outputs, then its auxiliary classifiers.
    pub heads: &'a [Head],
}

/// Where a tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorPlace {
    /// The node that has it.
    pub node: usize,
    /// Its index in the node's tensors.
    pub tensor: usize,
    /// Where it begins in the shared array; the trunk's tensors are counted from `tensors_len` on, in a separate array.
    pub offset: usize,
    /// How many numbers it has.
    pub len: usize,
    /// Where its gradient begins, if it is trained.
    pub gradient: Option<usize>,
}

/// Numbers that never change: the factor of a `scale`, for each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// The node that has it.
    pub node: usize,
    /// Where it begins.
    pub offset: usize,
    /// How many there are.
    pub len: usize,
    /// What each of them is.
    pub value: f32,
}

/// Where the losses of a head are in the workspace of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The first of them.
    pub offset: usize,
    /// How many there are.
    pub losses: usize,
    /// How many numbers after the losses count hits: 1 where the prediction is right, and 0 elsewhere.
    pub hits: usize,
}

record! {
    StepLayout<'a>(images: usize, shared: usize, workspace: usize) {
        lower_bound: usize = 0,
        tensors_len: usize = 0,
        trunk_tensors: usize = 0,
        trunk: usize = 0,
        output: usize = 0,
        tensors: &'a [TensorPlace] = &[],
        constants: &'a [Constant] = &[],
        heads: &'a [Head] = &[],
    }
}
record! { TensorPlace(node: usize, tensor: usize, offset: usize, len: usize) { gradient: Option<usize> = None } }
record! { Constant(node: usize, offset: usize, len: usize, value: f32) }
record! { Head(offset: usize, losses: usize, hits: usize) }

impl<'a> StepLayout<'a> {
    /// All tensors of the net, with their places and the nodes that have them.
    #[cfg(any(feature = "alloc", feature = "kernels"))]
    pub(super) fn tensors_of(
        &self,
        graph: &Graph<'a>,
    ) -> impl Iterator<Item = (&'a TensorPlace, &'a Node<'a>, &'a Tensor<'a>)> {
        let nodes = graph.nodes;
        self.tensors.iter().map(move |place| {
            let node = &nodes[place.node];
            (place, node, &node.tensors[place.tensor])
        })
    }

    /// Floats of everything except the trunk and the optimiser's state.
    #[must_use]
    pub const fn floats(&self) -> usize {
        self.shared + self.images * self.workspace
    }

    /// Floats of all tensors.
    #[must_use]
    pub const fn all_tensors(&self) -> usize {
        self.tensors_len + self.trunk_tensors
    }

    /// Floats in the binary if the net's weights are embedded: all tensors outside the trunk, and the trunk's packed
    /// weights.
    #[must_use]
    pub const fn embedded(&self) -> usize {
        self.tensors_len + self.trunk
    }

    /// Elements of all trained tensors.
    #[must_use]
    pub fn trained(&self) -> usize {
        self.tensors.iter().filter(|place| place.gradient.is_some()).map(|place| place.len).sum()
    }
}
