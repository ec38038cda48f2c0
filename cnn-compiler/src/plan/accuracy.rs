//! How exact a plan is: a model of rounding errors, which complements that of costs, and the choice of algorithms by it.
//!
//! [`error`](super::error) has the error of a layer.
//!
//! **A net.** The square of a layer's error reaches the output multiplied by a factor, found from the end to the beginning:
//!
//! - A batch normalisation removes the means of maps, which are part of the numbers but hardly of their errors, so errors
//!   grow by `1 / rough`: 1.5 times after a ReLU, about 7 times after a maximum over 3x3. Nets with many of them amplify
//!   small differences, in the input as well as from rounding.
//! - A normalisation by the input's own statistics makes the mean square 1. One over each map removes its mean, like a batch
//!   normalisation; one over channels removes what all of them have in common, which is a third of what a ReLU gives; one
//!   that subtracts no mean passes errors on as they are, and so does a scale.
//! - An addition or a concat mixes values and their errors, by their mean squares.
//! - A maximum grows more than its error does, and in a mean over a map the errors of its pixels cancel.
//!
//! With normalisation statistics taken from a picture, and a little noise added to a layer's sums, the noise in the output
//! of ResNet-50 is larger by these factors (measured, and by the model): conv1 37 and 59, layer1.1.conv3 9.7 and 12,
//! layer2.1.conv3 3.4 and 4.1, layer3.1.conv3 1.1 and 1.0, layer4.2.conv3 0.16 and 0.11; in that of VGG-16: conv1_1 0.53
//! and 0.57, conv4_1 0.80 and 0.80. So errors of the first layers matter most: of what Winograd's algorithm adds to
//! ResNet-50 and to the ResNeXts, nearly all is that of F(5, 4) in conv1. In nets without normalisations, such as VGG and
//! AlexNet, long fully connected layers cause most of the error.
//!
//! **The plan.** Each step begins with the fastest algorithm. If the resulting error of the output is more than [`GOAL`],
//! and more than that of the direct algorithm, which no plan has to beat, steps change to more exact ones: each time the
//! change that removes the most error for its cost. They do so at any cost down to [`LOOSE`] times the error of the direct
//! algorithm, and below that while all changes take no more than [`SPENT`] of the net's time and each is worth it
//! ([`WORTH`]). Where errors are [`LARGE`], as in Inception-v3 and ResNet-101, a plan must not add to those of the direct
//! algorithm, whatever that costs. `#[algorithm(exact)]` leaves nothing to choose.
//!
//! Batch normalisations that exporters have folded into weights can't be seen, but let errors grow all the same:
//! `#[algorithm(folded)]` says that each convolution with a bias holds one.

mod numbers;

use cnn_net::op::{LayerKind, Op};

use self::numbers::{Numbers, square};
use super::choice::{Choice, Way};
use super::error::UNIT;
use crate::optimise::Optimised;
use crate::step::{Fused, Step, StepKind, ValueId};

/// How a maximum over a window scales the square of an error.
const MAXIMUM: f64 = 0.8;

/// The rms error of the output that a plan may have in any case, relative to the rms of the output; the largest error
/// relative to the largest output is up to a quarter more.
const GOAL: f64 = 4e-6;
/// A plan's error may be this many times that of the direct algorithm.
const LOOSE: f64 = 1.75;
/// Where a plan's error may no longer be larger than that of the direct algorithm.
const LARGE: f64 = 1e-4;
/// The share of a net's time that may be spent to get below that.
const SPENT: f64 = 0.0125;
/// What a change must gain below that: its share of a net's time, times this many squares of the direct algorithm's error.
const WORTH: f64 = 30.0;

/// Chooses how each step is computed; `None` where there is no choice.
pub(super) fn settle(model: &Model, choices: &[Vec<Choice>]) -> Vec<Option<Way>> {
    let mut settled = Settled { choices, factors: &model.factors, chosen: vec![0; choices.len()] };
    let least = settled.sum(|all| all.iter().find(|choice| choice.way.is_exact()).map(|choice| choice.error));
    let goal = (GOAL * GOAL / UNIT).max(least);
    let loose = (LOOSE * LOOSE * least).min((LARGE * LARGE / UNIT).max(least));
    let cost = settled.cost();
    while settled.error() > goal.max(loose) {
        let Some(change) = settled.best(f64::INFINITY) else { break };
        settled.chosen[change.step] = change.choice;
    }
    while settled.error() > goal {
        let Some(change) = settled.best((1.0 + SPENT) * cost - settled.cost()) else { break };
        if change.gain * cost < WORTH * least * change.cost {
            break;
        }
        settled.chosen[change.step] = change.choice;
    }
    choices.iter().zip(settled.chosen).map(|(all, chosen)| all.get(chosen).map(|choice| choice.way)).collect()
}

