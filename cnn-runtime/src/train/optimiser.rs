//! How gradients change parameters: PyTorch's optimisers, with its defaults.

use cnn_net::graph::Role;
use cnn_net::op::{Kind, Op};

use super::Float;
use crate::place::floats::Floats;

/// Which tensors weight decay applies to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Decay {
    /// All parameters, as in PyTorch unless they are split into groups.
    #[default]
    All,
    /// Only the weights of convolutions and fully connected layers, not biases, and not the scales and shifts of normalisations.
    Weights,
}

impl Decay {
    /// Whether it applies to a layer's tensor with this role.
    #[must_use]
    pub const fn applies(self, op: &Op, role: Role) -> bool {
        match self {
            Self::All => role.is_parameter(),
            Self::Weights => {
                matches!(role, Role::Weight) && matches!(op.facts().kind, Kind::Convolution | Kind::FullyConnected)
            }
        }
    }
}

/// What an update depends on besides the gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The learning rate.
    pub rate: f64,
    /// The number of the step, from 1.
    pub step: u64,
    /// Whether weight decay applies to this tensor; see [`Decay::applies`].
    pub decays: bool,
}

/// How gradients change parameters.
pub trait Optimiser {
    /// Its unique name in checkpoints.
    const NAME: &'static str;
    /// The state for `N` parameters: `[[f32; N]; 2]` if it has two numbers per parameter.
    type States<const N: usize>: Floats;
    /// How many numbers of state it keeps per parameter.
    const STATES: usize = size_of::<Self::States<1>>() / size_of::<f32>();

    /// Which tensors its weight decay makes smaller.
    fn decay(&self) -> Decay;

    /// Updates a tensor. `states` is the optimiser's state for it: [`STATES`](Self::STATES) times as many numbers, all 0 before the first
    /// step.
    ///
    /// # Panics
    ///
    /// If there are more or fewer gradients than parameters, or states than `STATES` for each.
    fn update<F: Float>(&self, update: &Update, parameters: &mut [F], gradients: &[F], states: &mut [F]);
}

/// Stochastic gradient descent: `v = momentum * v + g`, then `w -= rate * v`, or with `nesterov` `w -= rate * (g + momentum * v)`
/// (Sutskever, Martens, Dahl & Hinton 2013, in PyTorch's form).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// How much of the previous steps is kept.
    pub momentum: f64,
    /// Whether it is Nesterov's momentum, which adds the gradient again.
    pub nesterov: bool,
    /// `weight_decay * w` is added to the gradient.
    pub weight_decay: f64,
    /// Which tensors that applies to.
    pub decay: Decay,
}

impl Sgd {
    /// With momentum; 0 is none.
    #[must_use]
    pub const fn new(momentum: f64) -> Self {
        Self { momentum, nesterov: false, weight_decay: 0.0, decay: Decay::All }
    }

    /// With Nesterov's momentum.
    #[must_use]
    pub const fn nesterov(self) -> Self {
        Self { nesterov: true, ..self }
    }

    /// With weight decay.
    #[must_use]
    pub const fn weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// With weight decay only for these tensors.
    #[must_use]
    pub const fn decaying(self, decay: Decay) -> Self {
        Self { decay, ..self }
    }
}

impl Optimiser for Sgd {
    const NAME: &'static str = "sgd";
    type States<const N: usize> = [[f32; N]; 1];

    fn decay(&self) -> Decay {
        self.decay
    }

    fn update<F: Float>(&self, update: &Update, parameters: &mut [F], gradients: &[F], states: &mut [F]) {
        assert_lengths(Self::STATES, parameters, gradients, states);
        let [rate, momentum] = [update.rate, self.momentum].map(F::rounded);
        let decay = F::rounded(decay_of(self.weight_decay, update));
        for ((w, gradient), v) in parameters.iter_mut().zip(gradients).zip(states) {
            let gradient = *gradient + decay * *w;
            *v = momentum * *v + gradient;
            *w -= rate * if self.nesterov { gradient + momentum * *v } else { *v };
        }
    }
}

