//! What training minimises.

use cnn_net::op::{Activation, Op};

/// A loss: a number for a minibatch that is smaller the closer the outputs are to their targets.
///
/// A loss is computed from logits, since the logarithm of a probability that was rounded to 0 is infinite. So if a net, or an auxiliary
/// classifier, ends in the function that turns logits into probabilities, the loss [replaces](Self::replaces) it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Loss {
    /// For classes: `-ln(softmax(x)[class])`, the mean over the batch and, for maps, over the pixels. It replaces a final `softmax`
    /// or `log_softmax`.
    CrossEntropy {
        /// Label smoothing (Szegedy et al. 2016): this share of each target is spread evenly over all classes. 0 is none.
        smoothing: f64,
    },
    /// For numbers: `(x - target)^2`, the mean over all outputs of the batch. It replaces a final `step`, whose input is then
    /// compared with the target (Widrow & Hoff 1960).
    MeanSquared,
    /// For probabilities of separate events: `-t ln(sigmoid(x)) - (1 - t) ln(1 - sigmoid(x))` of the target `t`, the mean over all
    /// outputs of the batch. It replaces a final `sigmoid`, `log_sigmoid` or `step`.
    BinaryCrossEntropy,
}

impl Loss {
    /// Cross entropy without label smoothing.
    pub const CROSS_ENTROPY: Self = Self::CrossEntropy { smoothing: 0.0 };

    /// Whether it takes the input of this layer instead of its output, if the layer is the last one.
    #[must_use]
    pub const fn replaces(&self, last: &Op) -> bool {
        let is_step = matches!(last, Op::Activation(Activation::Step));
        match self {
            Self::CrossEntropy { .. } => self.has_link(last),
            Self::MeanSquared => is_step,
            Self::BinaryCrossEntropy => is_step || self.has_link(last),
        }
    }

    /// Whether this layer turns the logits of the loss into probabilities or their logarithms.
    #[must_use]
    pub const fn has_link(&self, layer: &Op) -> bool {
        match self {
            Self::CrossEntropy { .. } => matches!(layer, Op::Softmax | Op::LogSoftmax),
            Self::MeanSquared => false,
            Self::BinaryCrossEntropy => {
                matches!(layer, Op::Activation(Activation::Sigmoid | Activation::LogSigmoid))
            }
        }
    }

    /// Whether its targets are classes, rather than one number for each output.
    #[must_use]
    pub const fn is_of_classes(&self) -> bool {
        matches!(self, Self::CrossEntropy { .. })
    }
}

/// What an output contributes to the total loss: its loss, times a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criterion {
    /// How it is compared with its targets.
    pub loss: Loss,
    /// What the loss is multiplied by.
    pub weight: f32,
}

impl From<Loss> for Criterion {
    fn from(loss: Loss) -> Self {
        Self { loss, weight: 1.0 }
    }
}
