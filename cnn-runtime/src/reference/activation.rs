//! Activations.

use core::f64::consts::PI;

use cnn_net::op::{Activation, Function, PreluPer, Shape};

use super::{Tensor, Weight};

/// An element-wise function.
#[must_use]
pub fn activate(activation: Activation, x: f64) -> f64 {
    match activation.closed() {
        Function::Identity => x,
        Function::Step => f64::from(u8::from(x >= 0.0)),
        Function::Sigmoid => sigmoid(x),
        Function::Tanh => libm::tanh(x),
        // Not `f64::max`, which returns 0 for a NaN.
        Function::Relu => x.clamp(0.0, f64::INFINITY),
        Function::Relu6 => x.clamp(0.0, 6.0),
        Function::LeakyRelu { slope } => leaky_relu(f64::from(slope), x),
        Function::Elu { alpha } => elu(f64::from(alpha), x),
        Function::Selu { alpha, gamma } => f64::from(gamma) * elu(f64::from(alpha), x),
        Function::Softplus { beta, threshold } => {
            let beta = f64::from(beta);
            if beta * x > f64::from(threshold) { x } else { softplus(beta * x) / beta }
        }
        Function::Softsign => x / (1.0 + x.abs()),
        Function::Gelu => x * (1.0 + libm::erf(x / core::f64::consts::SQRT_2)) / 2.0,
        Function::GeluTanh => x * (1.0 + libm::tanh(libm::sqrt(2.0 / PI) * (x + 0.044_715 * x * x * x))) / 2.0,
        Function::Silu => x * sigmoid(x),
        Function::Mish => x * libm::tanh(softplus(x)),
        Function::HardSigmoid { alpha, beta } => hard_sigmoid(f64::from(alpha), f64::from(beta), x),
        Function::HardSwish => x * hard_sigmoid(1.0 / 6.0, 0.5, x),
        Function::HardTanh { min, max } => x.clamp(f64::from(min), f64::from(max)),
        Function::Celu { alpha } => celu(f64::from(alpha), x),
        Function::Threshold { threshold, value } => {
            if x <= f64::from(threshold) {
                f64::from(value)
            } else {
                x
            }
        }
        Function::LogSigmoid => -softplus(-x),
        Function::HardShrink { lambda } => above(f64::from(lambda), x.abs()) * x,
        Function::SoftShrink { lambda } => x - x.clamp(-f64::from(lambda), f64::from(lambda)),
    }
}

/// The slope of an element-wise function. At a kink it is the one that PyTorch takes, which for most functions is that of the
/// left side.
#[must_use]
pub fn derivative(activation: Activation, x: f64) -> f64 {
    match activation.closed() {
        Function::Identity => 1.0,
        Function::Step => 0.0,
        Function::Sigmoid => sigmoid(x) * sigmoid(-x),
        Function::Tanh => 1.0 - libm::tanh(x) * libm::tanh(x),
        Function::Relu => above(0.0, x),
        Function::Relu6 => within(0.0, 6.0, x),
        Function::LeakyRelu { slope } => {
            if x > 0.0 {
                1.0
            } else {
                f64::from(slope)
            }
        }
        Function::Elu { alpha } => elu_derivative(f64::from(alpha), x),
        Function::Selu { alpha, gamma } => f64::from(gamma) * elu_derivative(f64::from(alpha), x),
        Function::Softplus { beta, threshold } => {
            let scaled = f64::from(beta) * x;
            if scaled > f64::from(threshold) { 1.0 } else { sigmoid(scaled) }
        }
        Function::Softsign => 1.0 / ((1.0 + x.abs()) * (1.0 + x.abs())),
        Function::Gelu => normal_probability(x) + x * normal_density(x),
        Function::GeluTanh => gelu_tanh_derivative(x),
        Function::Silu => sigmoid(x) * (1.0 + x * sigmoid(-x)),
        Function::Mish => {
            let gate = libm::tanh(softplus(x));
            gate + x * (1.0 - gate * gate) * sigmoid(x)
        }
        Function::HardSigmoid { alpha, beta } => hard_sigmoid_derivative(f64::from(alpha), f64::from(beta), x),
        Function::HardSwish => hard_sigmoid(1.0 / 6.0, 0.5, x) + x * hard_sigmoid_derivative(1.0 / 6.0, 0.5, x),
        Function::HardTanh { min, max } => within(f64::from(min), f64::from(max), x),
        Function::Celu { alpha } => {
            if x > 0.0 {
                1.0
            } else {
                libm::exp(x / f64::from(alpha))
            }
        }
        Function::Threshold { threshold, .. } => above(f64::from(threshold), x),
        Function::LogSigmoid => sigmoid(-x),
        Function::HardShrink { lambda } | Function::SoftShrink { lambda } => above(f64::from(lambda), x.abs()),
    }
}

