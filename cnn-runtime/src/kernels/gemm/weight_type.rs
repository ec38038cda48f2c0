//! How the weights of a panel are stored. Biases are floats in any case.

use crate::simd::Simd;

/// A way to store weights.
pub(crate) trait WeightType: Copy {
    /// Weights in the place of a float.
    const PER_FLOAT: usize;

    /// Reads a vector of weights.
    ///
    /// # Safety
    ///
    /// `LANES / PER_FLOAT` floats from `from` must be readable.
    unsafe fn load<S: Simd>(s: S, from: *const f32) -> S::Vec;

    /// Floats that weights take, which are whole vectors.
    #[inline(always)]
    fn floats(weights: usize) -> usize {
        weights / Self::PER_FLOAT
    }

    /// Floats of a panel with its biases, in which a column is `depth` weights long.
    #[inline(always)]
    fn panel_floats(width: usize, depth: usize) -> usize {
        Self::floats(width) * (depth + Self::PER_FLOAT)
    }

    /// `NV` vectors of weights.
    ///
    /// # Safety
    ///
    /// They must be readable.
    #[inline(always)]
    unsafe fn load_row<S: Simd, const NV: usize>(s: S, from: *const f32) -> [S::Vec; NV] {
        let mut row = [s.splat(0.0); NV];
        for (j, vector) in row.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *vector = unsafe { Self::load(s, from.add(j * Self::floats(S::LANES))) };
        }
        row
    }
}

/// In single precision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct F32;

impl WeightType for F32 {
    const PER_FLOAT: usize = 1;

    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, from: *const f32) -> S::Vec {
        // SAFETY: the caller's promise.
        unsafe { s.load(from) }
    }
}

/// In half precision: read as such, multiplied and summed in single precision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct F16;

impl WeightType for F16 {
    const PER_FLOAT: usize = 2;

    #[inline(always)]
    unsafe fn load<S: Simd>(s: S, from: *const f32) -> S::Vec {
        // SAFETY: the caller's promise.
        unsafe { s.load_f16(from) }
    }
}
