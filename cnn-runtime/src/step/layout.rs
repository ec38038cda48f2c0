//! Where a step has what.

#[cfg(any(feature = "alloc", feature = "kernels"))]
use cnn_net::graph::{Graph, Node, Tensor};
use cnn_net::record;

/// The numbers of a training step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLayout<'a> {
    /// Images of a minibatch.
    pub images: usize,
    /// Floats that all images share.
    pub shared: usize,
    /// Floats of the workspace of an image.
    pub workspace: usize,
    /// The most floats of a workspace that are alive at once: none could be smaller.
    pub lower_bound: usize,
    /// Floats of the tensors but those of the trunk. They are the first that are shared.
    pub tensors_len: usize,
    /// Floats of the tensors of the trunk: of the frozen layers before all that are trained.
    pub trunk_tensors: usize,
    /// Floats of the packed weights of the trunk.
    pub trunk: usize,
    /// Where the output of an image is in its workspace, once it was asked for.
    pub output: usize,
    /// The net's tensors, in the order of its nodes.
    pub tensors: &'a [TensorPlace],
    /// Numbers that never change.
    pub constants: &'a [Constant],
    /// What has a loss: the net's output, then its auxiliary classifiers.
    pub heads: &'a [Head],
}

/// Where a tensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TensorPlace {
    /// The node that has it.
    pub node: usize,
    /// Its index in the node's tensors.
    pub tensor: usize,
    /// Where it begins in what all images share; those of the trunk come after `tensors_len`, in an array of their own.
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
    /// How many numbers after these are 1 where the prediction is right, and 0 elsewhere.
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

    /// Floats of everything but the trunk, and what the optimiser remembers.
    #[must_use]
    pub const fn floats(&self) -> usize {
        self.shared + self.images * self.workspace
    }

    /// Floats of all tensors.
    #[must_use]
    pub const fn all_tensors(&self) -> usize {
        self.tensors_len + self.trunk_tensors
    }

    /// Floats that are in the binary if the net's weights are: all tensors but those of the trunk, and its packed weights.
    #[must_use]
    pub const fn embedded(&self) -> usize {
        self.tensors_len + self.trunk
    }

    /// Numbers of the tensors that are trained.
    #[must_use]
    pub fn trained(&self) -> usize {
        self.tensors.iter().filter(|place| place.gradient.is_some()).map(|place| place.len).sum()
    }
}
