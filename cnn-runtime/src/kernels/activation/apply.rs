//! Functions over runs of floats.

use crate::simd::math;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Activation, Function};

/// A function over a run of floats, of which none but these are touched.
pub(crate) struct Apply {
    activation: Activation,
    from: *const f32,
    to: *mut f32,
    len: usize,
}

impl Apply {
    /// Of `len` floats at `from`, into those at `to`.
    ///
    /// # Safety
    ///
    /// They must be readable and writable. The two runs are the same, or don't overlap.
    #[inline(always)]
    pub(crate) unsafe fn new(activation: Activation, from: *const f32, to: *mut f32, len: usize) -> Self {
        Self { activation, from, to, len }
    }

    /// In place.
    ///
    /// # Safety
    ///
    /// `len` floats at `at` must be readable and writable.
    #[inline(always)]
    pub(crate) unsafe fn in_place(activation: Activation, at: *mut f32, len: usize) -> Self {
        Self { activation, from: at, to: at, len }
    }
}

impl Kernel for Apply {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.activation.closed() {
            Function::Identity => self.each(s, Identity),
            Function::Step => self.each(s, UnitStep),
            Function::Sigmoid => self.each(s, Sigmoid),
            Function::Tanh => self.each(s, Tanh),
            Function::Relu => self.each(s, Clamp { low: 0.0, high: f32::INFINITY }),
            Function::Relu6 => self.each(s, Clamp { low: 0.0, high: 6.0 }),
            Function::LeakyRelu { slope } => self.each(s, LeakyRelu { slope }),
            Function::Elu { alpha } => self.each(s, Elu { alpha, gamma: 1.0 }),
            Function::Selu { alpha, gamma } => self.each(s, Elu { alpha, gamma }),
            Function::Softplus => self.each(s, Softplus),
            Function::Softsign => self.each(s, Softsign),
            Function::Gelu => self.each(s, Gelu),
            Function::GeluTanh => self.each(s, GeluTanh),
            Function::Silu => self.each(s, Silu),
            Function::Mish => self.each(s, Mish),
            Function::HardSigmoid { alpha, beta } => self.each(s, HardSigmoid { alpha, beta }),
            Function::HardSwish => self.each(s, HardSwish),
        }
    }
}

impl Apply {
    #[inline(always)]
    fn each<S: Simd>(&self, s: S, function: impl Unary) {
        let mut i = 0;
        // SAFETY: `len` floats are readable and writable, and no others are touched.
        unsafe {
            while i + S::LANES <= self.len {
                s.store(self.to.add(i), function.eval(s, s.load(self.from.add(i))));
                i += S::LANES;
            }
            if i < self.len {
                let rest = self.len - i;
                s.store_first(self.to.add(i), function.eval(s, s.load_first(self.from.add(i), rest)), rest);
            }
        }
    }
}

/// A function of one number, on vectors.
trait Unary: Copy {
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec;
}

#[derive(Clone, Copy)]
struct Identity;

impl Unary for Identity {
    #[inline(always)]
    fn eval<S: Simd>(self, _: S, x: S::Vec) -> S::Vec {
        x
    }
}

#[derive(Clone, Copy)]
struct UnitStep;

impl Unary for UnitStep {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.select(s.less_or_equal(s.splat(0.0), x), s.splat(1.0), s.splat(0.0))
    }
}

#[derive(Clone, Copy)]
struct Sigmoid;

impl Unary for Sigmoid {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::sigmoid(s, x)
    }
}

#[derive(Clone, Copy)]
struct Tanh;

impl Unary for Tanh {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::tanh(s, x)
    }
}

#[derive(Clone, Copy)]
struct Clamp {
    low: f32,
    high: f32,
}

impl Unary for Clamp {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.min(s.splat(self.high), s.max(s.splat(self.low), x))
    }
}

#[derive(Clone, Copy)]
struct LeakyRelu {
    slope: f32,
}

impl Unary for LeakyRelu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        leaky_relu(s, x, s.splat(self.slope))
    }
}

/// `x` where `x >= 0`, else `slope * x`.
#[inline(always)]
pub(super) fn leaky_relu<S: Simd>(s: S, x: S::Vec, slope: S::Vec) -> S::Vec {
    s.select(s.less(x, s.splat(0.0)), s.mul(x, slope), x)
}

/// `gamma * (x > 0 ? x : alpha * (exp(x) - 1))`.
#[derive(Clone, Copy)]
struct Elu {
    alpha: f32,
    gamma: f32,
}

impl Unary for Elu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        let zero = s.splat(0.0);
        let negative = s.mul(math::exp_m1_of_negative(s, s.min(zero, x)), s.splat(self.alpha));
        s.mul(s.select(s.less(zero, x), x, negative), s.splat(self.gamma))
    }
}

#[derive(Clone, Copy)]
struct Softsign;

impl Unary for Softsign {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.div(x, s.add(s.abs(x), s.splat(1.0)))
    }
}

#[derive(Clone, Copy)]
struct Silu;

impl Unary for Silu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        s.mul(x, math::sigmoid(s, x))
    }
}

#[derive(Clone, Copy)]
struct Mish;

impl Unary for Mish {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::mish(s, x)
    }
}

#[derive(Clone, Copy)]
struct HardSigmoid {
    alpha: f32,
    beta: f32,
}

impl Unary for HardSigmoid {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        let line = s.mul_add(x, s.splat(self.alpha), s.splat(self.beta));
        s.min(s.splat(1.0), s.max(s.splat(0.0), line))
    }
}

#[derive(Clone, Copy)]
struct HardSwish;

impl Unary for HardSwish {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        let (alpha, beta) = (Activation::HARD_SIGMOID_ALPHA, Activation::HARD_SIGMOID_BETA);
        s.mul(x, HardSigmoid { alpha, beta }.eval(s, x))
    }
}

#[derive(Clone, Copy)]
struct Softplus;

impl Unary for Softplus {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::softplus(s, x)
    }
}

#[derive(Clone, Copy)]
struct Gelu;

impl Unary for Gelu {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::gelu(s, x)
    }
}

#[derive(Clone, Copy)]
struct GeluTanh;

impl Unary for GeluTanh {
    #[inline(always)]
    fn eval<S: Simd>(self, s: S, x: S::Vec) -> S::Vec {
        math::gelu_tanh(s, x)
    }
}
