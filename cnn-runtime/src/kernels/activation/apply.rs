//! Element-wise functions as kernels apply them.

use core::fmt;

use crate::simd::Simd;
use crate::simd::functions::Functions;
use crate::simd::math;
use crate::simd::unary::{Floats, Unary};
#[cfg(feature = "alloc")]
use cnn_net::literal::{Literal, Rust};
use cnn_net::op::{Activation, Function};

/// An element-wise function with its code.
#[derive(Clone, Copy)]
pub struct Elementwise {
    activation: Activation,
    arguments: [f32; 2],
    code: &'static Functions,
}

impl Elementwise {
    /// The code of a function. If this is a constant, the program contains no other function's code.
    #[must_use]
    pub const fn of(activation: Activation) -> Self {
        let (code, arguments) = match activation.closed() {
            Function::Identity => (Functions::of::<Identity>(), [0.0; 2]),
            Function::Step => (Functions::of::<Step>(), [0.0; 2]),
            Function::Sigmoid => (Functions::of::<Sigmoid>(), [0.0; 2]),
            Function::Tanh => (Functions::of::<Tanh>(), [0.0; 2]),
            Function::Relu => (Functions::of::<Clamp>(), [0.0, f32::INFINITY]),
            Function::Relu6 => (Functions::of::<Clamp>(), [0.0, 6.0]),
            Function::LeakyRelu { slope } => (Functions::of::<LeakyRelu>(), [slope, 0.0]),
            Function::Elu { alpha } => (Functions::of::<Elu>(), [alpha, 1.0]),
            Function::Selu { alpha, gamma } => (Functions::of::<Elu>(), [alpha, gamma]),
            Function::Softplus { beta, threshold } => (Functions::of::<Softplus>(), [beta, threshold]),
            Function::Softsign => (Functions::of::<Softsign>(), [0.0; 2]),
            Function::Gelu => (Functions::of::<Gelu>(), [0.0; 2]),
            Function::GeluTanh => (Functions::of::<GeluTanh>(), [0.0; 2]),
            Function::Silu => (Functions::of::<Silu>(), [0.0; 2]),
            Function::Mish => (Functions::of::<Mish>(), [0.0; 2]),
            Function::HardSigmoid { alpha, beta } => (Functions::of::<HardSigmoid>(), [alpha, beta]),
            Function::HardSwish => (Functions::of::<HardSwish>(), [0.0; 2]),
            Function::HardTanh { min, max } => (Functions::of::<Clamp>(), [min, max]),
            Function::Celu { alpha } => (Functions::of::<Celu>(), [alpha, 1.0 / alpha]),
            Function::Threshold { threshold, value } => (Functions::of::<Threshold>(), [threshold, value]),
            Function::LogSigmoid => (Functions::of::<LogSigmoid>(), [0.0; 2]),
            Function::HardShrink { lambda } => (Functions::of::<HardShrink>(), [lambda, 0.0]),
            Function::SoftShrink { lambda } => (Functions::of::<SoftShrink>(), [lambda, 0.0]),
        };
        Self { activation, arguments, code }
    }

    /// The function.
    #[must_use]
    pub const fn activation(&self) -> Activation {
        self.activation
    }

    /// The function as kernels apply it to sums in registers, if it is one of a few instructions.
    pub(crate) const fn inline(&self) -> Option<Inline> {
        match (self.activation, self.activation.limits()) {
            (_, Some(limits)) => Some(Inline { limits, hard_swish: false }),
            (Activation::HardSwish, None) => Some(Inline { hard_swish: true, ..Inline::NOTHING }),
            (_, None) => None,
        }
    }

    /// Of `len` floats at `from`, into those at `to`.
    ///
    /// # Safety
    ///
    /// They must be readable and writable. The two runs are the same, or don't overlap.
    #[inline(always)]
    pub(crate) unsafe fn apply<S: Simd>(&self, s: S, from: *const f32, to: *mut f32, len: usize) {
        let floats = Floats { arguments: self.arguments, from, to, len };
        // SAFETY: the caller's promise.
        unsafe { s.compiled(self.code)(s, floats) }
    }
}

/// A function of a few instructions, which kernels contain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inline {
    /// The smallest and the largest result.
    limits: [f32; 2],
    /// Whether it is hard swish instead.
    hard_swish: bool,
}

impl Inline {
    /// No function.
    pub(crate) const NOTHING: Self = Self { limits: [f32::NEG_INFINITY, f32::INFINITY], hard_swish: false };

    /// Of a vector; lets NaN through.
    #[inline(always)]
    pub(crate) fn eval<S: Simd>(&self, s: S, x: S::Vec) -> S::Vec {
        if self.hard_swish {
            return hard_swish(s, x);
        }
        self.clamp(s, x)
    }

    /// Of each vector of a tile: branches are outside of loops, and the loops are over rows, so that the compiler unrolls them and
    /// the tile stays in registers.
    #[inline(always)]
    pub(crate) fn eval_tile<S: Simd, const MR: usize, const NV: usize>(&self, s: S, tile: &mut [[S::Vec; NV]; MR]) {
        if self.hard_swish {
            for row in tile {
                for x in row {
                    *x = hard_swish(s, *x);
                }
            }
            return;
        }
        let [low, high] = self.limits.map(|limit| s.splat(limit));
        for row in tile {
            for x in row {
                *x = s.min(high, s.max(low, *x));
            }
        }
    }

