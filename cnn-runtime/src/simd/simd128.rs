//! The fixed-width vectors of WebAssembly: four floats, no fused multiply-add.
//!
//! The engine has the registers of its CPU: on x86-64 at least sixteen.

use core::arch::wasm32::*;

use super::four::{self, Four};
use super::functions::{Compiled, Functions};
use super::{Kernel, Simd};

/// `simd128`. An engine rejects a module with instructions that it does not know, so this module exists only if the feature is
/// switched on for the whole program.
#[derive(Clone, Copy, Debug)]
pub struct Simd128 {
    _private: (),
}

impl Simd128 {
    /// The token.
    pub fn detect() -> Option<Self> {
        Some(Self { _private: () })
    }
}

impl Four for Simd128 {
    #[inline(always)]
    fn transpose(self, [a, b, c, d]: [v128; 4]) -> [v128; 4] {
        // Pairs of rows that are two apart, twice.
        let low = |a, b| i32x4_shuffle::<0, 4, 1, 5>(a, b);
        let high = |a, b| i32x4_shuffle::<2, 6, 3, 7>(a, b);
        let (ac, bd) = ([low(a, c), high(a, c)], [low(b, d), high(b, d)]);
        [low(ac[0], bd[0]), high(ac[0], bd[0]), low(ac[1], bd[1]), high(ac[1], bd[1])]
    }
}

// SAFETY: see the constants below; loads and stores are those of the instruction set, and so are values of this type.
unsafe impl Simd for Simd128 {
    type Vec = v128;
    type Mask = v128;
    type Half = Self;

    const LINKED: bool = true;
    const LANES: usize = 4;
    /// A panel is 4 vectors: 8 accumulators, 4 vectors of weights, a pixel and a product fit in sixteen registers.
    const MR: usize = 2;
    const MR_HALF: usize = 4;
    const STREAMS: usize = 2;

    #[inline(never)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn compiled<A>(self, functions: &Functions<A>) -> Compiled<Self, A> {
        functions.simd128
    }

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> v128 {
        f32x4_splat(x)
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> v128 {
        // SAFETY: the caller's promise; loads need no alignment.
        unsafe { v128_load(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, first: usize, last: usize) -> v128 {
        // SAFETY: the caller's promise.
        unsafe { four::load_lanes(self, from, first, last) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: v128) {
        // SAFETY: the caller's promise; stores need no alignment.
        unsafe { v128_store(to.cast(), x) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, x: v128, count: usize) {
        // SAFETY: no more than `count` floats are written, all writable by the caller's promise.
        unsafe {
            match count {
                0 => {}
                1 => v128_store32_lane::<0>(x, to.cast()),
                2 => v128_store64_lane::<0>(x, to.cast()),
                3 => {
                    v128_store64_lane::<0>(x, to.cast());
                    v128_store32_lane::<2>(x, to.add(2).cast());
                }
                _ => v128_store(to.cast(), x),
            }
        }
    }

    #[inline(always)]
    unsafe fn store_transposed<const F: usize>(
        self,
        to: *mut f32,
        distance: usize,
        rows: [v128; F],
        count: usize,
        lanes: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe { four::store_transposed(self, to, distance, rows, count, lanes) }
    }

    #[inline(always)]
    fn even_and_odd(self, a: v128, b: v128) -> [v128; 2] {
        [i32x4_shuffle::<0, 2, 4, 6>(a, b), i32x4_shuffle::<1, 3, 5, 7>(a, b)]
    }

    #[inline(always)]
    fn alternating(self, a: v128, b: v128) -> [v128; 2] {
        [i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b)]
    }

    #[inline(always)]
    fn add(self, a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }

    #[inline(always)]
    fn sub(self, a: v128, b: v128) -> v128 {
        f32x4_sub(a, b)
    }

    #[inline(always)]
    fn mul(self, a: v128, b: v128) -> v128 {
        f32x4_mul(a, b)
    }

    #[inline(always)]
    fn div(self, a: v128, b: v128) -> v128 {
        f32x4_div(a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: v128, b: v128, c: v128) -> v128 {
        f32x4_add(f32x4_mul(a, b), c)
    }

    #[inline(always)]
    fn neg_mul_add(self, a: v128, b: v128, c: v128) -> v128 {
        f32x4_sub(c, f32x4_mul(a, b))
    }

    #[inline(always)]
    fn sqrt(self, x: v128) -> v128 {
        f32x4_sqrt(x)
    }

    /// `pmin(b, a)` is `a < b ? a : b`: one instruction on x86-64, where `min` is several.
    #[inline(always)]
    fn min(self, a: v128, b: v128) -> v128 {
        f32x4_pmin(b, a)
    }

    /// As for [`min`](Simd::min).
    #[inline(always)]
    fn max(self, a: v128, b: v128) -> v128 {
        f32x4_pmax(b, a)
    }

    #[inline(always)]
    fn max_or_nan(self, a: v128, b: v128) -> v128 {
        f32x4_max(a, b)
    }

    #[inline(always)]
    fn abs(self, x: v128) -> v128 {
        f32x4_abs(x)
    }

    #[inline(always)]
    fn less(self, a: v128, b: v128) -> v128 {
        f32x4_lt(a, b)
    }

    #[inline(always)]
    fn less_or_equal(self, a: v128, b: v128) -> v128 {
        f32x4_le(a, b)
    }

    #[inline(always)]
    fn first_lanes(self, count: usize) -> v128 {
        i32x4_lt(i32x4(0, 1, 2, 3), i32x4_splat(count.min(Self::LANES) as i32))
    }

    #[inline(always)]
    fn any(self, mask: v128) -> bool {
        v128_any_true(mask)
    }

    #[inline(always)]
    fn select(self, mask: v128, a: v128, b: v128) -> v128 {
        v128_bitselect(a, b, mask)
    }

    #[inline(always)]
    fn shift_to_exponent(self, x: v128) -> v128 {
        i32x4_shl(x, 23)
    }

    #[inline(always)]
    fn reduce_max(self, x: v128) -> f32 {
        let two = self.max(x, i32x4_shuffle::<2, 3, 0, 1>(x, x));
        f32x4_extract_lane::<0>(self.max(two, i32x4_shuffle::<1, 0, 3, 2>(two, two)))
    }

    #[inline(always)]
    fn reduce_sum(self, x: v128) -> f32 {
        let two = self.add(x, i32x4_shuffle::<2, 3, 0, 1>(x, x));
        f32x4_extract_lane::<0>(self.add(two, i32x4_shuffle::<1, 0, 3, 2>(two, two)))
    }
}
