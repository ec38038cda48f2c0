//! The numbers of a value, as far as errors depend on them: their size, and how much they differ from pixel to pixel.

use std::f64::consts::PI;

use cnn_net::op::{Activation, Factor, Norm, Op};

/// The squared mean of a ReLU's outputs, as a share of their mean square.
const COMMON: f64 = 1.0 / PI;
/// What differs from pixel to pixel is at least this share, so that nothing is divided by zero.
const LEAST: f64 = 1e-9;
/// Mean squares are at most this, however many values are added.
const MOST: f64 = 1e9;

/// The numbers of a value, with random weights: the sum of a part of either sign and of ReLUs' outputs.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    signed: Part,
    positive: Part,
}

/// A part of the numbers of a value.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Their mean square, where that of a convolution's sums is 1.
    pub(super) power: f64,
    /// The share of it that differs from pixel to pixel; the rest is the square of each map's mean.
    pub(super) rough: f64,
}

impl Numbers {
    /// Those that a convolution produces.
    pub(super) fn signed(rough: f64) -> Self {
        Self { signed: Part { power: 1.0, rough }, positive: Part { power: 0.0, rough: 0.0 } }
    }

    /// Both parts.
    pub(super) fn all(self) -> Part {
        self.signed.and(self.positive)
    }

    /// The sum of independent numbers, each with a weight.
    pub(super) fn sum(numbers: impl Iterator<Item = (Self, f64)>) -> Self {
        let none = Part { power: 0.0, rough: 0.0 };
        numbers.fold(Self { signed: none, positive: none }, |sum, (numbers, times)| Self {
            signed: sum.signed.and(numbers.signed.times(times)),
            positive: sum.positive.and(numbers.positive.times(times)),
        })
    }

    /// After a function.
    pub(super) fn under(self, activation: Activation) -> Self {
        if !activation.is_rectifier() {
            return self;
        }
        // The correlation of a ReLU's outputs for two normal numbers, from that of the numbers (Cho & Saul 2009).
        let correlation = 1.0 - self.signed.rough;
        let angle = correlation.clamp(-1.0, 1.0).acos();
        let rough = 1.0 - (angle.sin() + (PI - angle) * correlation) / PI;
        let half = Part { power: self.signed.power / 2.0, rough: rough.max(LEAST) };
        Self { signed: Part { power: 0.0, rough: 0.0 }, positive: self.positive.and(half) }
    }

    /// Times factors with this mean square.
    pub(super) fn times(self, square: f64) -> Self {
        Self { signed: self.signed.times(square), positive: self.positive.times(square) }
    }

    /// The share of the mean square that a normalisation by the input's own statistics leaves.
    pub(super) fn kept(self, op: &Op) -> f64 {
        let all = self.all();
        match op {
            Op::Norm(Norm::Instance { .. }) => all.rough,
            Op::Norm(norm) if norm.is_centred() => 1.0 - COMMON * self.positive.power / all.power,
            _ => 1.0,
        }
    }

    /// After a normalisation by the input's own statistics.
    pub(super) fn normalised(self, op: &Op) -> Self {
        // It compares channels with each other, and leaves the size of their numbers about as it was.
        if matches!(op, Op::Grn { .. }) {
            return self;
        }
        let (all, kept) = (self.all(), self.kept(op));
        if kept == 1.0 { self.times(1.0 / all.power) } else { Self::signed((all.rough / kept).min(1.0)) }
    }

    /// With this share of what differs from pixel to pixel.
    pub(super) fn smoothed(self, share: f64) -> Self {
        let smoothed = |part: Part| Part { rough: (part.rough * share).max(LEAST), ..part };
        Self { signed: smoothed(self.signed), positive: smoothed(self.positive) }
    }
}

impl Part {
    fn times(self, times: f64) -> Self {
        Self { power: self.power * times, ..self }
    }

    fn and(self, other: Self) -> Self {
        let power = (self.power + other.power).clamp(LEAST, MOST);
        Self { power, rough: (self.power * self.rough + other.power * other.rough) / power }
    }
}

/// The mean square of a scale's factors; those that are learnt are taken to be 1.
pub(super) fn square(op: &Op) -> f64 {
    let Op::Scale { factor: Factor::Fixed(factor) } = op else { return 1.0 };
    (f64::from(*factor) * f64::from(*factor)).clamp(LEAST, MOST)
}
