//! Activations.

use alloc::vec;
use alloc::vec::Vec;

use cnn_net::op::{Activation, PreluPer};

use super::super::activation::{derivative, sigmoid, slope_at};
use super::super::{Tensor, Weight};
use super::Gradients;

/// Of an element-wise function: its slope, times the gradient of the output.
#[must_use]
pub fn activation(activation: Activation, input: &Tensor, upstream: &Tensor) -> Tensor {
    let data = input.data.iter().zip(&upstream.data).map(|(x, upstream)| derivative(activation, *x) * upstream);
    Tensor { shape: input.shape, data: data.collect() }
}

/// Of `prelu`, at 0 with the learnt slope. A slope's gradient is the sum of its negative inputs, each times the gradient of its
/// output.
///
/// # Panics
///
/// If `slopes` has neither one element nor as many as `per` asks for.
pub fn prelu<W: Weight>(per: PreluPer, input: &Tensor, slopes: &[W], upstream: &Tensor) -> Gradients {
    let mut of_slopes = vec![0.0; slopes.len()];
    let of_input = Tensor::from_fn(input.shape, |channel, y, x| {
        let slope = slope_at(per, input.shape, slopes.len(), [channel, y, x]);
        let (value, upstream) = (input.at(channel, y, x), upstream.at(channel, y, x));
        if value > 0.0 {
            return upstream;
        }
        of_slopes[slope] += value * upstream;
        slopes[slope].into() * upstream
    });
    Gradients::new(of_input, of_slopes, Vec::new())
}

/// Of a gated linear unit, `a * sigmoid(b)`: `sigmoid(b)` for `a`, and `a * sigmoid(b) * (1 - sigmoid(b))` for `b`.
#[must_use]
pub fn glu(input: &Tensor, upstream: &Tensor) -> Tensor {
    let half = input.shape.channels() / 2;
    Tensor::from_fn(input.shape, |channel, y, x| {
        let [a, b] = [channel % half, half + channel % half].map(|channel| input.at(channel, y, x));
        let slope = if channel < half { sigmoid(b) } else { a * sigmoid(b) * sigmoid(-b) };
        slope * upstream.at(channel % half, y, x)
    })
}

/// Of softmax, with the output `p`: `p_i * (dp_i - sum_j p_j dp_j)`.
#[must_use]
pub fn softmax(input: &Tensor, upstream: &Tensor) -> Tensor {
    let output = super::super::softmax(input);
    Tensor::from_fn(input.shape, |channel, y, x| {
        let product = |channel| output.at(channel, y, x) * upstream.at(channel, y, x);
        let sum: f64 = (0..input.shape.channels()).map(product).sum();
        output.at(channel, y, x) * (upstream.at(channel, y, x) - sum)
    })
}

/// Of its logarithm, with softmax `p` and the output `l`: `dl_i - p_i * sum_j dl_j`.
#[must_use]
pub fn log_softmax(input: &Tensor, upstream: &Tensor) -> Tensor {
    let output = super::super::softmax(input);
    Tensor::from_fn(input.shape, |channel, y, x| {
        let sum: f64 = (0..input.shape.channels()).map(|channel| upstream.at(channel, y, x)).sum();
        upstream.at(channel, y, x) - output.at(channel, y, x) * sum
    })
}
