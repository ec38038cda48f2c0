//! Weights in half precision.
//!
//! Packed weights are floats, so two halves share the bits of one; the first has the lower 16. The exponent of that float
//! is all ones only where the second half's is, so two finite halves never are the bits of an infinity or a NaN, and such a
//! float can be copied like any other.

use core::cell::Cell;

use super::affine::Affine;
use super::panels::ConvPanels;
use super::rows::DenseRows;
use crate::simd::half::{is_finite, narrow};

impl ConvPanels {
    /// Packs as [`pack`](Self::pack) does, but weights in half precision: a panel of `p` output channels is its bias `[p]`
    /// in single precision, followed by `[kernel.height][kernel.width][inputs][p / 2]` pairs. Weights are rounded to the
    /// nearest number, and to the even one of two that are as near.
    ///
    /// Gives whether all of it is finite: a half is at most 65504.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`f16_len`](Self::f16_len).
    pub fn pack_f16(
        &self,
        weight: impl Fn(usize) -> f32,
        affine: impl Fn(usize) -> Affine,
        packed: &mut [f32],
    ) -> bool {
        assert_eq!(packed.len(), self.f16_len());
        let halves = Halves::new();
        let weight = |at| f64::from(weight(at));
        self.pack_rows(weight, |channel| halves.see(affine(channel)), packed, |row, values| halves.store(row, values));
        halves.finite.get()
    }
}

impl DenseRows {
    /// Packs as [`pack`](Self::pack) does, but weights in half precision, in `[pixels][inputs][outputs / 2]` pairs, as
    /// [`ConvPanels::pack_f16`] does.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`f16_len`](Self::f16_len).
    pub fn pack_f16(
        &self,
        weight: impl Fn(usize) -> f32,
        affine: impl Fn(usize) -> Affine,
        packed: &mut [f32],
    ) -> bool {
        assert_eq!(packed.len(), self.f16_len());
        let halves = Halves::new();
        self.pack_rows(weight, |channel| halves.see(affine(channel)), packed, |row, values| halves.store(row, values));
        halves.finite.get()
    }
}

/// Writes pairs of halves, and notes whether everything is finite.
struct Halves {
    finite: Cell<bool>,
}

impl Halves {
    const fn new() -> Self {
        Self { finite: Cell::new(true) }
    }

    fn see(&self, affine: Affine) -> Affine {
        self.finite.set(self.finite.get() & (affine.shift as f32).is_finite());
        affine
    }

    fn store(&self, pairs: &mut [f32], values: &[f32]) {
        for (slot, pair) in pairs.iter_mut().zip(values.as_chunks().0) {
            let [first, second] = pair.map(narrow);
            self.finite.set(self.finite.get() & is_finite(first) & is_finite(second));
            *slot = f32::from_bits(u32::from(first) | u32::from(second) << 16);
        }
    }
}

#[cfg(feature = "alloc")]
impl Affine {
    /// Whether a weight of the channel is finite in half precision.
    pub(crate) fn fits_half(&self, weight: f32) -> bool {
        is_finite(narrow((f64::from(weight) * self.scale) as f32))
    }
}
