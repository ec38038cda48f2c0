//! Elementary functions on vectors.
//!
//! The coefficients are minimax fits (Remez) in relative error, rounded to `f32`. Bounds are in units in the last place
//! (ulp) of the exact result, hold on every back end, and are checked against `f64` by the tests over all exponents.
//! A NaN gives a NaN.

use crate::simd::Simd;

/// Adding it to a number below 2^22 rounds that to a whole number, which is then in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// [`ROUND`], also adding the bias of an `f32`'s exponent.
const ROUND_BIASED: f32 = ROUND + 127.0;

/// Natural exponential: within 2 ulp, subnormal results included; 0 and infinity where it under- and overflows.
///
/// `exp(x) = 2^n * exp(r)`, `|r| <= ln(2) / 2`, with `exp(r)` by a polynomial of degree 6. The power is applied in two
/// halves, since neither 2^128 nor 2^-150 is an `f32`.
#[inline(always)]
pub fn exp<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    // Beyond these limits the result is 0 or infinite anyway.
    let x = s.max(s.splat(-104.0), s.min(s.splat(89.0), x));
    let n = s.sub(s.mul_add(x, s.splat(core::f32::consts::LOG2_E), s.splat(ROUND)), s.splat(ROUND));
    let tail = exp_m1_of_rest(s, x, n);
    let half = s.mul_add(n, s.splat(0.5), s.splat(ROUND_BIASED));
    let rest = s.add(s.sub(n, s.sub(half, s.splat(ROUND_BIASED))), s.splat(ROUND_BIASED));
    let first = s.mul(s.add(tail, s.splat(1.0)), s.shift_to_exponent(half));
    s.mul(first, s.shift_to_exponent(rest))
}

/// Natural exponential from -87.5 to 87.5, where it is normal: within 2 ulp. Beyond these limits it is anything; NaN of NaN.
#[inline(always)]
fn exp_of_small<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let biased = s.mul_add(x, s.splat(core::f32::consts::LOG2_E), s.splat(ROUND_BIASED));
    let n = s.sub(biased, s.splat(ROUND_BIASED));
    let power = s.shift_to_exponent(biased);
    s.mul_add(exp_m1_of_rest(s, x, n), power, power)
}

/// `exp(x - n * ln(2)) - 1`, where `n` is `x / ln(2)`, rounded.
#[inline(always)]
fn exp_m1_of_rest<S: Simd>(s: S, x: S::Vec, n: S::Vec) -> S::Vec {
    const COEFFICIENTS: [f32; 5] = [0.001_381_459_9, 0.008_368_717, 0.041_668_39, 0.166_665_2, 0.499_999_93];
    // ln(2) in two parts, the first with few enough bits that its product with n is exact.
    let r = s.neg_mul_add(n, s.splat(0.693_359_4), x);
    let r = s.neg_mul_add(n, s.splat(-2.121_944_4e-4), r);
    s.mul_add(s.mul(r, r), polynomial(s, r, COEFFICIENTS), r)
}

/// Hyperbolic tangent: within 5 ulp with fused multiply-add and 7 without, never beyond 1.
///
/// `x * P(x^2) / Q(x^2)`, both of degree 4 and with positive coefficients only, so that nothing cancels. From 9.02 on
/// the result is 1 to half an ulp.
#[inline(always)]
pub fn tanh<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    const P: [f32; 5] = [1.331_907_5e-8, 2.058_348e-5, 3.494_034e-3, 0.133_797_17, 1.0];
    const Q: [f32; 5] = [7.762_019_4e-7, 3.283_092_5e-4, 2.587_106_8e-2, 0.467_130_36, 1.0];
    let x = s.max(s.splat(-9.02), s.min(s.splat(9.02), x));
    let u = s.mul(x, x);
    let y = s.div(s.mul(x, polynomial(s, u, P)), polynomial(s, u, Q));
    s.max(s.splat(-1.0), s.min(s.splat(1.0), y))
}

/// Logistic function `1 / (1 + exp(-x))`: within 4 ulp, subnormal results included.
///
/// From `exp(-|x|)`, which cannot overflow, so that negative numbers keep their precision.
#[inline(always)]
pub fn sigmoid<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let zero = s.splat(0.0);
    let one = s.splat(1.0);
    let small = exp(s, s.sub(zero, s.abs(x)));
    s.div(s.select(s.less(x, zero), small, one), s.add(small, one))
}

/// `x / (1 + exp(-x))`: within 4 ulp from -87 on, and 1e-36 below.
#[inline(always)]
pub fn silu<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let power = exp_of_small(s, s.max(s.splat(-87.5), s.sub(s.splat(0.0), x)));
    let power = s.select(s.less(x, s.splat(-87.5)), s.splat(f32::INFINITY), power);
    s.div(x, s.add(power, s.splat(1.0)))
}

/// `x^(-3/4)`, the power of local response normalisation: within 12 ulp for normal, positive and finite numbers. As
/// `y * sqrt(y)`, `y = 1 / sqrt(x)`, with no square root and no division where the CPU estimates reciprocal roots.
#[inline(always)]
pub fn pow_minus_three_quarters<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let y = s.rsqrt(x);
    s.mul(s.mul(y, y), s.rsqrt(y))
}