/// Adam (Kingma & Ba 2015), with weight decay as a part of the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// How much of the previous mean and of the previous mean square of gradients is kept.
    pub betas: [f64; 2],
    /// Added to the root of the mean square, after its bias was corrected.
    pub eps: f64,
    /// `weight_decay * w` is added to the gradient.
    pub weight_decay: f64,
    /// Which tensors that applies to.
    pub decay: Decay,
}

/// Adam with decoupled weight decay (Loshchilov & Hutter 2019): parameters are multiplied by `1 - rate * weight_decay` first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW(pub Adam);

impl Adam {
    /// Without weight decay.
    pub const DEFAULT: Self = Self { betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.0, decay: Decay::All };

    /// With weight decay.
    #[must_use]
    pub const fn weight_decay(self, weight_decay: f64) -> Self {
        Self { weight_decay, ..self }
    }

    /// With weight decay only for these tensors.
    #[must_use]
    pub const fn decaying(self, decay: Decay) -> Self {
        Self { decay, ..self }
    }

    /// With other betas.
    #[must_use]
    pub const fn betas(self, betas: [f64; 2]) -> Self {
        Self { betas, ..self }
    }

    /// With another `eps`.
    #[must_use]
    pub const fn eps(self, eps: f64) -> Self {
        Self { eps, ..self }
    }

    /// An update with a weight decay of `decay` in the gradient.
    fn step<F: Float>(&self, decay: f64, update: &Update, parameters: &mut [F], gradients: &[F], states: &mut [F]) {
        let corrections = self.betas.map(|beta| 1.0 - libm::pow(beta, update.step as f64));
        let rate = F::rounded(update.rate / corrections[0]);
        let correction = F::rounded(libm::sqrt(corrections[1]));
        let [keep1, keep2] = self.betas.map(F::rounded);
        let [take1, take2] = self.betas.map(|beta| F::rounded(1.0 - beta));
        let [eps, decay] = [self.eps, decay].map(F::rounded);
        let (means, squares) = states.split_at_mut(parameters.len());
        for (((w, gradient), mean), square) in parameters.iter_mut().zip(gradients).zip(means).zip(squares) {
            let gradient = *gradient + decay * *w;
            *mean = keep1 * *mean + take1 * gradient;
            *square = keep2 * *square + take2 * gradient * gradient;
            *w -= rate * *mean / (square.root() / correction + eps);
        }
    }
}

impl Default for Adam {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Optimiser for Adam {
    const NAME: &'static str = "adam";
    type States<const N: usize> = [[f32; N]; 2];

    fn decay(&self) -> Decay {
        self.decay
    }

    fn update<F: Float>(&self, update: &Update, parameters: &mut [F], gradients: &[F], states: &mut [F]) {
        assert_lengths(Self::STATES, parameters, gradients, states);
        self.step(decay_of(self.weight_decay, update), update, parameters, gradients, states);
    }
}

impl AdamW {
    /// With PyTorch's weight decay, 0.01.
    pub const DEFAULT: Self = Self(Adam { weight_decay: 0.01, ..Adam::DEFAULT });
}

impl Default for AdamW {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Optimiser for AdamW {
    const NAME: &'static str = "adamw";
    type States<const N: usize> = [[f32; N]; 2];

    fn decay(&self) -> Decay {
        self.0.decay
    }