    /// Where it isn't hard swish.
    #[inline(always)]
    fn clamp<S: Simd>(&self, s: S, x: S::Vec) -> S::Vec {
        s.min(s.splat(self.limits[1]), s.max(s.splat(self.limits[0]), x))
    }
}

/// Declares functions of a vector and their arguments.
macro_rules! unary {
    ($($Name:ident($s:ident, $x:ident, $arguments:pat_param) = $value:expr;)*) => {
        $(
            struct $Name;

            impl Unary for $Name {
                #[inline(always)]
                fn eval<S: Simd>($s: S, $x: S::Vec, $arguments: [f32; 2]) -> S::Vec {
                    $value
                }
            }
        )*
    };
}

unary! {
    Identity(_s, x, _) = x;
    Step(s, x, _) = s.select(s.less_or_equal(s.splat(0.0), x), s.splat(1.0), s.splat(0.0));
    Sigmoid(s, x, _) = math::sigmoid(s, x);
    Tanh(s, x, _) = math::tanh(s, x);
    Clamp(s, x, [low, high]) = s.min(s.splat(high), s.max(s.splat(low), x));
    LeakyRelu(s, x, [slope, _]) = leaky_relu(s, x, s.splat(slope));
    Elu(s, x, [alpha, gamma]) = elu(s, x, alpha, gamma);
    Softplus(s, x, [beta, threshold]) = softplus(s, x, beta, threshold);
    Softsign(s, x, _) = s.div(x, s.add(s.abs(x), s.splat(1.0)));
    Gelu(s, x, _) = math::gelu(s, x);
    GeluTanh(s, x, _) = math::gelu_tanh(s, x);
    Silu(s, x, _) = math::silu(s, x);
    Mish(s, x, _) = math::mish(s, x);
    HardSigmoid(s, x, [alpha, beta]) = hard_sigmoid(s, x, alpha, beta);
    HardSwish(s, x, _) = hard_swish(s, x);
    Celu(s, x, [alpha, inverse]) = celu(s, x, alpha, inverse);
    Threshold(s, x, [least, value]) = s.select(s.less_or_equal(x, s.splat(least)), s.splat(value), x);
    LogSigmoid(s, x, _) = s.sub(s.splat(0.0), math::softplus(s, s.sub(s.splat(0.0), x)));
    HardShrink(s, x, [lambda, _]) = s.select(s.less_or_equal(s.abs(x), s.splat(lambda)), s.splat(0.0), x);
    SoftShrink(s, x, [lambda, _]) = s.sub(x, s.min(s.splat(lambda), s.max(s.splat(-lambda), x)));
}

/// `x` where `x >= 0`, else `slope * x`.
#[inline(always)]
pub(super) fn leaky_relu<S: Simd>(s: S, x: S::Vec, slope: S::Vec) -> S::Vec {
    s.select(s.less(x, s.splat(0.0)), s.mul(x, slope), x)
}

/// `gamma * (x > 0 ? x : alpha * (exp(x) - 1))`.
#[inline(always)]
fn elu<S: Simd>(s: S, x: S::Vec, alpha: f32, gamma: f32) -> S::Vec {
    let zero = s.splat(0.0);
    let negative = s.mul(math::exp_m1_of_negative(s, s.min(zero, x)), s.splat(alpha));
    s.mul(s.select(s.less(zero, x), x, negative), s.splat(gamma))
}

/// `x > 0 ? x : alpha * (exp(x / alpha) - 1)`; `inverse` is that of `alpha`, which is positive.
#[inline(always)]
fn celu<S: Simd>(s: S, x: S::Vec, alpha: f32, inverse: f32) -> S::Vec {
    let zero = s.splat(0.0);
    let negative = math::exp_m1_of_negative(s, s.mul(s.min(zero, x), s.splat(inverse)));
    s.select(s.less(zero, x), x, s.mul(negative, s.splat(alpha)))
}

/// `beta * x > threshold ? x : ln(1 + exp(beta * x)) / beta`.
#[inline(always)]
fn softplus<S: Simd>(s: S, x: S::Vec, beta: f32, threshold: f32) -> S::Vec {
    let scaled = s.mul(x, s.splat(beta));
    let curve = s.div(math::softplus(s, scaled), s.splat(beta));
    s.select(s.less(s.splat(threshold), scaled), x, curve)
}

/// `min(max(alpha * x + beta, 0), 1)`.
#[inline(always)]
fn hard_sigmoid<S: Simd>(s: S, x: S::Vec, alpha: f32, beta: f32) -> S::Vec {
    let line = s.mul_add(x, s.splat(alpha), s.splat(beta));
    s.min(s.splat(1.0), s.max(s.splat(0.0), line))
}

/// `x * hard_sigmoid(x)`.
#[inline(always)]
fn hard_swish<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    s.mul(x, hard_sigmoid(s, x, Activation::HARD_SIGMOID_ALPHA, Activation::HARD_SIGMOID_BETA))
}

impl From<Activation> for Elementwise {
    fn from(activation: Activation) -> Self {
        Self::of(activation)
    }
}

impl PartialEq for Elementwise {
    fn eq(&self, other: &Self) -> bool {
        self.activation == other.activation
    }
}

impl fmt::Debug for Elementwise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.activation.fmt(f)
    }
}

/// Constructors take the function.
#[cfg(feature = "alloc")]
impl Literal for Elementwise {
    fn write(&self, to: &mut Rust) {
        self.activation.write(to);
    }
}
