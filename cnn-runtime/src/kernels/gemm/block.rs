//! Blocks of pixels, which a panel of weights is read for.

use core::ops::Range;

use super::{Gemm, WeightType};

/// Pixels of a block: with their windows they should fill about L1.
pub(super) const MC: usize = 192;

/// The pixels of a block.
pub(super) struct PixelBlock {
    /// The first one.
    pub(super) first: usize,
    /// How many there are.
    pub(super) len: usize,
    /// Where their windows begin.
    pub(super) windows: [usize; MC],
    /// Where their results go; 0 after the last one.
    pub(super) outputs: [usize; MC + 1],
    /// Where their residuals are.
    pub(super) residuals: [usize; MC],
}

impl PixelBlock {
    /// One without pixels.
    pub(super) const fn new() -> Self {
        Self { first: 0, len: 0, windows: [0; MC], outputs: [0; MC + 1], residuals: [0; MC] }
    }

    /// Goes to the `len` pixels from `first` on, at most [`MC`]; they may be of several images.
    #[inline(always)]
    pub(super) fn go_to<W: WeightType>(&mut self, gemm: &Gemm<W>, first: usize, len: usize) {
        let Gemm { windows, output, epilogue, .. } = gemm;
        let len = len.min(MC);
        (self.first, self.len) = (first, len);
        let (mut image, mut y, mut x) = gemm.pixel(first);
        let mut start = 0;
        while start < len {
            let end = len.min(start + output.width - x);
            let window = image + windows.offset + y * windows.row + x * windows.pixel;
            progression(&mut self.windows, start..end, window, windows.pixel);
            progression(&mut self.outputs, start..end, image + output.at(y, x), output.pixel);
            if let Some(residual) = epilogue.residual() {
                progression(&mut self.residuals, start..end, image + residual.at(y, x), residual.pixel);
            }
            (start, y, x) = (end, y + 1, 0);
            if y == output.height {
                (image, y) = (image + gemm.batch.floats, 0);
            }
        }
        self.outputs[len] = 0;
    }
}

/// Fills some of `slots`, all of which are there, with `first`, `first + step`, ...
#[inline(always)]
fn progression(slots: &mut [usize], some: Range<usize>, first: usize, step: usize) {
    let mut value = first;
    for slot in slots.get_mut(some).into_iter().flatten() {
        *slot = value;
        value += step;
    }
}
