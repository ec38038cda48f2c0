//! Where a step has what.

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
    /// Floats of the tensors, which are the first that are shared.
    pub tensors_len: usize,
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
    /// Where it begins.
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
        tensors: &'a [TensorPlace] = &[],
        constants: &'a [Constant] = &[],
        heads: &'a [Head] = &[],
    }
}
record! { TensorPlace(node: usize, tensor: usize, offset: usize, len: usize) { gradient: Option<usize> = None } }
record! { Constant(node: usize, offset: usize, len: usize, value: f32) }
record! { Head(offset: usize, losses: usize, hits: usize) }

impl StepLayout<'_> {
    /// Floats of everything but what the optimiser remembers.
    #[must_use]
    pub const fn floats(&self) -> usize {
        self.shared + self.images * self.workspace
    }
}
