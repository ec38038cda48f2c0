//! Weights in half precision.
//!
//! Packed weights are floats, so two halves share the bits of one; the first has the lower 16. The exponent of that float
//! is all ones only where the second half's is, so two finite halves never are the bits of an infinity or a NaN, and such a
//! float can be copied like any other.

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
        packed.fill(0.0);
        let area = self.kernel.area();
        let mut finite = true;
        self.pack_panels(packed, |first, real, width, panel| {
            let (biases, pairs) = panel.split_at_mut(width);
            for (column, bias) in biases.iter_mut().enumerate().take(real) {
                let channel = first + column;
                let affine = affine(channel);
                *bias = affine.shift as f32;
                finite &= bias.is_finite();
                for tap in 0..area {
                    for input in 0..self.inputs {
                        let half = affine.half(weight((channel * self.inputs + input) * area + tap));
                        let row = (tap * self.inputs + input) * (width / 2);
                        insert(&mut pairs[row + column / 2], column % 2, half);
                        finite &= half.is_finite();
                    }
                }
            }
        });
        finite
    }
}

impl Affine {
    /// A weight of the channel in half precision.
    pub(crate) fn half(&self, weight: f32) -> f16 {
        f16::from_f32((f64::from(weight) * self.scale) as f32)
    }
}

/// Puts a number into one of the two places of a pair, which was empty.
fn insert(pair: &mut f32, place: usize, number: f16) {
    *pair = f32::from_bits(pair.to_bits() | u32::from(number.to_bits()) << (16 * place));
}
