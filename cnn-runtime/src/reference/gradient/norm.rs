//! Normalisation over channels, and by the statistics of a batch.

use alloc::vec;
use alloc::vec::Vec;

use cnn_net::op::{BatchNorm, Lrn};

use super::super::norm::lengths;
use super::super::{BatchNormSteps, Statistics, Tensor, Weight};
use super::{Gradients, per_channel};

/// Of local response normalisation. With the denominators `d_i = k + alpha * sum a_j^2`, it is
/// `dy_i / d_i^beta - 2 alpha beta a_i * sum dy_j a_j / d_j^(beta + 1)`, where the sum is over the channels whose windows contain `i`.
pub fn lrn(op: &Lrn, input: &Tensor, upstream: &Tensor) -> Tensor {
    let [before, after] = op.reach();
    let [alpha, beta, k] = [op.alpha, op.beta, op.k].map(f64::from);
    let last = input.shape.channels() - 1;
    let denominator = Tensor::from_fn(input.shape, |channel, y, x| {
        let window = channel.saturating_sub(before)..=(channel + after).min(last);
        k + alpha * window.map(|other| input.at(other, y, x) * input.at(other, y, x)).sum::<f64>()
    });
    Tensor::from_fn(input.shape, |channel, y, x| {
        let term = |other| {
            let power = libm::pow(denominator.at(other, y, x), beta + 1.0);
            upstream.at(other, y, x) * input.at(other, y, x) / power
        };
        let containing = channel.saturating_sub(after)..=(channel + before).min(last);
        let sum: f64 = containing.map(term).sum();
        upstream.at(channel, y, x) / libm::pow(denominator.at(channel, y, x), beta)
            - 2.0 * alpha * beta * input.at(channel, y, x) * sum
    })
}

/// Of global response normalisation. With the lengths `g`, their mean plus eps `d`, and `s_c = sum x dy` of each channel, it is
/// `dy * (1 + weight_c * g_c / d) + x / g_c * (weight_c * s_c / d - mean(weight * s * g) / d^2)`; the length of a channel of zeros has
/// no gradient.
///
/// # Panics
///
/// If there are fewer weights than channels.
pub fn grn<W: Weight>(eps: f32, input: &Tensor, weight: &[W], upstream: &Tensor) -> Gradients {
    let (lengths, mean) = lengths(input);
    let whole = mean + f64::from(eps);
    let products = input.data.iter().zip(&upstream.data).map(|(x, upstream)| x * upstream).collect();
    let products = per_channel(&Tensor { shape: input.shape, data: products });
    let weight: Vec<f64> = weight.iter().map(|weight| (*weight).into()).collect();
    let all = weight.iter().zip(&products).zip(&lengths).map(|((weight, product), length)| weight * product * length);
    let of_mean = all.sum::<f64>() / lengths.len() as f64 / (whole * whole);
    let of_input = Tensor::from_fn(input.shape, |channel, y, x| {
        let length = lengths[channel];
        let through = upstream.at(channel, y, x) * (1.0 + weight[channel] * length / whole);
        if length == 0.0 {
            return through;
        }
        through + input.at(channel, y, x) / length * (weight[channel] * products[channel] / whole - of_mean)
    });
    let of_weight = products.iter().zip(&lengths).map(|(product, length)| product * length / whole).collect();
    Gradients::new(of_input, of_weight, per_channel(upstream))
}

/// Of batch normalisation with the running statistics, which don't depend on the input: the gradient of the output, times
/// `weight / sqrt(var + eps)`.
///
/// # Panics
///
/// If a tensor is shorter than there are channels.
#[must_use]
pub fn batch_norm<W: Weight>(
    op: &BatchNorm,
    input: &Tensor,
    statistics: &Statistics<'_, W>,
    upstream: &Tensor,
) -> Gradients {
    let Statistics { mean, var, .. } = statistics;
    let factor = |channel: usize| 1.0 / libm::sqrt(var[channel].into() + f64::from(op.eps));
    let products = Tensor::from_fn(input.shape, |channel, y, x| {
        (input.at(channel, y, x) - mean[channel].into()) * factor(channel) * upstream.at(channel, y, x)
    });
    let of_input = Tensor::from_fn(input.shape, |channel, y, x| {
        upstream.at(channel, y, x) * statistics.affine(channel).0 * factor(channel)
    });
    Gradients::new(of_input, per_channel(&products), per_channel(upstream))
}

/// Of batch normalisation as in training, for each sample of the batch; `steps` is what
/// [`batch_norm_training`](super::super::batch_norm_training) returned for it. Mean and variance depend on the input too, so with
/// the normalised inputs `n`, it is `weight / sqrt(var + eps) * (dy - mean(dy) - n * mean(n dy))`, where the means are over all
/// samples and positions of a channel.
///
/// # Panics
///
/// If there are not as many gradients as samples, or `weight` is shorter than there are channels.
#[must_use]
pub fn batch_norm_training<W: Weight>(
    op: &BatchNorm,
    steps: &BatchNormSteps,
    weight: Option<&[W]>,
    upstream: &[Tensor],
) -> Gradients {
    assert_eq!(steps.normalised.len(), upstream.len(), "a gradient for each sample");
    let shape = upstream[0].shape;
    let count = (upstream.len() * shape.size().area()) as f64;
    let (mut of_weight, mut of_bias) = (vec![0.0; shape.channels()], vec![0.0; shape.channels()]);
    for (normalised, upstream) in steps.normalised.iter().zip(upstream) {
        let data = normalised.data.iter().zip(&upstream.data).map(|(n, upstream)| n * upstream).collect();
        add(&mut of_weight, &per_channel(&Tensor { shape, data }));
        add(&mut of_bias, &per_channel(upstream));
    }
    let of_sample = |(normalised, upstream): (&Tensor, &Tensor)| {
        Tensor::from_fn(shape, |channel, y, x| {
            let factor = weight.map_or(1.0, |weight| weight[channel].into())
                / libm::sqrt(steps.var[channel] + f64::from(op.eps));
            let mean_part = of_bias[channel] / count;
            let var_part = normalised.at(channel, y, x) * of_weight[channel] / count;
            factor * (upstream.at(channel, y, x) - mean_part - var_part)
        })
    };
    let inputs: Vec<_> = steps.normalised.iter().zip(upstream).map(of_sample).collect();
    Gradients { inputs, weight: of_weight, bias: of_bias, user: Vec::new() }
}

/// Adds numbers to others.
fn add(to: &mut [f64], summands: &[f64]) {
    to.iter_mut().zip(summands).for_each(|(to, summand)| *to += summand);
}
