//! Activations.

use core::f64::consts::PI;

use cnn_net::op::{Activation, Function, PreluPer};

use super::Tensor;

/// An element-wise function.
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
        Function::Softplus => softplus(x),
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
    }
}

fn sigmoid(x: f64) -> f64 {
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
fn softplus(x: f64) -> f64 {
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
pub fn prelu(per: PreluPer, input: &Tensor, slopes: &[f32]) -> Tensor {
    let needed = match per {
        PreluPer::Channel => input.shape.channels(),
        PreluPer::Element => input.shape.elements(),
    };
    assert!(slopes.len() == 1 || slopes.len() == needed, "slopes");
    let size = input.shape.size();
    Tensor::from_fn(input.shape, |channel, y, x| {
        let index = match per {
            _ if slopes.len() == 1 => 0,
            PreluPer::Channel => channel,
            PreluPer::Element => (channel * size.height + y) * size.width + x,
        };
        leaky_relu(f64::from(slopes[index]), input.at(channel, y, x))
    })
}

/// `exp(x_i) / sum exp(x_j)` over the features, or over the channels at each position of a map.
pub fn softmax(input: &Tensor) -> Tensor {
    log_softmax(input).map(libm::exp)
}

/// The logarithm of softmax. The largest of the `x_j` is subtracted first, so that the exponentials cannot overflow.
pub fn log_softmax(input: &Tensor) -> Tensor {
    Tensor::from_fn(input.shape, |channel, y, x| {
        let all = || (0..input.shape.channels()).map(|channel| input.at(channel, y, x));
        let largest = all().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = all().map(|other| libm::exp(other - largest)).sum();
        input.at(channel, y, x) - largest - libm::log(sum)
    })
}