/// How a net passes errors on.
pub(super) struct Model {
    /// Of each value.
    values: Vec<Numbers>,
    /// What the square of each step's error is multiplied by on the way to the output.
    factors: Vec<f64>,
    /// Whether batch normalisations were folded into the weights of convolutions with a bias.
    folded: bool,
}

/// What the factors folded into a layer's weights do.
enum Factors {
    /// They are those of a batch normalisation.
    Normalise,
    /// Their mean square.
    Scale(f64),
}

/// The choices so far.
struct Settled<'a> {
    choices: &'a [Vec<Choice>],
    factors: &'a [f64],
    /// Of each step's choices.
    chosen: Vec<usize>,
}

/// A change to something more exact.
struct Change {
    step: usize,
    choice: usize,
    /// By how much the square of the output's error falls.
    gain: f64,
    cost: f64,
}

impl Settled<'_> {
    /// The sum over all steps, each by its factor.
    fn sum(&self, error: impl Fn(&[Choice]) -> Option<f64>) -> f64 {
        let errors = self.choices.iter().map(|all| error(all).unwrap_or(0.0));
        errors.zip(self.factors).map(|(error, factor)| error * factor).sum()
    }

    /// The square of the output's error.
    fn error(&self) -> f64 {
        let current = self.choices.iter().zip(&self.chosen).zip(self.factors);
        current.filter_map(|((all, chosen), factor)| Some(all.get(*chosen)?.error * factor)).sum()
    }

    fn cost(&self) -> f64 {
        self.choices.iter().zip(&self.chosen).filter_map(|(all, chosen)| Some(all.get(*chosen)?.cost)).sum()
    }

    /// The change that gains most for what it costs, of those that cost no more than `limit`.
    fn best(&self, limit: f64) -> Option<Change> {
        let of_step = |step: usize| {
            let (all, factor) = (&self.choices[step], self.factors[step]);
            let current = all.get(self.chosen[step]).copied();
            all.iter().enumerate().filter_map(move |(choice, next)| {
                let current = current?;
                let gain = factor * (current.error - next.error);
                Some(Change { step, choice, gain, cost: (next.cost - current.cost).max(f64::MIN_POSITIVE) })
            })
        };
        let all = (0..self.choices.len()).flat_map(of_step);
        let all = all.filter(|change| change.gain > 0.0 && change.cost <= limit);
        all.max_by(|a, b| (a.gain / a.cost).total_cmp(&(b.gain / b.cost)))
    }
}

impl Model {
    /// That of a net; `folded`, if its weights hold batch normalisations that it doesn't declare.
    pub(super) fn of(net: &Optimised, folded: bool) -> Self {
        let mut model = Self { values: vec![Numbers::signed(1.0); net.values.len()], factors: Vec::new(), folded };
        for step in &net.steps {
            model.values[step.output] = model.output(net, step);
        }
        let mut values = vec![0.0; net.values.len()];
        net.results.iter().for_each(|result| values[*result] = 1.0);
        model.factors = vec![0.0; net.steps.len()];
        for (index, step) in net.steps.iter().enumerate().rev() {
            model.factors[index] = model.factor(net, step, values[step.output]);
            for (input, share) in step.inputs.iter().zip(model.shares(net, step)) {
                values[*input] += share * model.factors[index];
            }
        }
        model
    }

    /// A choice for a step, with its error for independent numbers converted to that for these: transforms leave little
    /// of what doesn't differ from pixel to pixel.
    pub(super) fn error(&self, input: ValueId, choice: Choice) -> Choice {
        let rough = if choice.way.is_exact() { 1.0 } else { self.values[input].all().rough };
        Choice { error: rough * choice.error, ..choice }
    }

    /// The numbers that a step produces.
    fn output(&self, net: &Optimised, step: &Step) -> Numbers {
        let first = self.values[step.inputs[0]];
        match &step.kind {
            StepKind::Conv { fused, .. } | StepKind::ConvTranspose { fused, .. } | StepKind::Linear { fused, .. } => {
                let (rough, power) = match self.folded(net, step, fused) {
                    Factors::Normalise => (1.0, 1.0),
                    Factors::Scale(square) => (first.all().rough, square),
                };
                let own = Numbers::signed(rough).times(power);
                let residual = step.inputs[1..].iter().map(|value| (self.values[*value], 1.0));
                Numbers::sum(residual.chain([(own, 1.0)])).under(fused.activation)
            }
            StepKind::Plain { op: Op::Activation(activation), .. } => first.under(*activation),
            StepKind::Plain { op, activation } => match op.facts().kind.closed() {
                // What a user-defined layer computes is unknown.
                LayerKind::BatchNormalisation | LayerKind::Custom => Numbers::signed(1.0).under(*activation),
                LayerKind::Normalisation => first.normalised(op),
                LayerKind::Scaling => first.times(square(op)).under(*activation),
                LayerKind::Addition => Numbers::sum(self.parts(net, step)).under(*activation),
                LayerKind::Concatenation => {
                    let whole = net.values[step.output].channels() as f64;
                    Numbers::sum(self.parts(net, step).map(|(numbers, channels)| (numbers, channels / whole)))
                }
                LayerKind::MaxPooling => first.smoothed((2.0 / window(net, step, op)).min(1.0)),
                LayerKind::AveragePooling => first.smoothed(1.0 / window(net, step, op)),
                LayerKind::Convolution
                | LayerKind::FullyConnected
                | LayerKind::Reordering
                | LayerKind::Rearrangement
                | LayerKind::Resampling
                | LayerKind::Regularisation
                | LayerKind::ResponseNormalisation
                | LayerKind::Gating
                | LayerKind::Activation
                | LayerKind::Softmax
                | LayerKind::Multiplication
                | LayerKind::Maximum => first.under(*activation),
            },
        }
    }

