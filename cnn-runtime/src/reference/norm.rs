//! Normalisation.

use alloc::vec::Vec;

use cnn_net::op::{BatchNorm, Lrn};

use super::{Tensor, Weight};

/// Local response normalisation: `a / (k + alpha * sum a^2)^beta`, where the sum is over the channels within [`Lrn::reach`] of
/// each; alpha is not divided by the size.
///
/// An infinite sum gives 0, or a NaN for an infinite element, as in PyTorch. There the sum is in `f32`, which is infinite
/// beyond 3.4e38; here it is in `f64`.
#[must_use]
pub fn lrn(op: &Lrn, input: &Tensor) -> Tensor {
    let [before, after] = op.reach();
    Tensor::from_fn(input.shape, |channel, y, x| {
        let first = channel.saturating_sub(before);
        let last = (channel + after).min(input.shape.channels() - 1);
        let mut sum = 0.0;
        for neighbour in first..=last {
            sum += input.at(neighbour, y, x) * input.at(neighbour, y, x);
        }
        let [alpha, beta, k] = [op.alpha, op.beta, op.k].map(f64::from);
        input.at(channel, y, x) / libm::pow(k + alpha * sum, beta)
    })
}

/// Global response normalisation (Woo et al. 2023): with the length `g_c` of each channel, the root of the sum of its squares,
/// `x + x * weight_c * g_c / (mean(g) + eps) + bias_c`.
///
/// # Panics
///
/// If a tensor is shorter than there are channels.
#[must_use]
pub fn grn<W: Weight>(eps: f32, input: &Tensor, weight: &[W], bias: &[W]) -> Tensor {
    let (lengths, mean) = lengths(input);
    Tensor::from_fn(input.shape, |channel, y, x| {
        let compared = lengths[channel] / (mean + f64::from(eps));
        let value = input.at(channel, y, x);
        value + value * weight[channel].into() * compared + bias[channel].into()
    })
}

/// The length of each channel, and the mean of all.
pub(super) fn lengths(input: &Tensor) -> (Vec<f64>, f64) {
    let area = input.shape.size().area();
    let length = |channel: &[f64]| libm::sqrt(channel.iter().map(|x| x * x).sum());
    let lengths: Vec<f64> = input.data.chunks_exact(area).map(length).collect();
    let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
    (lengths, mean)
}

/// The tensors of a batch normalisation, each with one number per channel.
#[derive(Clone, Copy, Debug)]
pub struct Statistics<'p, W = f32> {
    /// Factor; without one, all are 1.
    pub weight: Option<&'p [W]>,
    /// Summand; without one, all are 0.
    pub bias: Option<&'p [W]>,
    /// Running mean.
    pub mean: &'p [W],
    /// Running variance.
    pub var: &'p [W],
}

impl<W: Weight> Statistics<'_, W> {
    /// The factor and the summand of a channel.
    pub(super) fn affine(&self, channel: usize) -> (f64, f64) {
        let [weight, bias] = [self.weight, self.bias].map(|numbers| numbers.map(|numbers| numbers[channel].into()));
        (weight.unwrap_or(1.0), bias.unwrap_or(0.0))
    }
}

/// Batch normalisation with the running statistics: `(x - mean) / sqrt(var + eps) * weight + bias` in each channel.
///
/// # Panics
///
/// If a tensor is shorter than there are channels.
#[must_use]
pub fn batch_norm<W: Weight>(op: &BatchNorm, input: &Tensor, statistics: &Statistics<'_, W>) -> Tensor {
    let Statistics { mean, var, .. } = statistics;
    Tensor::from_fn(input.shape, |channel, y, x| {
        let [mean, var] = [mean, var].map(|numbers| numbers[channel].into());
        let (weight, bias) = statistics.affine(channel);
        (input.at(channel, y, x) - mean) / libm::sqrt(var + f64::from(op.eps)) * weight + bias
    })
}

