//! AArch64's NEON: vectors of four floats, thirty-two registers.

use core::arch::aarch64::*;
#[cfg(target_endian = "little")]
use core::arch::asm;

use super::four::{self, Four};
use super::functions::{Compiled, Functions};
use super::{Kernel, Simd, refine_rsqrt};

/// NEON. This module exists only if the target has it, so the CPU need not be asked.
#[derive(Clone, Copy, Debug)]
pub struct Neon {
    _private: (),
}

impl Neon {
    /// The token.
    pub fn detect() -> Option<Self> {
        Some(Self { _private: () })
    }
}

impl Four for Neon {
    #[inline(always)]
    fn transpose(self, [a, b, c, d]: [float32x4_t; 4]) -> [float32x4_t; 4] {
        // SAFETY: the target has NEON.
        unsafe {
            // Pairs of rows that are two apart, twice.
            let (ac, bd) = ([vzip1q_f32(a, c), vzip2q_f32(a, c)], [vzip1q_f32(b, d), vzip2q_f32(b, d)]);
            [vzip1q_f32(ac[0], bd[0]), vzip2q_f32(ac[0], bd[0]), vzip1q_f32(ac[1], bd[1]), vzip2q_f32(ac[1], bd[1])]
        }
    }
}

// SAFETY: see the constants below; loads and stores are those of the instruction set, and so are values of this type.
unsafe impl Simd for Neon {
    type Vec = float32x4_t;
    type Mask = uint32x4_t;
    type Half = Self;

    const LINKED: bool = true;
    const LANES: usize = 4;
    /// A panel is 4 vectors: 24 accumulators, 4 vectors of weights and a pixel fit in 32 registers.
    const MR: usize = 6;
    const MR_HALF: usize = 12;
    const STREAMS: usize = 2;

    #[inline(never)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn compiled<A>(self, functions: &Functions<A>) -> Compiled<Self, A> {
        functions.neon
    }

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vdupq_n_f32(x) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: the target has NEON; the floats are readable by the caller's promise.
        unsafe { vld1q_f32(from) }
    }

    /// On big-endian targets, halves are read one by one.
    #[cfg(target_endian = "little")]
    #[inline(always)]
    unsafe fn load_f16(self, from: *const f32) -> float32x4_t {
        let floats;
        // SAFETY: the target has NEON, which converts halves; two floats are readable by the caller's promise.
        unsafe {
            let halves = vld1_u16(from.cast());
            // Rust has `vcvt_f32_f16` since 1.94.
            asm!("fcvtl {0:v}.4s, {1:v}.4h", out(vreg) floats, in(vreg) halves, options(pure, nomem, nostack, preserves_flags));
        }
        floats
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, first: usize, last: usize) -> float32x4_t {
        // SAFETY: the caller's promise.
        unsafe { four::load_lanes(self, from, first, last) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: float32x4_t) {
        // SAFETY: the target has NEON; the floats are writable by the caller's promise.
        unsafe { vst1q_f32(to, x) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, x: float32x4_t, count: usize) {
        // SAFETY: the target has NEON; no more than `count` floats are written, all writable by the caller's promise.
        unsafe {
            match count {
                0 => {}
                1 => vst1q_lane_f32::<0>(to, x),
                2 => vst1_f32(to, vget_low_f32(x)),
                3 => {
                    vst1_f32(to, vget_low_f32(x));
                    vst1q_lane_f32::<2>(to.add(2), x);
                }
                _ => vst1q_f32(to, x),
            }
        }
    }

    #[inline(always)]
    unsafe fn store_transposed<const F: usize>(
        self,
        to: *mut f32,
        distance: usize,
        rows: [float32x4_t; F],
        count: usize,
        lanes: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { four::store_transposed(self, to, distance, rows, count, lanes) }
    }

    #[inline(always)]
    fn even_and_odd(self, a: float32x4_t, b: float32x4_t) -> [float32x4_t; 2] {
        // SAFETY: the target has NEON.
        unsafe { [vuzp1q_f32(a, b), vuzp2q_f32(a, b)] }
    }

    #[inline(always)]
    fn alternating(self, a: float32x4_t, b: float32x4_t) -> [float32x4_t; 2] {
        // SAFETY: the target has NEON.
        unsafe { [vzip1q_f32(a, b), vzip2q_f32(a, b)] }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn div(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vdivq_f32(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn neg_mul_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vfmsq_f32(c, a, b) }
    }

    #[inline(always)]
    fn sqrt(self, x: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vsqrtq_f32(x) }
    }

    #[inline(always)]
    fn rsqrt(self, x: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        let estimate = unsafe { vrsqrteq_f32(x) };
        // The estimate has 8 bits.
        refine_rsqrt(self, x, refine_rsqrt(self, x, estimate))
    }

    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vminq_f32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vmaxq_f32(a, b) }
    }

    /// As [`max`](Simd::max), which gives NaN where either is.
    #[inline(always)]
    fn max_or_nan(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        self.max(a, b)
    }

    #[inline(always)]
    fn abs(self, x: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vabsq_f32(x) }
    }

    #[inline(always)]
    fn less(self, a: float32x4_t, b: float32x4_t) -> uint32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vcltq_f32(a, b) }
    }

    #[inline(always)]
    fn less_or_equal(self, a: float32x4_t, b: float32x4_t) -> uint32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vcleq_f32(a, b) }
    }

    #[inline(always)]
    fn first_lanes(self, count: usize) -> uint32x4_t {
        const LANES: [u32; 4] = [0, 1, 2, 3];
        // SAFETY: the target has NEON; the constant is as long as a vector.
        unsafe { vcltq_u32(vld1q_u32(LANES.as_ptr()), vdupq_n_u32(count.min(Self::LANES) as u32)) }
    }

    #[inline(always)]
    fn any(self, mask: uint32x4_t) -> bool {
        // SAFETY: the target has NEON.
        unsafe { vmaxvq_u32(mask) != 0 }
    }

    #[inline(always)]
    fn select(self, mask: uint32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vbslq_f32(mask, a, b) }
    }

    #[inline(always)]
    fn shift_to_exponent(self, x: float32x4_t) -> float32x4_t {
        // SAFETY: the target has NEON.
        unsafe { vreinterpretq_f32_u32(vshlq_n_u32::<23>(vreinterpretq_u32_f32(x))) }
    }

    #[inline(always)]
    fn reduce_max(self, x: float32x4_t) -> f32 {
        // SAFETY: the target has NEON.
        unsafe { vmaxvq_f32(x) }
    }

    #[inline(always)]
    fn reduce_sum(self, x: float32x4_t) -> f32 {
        // SAFETY: the target has NEON.
        unsafe { vaddvq_f32(x) }
    }
}
