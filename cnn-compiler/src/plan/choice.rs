//! One way to compute a step, with what it costs and how exact it is.

use crate::step::Algorithm;

/// How a step is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// A convolution.
    Conv(Algorithm),
    /// A fully connected layer, which may skip zeros.
    Linear { nonzero: bool },
}

impl Way {
    /// Whether it computes the declared sum.
    pub(super) fn is_exact(&self) -> bool {
        match self {
            Self::Conv(algorithm) => algorithm.is_exact(),
            Self::Linear { .. } => true,
        }
    }
}

/// One way to compute a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub(super) way: Way,
    /// What it costs, in the units of the model.
    pub(super) cost: f64,
    /// The square of the relative error that it adds to its output, in [`UNIT`](super::error::UNIT)s.
    pub(super) error: f64,
}