/// The slope of what is constant up to a limit; NaN is above it.
fn above(low: f64, x: f64) -> f64 {
    if x <= low { 0.0 } else { 1.0 }
}

/// The slope of what is constant up to a limit, and from another one on; NaN is between them.
fn within(low: f64, high: f64, x: f64) -> f64 {
    if x >= high { 0.0 } else { above(low, x) }
}

fn elu_derivative(alpha: f64, x: f64) -> f64 {
    if x > 0.0 { 1.0 } else { alpha * libm::exp(x) }
}

fn hard_sigmoid_derivative(alpha: f64, beta: f64, x: f64) -> f64 {
    alpha * within(0.0, 1.0, alpha * x + beta)
}

/// The share of a normal distribution that lies below `x`.
fn normal_probability(x: f64) -> f64 {
    (1.0 + libm::erf(x / core::f64::consts::SQRT_2)) / 2.0
}

/// The density of a normal distribution at `x`.
fn normal_density(x: f64) -> f64 {
    libm::exp(-x * x / 2.0) / libm::sqrt(2.0 * PI)
}

fn gelu_tanh_derivative(x: f64) -> f64 {
    let factor = libm::sqrt(2.0 / PI);
    let gate = libm::tanh(factor * (x + 0.044_715 * x * x * x));
    let inner = factor * (1.0 + 3.0 * 0.044_715 * x * x);
    (1.0 + gate) / 2.0 + x / 2.0 * (1.0 - gate * gate) * inner
}

pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

fn leaky_relu(slope: f64, x: f64) -> f64 {
    if x >= 0.0 { x } else { slope * x }
}

fn elu(alpha: f64, x: f64) -> f64 {
    if x > 0.0 { x } else { alpha * libm::expm1(x) }
}

fn celu(alpha: f64, x: f64) -> f64 {
    if x > 0.0 { x } else { alpha * libm::expm1(x / alpha) }
}

/// `ln(1 + exp(x))`, in a form that cannot overflow.
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
}

fn hard_sigmoid(alpha: f64, beta: f64, x: f64) -> f64 {
    (alpha * x + beta).clamp(0.0, 1.0)
}

/// `x` where `x >= 0`, else a slope times `x`; a single slope is used for all.
///
/// # Panics
///
/// If `slopes` has neither one element nor as many as `per` asks for.
pub fn prelu<W: Weight>(per: PreluPer, input: &Tensor, slopes: &[W]) -> Tensor {
    Tensor::from_fn(input.shape, |channel, y, x| {
        let index = slope_at(per, input.shape, slopes.len(), [channel, y, x]);
        leaky_relu(slopes[index].into(), input.at(channel, y, x))
    })
}

/// Which of a number of slopes an element has.
pub(super) fn slope_at(per: PreluPer, shape: Shape, slopes: usize, [channel, y, x]: [usize; 3]) -> usize {
    let size = shape.size();
    let (index, needed) = match per {
        PreluPer::Channel => (channel, shape.channels()),
        PreluPer::Element => ((channel * size.height + y) * size.width + x, shape.elements()),
        PreluPer::Tensor => (0, 1),
    };
    assert!(slopes == 1 || slopes == needed, "slopes");
    if slopes == 1 { 0 } else { index }
}

/// `exp(x_i) / sum exp(x_j)` over the features, or over the channels at each position of a map.
pub fn softmax(input: &Tensor) -> Tensor {
    log_softmax(input).map(libm::exp)
}

/// The logarithm of softmax. The largest of the `x_j` is subtracted first, so that the exponentials cannot overflow.
#[must_use]
pub fn log_softmax(input: &Tensor) -> Tensor {
    Tensor::from_fn(input.shape, |channel, y, x| {
        let all = || (0..input.shape.channels()).map(|channel| input.at(channel, y, x));
        let largest = all().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = all().map(|other| libm::exp(other - largest)).sum();
        input.at(channel, y, x) - largest - libm::log(sum)
    })
}
