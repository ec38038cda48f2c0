//! Slopes of element-wise functions.

use core::fmt;

use crate::simd::binary::{Binary, Pairs};
use crate::simd::functions::Functions;
use crate::simd::{Simd, math};
#[cfg(feature = "alloc")]
use cnn_net::literal::{Literal, Rust};
use cnn_net::op::{Activation, Function};

/// The slope of an element-wise function, with its code. At a kink, it is the one that PyTorch takes.
#[derive(Clone, Copy)]
pub struct Slope {
    activation: Activation,
    arguments: [f32; 2],
    code: &'static Functions<Pairs>,
}

impl Slope {
    /// The code of a function's slope. If this is a constant, the program contains no other function's code.
    #[must_use]
    pub const fn of(activation: Activation) -> Self {
        let (code, arguments) = match activation.closed() {
            Function::Identity => (Functions::<Pairs>::of::<One>(), [0.0; 2]),
            Function::Step => (Functions::<Pairs>::of::<Zero>(), [0.0; 2]),
            Function::Sigmoid => (Functions::<Pairs>::of::<Sigmoid>(), [0.0; 2]),
            Function::Tanh => (Functions::<Pairs>::of::<Tanh>(), [0.0; 2]),
            Function::Relu => (Functions::<Pairs>::of::<Above>(), [0.0; 2]),
            Function::Relu6 => (Functions::<Pairs>::of::<Within>(), [0.0, 6.0]),
            Function::LeakyRelu { slope } => (Functions::<Pairs>::of::<LeakyRelu>(), [slope, 0.0]),
            Function::Elu { alpha } => (Functions::<Pairs>::of::<Elu>(), [alpha, 1.0]),
            Function::Selu { alpha, gamma } => (Functions::<Pairs>::of::<Elu>(), [alpha, gamma]),
            Function::Softplus { beta, threshold } => (Functions::<Pairs>::of::<Softplus>(), [beta, threshold]),
            Function::Softsign => (Functions::<Pairs>::of::<Softsign>(), [0.0; 2]),
            Function::Gelu => (Functions::<Pairs>::of::<Gelu>(), [0.0; 2]),
            Function::GeluTanh => (Functions::<Pairs>::of::<GeluTanh>(), [0.0; 2]),
            Function::Silu => (Functions::<Pairs>::of::<Silu>(), [0.0; 2]),
            Function::Mish => (Functions::<Pairs>::of::<Mish>(), [0.0; 2]),
            Function::HardSigmoid { alpha, beta } => (Functions::<Pairs>::of::<HardSigmoid>(), [alpha, beta]),
            Function::HardSwish => (Functions::<Pairs>::of::<HardSwish>(), [0.0; 2]),
            Function::HardTanh { min, max } => (Functions::<Pairs>::of::<Within>(), [min, max]),
            Function::Celu { alpha } => (Functions::<Pairs>::of::<Celu>(), [1.0 / alpha, 0.0]),
            Function::Threshold { threshold, .. } => (Functions::<Pairs>::of::<Above>(), [threshold, 0.0]),
            Function::LogSigmoid => (Functions::<Pairs>::of::<LogSigmoid>(), [0.0; 2]),
            Function::HardShrink { lambda } => (Functions::<Pairs>::of::<Beyond>(), [lambda, 0.0]),
            Function::SoftShrink { lambda } => (Functions::<Pairs>::of::<Beyond>(), [lambda, 0.0]),
        };
        Self { activation, arguments, code }
    }

    /// The function whose slope it is.
    #[must_use]
    pub const fn activation(&self) -> Activation {
        self.activation
    }

    /// The slopes at `len` floats from `x`, inputs or [outputs](from_output), times those from `upstream`, into those from `to`.
    ///
    /// # Safety
    ///
    /// They must be readable and writable. `to` is one of the other two, or does not overlap them.
    #[inline(always)]
    pub(super) unsafe fn multiply<S: Simd>(&self, s: S, x: *const f32, upstream: *const f32, to: *mut f32, len: usize) {
        let pairs = Pairs { arguments: self.arguments, x, y: upstream, to, len };
        // SAFETY: the caller's promise.
        unsafe { s.compiled(self.code)(s, pairs) }
    }
}

