//! The vectors that kernels are written in.
//!
//! A kernel is written once, generic over [`Simd`]; the files under `simd/` only implement the vector. A value of a type that
//! implements [`Simd`] proves that the CPU has the instructions, so arithmetic needs no `unsafe` in the caller: only loads and
//! stores do. This is the scheme of rten-simd and of pulp.
//!
//! Two rules keep the generated code good:
//!
//! - Everything between [`Simd::run`] and the arithmetic is `#[inline(always)]`, so that it is compiled inside the one
//!   function that has the CPU's features switched on. This is why work is passed as a [`Kernel`], whose method can carry that
//!   attribute, and not as a closure, which cannot.
//! - Vectors are never indexed by a variable that the optimiser cannot unroll, or they would live in memory.
//!
//! A vector is as long as the CPU's, up to a whole panel of weights. Half a panel may be less than a vector: then the shorter
//! vector of [`Simd::half`] works on it.

pub mod binary;
pub mod math;
pub mod scalar;

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
#[cfg(any(
    all(target_arch = "aarch64", target_feature = "neon"),
    all(target_arch = "wasm32", target_feature = "simd128")
))]
mod four;
pub mod functions;
pub(crate) mod half;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub mod neon;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod simd128;
pub mod unary;

/// Output channels of a full panel of weights: two AVX2 vectors, one AVX-512 vector or four NEON vectors.
pub const PANEL: usize = 16;
/// Output channels of the half panel that may come last.
pub const HALF_PANEL: usize = 8;

/// Work that is compiled once for each instruction set.
pub trait Kernel {
    /// What it gives.
    type Output;

    /// Does it. Implementations are `#[inline(always)]`.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Work like a [`Kernel`] that is sound only under the conditions in its type's description: mostly that the memory at raw
/// pointers can be read and written.
pub(crate) trait UnsafeKernel {
    /// What it gives.
    type Output;

    /// Does it. Implementations are `#[inline(always)]`.
    ///
    /// # Safety
    ///
    /// The conditions of the type hold.
    unsafe fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An [`UnsafeKernel`] whose conditions hold.
pub(crate) struct Sound<K>(K);

impl<K: UnsafeKernel> Sound<K> {
    /// # Safety
    ///
    /// The conditions of the kernel's type hold whenever it is run.
    #[inline(always)]
    pub(crate) const unsafe fn new(kernel: K) -> Self {
        Self(kernel)
    }
}

impl<K: UnsafeKernel> Kernel for Sound<K> {
    type Output = K::Output;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> K::Output {
        // SAFETY: whoever constructed this promised it.
        unsafe { self.0.run(simd) }
    }
}

/// Vectors of [`LANES`](Self::LANES) `f32`s and what the CPU can do with them. A value is a proof that it can.
///
/// Arithmetic is that of IEEE 754 unless a method says otherwise.
///
/// # Safety
///
/// Kernels and the methods with a body rely on these properties: `LANES` is a power of two, at least 4, that divides
/// [`PANEL`], the `LANES` of `Half` divide [`HALF_PANEL`], and tiles are at most 12
/// pixels high; loads and stores touch the lanes that they name and no others; a value exists only where the CPU has the
/// instructions.
pub unsafe trait Simd: Copy {
    /// A vector.
    type Vec: Copy;
    /// A truth value for each lane.
    type Mask: Copy;
    /// The vectors for half a panel: these ones, unless they are longer than that. Their `LANES` divide
    /// [`HALF_PANEL`].
    type Half: Simd<Half = Self::Half>;

    /// Whether programs can run with these vectors: with the feature `std`, they choose among all of the architecture, else the
    /// target names them.
    const LINKED: bool;
    /// Floats in a vector; divides [`PANEL`].
    const LANES: usize;
    /// Height of the GEMM tile over a whole panel, in pixels: as many as leave registers for the weights.
    const MR: usize;
    /// Height of the GEMM tile over half a panel, for the vectors that are a [`Half`](Self::Half).
    const MR_HALF: usize;
    /// Panels side by side in a GEMM tile. Two if a panel is a single vector: then each pixel that is read serves two FMAs,
    /// and loads are not the bottleneck.
    const PANELS: usize = 1;
    /// Panels that a product with a single pixel reads at once; each is a stream of weights from memory.
    const STREAMS: usize;

    /// Runs a kernel with the CPU's features switched on. Not inlined into its caller.
    fn run<K: Kernel>(self, kernel: K) -> K::Output;

    /// The function for these vectors.
    fn compiled<A>(self, functions: &functions::Functions<A>) -> functions::Compiled<Self, A>;

    /// The vectors for half a panel.
    fn half(self) -> Self::Half;

    /// Prefetches the cache line at `from` into L2; any address will do. Does nothing if there is no such instruction.
    #[inline(always)]
    fn prefetch(self, from: *const f32) {
        let _ = from;
    }

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::Vec;