/// `x * tanh(ln(1 + exp(x)))`: within 8 ulp from -87 on, where `exp(x)` is not subnormal, and 1e-43 below.
///
/// With `e = exp(x)`, the tangent is `n / (n + 2)`, `n = e * (e + 2)`; from 20 on it is 1.
#[inline(always)]
pub fn mish<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let two = s.splat(2.0);
    let e = exp(s, s.min(s.splat(20.0), x));
    let n = s.mul(e, s.add(e, two));
    s.mul(x, s.div(n, s.add(n, two)))
}

/// `exp(x) - 1` for `x <= 0`: within 8 ulp.
///
/// As `2 t / (1 - t)`, `t = tanh(x / 2)`: the denominator is between 1 and 2, so nothing cancels.
#[inline(always)]
pub fn exp_m1_of_negative<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let t = tanh(s, s.mul(x, s.splat(0.5)));
    s.div(s.add(t, t), s.sub(s.splat(1.0), t))
}

/// `ln(1 + exp(x))`: within 6 ulp, subnormal results included.
///
/// `max(x, 0) + ln(1 + u)`, `u = exp(-|x|) <= 1`, the logarithm as `u * P(u) / Q(u)` with positive coefficients.
#[inline(always)]
pub fn softplus<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    const P: [f32; 4] = [3.417_287e-3, 0.238_157_7, 1.066_218_8, 1.0];
    const Q: [f32; 4] = [7.528_735e-2, 0.687_936_6, 1.566_218_6, 1.0];
    let zero = s.splat(0.0);
    let u = exp(s, s.sub(zero, s.abs(x)));
    let logarithm = s.div(s.mul(u, polynomial(s, u, P)), polynomial(s, u, Q));
    s.add(s.max(zero, x), logarithm)
}

/// `x * (1 + erf(x / sqrt(2))) / 2`: within `8 + x^2 / 2` ulp from -13 on, and 1e-36 below.
#[inline(always)]
pub fn gelu<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    let far = s.splat(13.2);
    let size = s.min(far, s.abs(x));
    let gauss = exp_of_small(s, s.mul(s.mul(size, size), s.splat(-0.5)));
    let gauss = s.select(s.less(size, far), gauss, s.splat(0.0));
    s.mul(x, share_below(s, x, size, gauss))
}

/// `(1 + erf(x / sqrt(2))) / 2`, the share of a normal distribution below `x`, and `exp(-x^2 / 2)`.
#[inline(always)]
pub fn normal<S: Simd>(s: S, x: S::Vec) -> [S::Vec; 2] {
    let gauss = exp(s, s.mul(s.mul(x, x), s.splat(-0.5)));
    [share_below(s, x, s.min(s.splat(14.0), s.abs(x)), gauss), gauss]
}

/// The share of a normal distribution below `x`, from `size = |x|`, up to 14, and `gauss = exp(-x^2 / 2)`.
///
/// It is from the tail `exp(-z^2) * R(z) / 2` beyond `z = |x| / sqrt(2)`, R a minimax fit to the scaled complementary error
/// function up to 10, so that nothing cancels on the negative side. The square's rounding error grows with it.
#[inline(always)]
fn share_below<S: Simd>(s: S, x: S::Vec, size: S::Vec, gauss: S::Vec) -> S::Vec {
    /// Half of R's numerator.
    const P: [f32; 5] = [1.635_520_5e-2, 0.114_404_27, 0.365_371_7, 0.618_794_25, 0.5];
    const Q: [f32; 6] = [5.797_697_7e-2, 0.405_579_4, 1.323_761_8, 2.400_443_5, 2.365_968_2, 1.0];
    let z = s.mul(size, s.splat(core::f32::consts::FRAC_1_SQRT_2));
    let tail = s.div(s.mul(gauss, polynomial(s, z, P)), polynomial(s, z, Q));
    s.select(s.less(x, s.splat(0.0)), tail, s.sub(s.splat(1.0), tail))
}

/// `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2`: within `4 + 4 |z|` ulp down to `z = -87`, and 1e-36 below.
///
/// As `x * sigmoid(z)`, `z = 2 sqrt(2 / pi) * (x + 0.044715 * x^3)`, so that nothing cancels on the negative side. There
/// the rounding error of `z`, which is the exponent, grows with it.
#[inline(always)]
pub fn gelu_tanh<S: Simd>(s: S, x: S::Vec) -> S::Vec {
    // 2 sqrt(2 / pi), and 0.044715 times as much.
    let slope = s.mul_add(s.mul(x, x), s.splat(0.071_354_814), s.splat(1.595_769_2));
    s.mul(x, sigmoid(s, s.mul(x, slope)))
}

/// `c[0] * x^(N-1) + ... + c[N-1]` by Horner's rule.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, x: S::Vec, coefficients: [f32; N]) -> S::Vec {
    let mut sum = s.splat(coefficients[0]);
    for coefficient in &coefficients[1..] {
        sum = s.mul_add(sum, x, s.splat(*coefficient));
    }
    sum
}