/// Whether a function's slope is computed from its output, so that nothing keeps the input.
#[must_use]
pub const fn from_output(activation: Activation) -> bool {
    match activation.closed() {
        Function::Identity
        | Function::Step
        | Function::Sigmoid
        | Function::Tanh
        | Function::Relu
        | Function::Relu6
        | Function::HardTanh { .. }
        | Function::HardShrink { .. } => true,
        // A negative slope would turn the sign around.
        Function::LeakyRelu { slope } => slope >= 0.0,
        // A larger value would look like an input beyond the threshold.
        Function::Threshold { threshold, value } => value <= threshold,
        Function::Elu { .. }
        | Function::Selu { .. }
        | Function::Softplus { .. }
        | Function::Softsign
        | Function::Gelu
        | Function::GeluTanh
        | Function::Silu
        | Function::Mish
        | Function::HardSigmoid { .. }
        | Function::HardSwish
        | Function::Celu { .. }
        | Function::LogSigmoid
        | Function::SoftShrink { .. } => false,
    }
}

/// Declares products of a slope at a vector with another vector.
macro_rules! slopes {
    ($($Name:ident($s:ident, $x:ident, $arguments:pat_param) = $slope:expr;)*) => {
        $(
            struct $Name;

            impl Binary for $Name {
                #[inline(always)]
                fn eval<S: Simd>($s: S, $x: S::Vec, upstream: S::Vec, $arguments: [f32; 2]) -> S::Vec {
                    $s.mul($slope, upstream)
                }
            }
        )*
    };
}

slopes! {
    One(s, _x, _) = s.splat(1.0);
    Zero(s, _x, _) = s.splat(0.0);
    Sigmoid(s, y, _) = s.mul(y, s.sub(s.splat(1.0), y));
    // Not `1 - y * y`, which is less exact near the limits.
    Tanh(s, y, _) = s.mul(s.sub(s.splat(1.0), y), s.add(s.splat(1.0), y));
    Above(s, x, [low, _]) = s.select(s.less_or_equal(x, s.splat(low)), s.splat(0.0), s.splat(1.0));
    Within(s, x, [low, high]) = within(s, x, low, high, 1.0);
    LeakyRelu(s, x, [slope, _]) = s.select(s.less(s.splat(0.0), x), s.splat(1.0), s.splat(slope));
    Elu(s, x, [alpha, gamma]) = elu(s, x, alpha, gamma);
    Softplus(s, x, [beta, threshold]) = softplus(s, x, beta, threshold);
    Softsign(s, x, _) = softsign(s, x);
    Gelu(s, x, _) = gelu(s, x);
    GeluTanh(s, x, _) = gelu_tanh(s, x);
    Silu(s, x, _) = silu(s, x);
    Mish(s, x, _) = mish(s, x);
    HardSigmoid(s, x, [alpha, beta]) = hard_sigmoid(s, x, alpha, beta)[1];
    HardSwish(s, x, _) = hard_swish(s, x);
    Celu(s, x, [inverse, _]) = celu(s, x, inverse);
    LogSigmoid(s, x, _) = math::sigmoid(s, s.sub(s.splat(0.0), x));
    Beyond(s, x, [size, _]) = s.select(s.less_or_equal(s.abs(x), s.splat(size)), s.splat(0.0), s.splat(1.0));
}

/// 0 where `x <= low` or `x >= high`, and a slope elsewhere.
#[inline(always)]
fn within<S: Simd>(s: S, x: S::Vec, low: f32, high: f32, slope: f32) -> S::Vec {
    let zero = s.splat(0.0);
    let below = s.select(s.less_or_equal(s.splat(high), x), zero, s.splat(slope));
    s.select(s.less_or_equal(x, s.splat(low)), zero, below)
}

/// `sigmoid(x)`, and its slope `e / (1 + e)^2` with `e = exp(-|x|)`, so that nothing cancels.
#[inline(always)]
fn sigmoid<S: Simd>(s: S, x: S::Vec) -> [S::Vec; 2] {
    let (zero, one) = (s.splat(0.0), s.splat(1.0));
    let small = math::exp(s, s.sub(zero, s.abs(x)));
    let sum = s.add(one, small);
    let value = s.div(s.select(s.less(x, zero), small, one), sum);
    [value, s.div(small, s.mul(sum, sum))]
}

/// `gamma * (x > 0 ? 1 : alpha * exp(x))`.
#[inline(always)]
fn elu<S: Simd>(s: S, x: S::Vec, alpha: f32, gamma: f32) -> S::Vec {
    let zero = s.splat(0.0);
    let negative = s.mul(math::exp(s, s.min(zero, x)), s.splat(alpha));
    s.mul(s.select(s.less(zero, x), s.splat(1.0), negative), s.splat(gamma))
}