    fn update<F: Float>(&self, update: &Update, parameters: &mut [F], gradients: &[F], states: &mut [F]) {
        assert_lengths(Self::STATES, parameters, gradients, states);
        let keep = F::rounded(1.0 - update.rate * decay_of(self.0.weight_decay, update));
        parameters.iter_mut().for_each(|w| *w *= keep);
        self.0.step(0.0, update, parameters, gradients, states);
    }
}

/// The weight decay of a tensor.
fn decay_of(weight_decay: f64, update: &Update) -> f64 {
    if update.decays { weight_decay } else { 0.0 }
}

fn assert_lengths<F>(states_of_each: usize, parameters: &[F], gradients: &[F], states: &[F]) {
    assert_eq!(gradients.len(), parameters.len(), "a gradient for each parameter");
    assert_eq!(states.len(), states_of_each * parameters.len(), "states of each parameter");
}

#[cfg(test)]
mod tests {
    use cnn_net::op::{BatchNorm, Linear};

    use super::*;

    const FIRST: Update = Update { rate: 0.1, step: 1, decays: true };

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-7), "{found:?} is not {expected:?}");
    }

    #[test]
    fn momentum_begins_with_the_gradient() {
        let (mut w, mut v) = ([1.0], [0.0]);
        let sgd = Sgd::new(0.5);
        sgd.update(&FIRST, &mut w, &[2.0], &mut v);
        assert_close(&w, &[0.8]);
        sgd.update(&Update { step: 2, ..FIRST }, &mut w, &[2.0], &mut v);
        assert_close(&w, &[0.5]);
        let (mut w, mut v) = ([1.0], [0.0]);
        sgd.nesterov().update(&FIRST, &mut w, &[2.0], &mut v);
        assert_close(&w, &[0.7]);
    }

    #[test]
    fn decay_is_a_part_of_the_gradient_or_apart_from_it() {
        let (mut w, mut v) = ([2.0], [0.0]);
        Sgd::new(0.0).weight_decay(0.5).update(&FIRST, &mut w, &[1.0], &mut v);
        assert_close(&w, &[1.8]);
        let (mut w, mut v) = ([2.0], [0.0]);
        let update = Update { decays: false, ..FIRST };
        Sgd::new(0.0).weight_decay(0.5).update(&update, &mut w, &[1.0], &mut v);
        assert_close(&w, &[1.9]);
        // The first step of Adam has the length of the rate, whatever the gradient is.
        let (mut w, mut states) = ([2.0], [0.0; 2]);
        Adam::DEFAULT.weight_decay(0.5).update(&FIRST, &mut w, &[1.0], &mut states);
        assert_close(&w, &[1.9]);
        let (mut w, mut states) = ([2.0], [0.0; 2]);
        AdamW(Adam::DEFAULT.weight_decay(0.5)).update(&FIRST, &mut w, &[1.0], &mut states);
        assert_close(&w, &[1.8]);
    }

    #[test]
    fn single_precision_is_near_double() {
        let update = Update { rate: 0.01, step: 3, decays: true };
        let (mut single, mut double) = ([0.3_f32], [f64::from(0.3_f32)]);
        Adam::DEFAULT.weight_decay(0.1).update(&update, &mut single, &[0.7], &mut [0.2, 0.1]);
        Adam::DEFAULT.weight_decay(0.1).update(&update, &mut double, &[0.7], &mut [0.2, 0.1]);
        assert!((f64::from(single[0]) - double[0]).abs() < 1e-7);
    }

    #[test]
    fn biases_and_norms_may_keep_their_size() {
        let linear = Op::Linear(Linear::new(1));
        let norm = Op::BatchNorm(BatchNorm::new(1e-5, 0.1));
        let both = |op, role| [Decay::All.applies(&op, role), Decay::Weights.applies(&op, role)];
        assert_eq!(both(linear, Role::Weight), [true, true]);
        assert_eq!(both(linear, Role::Bias), [true, false]);
        assert_eq!(both(norm, Role::Weight), [true, false]);
        assert_eq!(both(norm, Role::RunningMean), [false, false]);
    }

    #[test]
    #[should_panic(expected = "states of each parameter")]
    fn states_must_be_as_many_as_needed() {
        Adam::DEFAULT.update(&FIRST, &mut [1.0], &[1.0], &mut [0.0]);
    }
}