    /// Reads a vector; any alignment.
    ///
    /// # Safety
    ///
    /// `LANES` floats from `from` must be readable.
    unsafe fn load(self, from: *const f32) -> Self::Vec;

    /// Reads a vector of finite numbers in half precision, two in the bits of each float, the lower 16 bits first; any
    /// alignment.
    ///
    /// # Safety
    ///
    /// `LANES / 2` floats from `from` must be readable.
    #[inline(always)]
    unsafe fn load_f16(self, from: *const f32) -> Self::Vec {
        let mut lanes = [0.0; 16];
        for (lane, slot) in lanes.iter_mut().enumerate().take(Self::LANES) {
            let at = if cfg!(target_endian = "big") { lane ^ 1 } else { lane };
            // SAFETY: the caller's promise; the halves of a float are sufficiently aligned.
            *slot = half::widen_finite(unsafe { *from.cast::<u16>().add(at) });
        }
        // SAFETY: no vector has more than 16 lanes.
        unsafe { self.load(lanes.as_ptr()) }
    }

    /// Reads the lanes `first..last` of a vector whose lane 0 would be at `from`, and nothing else; the others are 0.
    ///
    /// # Safety
    ///
    /// These lanes must be readable, and `first <= last <= LANES`. `from` itself may be outside of the allocation.
    unsafe fn load_lanes(self, from: *const f32, first: usize, last: usize) -> Self::Vec;

    /// Reads the first `count` lanes, or all if there are fewer; the others are 0. Nothing else is touched.
    ///
    /// # Safety
    ///
    /// These floats from `from` must be readable.
    #[inline(always)]
    unsafe fn load_first(self, from: *const f32, count: usize) -> Self::Vec {
        if count >= Self::LANES {
            // SAFETY: the caller's promise.
            return unsafe { self.load(from) };
        }
        // SAFETY: the caller's promise.
        unsafe { self.load_lanes(from, 0, count) }
    }

    /// Reads half a vector at each of two places; any alignment.
    ///
    /// # Safety
    ///
    /// `LANES / 2` floats must be readable from both.
    #[inline(always)]
    unsafe fn load_halves(self, first: *const f32, second: *const f32) -> Self::Vec {
        let mut lanes = [0.0; 16];
        let half = Self::LANES / 2;
        // SAFETY: no vector has more than 16 lanes; the rest is the caller's promise.
        unsafe {
            core::ptr::copy_nonoverlapping(first, lanes.as_mut_ptr(), half);
            core::ptr::copy_nonoverlapping(second, lanes.as_mut_ptr().add(half), half);
            self.load(lanes.as_ptr())
        }
    }

    /// Writes a vector; any alignment.
    ///
    /// # Safety
    ///
    /// `LANES` floats from `to` must be writable.
    unsafe fn store(self, to: *mut f32, x: Self::Vec);

    /// Writes the first `count` lanes, or all if there are fewer.
    ///
    /// # Safety
    ///
    /// These floats from `to` must be writable.
    unsafe fn store_first(self, to: *mut f32, x: Self::Vec, count: usize);

    /// Writes the transpose of `rows`: lane i of the first `count` rows, next to each other at `to + i * distance`, for the first
    /// `lanes` lanes. Nothing else is written.
    ///
    /// # Safety
    ///
    /// `count <= F <= 8`, and `count` floats from each of these places must be writable.
    #[inline(always)]
    unsafe fn store_transposed<const F: usize>(
        self,
        to: *mut f32,
        distance: usize,
        rows: [Self::Vec; F],
        count: usize,
        lanes: usize,
    ) {
        for (f, row) in rows.into_iter().enumerate().take(count) {
            let mut values = [0.0; 16];
            // SAFETY: no vector has more than 16 lanes; the rest is the caller's promise.
            unsafe {
                self.store(values.as_mut_ptr(), row);
                for (i, value) in values.iter().enumerate().take(lanes.min(Self::LANES)) {
                    *to.add(i * distance + f) = *value;
                }
            }
        }
    }

    /// The lanes 0, 2, 4, ... of `a` and then of `b`, and the lanes 1, 3, 5, ...
    #[inline(always)]
    fn even_and_odd(self, a: Self::Vec, b: Self::Vec) -> [Self::Vec; 2] {
        let (mut values, mut halves) = ([0.0; 32], [[0.0; 16]; 2]);
        // SAFETY: no vector has more than 16 lanes.
        unsafe {
            self.store(values.as_mut_ptr(), a);
            self.store(values.as_mut_ptr().add(Self::LANES), b);
        }
        for (i, [even, odd]) in values.as_chunks().0.iter().enumerate() {
            (halves[0][i], halves[1][i]) = (*even, *odd);
        }
        // SAFETY: as above.
        unsafe { [self.load(halves[0].as_ptr()), self.load(halves[1].as_ptr())] }
    }

