//! Normalisation by the statistics of the input itself, factors, and gates.

use alloc::vec::Vec;

use cnn_net::op::{Factor, Norm, Normaliser, Over, Shape};

use super::{Tensor, Weight, positions};

/// A normalisation by the statistics of what is normalised together: the channels of a pixel, a group of channels, or all.
/// Weights and biases are per channel, or per element of the input.
///
/// # Panics
///
/// If a tensor has neither one number per channel nor one per element, or groups are not of equal size.
#[must_use]
pub fn normalise<W: Weight>(norm: &Norm, input: &Tensor, weight: Option<&[W]>, bias: Option<&[W]>) -> Tensor {
    let (shape, size) = (input.shape, input.shape.size());
    let of = |numbers: Option<&[W]>, otherwise: f64, channel: usize, y: usize, x: usize| match numbers {
        None => otherwise,
        Some(numbers) if numbers.len() == shape.channels() => numbers[channel].into(),
        Some(numbers) => {
            assert_eq!(numbers.len(), shape.elements(), "numbers per channel or per element");
            numbers[(channel * size.height + y) * size.width + x].into()
        }
    };
    let statistics: Vec<[f64; 2]> = sets(norm, input).iter().map(|set| statistics(norm, set)).collect();
    Tensor::from_fn(shape, |channel, y, x| {
        let [mean, factor] = statistics[set(norm, shape, channel, y, x)];
        let normalised = (input.at(channel, y, x) - mean) * factor;
        normalised * of(weight, 1.0, channel, y, x) + of(bias, 0.0, channel, y, x)
    })
}

/// What is normalised together.
pub(super) fn sets(norm: &Norm, input: &Tensor) -> Vec<Vec<f64>> {
    let mut sets: Vec<Vec<f64>> = Vec::new();
    for ([channel, y, x], value) in positions(input.shape).zip(&input.data) {
        let index = set(norm, input.shape, channel, y, x);
        sets.resize(sets.len().max(index + 1), Vec::new());
        sets[index].push(*value);
    }
    sets
}

/// Which set an element belongs to, counted from 0.
pub(super) fn set(norm: &Norm, shape: Shape, channel: usize, y: usize, x: usize) -> usize {
    let groups = match norm.closed() {
        Normaliser::Layer { over, .. } | Normaliser::Rms { over, .. } | Normaliser::L2 { over, .. } => match over {
            Over::Channels => return y * shape.size().width + x,
            Over::All => 1,
        },
        Normaliser::Group { groups, .. } => groups,
        Normaliser::Instance { .. } => shape.channels(),
    };
    assert_eq!(shape.channels() % groups, 0, "groups of equal size");
    channel / (shape.channels() / groups)
}

/// What is subtracted from a number of the set, and what the difference is multiplied by.
pub(super) fn statistics(norm: &Norm, set: &[f64]) -> [f64; 2] {
    let (count, eps) = (set.len() as f64, f64::from(norm.eps()));
    let squares = |mean: f64| set.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
    match norm.closed() {
        Normaliser::Layer { .. } | Normaliser::Group { .. } | Normaliser::Instance { .. } => {
            let mean = set.iter().sum::<f64>() / count;
            [mean, 1.0 / libm::sqrt(squares(mean) / count + eps)]
        }
        Normaliser::Rms { .. } => [0.0, 1.0 / libm::sqrt(squares(0.0) / count + eps)],
        // Not `f64::max`, which drops a NaN.
        Normaliser::L2 { .. } => [0.0, 1.0 / libm::sqrt(squares(0.0)).clamp(eps, f64::INFINITY)],
    }
}

/// The input times a fixed factor, a weight of each channel, or one weight.
///
/// # Panics
///
/// If there are fewer weights than that.
pub fn scale<W: Weight>(factor: Factor, input: &Tensor, weight: &[W]) -> Tensor {
    Tensor::from_fn(input.shape, |channel, y, x| {
        let factor = match factor {
            Factor::Fixed(number) => number.into(),
            Factor::Channel => weight[channel].into(),
            Factor::Tensor => weight[0].into(),
        };
        input.at(channel, y, x) * factor
    })
}

/// A gated linear unit (Dauphin et al. 2017): the first half of the channels, times the sigmoid of the second.
#[must_use]
pub fn glu(input: &Tensor) -> Tensor {
    let half = input.shape.channels() / 2;
    let shape = match input.shape {
        Shape::Map { height, width, .. } => Shape::map(half, height, width),
        Shape::Vector(_) => Shape::Vector(half),
    };
    Tensor::from_fn(shape, |channel, y, x| input.at(channel, y, x) / (1.0 + libm::exp(-input.at(half + channel, y, x))))
}
