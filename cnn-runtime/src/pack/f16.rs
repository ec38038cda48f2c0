//! Weights in half precision.
//!
//! Packed weights are floats, so two halves share the bits of one; the first has the lower 16. The exponent of that float
//! is all ones only where the second half's is, so two finite halves never are the bits of an infinity or a NaN, and such a
//! float can be copied like any other.

use core::cell::Cell;

use half::f16;

use super::{Affine, ConvPanels, HALF_PANEL};

impl ConvPanels {
    /// Packed size with weights in half precision.
    pub const fn f16_len(&self) -> usize {
        self.groups * (self.outputs.next_multiple_of(HALF_PANEL) / 2) * (self.depth() + 2)
    }

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
        let finite = Cell::new(true);
        let affine = |channel| {
            let affine = affine(channel);
            finite.set(finite.get() & (affine.shift as f32).is_finite());
            affine
        };
        let weight = |at| f64::from(weight(at));
        self.pack_rows(weight, affine, packed, |pairs, values| {
            for (slot, pair) in pairs.iter_mut().zip(values.as_chunks().0) {
                let [first, second] = pair.map(f16::from_f32);
                finite.set(finite.get() & first.is_finite() & second.is_finite());
                *slot = f32::from_bits(u32::from(first.to_bits()) | u32::from(second.to_bits()) << 16);
            }
        });
        finite.get()
    }
}

impl Affine {
    /// A weight of the channel in half precision.
    pub(crate) fn half(&self, weight: f32) -> f16 {
        f16::from_f32((f64::from(weight) * self.scale) as f32)
    }
}
