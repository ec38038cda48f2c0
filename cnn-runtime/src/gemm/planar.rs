//! Few output channels of a map with a single channel: the first layer of nets for digits.
//!
//! There a vector of output channels is mostly padding, and each float that is read serves a single FMA. But neighbouring
//! windows lie next to each other, so vectors can be over *pixels*: a float of the weights serves two vectors of pixels,
//! and the tile is transposed when it is stored.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use super::Gemm;
use crate::pack::HALF_PANEL;
use crate::simd::{Kernel, Simd};

/// Whether the kernel fits.
pub(super) fn fits<S: Simd>(gemm: &Gemm, taps: &[u32]) -> bool {
    let adjacent = gemm.windows.pixel == 1 && gemm.patch.len * gemm.patch.segments > 0 && !taps.is_empty();
    let few = gemm.groups == 1 && gemm.output.channels <= HALF_PANEL && gemm.residual.is_none();
    adjacent && few && gemm.output.width >= S::LANES
}

/// The product; `taps` is [`Patch::table`](super::Patch::table). Shares are rows, counted through all images.
#[inline(always)]
pub(super) fn run<S: Simd>(s: S, gemm: &Gemm, taps: &[u32]) {
    let height = gemm.output.height;
    let rows = gemm.share.of(gemm.batch.images * height);
    for image in 0..gemm.batch.images {
        let before = image * height;
        let rows = [rows.start, rows.end].map(|row| row.clamp(before, before + height) - before);
        // SAFETY: all images are in the workspace.
        let ws = unsafe { gemm.ws.add(image * gemm.batch.floats) };
        one_image(s, &Gemm { ws, ..*gemm }, taps, rows);
    }
}

/// Some rows of an image.
#[inline(always)]
fn one_image<S: Simd>(s: S, gemm: &Gemm, taps: &[u32], rows: [usize; 2]) {
    match gemm.output.channels {
        // As many vectors of pixels as leave registers: F * V accumulators, V pixels, a weight.
        1..=2 => s.run(Planar::<2, 2> { gemm, taps, rows }),
        3..=4 => s.run(Planar::<4, 2> { gemm, taps, rows }),
        5..=6 => s.run(Planar::<6, 2> { gemm, taps, rows }),
        _ => s.run(Planar::<8, 1> { gemm, taps, rows }),
    }
}

/// Tiles of up to `F` channels and `V` vectors of pixels.
struct Planar<'a, const F: usize, const V: usize> {
    gemm: &'a Gemm,
    taps: &'a [u32],
    /// The first one, and the one behind the last.
    rows: [usize; 2],
}

impl<const F: usize, const V: usize> Kernel for Planar<'_, F, V> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Gemm { ws, windows, output, .. } = *self.gemm;
        // Rows after which the rest of the activation passes over them.
        let strip = (super::MC / output.width).max(1);
        let [start, end] = self.rows;
        let mut passed = start;
        for y in start..end {
            let mut x = 0;
            while x < output.width {
                // The last vectors overlap those before.
                let starts = core::array::from_fn(|v| (x + v * S::LANES).min(output.width - S::LANES));
                // SAFETY: the windows of these pixels are in the workspace, and so are the pixels.
                unsafe {
                    let mut tile = self.multiply(s, ws.add(windows.offset + y * windows.row), starts);
                    let low = s.splat(self.gemm.finish.low);
                    let high = s.splat(self.gemm.finish.high);
                    for (start, rows) in starts.iter().zip(&mut tile) {
                        for row in rows.iter_mut() {
                            *row = s.min(high, s.max(low, *row));
                        }
                        s.store_transposed(ws.add(output.at(y, *start)), output.pixel, *rows, output.channels);
                    }
                }
                x += V * S::LANES;
            }
            if y + 1 - passed == strip || y + 1 == end {
                let pixels = (y + 1 - passed) * output.width;
                self.gemm.pass(s, passed * output.width, pixels, &(0..output.channels));
                passed = y + 1;
            }
        }
    }
}

impl<const F: usize, const V: usize> Planar<'_, F, V> {
    /// `V` times `LANES` windows of a row, which begins at `from`, from each of `starts` on, times `F` channels, plus their
    /// biases.
    ///
    /// # Safety
    ///
    /// The windows must be readable.
    #[inline(always)]
    unsafe fn multiply<S: Simd>(&self, s: S, from: *const f32, starts: [usize; V]) -> [[S::Vec; F]; V] {
        let from = starts.map(|start| from.wrapping_add(start));
        let mut tile = [[s.splat(0.0); F]; V];
        let mut weights = self.gemm.weights;
        // SAFETY: the caller's promise; a half panel has a row of 8 for the biases and one for each tap.
        unsafe {
            for rows in &mut tile {
                for (f, row) in rows.iter_mut().enumerate() {
                    *row = s.splat(*weights.add(f));
                }
            }
            for tap in self.taps {
                weights = weights.add(HALF_PANEL);
                let mut pixels = [s.splat(0.0); V];
                for (v, pixels) in pixels.iter_mut().enumerate() {
                    *pixels = s.load(from[v].add(*tap as usize));
                }
                for f in 0..F {
                    let weight = s.splat(*weights.add(f));
                    for v in 0..V {
                        tile[v][f] = s.mul_add(pixels[v], weight, tile[v][f]);
                    }
                }
            }
        }
        tile
    }
}
