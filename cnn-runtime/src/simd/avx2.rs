//! AVX2, FMA and F16C: vectors of eight floats, sixteen registers.

use core::arch::x86_64::*;

use super::functions::{Compiled, Functions};
use super::{Kernel, Simd, refine_rsqrt};

/// Proof that the CPU has AVX2, FMA and F16C.
#[derive(Clone, Copy, Debug)]
pub struct Avx2 {
    _private: (),
}

impl Avx2 {
    /// The token, if the CPU has the features that `with_features` switches on: the two lists are the same.
    #[must_use]
    pub fn detect() -> Option<Self> {
        #[cfg(feature = "std")]
        let available =
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
        #[cfg(not(feature = "std"))]
        let available = Self::LINKED;
        available.then_some(Self { _private: () })
    }
}

/// Runs a kernel with the features that [`Avx2::detect`] looks for.
#[target_feature(enable = "avx2,fma,f16c")]
#[inline(never)]
fn with_features<K: Kernel>(simd: Avx2, kernel: K) -> K::Output {
    kernel.run(simd)
}

/// Ones for the wanted lanes: a window of eight over them, `n` from the middle, has its first `n` lanes set.
static LANE_MASKS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

impl Avx2 {
    /// All bits of the first `count` lanes.
    #[inline(always)]
    fn first_bits(self, count: usize) -> __m256i {
        let start = LANE_MASKS.as_ptr().wrapping_add(Self::LANES - count.min(Self::LANES));
        // SAFETY: eight numbers from a start in 0..=8 are inside the table of 16; `self` proves AVX.
        unsafe { _mm256_loadu_si256(start.cast()) }
    }
}

impl Avx2 {
    /// Lane j of vector i becomes lane i of vector j.
    #[inline(always)]
    fn transpose(self, r: [__m256; 8]) -> [__m256; 8] {
        // SAFETY: `self` proves AVX.
        unsafe {
            // Pairs of rows, then of pairs, within each half of a vector; then the halves.
            let mut pairs = r;
            for i in 0..4 {
                pairs[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
                pairs[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
            }
            let mut fours = r;
            for (i, four) in [0, 1, 4, 5].into_iter().enumerate() {
                let (a, b) = (pairs[four], pairs[four + 2]);
                fours[2 * i] = _mm256_shuffle_ps::<0b01_00_01_00>(a, b);
                fours[2 * i + 1] = _mm256_shuffle_ps::<0b11_10_11_10>(a, b);
            }
            let mut columns = r;
            for i in 0..4 {
                columns[i] = _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]);
                columns[i + 4] = _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]);
            }
            columns
        }
    }
}

// SAFETY: see the constants below; loads and stores are those of the instruction set, and so are values of this type.
unsafe impl Simd for Avx2 {
    type Vec = __m256;
    type Mask = __m256;
    type Half = Self;

