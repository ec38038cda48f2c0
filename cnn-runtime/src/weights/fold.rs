//! Bias and batch normalisation as one factor and one summand per channel, in double precision.

use alloc::vec::Vec;

use crate::pack::{Affine, Normalisation, Pack};
use cnn_net::graph::Role;
use cnn_net::op::Op;

use super::check::Checked;
use super::unreadable::Unreadable;

/// What is applied to each output channel of a packed layer.
pub(super) struct Affines {
    bias: Option<Vec<f32>>,
    /// In the order in which they are applied.
    norms: [Option<Norm>; 2],
}

/// The tensors of a batch normalisation.
struct Norm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    mean: Vec<f32>,
    var: Vec<f32>,
    eps: f32,
}

impl Affines {
    /// The affine functions of the layer that `step` packs.
    pub(super) fn new(checked: &Checked<'_>, step: &Pack) -> Result<Self, Unreadable> {
        let own = Norm::of(checked, step.node)?;
        let bias = if own.is_some() { None } else { checked.floats(step.node, Role::Bias)? };
        let after = match step.norm {
            Some(node) => Norm::of(checked, node)?,
            None => None,
        };
        Ok(Self { bias, norms: [own, after] })
    }

    /// The affine function of one channel.
    pub(super) fn of(&self, channel: usize) -> Affine {
        let shift = self.bias.as_ref().map_or(0.0, |bias| f64::from(bias[channel]));
        let norms = self.norms.iter().flatten();
        norms.fold(Affine { scale: 1.0, shift }, |affine, norm| norm.after(affine, channel))
    }
}

impl Norm {
    /// The tensors of a node, if it is a batch normalisation.
    fn of(checked: &Checked<'_>, node: usize) -> Result<Option<Self>, Unreadable> {
        let Op::BatchNorm(norm) = checked.graph().nodes[node].op else { return Ok(None) };
        let floats = |role| checked.expect_floats(node, role);
        Ok(Some(Self {
            weight: floats(Role::Weight)?,
            bias: floats(Role::Bias)?,
            mean: floats(Role::RunningMean)?,
            var: floats(Role::RunningVar)?,
            eps: norm.eps,
        }))
    }

    /// `affine`, followed by this.
    fn after(&self, affine: Affine, channel: usize) -> Affine {
        let [weight, bias, mean, var] = [&self.weight, &self.bias, &self.mean, &self.var].map(|values| values[channel]);
        affine.normalised(&Normalisation { weight, bias, mean, var, eps: self.eps })
    }
}