/// Which variance of a batch enters the running one. The batch itself is always normalised with the biased one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningVariance {
    /// The sum of squares over `n - 1`, with Bessel's correction: PyTorch.
    Unbiased,
    /// The sum of squares over `n`: ONNX.
    Biased,
}

/// Batch normalisation in training, step by step: mean, variance, normalise, scale and shift; and the updated statistics.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BatchNormSteps {
    /// The mean of each channel, over all samples and positions.
    pub mean: Vec<f64>,
    /// The biased variance of each channel, over all samples and positions.
    pub var: Vec<f64>,
    /// `(x - mean) / sqrt(var + eps)` of each sample.
    pub normalised: Vec<Tensor>,
    /// The layer's output, the normalised samples scaled and shifted: times `weight`, plus `bias`.
    pub output: Vec<Tensor>,
    /// The running mean after this batch.
    pub running_mean: Vec<f64>,
    /// The running variance after this batch.
    pub running_var: Vec<f64>,
}

/// Batch normalisation as in training (Ioffe & Szegedy 2015): with the mean and variance of the batch itself.
///
/// A running statistic becomes `(1 - momentum) * running + momentum * batch`: **momentum weighs the new value**, as in
/// PyTorch. ONNX's momentum weighs the old one and is 1 minus this. Its running variance takes the biased variance, while
/// PyTorch's takes the unbiased one; `running` says which.
///
/// # Panics
///
/// If the batch is empty, its samples have different shapes, or a tensor is shorter than there are channels. Also if there is
/// only one number per channel, which has no unbiased variance, and `running` asks for it.
#[must_use]
pub fn batch_norm_training<W: Weight>(
    op: &BatchNorm,
    batch: &[Tensor],
    statistics: &Statistics<'_, W>,
    running: RunningVariance,
) -> BatchNormSteps {
    assert!(!batch.is_empty(), "a batch of no samples");
    let shape = batch[0].shape;
    assert!(batch.iter().all(|sample| sample.shape == shape), "samples of different shapes");
    let area = shape.size().area();
    let count = batch.len() * area;
    let divisor = match running {
        RunningVariance::Unbiased => count - 1,
        RunningVariance::Biased => count,
    };
    assert!(divisor > 0, "one number has no unbiased variance");

    let values = |channel| batch.iter().flat_map(move |sample| &sample.data[channel * area..][..area]);
    let channels = 0..shape.channels();
    let mean: Vec<f64> = channels.clone().map(|channel| values(channel).sum::<f64>() / count as f64).collect();
    let squares = |channel: usize| values(channel).map(|x| (x - mean[channel]) * (x - mean[channel])).sum::<f64>();
    let squares: Vec<f64> = channels.clone().map(squares).collect();
    let var: Vec<f64> = squares.iter().map(|sum| sum / count as f64).collect();

    let normalise = |sample: &Tensor| {
        Tensor::from_fn(shape, |channel, y, x| {
            (sample.at(channel, y, x) - mean[channel]) / libm::sqrt(var[channel] + f64::from(op.eps))
        })
    };
    let scale_and_shift = |sample: &Tensor| {
        Tensor::from_fn(shape, |channel, y, x| {
            let (weight, bias) = statistics.affine(channel);
            sample.at(channel, y, x) * weight + bias
        })
    };
    let normalised: Vec<Tensor> = batch.iter().map(normalise).collect();
    let output = normalised.iter().map(scale_and_shift).collect();

    let momentum = f64::from(op.momentum);
    let update = |old: W, new: f64| (1.0 - momentum) * old.into() + momentum * new;
    let running_mean = channels.clone().map(|channel| update(statistics.mean[channel], mean[channel])).collect();
    let running_var = |channel: usize| update(statistics.var[channel], squares[channel] / divisor as f64);
    let running_var = channels.map(running_var).collect();
    BatchNormSteps { mean, var, normalised, output, running_mean, running_var }
}