    /// A lane of `a`, a lane of `b` and so on: what [`even_and_odd`](Self::even_and_odd) takes apart.
    #[inline(always)]
    fn alternating(self, a: Self::Vec, b: Self::Vec) -> [Self::Vec; 2] {
        let (mut values, mut lanes) = ([[0.0; 16]; 2], [0.0; 32]);
        // SAFETY: no vector has more than 16 lanes.
        unsafe {
            self.store(values[0].as_mut_ptr(), a);
            self.store(values[1].as_mut_ptr(), b);
        }
        for (pair, (first, second)) in lanes.as_chunks_mut().0.iter_mut().zip(values[0].iter().zip(&values[1])) {
            *pair = [*first, *second];
        }
        // SAFETY: as above.
        unsafe { [self.load(lanes.as_ptr()), self.load(lanes.as_ptr().add(Self::LANES))] }
    }

    /// `a + b`.
    fn add(self, a: Self::Vec, b: Self::Vec) -> Self::Vec;
    /// `a - b`.
    fn sub(self, a: Self::Vec, b: Self::Vec) -> Self::Vec;
    /// `a * b`.
    fn mul(self, a: Self::Vec, b: Self::Vec) -> Self::Vec;
    /// `a / b`.
    fn div(self, a: Self::Vec, b: Self::Vec) -> Self::Vec;
    /// `a * b + c`, rounded once where the CPU has it, else twice.
    fn mul_add(self, a: Self::Vec, b: Self::Vec, c: Self::Vec) -> Self::Vec;
    /// `c - a * b`, rounded like [`mul_add`](Self::mul_add).
    fn neg_mul_add(self, a: Self::Vec, b: Self::Vec, c: Self::Vec) -> Self::Vec;
    /// Square root.
    fn sqrt(self, x: Self::Vec) -> Self::Vec;
    /// `1 / sqrt(x)` within 4 ulp, where that is faster than exactly; `x` must be normal, positive and finite.
    #[inline(always)]
    fn rsqrt(self, x: Self::Vec) -> Self::Vec {
        self.div(self.splat(1.0), self.sqrt(x))
    }
    /// Smaller of the two; NaN where `b` is, so `min(limit, x)` lets a NaN in `x` through. Where only `a` is NaN, either.
    fn min(self, a: Self::Vec, b: Self::Vec) -> Self::Vec;
    /// Larger of the two, with NaN as for [`min`](Self::min).
    fn max(self, a: Self::Vec, b: Self::Vec) -> Self::Vec;
    /// Larger of the two; NaN where either is, as a maximum over a window requires.
    fn max_or_nan(self, a: Self::Vec, b: Self::Vec) -> Self::Vec;
    /// Largest of the three, with NaN as for [`max_or_nan`](Self::max_or_nan): less work than two of these.
    #[inline(always)]
    fn max3_or_nan(self, a: Self::Vec, b: Self::Vec, c: Self::Vec) -> Self::Vec {
        self.max_or_nan(self.max_or_nan(a, b), c)
    }
    /// Absolute value.
    fn abs(self, x: Self::Vec) -> Self::Vec;

    /// `a < b`; false where either is NaN.
    fn less(self, a: Self::Vec, b: Self::Vec) -> Self::Mask;
    /// `a <= b`; false where either is NaN.
    fn less_or_equal(self, a: Self::Vec, b: Self::Vec) -> Self::Mask;
    /// True in the first `count` lanes.
    fn first_lanes(self, count: usize) -> Self::Mask;
    /// Whether the mask is true in any lane.
    fn any(self, mask: Self::Mask) -> bool;
    /// `a` where the mask is true, else `b`.
    fn select(self, mask: Self::Mask, a: Self::Vec, b: Self::Vec) -> Self::Vec;

    /// The bits of each lane shifted left by 23: a whole number becomes an exponent.
    fn shift_to_exponent(self, x: Self::Vec) -> Self::Vec;

    /// Applies a function of one number to each lane in turn.
    #[inline(always)]
    fn map(self, x: Self::Vec, f: impl Fn(f32) -> f32) -> Self::Vec {
        let mut lanes = [0.0; 16];
        // SAFETY: no vector has more than 16 lanes.
        unsafe { self.store(lanes.as_mut_ptr(), x) };
        for lane in &mut lanes[..Self::LANES] {
            *lane = f(*lane);
        }
        // SAFETY: as above.
        unsafe { self.load(lanes.as_ptr()) }
    }

    /// Largest lane.
    fn reduce_max(self, x: Self::Vec) -> f32;
    /// Sum of the lanes.
    fn reduce_sum(self, x: Self::Vec) -> f32;
}

/// A Newton step towards `1 / sqrt(x)`: a relative error e becomes 1.5 e^2, plus rounding.
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_feature = "neon")))]
#[inline(always)]
fn refine_rsqrt<S: Simd>(s: S, x: S::Vec, estimate: S::Vec) -> S::Vec {
    let error = s.neg_mul_add(s.mul(x, estimate), estimate, s.splat(1.0));
    s.mul_add(s.mul(estimate, s.splat(0.5)), error, estimate)
}