    const LINKED: bool =
        cfg!(any(feature = "std", all(target_feature = "avx2", target_feature = "fma", target_feature = "f16c")));
    const LANES: usize = 8;
    /// A panel is two vectors: 12 accumulators hide the 4 cycles that each of two FMA units takes, and leave room in 16
    /// registers for two vectors of weights and a pixel.
    const MR: usize = 6;
    const MR_HALF: usize = 8;
    const STREAMS: usize = 4;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: `self` proves that the CPU has the features.
        unsafe { with_features(self, kernel) }
    }

    #[inline(always)]
    fn compiled<A>(self, functions: &Functions<A>) -> Compiled<Self, A> {
        functions.avx2
    }

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        // SAFETY: a prefetch reads nothing, and faults at no address; every x86-64 CPU has it.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves AVX; the floats are readable by the caller's promise.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_f16(self, from: *const f32) -> __m256 {
        // SAFETY: `self` proves F16C; four floats are readable by the caller's promise.
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(from.cast())) }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, first: usize, last: usize) -> __m256 {
        // SAFETY: `self` proves AVX2; a masked load reads no other lanes, and these are readable by the caller's promise.
        unsafe {
            let lanes = _mm256_andnot_si256(self.first_bits(first), self.first_bits(last));
            _mm256_maskload_ps(from, lanes)
        }
    }

    #[inline(always)]
    unsafe fn load_halves(self, first: *const f32, second: *const f32) -> __m256 {
        // SAFETY: `self` proves AVX; the floats are readable by the caller's promise.
        unsafe { _mm256_loadu2_m128(second, first) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: __m256) {
        // SAFETY: `self` proves AVX; the floats are writable by the caller's promise.
        unsafe { _mm256_storeu_ps(to, x) }
    }

    /// In parts of 4, 2 and 1: masked stores are microcoded on AMD CPUs.
    #[inline(always)]
    unsafe fn store_first(self, mut to: *mut f32, x: __m256, count: usize) {
        // SAFETY: `self` proves AVX; no more than `count` floats are written, all writable by the caller's promise.
        unsafe {
            if count >= Self::LANES {
                return _mm256_storeu_ps(to, x);
            }
            let mut rest = _mm256_castps256_ps128(x);
            if count & 4 != 0 {
                _mm_storeu_ps(to, rest);
                to = to.add(4);
                rest = _mm256_extractf128_ps::<1>(x);
            }
            if count & 2 != 0 {
                _mm_storel_pd(to.cast(), _mm_castps_pd(rest));
                to = to.add(2);
                rest = _mm_movehl_ps(rest, rest);
            }
            if count & 1 != 0 {
                _mm_store_ss(to, rest);
            }
        }
    }

    #[inline(always)]
    unsafe fn store_transposed<const F: usize>(
        self,
        to: *mut f32,
        distance: usize,
        rows: [__m256; F],
        count: usize,
        lanes: usize,
    ) {
        let mut square = [self.splat(0.0); 8];
        square[..F].copy_from_slice(&rows);
        for (i, column) in self.transpose(square).iter().enumerate().take(lanes) {
            // Where results are next to each other, lanes after the last one may be written before the next result.
            let whole = distance == count && i * distance + Self::LANES <= lanes.min(Self::LANES) * count;
            // SAFETY: the caller promises that `count` floats are writable at each place.
            unsafe { self.store_first(to.add(i * distance), *column, if whole { Self::LANES } else { count }) }
        }
    }

    #[inline(always)]
    fn even_and_odd(self, a: __m256, b: __m256) -> [__m256; 2] {
        // SAFETY: `self` proves AVX2.
        unsafe {
            let (even, odd) = (_mm256_shuffle_ps::<0b10_00_10_00>(a, b), _mm256_shuffle_ps::<0b11_01_11_01>(a, b));
            // Quarters of both vectors alternate.
            let (even, odd) = (_mm256_castps_pd(even), _mm256_castps_pd(odd));
            let (even, odd) =
                (_mm256_permute4x64_pd::<0b11_01_10_00>(even), _mm256_permute4x64_pd::<0b11_01_10_00>(odd));
            [_mm256_castpd_ps(even), _mm256_castpd_ps(odd)]
        }
    }

    #[inline(always)]
    fn alternating(self, a: __m256, b: __m256) -> [__m256; 2] {
        // SAFETY: `self` proves AVX.
        unsafe {
            let (low, high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            [_mm256_permute2f128_ps::<0x20>(low, high), _mm256_permute2f128_ps::<0x31>(low, high)]
        }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_div_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves FMA.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn neg_mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves FMA.
        unsafe { _mm256_fnmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn sqrt(self, x: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_sqrt_ps(x) }
    }

    #[inline(always)]
    fn rsqrt(self, x: __m256) -> __m256 {
        // SAFETY: `self` proves AVX2.
        let estimate = unsafe { _mm256_rsqrt_ps(x) };
        refine_rsqrt(self, x, estimate)
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_min_ps(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_max_ps(a, b) }
    }

    #[inline(always)]
    fn max_or_nan(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX. All bits of a lane are a NaN.
        unsafe { _mm256_or_ps(_mm256_max_ps(a, b), _mm256_cmp_ps::<_CMP_UNORD_Q>(a, b)) }
    }

    #[inline(always)]
    fn max3_or_nan(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: `self` proves AVX. A NaN in `c` is not lost.
        unsafe { _mm256_or_ps(_mm256_max_ps(_mm256_max_ps(a, b), c), _mm256_cmp_ps::<_CMP_UNORD_Q>(a, b)) }
    }

    #[inline(always)]
    fn abs(self, x: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0), x) }
    }

    #[inline(always)]
    fn less(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_cmp_ps::<_CMP_LT_OQ>(a, b) }
    }

    #[inline(always)]
    fn less_or_equal(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_cmp_ps::<_CMP_LE_OQ>(a, b) }
    }

    #[inline(always)]
    fn first_lanes(self, count: usize) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_castsi256_ps(self.first_bits(count)) }
    }

    #[inline(always)]
    fn any(self, mask: __m256) -> bool {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_movemask_ps(mask) != 0 }
    }

    #[inline(always)]
    fn select(self, mask: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: `self` proves AVX.
        unsafe { _mm256_blendv_ps(b, a, mask) }
    }

    #[inline(always)]
    fn shift_to_exponent(self, x: __m256) -> __m256 {
        // SAFETY: `self` proves AVX2.
        unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(x))) }
    }

    #[inline(always)]
    fn reduce_max(self, x: __m256) -> f32 {
        // SAFETY: `self` proves AVX.
        unsafe {
            let four = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        }
    }

    #[inline(always)]
    fn reduce_sum(self, x: __m256) -> f32 {
        // SAFETY: `self` proves AVX.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }
}
