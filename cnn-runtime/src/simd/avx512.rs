//! AVX-512: vectors of sixteen floats, thirty-two registers, and separate registers for masks.

use core::arch::x86_64::*;

use super::avx2::Avx2;
use super::functions::{Compiled, Functions};
use super::{Kernel, Simd, refine_rsqrt};

/// Proof that the CPU has AVX-512 F, VL and DQ.
#[derive(Clone, Copy, Debug)]
pub struct Avx512 {
    /// It also has AVX2, FMA and F16C, whose vectors are half of these.
    half: Avx2,
}

impl Avx512 {
    /// The token, if the CPU has the features that `with_features` switches on: the two lists are the same.
    #[must_use]
    pub fn detect() -> Option<Self> {
        let half = Avx2::detect()?;
        #[cfg(feature = "std")]
        let available = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq");
        #[cfg(not(feature = "std"))]
        let available = Self::LINKED;
        available.then_some(Self { half })
    }
}

/// Runs a kernel with the features that [`Avx512::detect`] looks for.
#[target_feature(enable = "avx2,fma,f16c,avx512f,avx512vl,avx512dq")]
#[inline(never)]
fn with_features<K: Kernel>(simd: Avx512, kernel: K) -> K::Output {
    kernel.run(simd)
}

impl Avx512 {
    /// The lower and the upper half.
    #[inline(always)]
    fn halves(self, x: __m512) -> [__m256; 2] {
        // SAFETY: `self` proves AVX-512 DQ.
        unsafe { [_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x)] }
    }

    /// Lane j of vector i becomes lane i of vector j.
    #[inline(always)]
    fn transpose(self, r: [__m512; 8]) -> [__m256; 16] {
        // Lanes 0..4, 8..12 and 4..8, 12..16 of two vectors.
        const EVEN: [i32; 16] = [0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23];
        const ODD: [i32; 16] = [8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31];
        // SAFETY: `self` proves AVX-512 F; the constants are as long as a vector.
        unsafe {
            let (even, odd) = (_mm512_loadu_si512(EVEN.as_ptr().cast()), _mm512_loadu_si512(ODD.as_ptr().cast()));
            // Pairs of rows, then of pairs, within each quarter of a vector; then the quarters.
            let mut pairs = r;
            for i in 0..4 {
                pairs[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                pairs[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
            let mut fours = r;
            for (i, four) in [0, 1, 4, 5].into_iter().enumerate() {
                let (a, b) = (pairs[four], pairs[four + 2]);
                fours[2 * i] = _mm512_shuffle_ps::<0b01_00_01_00>(a, b);
                fours[2 * i + 1] = _mm512_shuffle_ps::<0b11_10_11_10>(a, b);
            }
            let mut columns = [self.half.splat(0.0); 16];
            for i in 0..4 {
                let first = self.halves(_mm512_permutex2var_ps(fours[i], even, fours[i + 4]));
                let last = self.halves(_mm512_permutex2var_ps(fours[i], odd, fours[i + 4]));
                (columns[i], columns[i + 4], columns[i + 8], columns[i + 12]) = (first[0], first[1], last[0], last[1]);
            }
            columns
        }
    }
}

// SAFETY: see the constants below; loads and stores are those of the instruction set, and so are values of this type.
unsafe impl Simd for Avx512 {
    type Vec = __m512;
    type Mask = __mmask16;
    type Half = Avx2;

    const LINKED: bool = cfg!(any(
        feature = "std",
        all(target_feature = "avx512f", target_feature = "avx512vl", target_feature = "avx512dq")
    ));
    const LANES: usize = 16;
    /// A panel is one vector: 12 accumulators hide the 4 cycles that each of two FMA units takes, and pixels are operands
    /// in memory.
    const MR: usize = 12;
    const MR_HALF: usize = Avx2::MR_HALF;
    const PANELS: usize = 2;
    const STREAMS: usize = 4;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: `self` proves that the CPU has the features.
        unsafe { with_features(self, kernel) }
    }

    #[inline(always)]
    fn compiled<A>(self, functions: &Functions<A>) -> Compiled<Self, A> {
        functions.avx512
    }

    #[inline(always)]
    fn half(self) -> Avx2 {
        self.half
    }

    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        // SAFETY: a prefetch reads nothing, and faults at no address; every x86-64 CPU has it.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: `self` proves AVX-512 F; the floats are readable by the caller's promise.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_f16(self, from: *const f32) -> __m512 {
        // SAFETY: `self` proves AVX-512 F; eight floats are readable by the caller's promise.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, first: usize, last: usize) -> __m512 {
        let lanes = self.first_lanes(last) & !self.first_lanes(first);
        // SAFETY: `self` proves AVX-512 F; a masked load reads no other lanes, and these are readable by the caller's
        // promise.
        unsafe { _mm512_maskz_loadu_ps(lanes, from) }
    }

    #[inline(always)]
    unsafe fn load_halves(self, first: *const f32, second: *const f32) -> __m512 {
        // SAFETY: `self` proves AVX-512 DQ; the floats are readable by the caller's promise.
        unsafe { _mm512_insertf32x8::<1>(_mm512_castps256_ps512(_mm256_loadu_ps(first)), _mm256_loadu_ps(second)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m512) {
        // SAFETY: `self` proves AVX-512 F; the floats are writable by the caller's promise.
        unsafe { _mm512_storeu_ps(to, x) }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, x: __m512, count: usize) {
        // SAFETY: `self` proves AVX-512 F; a masked store writes no other lanes, and these are writable by the caller's
        // promise.
        unsafe { _mm512_mask_storeu_ps(to, self.first_lanes(count), x) }
    }

    #[inline(always)]
    unsafe fn store_transposed<const F: usize>(
        self,
        to: *mut f32,
        distance: usize,
        rows: [__m512; F],
        count: usize,
        lanes: usize,
    ) {
        let mut square = [self.splat(0.0); 8];
        square[..F].copy_from_slice(&rows);
        let some = self.first_lanes(count) as __mmask8;
        for (i, column) in self.transpose(square).into_iter().enumerate().take(lanes) {
            // SAFETY: `self` proves AVX-512 VL; the caller promises that `count` floats are writable at each place.
            unsafe { _mm256_mask_storeu_ps(to.add(i * distance), some, column) }
        }
    }

    #[inline(always)]
    fn even_and_odd(self, a: __m512, b: __m512) -> [__m512; 2] {
        const EVEN: [i32; 16] = [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30];
        const ODD: [i32; 16] = [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31];
        // SAFETY: `self` proves AVX-512 F; the constants are as long as a vector.
        unsafe {
            let (even, odd) = (_mm512_loadu_si512(EVEN.as_ptr().cast()), _mm512_loadu_si512(ODD.as_ptr().cast()));
            [_mm512_permutex2var_ps(a, even, b), _mm512_permutex2var_ps(a, odd, b)]
        }
    }

    #[inline(always)]
    fn alternating(self, a: __m512, b: __m512) -> [__m512; 2] {
        const FIRST: [i32; 16] = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
        const SECOND: [i32; 16] = [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31];
        // SAFETY: `self` proves AVX-512 F; the constants are as long as a vector.
        unsafe {
            let (first, second) =
                (_mm512_loadu_si512(FIRST.as_ptr().cast()), _mm512_loadu_si512(SECOND.as_ptr().cast()));
            [_mm512_permutex2var_ps(a, first, b), _mm512_permutex2var_ps(a, second, b)]
        }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn neg_mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_fnmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn sqrt(self, x: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_sqrt_ps(x) }
    }

    #[inline(always)]
    fn rsqrt(self, x: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        let estimate = unsafe { _mm512_rsqrt14_ps(x) };
        refine_rsqrt(self, x, estimate)
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn max_or_nan(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe {
            // Where `b` is NaN, it is the result, unchanged.
            let lost = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a);
            _mm512_mask_mov_ps(_mm512_max_ps(a, b), lost, a)
        }
    }

    #[inline(always)]
    fn max3_or_nan(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe {
            // A NaN in `c` is not lost.
            let lost = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, b);
            _mm512_mask_add_ps(_mm512_max_ps(_mm512_max_ps(a, b), c), lost, a, b)
        }
    }

    #[inline(always)]
    fn abs(self, x: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_abs_ps(x) }
    }

    #[inline(always)]
    fn less(self, a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
    }

    #[inline(always)]
    fn less_or_equal(self, a: __m512, b: __m512) -> __mmask16 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b) }
    }

    #[inline(always)]
    fn first_lanes(self, count: usize) -> __mmask16 {
        ((1_u32 << count.min(Self::LANES)) - 1) as __mmask16
    }

    #[inline(always)]
    fn any(self, mask: __mmask16) -> bool {
        mask != 0
    }

    #[inline(always)]
    fn select(self, mask: __mmask16, a: __m512, b: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_mask_blend_ps(mask, b, a) }
    }

    #[inline(always)]
    fn shift_to_exponent(self, x: __m512) -> __m512 {
        // SAFETY: `self` proves AVX-512 F.
        unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_castps_si512(x))) }
    }

    #[inline(always)]
    fn reduce_max(self, x: __m512) -> f32 {
        let [low, high] = self.halves(x);
        self.half.reduce_max(self.half.max(low, high))
    }

    #[inline(always)]
    fn reduce_sum(self, x: __m512) -> f32 {
        let [low, high] = self.halves(x);
        self.half.reduce_sum(self.half.add(low, high))
    }
}
