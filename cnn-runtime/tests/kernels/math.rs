//! Elementary functions: their stated bounds, against `f64`, over all exponents.

use cnn_runtime::exec::isa::Isa;
use cnn_runtime::simd::math;
use cnn_runtime::simd::{Kernel, Simd};

use crate::support::{gelu_tanh, isas};

/// Lanes of the longest vector.
const MOST_LANES: usize = 16;

/// A vector function over a slice whose length is a multiple of [`MOST_LANES`].
struct Over<'a> {
    function: Function,
    values: &'a mut [f32],
}

#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Tanh,
    Sigmoid,
    Mish,
    ExpM1,
    Softplus,
    Gelu,
    GeluTanh,
    Silu,
    PowMinusThreeQuarters,
}

const ALL: [Function; 10] = [
    Function::Exp,
    Function::Tanh,
    Function::Sigmoid,
    Function::Mish,
    Function::ExpM1,
    Function::Softplus,
    Function::Gelu,
    Function::GeluTanh,
    Function::Silu,
    Function::PowMinusThreeQuarters,
];

impl Kernel for Over<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        for chunk in self.values.chunks_exact_mut(S::LANES) {
            // SAFETY: a chunk has as many floats as a vector.
            unsafe {
                let x = s.load(chunk.as_ptr());
                let y = match self.function {
                    Function::Exp => math::exp(s, x),
                    Function::Tanh => math::tanh(s, x),
                    Function::Sigmoid => math::sigmoid(s, x),
                    Function::Mish => math::mish(s, x),
                    Function::ExpM1 => math::exp_m1_of_negative(s, x),
                    Function::Softplus => math::softplus(s, x),
                    Function::Gelu => math::gelu(s, x),
                    Function::GeluTanh => math::gelu_tanh(s, x),
                    Function::Silu => math::silu(s, x),
                    Function::PowMinusThreeQuarters => math::pow_minus_three_quarters(s, x),
                };
                s.store(chunk.as_mut_ptr(), y);
            }
        }
    }
}

fn exact(function: Function, x: f64) -> f64 {
    match function {
        Function::Exp => x.exp(),
        Function::Tanh => x.tanh(),
        Function::Sigmoid => {
            if x < 0.0 {
                x.exp() / (1.0 + x.exp())
            } else {
                1.0 / (1.0 + (-x).exp())
            }
        }
        Function::Mish => x * (x.max(0.0) + (-x.abs()).exp().ln_1p()).tanh(),
        Function::ExpM1 => x.exp_m1(),
        Function::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        Function::Gelu => x * 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
        Function::GeluTanh => gelu_tanh(x),
        Function::Silu => x * exact(Function::Sigmoid, x),
        Function::PowMinusThreeQuarters => x.powf(-0.75),
    }
}

/// The exponent whose rounding error [`Function::GeluTanh`] has.
fn exponent(x: f32) -> f64 {
    let x = f64::from(x);
    2.0 * (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))
}

/// Distance in units in the last place of the exact result, subnormal ones included.
fn ulps(got: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    if got == nearest {
        return 0.0;
    }
    let exponent = if exact.abs() < f64::from(f32::MIN_POSITIVE) { -126.0 } else { exact.abs().log2().floor() };
    (f64::from(got) - exact).abs() / 2_f64.powf(exponent - 23.0)
}

/// Every 397th float (fewer in a debug build, which is slow), and all of special interest.
fn samples() -> Vec<f32> {
    let step = if cfg!(debug_assertions) { 1997 } else { 397 };
    let mut all: Vec<f32> = (0..u32::MAX).step_by(step).map(f32::from_bits).filter(|x| !x.is_nan()).collect();
    all.extend([0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, 88.7, 88.8, -87.3, -87.4, -103.9, -104.1, 9.01, 9.03]);
    all.resize(all.len().next_multiple_of(MOST_LANES), 1.0);
    all
}

