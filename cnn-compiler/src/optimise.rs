//! [`Shaped`] to [`Optimised`]: the layers that run at inference, as few and as large steps as they can be.
//!
//! | pass | before | after |
//! | --- | --- | --- |
//! | `lower` | nodes | steps; `dropout`, `identity`, `flatten` before `linear` and auxiliary heads are gone |
//! | `fold` | `conv -> batch_norm` | `conv`, the normalisation folded into its weights |
//! | `residual` | `add { … -> conv; other; }` | `conv` that adds `other` in its epilogue |
//! | `activation` | `conv -> relu` | `conv` that applies the function in its epilogue |

mod activation;
mod fold;
mod lower;
mod residual;

use cnn_net::op::{Activation, Shape};

use crate::shapes::Shaped;

/// A net as the steps that run, in order.
pub struct Optimised {
    /// The net as it was declared: what is described, and what weights are loaded by.
    pub(crate) shaped: Shaped,
    /// The steps.
    pub(crate) steps: Vec<Step>,
    /// The shape of each value.
    pub(crate) values: Vec<Shape>,
    /// The net's output.
    pub(crate) result: ValueId,
    /// The values of the taps, in their order.
    pub(crate) taps: Vec<ValueId>,
}

/// A value: an index into [`Optimised::values`]. The net's input is the first.
pub(crate) type ValueId = usize;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) kind: StepKind,
    /// What it reads.
    pub(crate) inputs: Vec<ValueId>,
    /// What it writes.
    pub(crate) output: ValueId,
    /// The node that names it: an index into the graph's nodes.
    pub(crate) node: usize,
}

/// What a step does; layers are indices into the graph's nodes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StepKind {
    /// Convolution or fully connected layer; `residual` is added before the activation.
    Conv(Fused),
    Linear(Fused),
    MaxPool,
    AvgPool,
    GlobalAvgPool,
    GlobalMaxPool,
    Flatten,
    Lrn,
    /// A batch normalisation that could not be folded.
    ScaleShift {
        activation: Activation,
    },
    Prelu,
    Activate {
        activation: Activation,
    },
    Softmax,
    LogSoftmax,
    Concat,
    Add {
        activation: Activation,
    },
    Mul {
        activation: Activation,
    },
}

/// What was fused into a convolution or a fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fused {
    /// The batch normalisation behind it.
    pub(crate) norm: Option<usize>,
    /// Whether the step's second input is added.
    pub(crate) residual: bool,
    /// The function behind it.
    pub(crate) activation: Activation,
}

impl StepKind {
    /// Where an element-wise function can go into this step.
    fn activation_mut(&mut self) -> Option<&mut Activation> {
        match self {
            Self::Conv(fused) | Self::Linear(fused) => Some(&mut fused.activation),
            Self::ScaleShift { activation } | Self::Add { activation } | Self::Mul { activation } => Some(activation),
            Self::MaxPool
            | Self::AvgPool
            | Self::GlobalAvgPool
            | Self::GlobalMaxPool
            | Self::Flatten
            | Self::Lrn
            | Self::Prelu
            | Self::Activate { .. }
            | Self::Softmax
            | Self::LogSoftmax
            | Self::Concat => None,
        }
    }

    /// What was fused into this step, if it is one that takes anything.
    fn fused_mut(&mut self) -> Option<&mut Fused> {
        match self {
            Self::Conv(fused) | Self::Linear(fused) => Some(fused),
            Self::MaxPool
            | Self::AvgPool
            | Self::GlobalAvgPool
            | Self::GlobalMaxPool
            | Self::Flatten
            | Self::Lrn
            | Self::ScaleShift { .. }
            | Self::Prelu
            | Self::Activate { .. }
            | Self::Softmax
            | Self::LogSoftmax
            | Self::Concat
            | Self::Add { .. }
            | Self::Mul { .. } => None,
        }
    }
}

/// Lowers and optimises a net.
pub fn optimise(shaped: Shaped) -> Optimised {
    let mut net = lower::lower(shaped);
    net.rewrite(fold::fold);
    net.rewrite(residual::fuse);
    net.rewrite(activation::fuse);
    net
}

impl Optimised {
    /// Tries a rewriting at every step. It says whether it took the step at that index away.
    fn rewrite(&mut self, mut at: impl FnMut(&mut Self, usize) -> bool) {
        let mut index = 0;
        while index < self.steps.len() {
            if !at(self, index) {
                index += 1;
            }
        }
    }

    /// How often a value is read, counting outputs.
    fn uses(&self, value: ValueId) -> usize {
        let reads: usize =
            self.steps.iter().map(|step| step.inputs.iter().filter(|input| **input == value).count()).sum();
        reads + usize::from(self.result == value) + self.taps.iter().filter(|tap| **tap == value).count()
    }

    /// The step that writes a value that nothing but `reader` reads.
    pub(crate) fn sole_producer(&self, value: ValueId) -> Option<usize> {
        if self.uses(value) != 1 {
            return None;
        }
        self.steps.iter().position(|step| step.output == value)
    }
}
