//! Arrays of four floats in plain Rust: the portable back end.
//!
//! Four, since nearly every CPU has vectors of that length (SSE2, NEON, wasm128), and compilers turn these loops into them.

use super::functions::{Compiled, Functions};
use super::{Kernel, Simd};

/// Plain Rust; always available.
#[derive(Clone, Copy, Debug)]
pub struct Scalar {
    _private: (),
}

impl Scalar {
    /// The token.
    #[must_use]
    pub fn detect() -> Option<Self> {
        Some(Self { _private: () })
    }
}

const LANES: usize = 4;

/// `f` applied to each lane of `a` and `b`.
#[inline(always)]
fn zip<A: Copy, R: Copy + Default>(a: [A; LANES], b: [A; LANES], f: impl Fn(A, A) -> R) -> [R; LANES] {
    let mut result = [R::default(); LANES];
    for lane in 0..LANES {
        result[lane] = f(a[lane], b[lane]);
    }
    result
}

// SAFETY: see the constants below; loads and stores are those of the instruction set, and so are values of this type.
unsafe impl Simd for Scalar {
    type Vec = [f32; LANES];
    type Mask = [bool; LANES];
    type Half = Self;

    const LINKED: bool = cfg!(any(
        feature = "std",
        not(any(
            all(target_arch = "x86_64", target_feature = "avx2", target_feature = "fma", target_feature = "f16c"),
            all(target_arch = "aarch64", target_feature = "neon"),
            all(target_arch = "wasm32", target_feature = "simd128")
        ))
    ));
    const LANES: usize = LANES;
    /// A panel is 4 vectors: 8 accumulators, 4 vectors of weights, a pixel and a product fit in the 16 registers of SSE2.
    const MR: usize = 2;
    const MR_HALF: usize = 4;
    const STREAMS: usize = 2;

    #[inline(never)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn compiled<A>(self, functions: &Functions<A>) -> Compiled<Self, A> {
        functions.scalar
    }

    #[inline(always)]
    fn half(self) -> Self {
        self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Self::Vec {
        [x; LANES]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Self::Vec {
        // SAFETY: the caller's promise; an array of floats needs no more alignment than a float.
        unsafe { *from.cast() }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const f32, first: usize, last: usize) -> Self::Vec {
        let mut result = [0.0; LANES];
        for (lane, slot) in result.iter_mut().enumerate() {
            if (first..last).contains(&lane) {
                // SAFETY: the caller promises that these lanes are readable.
                *slot = unsafe { *from.wrapping_add(lane) };
            }
        }
        result
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, x: Self::Vec) {
        // SAFETY: the caller's promise; an array of floats needs no more alignment than a float.
        unsafe { *to.cast() = x }
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, x: Self::Vec, count: usize) {
        for (lane, value) in x.into_iter().enumerate() {
            if lane < count {
                // SAFETY: the caller promises that the first `count` floats are writable.
                unsafe { *to.add(lane) = value }
            }
        }
    }

    #[inline(always)]
    fn add(self, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Vec, b: Self::Vec, c: Self::Vec) -> Self::Vec {
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn neg_mul_add(self, a: Self::Vec, b: Self::Vec, c: Self::Vec) -> Self::Vec {
        self.sub(c, self.mul(a, b))
    }

    #[inline(always)]
    fn sqrt(self, x: Self::Vec) -> Self::Vec {
        self.map(x, libm::sqrtf)
    }

    #[inline(always)]
    fn min(self, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        zip(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn max(self, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn max_or_nan(self, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        zip(a, b, |a, b| if a > b || a.is_nan() { a } else { b })
    }

    #[inline(always)]
    fn abs(self, x: Self::Vec) -> Self::Vec {
        zip(x, x, |x, _| f32::from_bits(x.to_bits() & 0x7fff_ffff))
    }

    #[inline(always)]
    fn less(self, a: Self::Vec, b: Self::Vec) -> Self::Mask {
        zip(a, b, |a, b| a < b)
    }

    #[inline(always)]
    fn less_or_equal(self, a: Self::Vec, b: Self::Vec) -> Self::Mask {
        zip(a, b, |a, b| a <= b)
    }

    #[inline(always)]
    fn first_lanes(self, count: usize) -> Self::Mask {
        [0 < count, 1 < count, 2 < count, 3 < count]
    }

    #[inline(always)]
    fn any(self, mask: Self::Mask) -> bool {
        mask[0] | mask[1] | mask[2] | mask[3]
    }

    #[inline(always)]
    fn select(self, mask: Self::Mask, a: Self::Vec, b: Self::Vec) -> Self::Vec {
        let mut result = b;
        for lane in 0..LANES {
            result[lane] = if mask[lane] { a[lane] } else { b[lane] };
        }
        result
    }

    #[inline(always)]
    fn shift_to_exponent(self, x: Self::Vec) -> Self::Vec {
        zip(x, x, |x, _| f32::from_bits(x.to_bits() << 23))
    }

    #[inline(always)]
    fn map(self, x: Self::Vec, f: impl Fn(f32) -> f32) -> Self::Vec {
        [f(x[0]), f(x[1]), f(x[2]), f(x[3])]
    }

    #[inline(always)]
    fn reduce_max(self, x: Self::Vec) -> f32 {
        let pair = |a: f32, b: f32| if a > b { a } else { b };
        pair(pair(x[0], x[2]), pair(x[1], x[3]))
    }

    #[inline(always)]
    fn reduce_sum(self, x: Self::Vec) -> f32 {
        (x[0] + x[2]) + (x[1] + x[3])
    }
}