fn assert_bound(isa: Isa, function: Function, samples: &[f32], bound: f64) {
    let mut values = samples.to_vec();
    isa.run(Over { function, values: &mut values });
    let mut worst = (0.0, 0.0, 0.0);
    for (&x, &y) in samples.iter().zip(&values) {
        let exact = exact(function, x.into());
        let absolute = (f64::from(y) - exact).abs();
        let error = match function {
            // The formulas give a product of zero and infinity.
            Function::Mish | Function::Gelu | Function::GeluTanh | Function::Silu if x == f32::NEG_INFINITY => continue,
            Function::ExpM1 if x > 0.0 => continue,
            Function::PowMinusThreeQuarters if !(x.is_normal() && x > 0.0) => continue,
            Function::Mish if x < -87.0 => absolute / 1e-43,
            Function::Gelu if x < -13.0 => absolute / 1e-36,
            Function::Gelu => ulps(y, exact) - f64::from(x * x / 2.0).min(100.0),
            Function::Silu if x < -87.0 => absolute / 1e-36,
            Function::GeluTanh if exponent(x) < -87.0 => absolute / 1e-36,
            Function::GeluTanh => ulps(y, exact) + 4.0 * exponent(x).min(0.0),
            _ => ulps(y, exact),
        };
        if error > worst.0 || error.is_nan() {
            worst = (error, x, y);
        }
        assert!(!error.is_nan(), "{} {function:?}({x:e}) = {y:e}", isa.name());
    }
    let (error, x, y) = worst;
    println!("{} {function:?}: {error:.2} ulp, at {x:e}: {y:e}", isa.name());
    assert!(error <= bound, "{} {function:?}({x:e}) = {y:e} is {error:.2} ulp off", isa.name());
}

#[test]
fn functions_keep_their_bounds() {
    let samples = samples();
    for isa in isas() {
        assert_bound(isa, Function::Exp, &samples, 2.0);
        let fused = !matches!(isa.name(), "scalar" | "simd128");
        assert_bound(isa, Function::Tanh, &samples, if fused { 5.0 } else { 7.0 });
        assert_bound(isa, Function::Sigmoid, &samples, 4.0);
        assert_bound(isa, Function::Mish, &samples, 8.0);
        assert_bound(isa, Function::ExpM1, &samples, 8.0);
        assert_bound(isa, Function::Softplus, &samples, 6.0);
        assert_bound(isa, Function::Gelu, &samples, 8.0);
        assert_bound(isa, Function::GeluTanh, &samples, 4.0);
        assert_bound(isa, Function::Silu, &samples, 4.0);
        assert_bound(isa, Function::PowMinusThreeQuarters, &samples, 12.0);
    }
}

fn eval(isa: Isa, function: Function, x: f32) -> f32 {
    let mut values = [x; MOST_LANES];
    isa.run(Over { function, values: &mut values });
    values[MOST_LANES - 1]
}

#[test]
fn special_values() {
    for isa in isas() {
        let (exp, tanh) = (|x| eval(isa, Function::Exp, x), |x| eval(isa, Function::Tanh, x));
        let sigmoid = |x| eval(isa, Function::Sigmoid, x);
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(tanh(f32::INFINITY), 1.0);
        assert_eq!(tanh(f32::NEG_INFINITY), -1.0);
        assert_eq!(tanh(-0.0).to_bits(), (-0.0_f32).to_bits());
        assert_eq!(sigmoid(f32::INFINITY), 1.0);
        assert_eq!(sigmoid(f32::NEG_INFINITY), 0.0);
        for function in ALL {
            assert!(eval(isa, function, f32::NAN).is_nan(), "{} {function:?}", isa.name());
        }
    }
}

/// Not even by a rounding error: `1 - tanh(x)^2` and the like must not become negative.
#[test]
fn tanh_is_never_beyond_one() {
    for isa in isas() {
        let mut values: Vec<f32> = (4_f32.to_bits()..10_f32.to_bits()).map(f32::from_bits).collect();
        values.truncate(values.len() / MOST_LANES * MOST_LANES);
        isa.run(Over { function: Function::Tanh, values: &mut values });
        assert!(values.iter().all(|y| (0.0..=1.0).contains(y)), "{}", isa.name());
    }
}