    /// What is folded into the weights of a step.
    fn folded(&self, net: &Optimised, step: &Step, fused: &Fused) -> Factors {
        let has_bias = match &step.kind {
            StepKind::Conv { conv, .. } => conv.bias,
            StepKind::ConvTranspose { conv, .. } => conv.bias,
            StepKind::Linear { .. } | StepKind::Plain { .. } => false,
        };
        match fused.norm.map(|node| &net.shaped.graph.nodes[node].op) {
            Some(Op::BatchNorm(_)) => Factors::Normalise,
            Some(scale) => Factors::Scale(square(scale)),
            None if self.folded && has_bias => Factors::Normalise,
            None => Factors::Scale(1.0),
        }
    }

    /// The inputs of an addition or a concat, and how many channels each has of a concat's.
    fn parts(&self, net: &Optimised, step: &Step) -> impl Iterator<Item = (Numbers, f64)> {
        let channels = |value: ValueId| if step.is_concat() { net.values[value].channels() as f64 } else { 1.0 };
        step.inputs.iter().map(move |value| (self.values[*value], channels(*value)))
    }

    /// The factor for the square of a step's own error, and, by their shares, for those of its inputs; `output` is that for
    /// its output.
    fn factor(&self, net: &Optimised, step: &Step, output: f64) -> f64 {
        let first = self.values[step.inputs[0]];
        match &step.kind {
            StepKind::Conv { fused, .. } | StepKind::ConvTranspose { fused, .. } | StepKind::Linear { fused, .. } => {
                let residual = step.inputs.get(1).map_or(0.0, |value| self.values[*value].all().power);
                let (rough, power) = match self.folded(net, step, fused) {
                    Factors::Normalise => (first.all().rough, 1.0),
                    Factors::Scale(square) => (1.0, square),
                };
                output * power / (power + residual) / rough
            }
            StepKind::Plain { op, .. } => match op.facts().kind.closed() {
                LayerKind::BatchNormalisation => output / first.all().rough,
                LayerKind::Normalisation => output / first.kept(op),
                LayerKind::MaxPooling => output * MAXIMUM,
                LayerKind::AveragePooling => output / window(net, step, op),
                LayerKind::Convolution
                | LayerKind::FullyConnected
                | LayerKind::Reordering
                | LayerKind::Rearrangement
                | LayerKind::Resampling
                | LayerKind::Regularisation
                | LayerKind::ResponseNormalisation
                | LayerKind::Scaling
                | LayerKind::Gating
                | LayerKind::Activation
                | LayerKind::Softmax
                | LayerKind::Concatenation
                | LayerKind::Addition
                | LayerKind::Multiplication
                | LayerKind::Maximum
                | LayerKind::Custom => output,
            },
        }
    }

    /// The share of each input in that factor.
    fn shares(&self, net: &Optimised, step: &Step) -> Vec<f64> {
        match &step.kind {
            StepKind::Plain { op: Op::Add | Op::Sub | Op::Concat, .. } => {
                let powers: Vec<f64> =
                    self.parts(net, step).map(|(numbers, channels)| numbers.all().power * channels).collect();
                let whole: f64 = powers.iter().sum();
                powers.iter().map(|power| power / whole).collect()
            }
            StepKind::Conv { fused, .. } | StepKind::ConvTranspose { fused, .. } | StepKind::Linear { fused, .. } => {
                let scale = match self.folded(net, step, fused) {
                    Factors::Normalise => self.values[step.inputs[0]].all().rough,
                    Factors::Scale(square) => 1.0 / square,
                };
                let residual = step.inputs[1..].iter().map(|value| self.values[*value].all().power * scale);
                [1.0].into_iter().chain(residual).collect()
            }
            StepKind::Plain { .. } => vec![1.0; step.inputs.len()],
        }
    }
}

/// Pixels of a pooling's window, which may be the whole map, or a part of it for each pixel of the output.
fn window(net: &Optimised, step: &Step, op: &Op) -> f64 {
    let area = |value: ValueId| net.values[value].size().area() as f64;
    let part = || (area(step.inputs[0]) / area(step.output)).max(1.0);
    op.window().map_or_else(part, |window| window.kernel.area() as f64)
}

#[cfg(test)]
mod tests;
