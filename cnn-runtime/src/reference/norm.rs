//! Normalisation.

use crate::op::{BatchNorm, Lrn};

use super::Tensor;

/// Local response normalisation: `a / (k + alpha * sum a^2)^beta`, the sum over the channels
/// `max(0, i - size/2) ..= min(N - 1, i + size/2)`; alpha is not divided by the size.
pub fn lrn(op: &Lrn, input: &Tensor) -> Tensor {
    Tensor::from_fn(input.shape, |channel, y, x| {
        let first = channel.saturating_sub(op.size / 2);
        let last = (channel + op.size / 2).min(input.shape.channels() - 1);
        let mut sum = 0.0;
        for neighbour in first..=last {
            sum += input.at(neighbour, y, x) * input.at(neighbour, y, x);
        }
        let [alpha, beta, k] = [op.alpha, op.beta, op.k].map(f64::from);
        input.at(channel, y, x) / libm::pow(k + alpha * sum, beta)
    })
}

/// The tensors of a batch normalisation, one number a channel each.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'p> {
    /// Factor.
    pub weight: &'p [f32],
    /// Sum.
    pub bias: &'p [f32],
    /// Running mean.
    pub mean: &'p [f32],
    /// Running variance.
    pub var: &'p [f32],
}

/// Batch normalisation with the running statistics: `(x - mean) / sqrt(var + eps) * weight + bias` in each channel.
///
/// # Panics
///
/// If a tensor is shorter than there are channels.
pub fn batch_norm(op: &BatchNorm, input: &Tensor, statistics: &Statistics<'_>) -> Tensor {
    let Statistics { weight, bias, mean, var } = statistics;
    Tensor::from_fn(input.shape, |channel, y, x| {
        let [weight, bias, mean, var] = [weight, bias, mean, var].map(|numbers| f64::from(numbers[channel]));
        (input.at(channel, y, x) - mean) / libm::sqrt(var + f64::from(op.eps)) * weight + bias
    })
}
