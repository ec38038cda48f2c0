//! Bias and batch normalisation as one factor and one sum for each channel, in double precision.

use crate::graph::Role;
use crate::op::Op;
use crate::pack::{Affine, Normalisation};

use super::Pack;
use super::check::Checked;
use super::file::Values;

/// What is done to each output channel of a packed layer.
pub(super) struct Affines<'f> {
    bias: Option<Values<'f>>,
    /// In the order in which they are done.
    norms: [Option<Norm<'f>>; 2],
}

/// The tensors of a batch normalisation.
struct Norm<'f> {
    weight: Values<'f>,
    bias: Values<'f>,
    mean: Values<'f>,
    var: Values<'f>,
    eps: f32,
}

impl<'f> Affines<'f> {
    /// Those of the layer that `step` packs.
    pub(super) fn new(checked: &Checked<'f>, step: &Pack) -> Self {
        let own = Norm::of(checked, step.node);
        let bias = if own.is_some() { None } else { checked.of(step.node, Role::Bias) };
        Self { bias, norms: [own, step.norm.and_then(|node| Norm::of(checked, node))] }
    }

    /// That of one channel.
    pub(super) fn of(&self, channel: usize) -> Affine {
        let shift = self.bias.map_or(0.0, |bias| f64::from(bias.at(channel)));
        let norms = self.norms.iter().flatten();
        norms.fold(Affine { scale: 1.0, shift }, |affine, norm| norm.after(affine, channel))
    }
}

impl<'f> Norm<'f> {
    /// Of a node, if it is a batch normalisation.
    fn of(checked: &Checked<'f>, node: usize) -> Option<Self> {
        let Op::BatchNorm(norm) = checked.graph().nodes[node].op else { return None };
        Some(Self {
            weight: checked.expect(node, Role::Weight),
            bias: checked.expect(node, Role::Bias),
            mean: checked.expect(node, Role::RunningMean),
            var: checked.expect(node, Role::RunningVar),
            eps: norm.eps,
        })
    }

    /// `affine`, then this.
    fn after(&self, affine: Affine, channel: usize) -> Affine {
        let [weight, bias, mean, var] = [self.weight, self.bias, self.mean, self.var].map(|values| values.at(channel));
        affine.normalised(&Normalisation { weight, bias, mean, var, eps: self.eps })
    }
}
