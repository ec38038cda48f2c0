//! A training step as tasks on values, before anything has a place.

use cnn_net::op::{Activation, Shape};
use cnn_runtime::train::Criterion;

use super::algorithm::Algorithms;

/// A value in the workspace of each image: an activation, or the gradient of one.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) shape: Shape,
    pub(super) host: Host,
}

/// An index into a program's values.
pub(super) type ValueId = usize;

/// Whose memory a value shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// Nothing: it has its own buffer.
    Own,
    /// The channels from `first` of another value.
    Slice { whole: ValueId, first: usize },
    /// A value that is dead when this one is written.
    Over(ValueId),
}

/// What is done, once for each image or once for all.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) work: Work,
    /// The node that it is done for; an input has none.
    pub(super) node: Option<usize>,
    /// The values that it reads, in the order that `work` says.
    pub(super) reads: Vec<ValueId>,
    /// The values that it writes.
    pub(super) writes: Vec<ValueId>,
}

/// The kinds of tasks. `x` are inputs of the node, `y` is its output, `dy` the gradient of that, and so on.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Work {
    /// Reads an input of the net: writes it.
    Load(usize),
    /// The layer, with a function at the end: reads `x…`, writes `y`.
    Forward(Activation),
    /// What a batch normalisation computes from the minibatch: reads `x`.
    Statistics,
    /// A mask of dropout: reads `x` or `dy`, writes `y` or `dx`.
    Dropout,
    /// The loss of a head: reads the logits, writes their gradient and the loss.
    Loss(usize),
    /// The gradients of those inputs that need one: reads `x…`, `y`, `dy`, and writes the gradients in the order of the
    /// inputs. That of a user-defined layer also writes all gradients, those of its tensors too, one after another.
    Inputs {
        /// Which inputs have a gradient.
        wanted: Vec<bool>,
    },
    /// The gradients of a layer's tensors: reads `x`, `dy`; of a user-defined layer, all its gradients.
    Tensors,
    /// Reads `x`, `dy`, and the output of a `relu` that follows a batch normalisation: the gradients of its tensors, and coefficients.
    NormTensors,
    /// Reads the same, writes `dx`.
    NormInput,
    /// The gradient of the input of a fully connected layer, for all images at once: reads `dy`, writes `dx`.
    Dense,
    /// The sum of gradients of one value: reads them, writes the sum.
    Sum,
}

/// The tasks of a step, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) values: Vec<Value>,
    pub(super) tasks: Vec<Task>,
    /// The value of each node's output; some nodes have none of their own and use their input's.
    pub(super) outputs: Vec<ValueId>,
    /// The losses, and what they are computed from.
    pub(super) heads: Vec<Head>,
    /// How many tasks come before the first gradient.
    pub(super) forward: usize,
    /// How each node is computed, if it is a convolution.
    pub(super) algorithms: Vec<Algorithms>,
    /// The batch normalisation that is folded into the weights of each node.
    pub(super) norms: Vec<Option<usize>>,
}

/// Something that has a loss.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// What the loss is computed from.
    pub(super) logits: ValueId,
    /// The output whose targets it has.
    pub(super) output: usize,
    /// The loss, and what it is multiplied by.
    pub(super) criterion: Criterion,
    /// A number for each pixel, and then how many of them are right.
    pub(super) losses: ValueId,
}

impl Program {
    /// A value of its own.
    pub(super) fn value(&mut self, shape: Shape) -> ValueId {
        self.values.push(Value { shape, host: Host::Own });
        self.values.len() - 1
    }

    pub(super) fn task(&mut self, work: Work, node: Option<usize>, reads: Vec<ValueId>, writes: Vec<ValueId>) {
        self.tasks.push(Task { work, node, reads, writes });
    }

    /// The value that a value's memory belongs to.
    pub(super) fn root(&self, value: ValueId) -> ValueId {
        match self.values[value].host {
            Host::Own => value,
            Host::Slice { whole: host, .. } | Host::Over(host) => self.root(host),
        }
    }
}