/// `x > 0 ? 1 : exp(x / alpha)`; `inverse` is that of `alpha`, which is positive.
#[inline(always)]
fn celu<S: Simd>(s: S, x: S::Vec, inverse: f32) -> S::Vec {
    math::exp(s, s.min(s.splat(0.0), s.mul(x, s.splat(inverse))))
}

/// `beta * x > threshold ? 1 : sigmoid(beta * x)`.
#[inline(always)]
fn softplus<S: Simd>(s: S, x: S::Vec, beta: f32, threshold: f32) -> S::Vec {
    let scaled = s.mul(x, s.splat(beta));
    s.select(s.less(s.splat(threshold), scaled), s.splat(1.0), math::sigmoid(s, scaled))
}

/// `1 / (1 + |x|)^2`.
#[inline(always)]
fn softsign<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let inverse = s.div(s.splat(1.0), s.add(s.abs(x), s.splat(1.0)));
    s.mul(inverse, inverse)
}

/// The share of a normal distribution below `x`, plus `x` times its density there.
#[inline(always)]
fn gelu<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let [probability, gauss] = math::normal(s, x);
    // 1 / sqrt(2 pi).
    let density = s.mul(gauss, s.splat(0.398_942_3));
    s.mul_add(x, density, probability)
}

/// With `z = 2 sqrt(2 / pi) * (x + 0.044715 * x^3)`, the slope of `x * sigmoid(z)`. Beyond 20 it is 0 or 1.
#[inline(always)]
fn gelu_tanh<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let x = s.max(s.splat(-20.0), s.min(s.splat(20.0), x));
    let square = s.mul(x, x);
    // 2 sqrt(2 / pi), and 0.044715 or three times that as much.
    let line = s.mul_add(square, s.splat(0.071_354_814), s.splat(1.595_769_2));
    let slope = s.mul_add(square, s.splat(0.214_064_44), s.splat(1.595_769_2));
    let [value, steepness] = sigmoid(s, s.mul(x, line));
    s.mul_add(s.mul(x, slope), steepness, value)
}

/// `sigmoid(x) + x * sigmoid(x) * sigmoid(-x)`.
#[inline(always)]
fn silu<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let [value, steepness] = sigmoid(s, x);
    s.mul_add(x, steepness, value)
}

/// With `e = exp(x)` and `n = e * (e + 2)`, the gate is `n / (n + 2)`, and its slope `4 e (1 + e) / (n + 2)^2`. From 20 on,
/// the result is 1.
#[inline(always)]
fn mish<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let (one, two) = (s.splat(1.0), s.splat(2.0));
    let x = s.min(s.splat(20.0), x);
    let e = math::exp(s, x);
    let n = s.mul(e, s.add(e, two));
    let inverse = s.div(one, s.add(n, two));
    let steepness = s.mul(s.mul(s.mul(s.splat(4.0), e), s.add(one, e)), s.mul(inverse, inverse));
    s.mul_add(x, steepness, s.mul(n, inverse))
}

/// `min(max(alpha * x + beta, 0), 1)`, and its slope.
#[inline(always)]
fn hard_sigmoid<S: Simd>(s: S, x: S::Vec, alpha: f32, beta: f32) -> [S::Vec; 2] {
    let line = s.mul_add(x, s.splat(alpha), s.splat(beta));
    let value = s.min(s.splat(1.0), s.max(s.splat(0.0), line));
    [value, within(s, line, 0.0, 1.0, alpha)]
}

/// The hard sigmoid, plus `x` times its slope.
#[inline(always)]
fn hard_swish<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let [gate, slope] = hard_sigmoid(s, x, Activation::HARD_SIGMOID_ALPHA, Activation::HARD_SIGMOID_BETA);
    s.mul_add(x, slope, gate)
}

impl From<Activation> for Slope {
    fn from(activation: Activation) -> Self {
        Self::of(activation)
    }
}

impl PartialEq for Slope {
    fn eq(&self, other: &Self) -> bool {
        self.activation == other.activation
    }
}

impl fmt::Debug for Slope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.activation.fmt(f)
    }
}

/// Constructors take the function.
#[cfg(feature = "alloc")]
impl Literal for Slope {
    fn write(&self, to: &mut Rust) {
        self.activation.write(to);
    }
}
