//! Bias, batch normalisation and scale as one factor and one summand per channel, in double precision.

use alloc::vec::Vec;

use crate::pack::{Affine, Normalisation, Pack};
use cnn_net::graph::Role;
use cnn_net::op::{self, Op};

use super::check::Checked;
use super::unreadable::Unreadable;

/// What is applied to each output channel of a packed layer.
pub(super) struct Affines {
    bias: Option<Vec<f32>>,
    /// In the order in which they are applied.
    factors: [Option<Factor>; 2],
}

/// A layer that multiplies channels.
enum Factor {
    Norm(Norm),
    /// Of each channel.
    Each(Vec<f32>),
    /// Of all channels.
    All(f32),
}

/// The tensors of a batch normalisation.
struct Norm {
    weight: Option<Vec<f32>>,
    bias: Option<Vec<f32>>,
    mean: Vec<f32>,
    var: Vec<f32>,
    eps: f32,
}

impl Affines {
    /// The affine functions of the layer that `step` packs.
    pub(super) fn new(checked: &Checked<'_>, step: &Pack) -> Result<Self, Unreadable> {
        let own = Factor::of(checked, step.node)?;
        let bias = if own.is_some() { None } else { checked.floats(step.node, Role::Bias)? };
        let after = match step.norm {
            Some(node) => Factor::of(checked, node)?,
            None => None,
        };
        Ok(Self { bias, factors: [own, after] })
    }

    /// The affine function of one channel.
    pub(super) fn of(&self, channel: usize) -> Affine {
        let shift = self.bias.as_ref().map_or(0.0, |bias| f64::from(bias[channel]));
        let factors = self.factors.iter().flatten();
        factors.fold(Affine { shift, ..Affine::IDENTITY }, |affine, factor| factor.after(affine, channel))
    }
}

impl Factor {
    /// Of a node, if it is such a layer.
    fn of(checked: &Checked<'_>, node: usize) -> Result<Option<Self>, Unreadable> {
        let floats = |role| checked.expect_floats(node, role);
        Ok(match checked.graph().nodes[node].op {
            Op::BatchNorm(norm) => Some(Self::Norm(Norm {
                weight: checked.floats(node, Role::Weight)?,
                bias: checked.floats(node, Role::Bias)?,
                mean: floats(Role::RunningMean)?,
                var: floats(Role::RunningVar)?,
                eps: norm.eps,
            })),
            Op::Scale { factor: op::Factor::Fixed(factor) } => Some(Self::All(factor)),
            Op::Scale { factor: op::Factor::Channel } => Some(Self::Each(floats(Role::Weight)?)),
            Op::Scale { factor: op::Factor::Tensor } => floats(Role::Weight)?.first().copied().map(Self::All),
            _ => None,
        })
    }

    /// `affine`, followed by this.
    fn after(&self, affine: Affine, channel: usize) -> Affine {
        match self {
            Self::Norm(Norm { weight, bias, mean, var, eps }) => {
                let of = |values: &Option<Vec<f32>>, other| values.as_ref().map_or(other, |values| values[channel]);
                let (weight, bias, mean, var) = (of(weight, 1.0), of(bias, 0.0), mean[channel], var[channel]);
                affine.normalised(&Normalisation { weight, bias, mean, var, eps: *eps })
            }
            Self::Each(factors) => affine.scaled(factors[channel]),
            Self::All(factor) => affine.scaled(*factor),
        }
    }
}
