//! Fully connected layers of several images, over weights in rows.
//!
//! Of several images, an input that is zero in all is rare. So a batch uses all rows, each read from memory once, as a product of
//! matrices whose sums stay in registers:
//!
//! ```text
//! for each DEPTH inputs
//!     for each BLOCK of columns                      its rows are in L2, the next ones are on their way
//!         for each tile of two vectors
//!             for each 8, 4, or 1 images             sums = inputs * rows;  output += sums
//! ```
//!
//! - A tile reads a little of each row, at distances that no hardware fetches in advance. So every step of a tile prefetches the
//!   next line of the next block, in the order in which rows lie in memory. All at once, they would keep the sums waiting.
//! - What is added to an image does not depend on how many others there are.
//!
//! The weights are those of [`nonzero`](super::nonzero), so a net for a batch shares them with the net for one image.

#![expect(clippy::needless_range_loop, reason = "indices are those of several arrays at once")]

use core::ops::Range;

use super::rows::Rows;
use crate::exec::run::Partition;
use crate::kernels::gemm::WeightType;
use crate::pack::PANEL;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd};

/// Inputs of a pass over the outputs.
const DEPTH: usize = 64;
/// Columns of a block, whose rows take 64 KiB.
const BLOCK: usize = 256;
/// Floats of a line of the cache.
const LINE: usize = 16;

/// A partition of a layer, in the workspace of each image.
pub(super) struct Several<'a, W> {
    pub(super) rows: Rows<'a, W>,
    pub(super) ws: *mut f32,
    pub(super) batch: Batch,
    pub(super) partition: Partition,
}

impl<W: WeightType> Kernel for Several<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = self.rows.columns(self.partition);
        if columns.is_empty() {
            return;
        }
        // SAFETY: whoever made this has checked the maps and the weights.
        unsafe {
            (0..self.batch.images).for_each(|image| self.rows.begin(s, self.image(image), &columns));
            self.add_inputs(s, &columns);
            (0..self.batch.images).for_each(|image| self.rows.end(s, self.image(image), &columns));
        }
    }
}

/// Inputs of a pass.
#[derive(Clone, Copy)]
struct Inputs {
    /// The first one's row.
    row: usize,
    /// Where it is in a workspace; the others follow.
    at: usize,
    count: usize,
}

/// What the steps of a tile prefetch.
#[derive(Clone, Copy)]
struct Ahead {
    /// Where the block begins that comes next.
    row: usize,
    column: usize,
    /// How many tiles of it were prefetched, a row after the other.
    tiles: usize,
}

impl Ahead {
    /// Prefetches the next tile's part of a row.
    #[inline(always)]
    fn step<S: Simd, W: WeightType>(&mut self, s: S, rows: &Rows<'_, W>) {
        let tiles = const { BLOCK / (2 * S::LANES) };
        let next = rows.row(self.row + self.tiles / tiles, self.column + self.tiles % tiles * 2 * S::LANES);
        for line in (0..W::floats(2 * S::LANES)).step_by(LINE) {
            s.prefetch(next.wrapping_add(line));
        }
        self.tiles += 1;
    }
}

/// The functions that are not safe need the maps, the weights and the columns.
impl<W: WeightType> Several<'_, W> {
    /// The workspace of an image.
    #[inline(always)]
    unsafe fn image(&self, image: usize) -> *mut f32 {
        // SAFETY: the caller's promise.
        unsafe { self.ws.add(image * self.batch.floats) }
    }

    /// Adds the rows of all inputs.
    #[inline(always)]
    unsafe fn add_inputs<S: Simd>(&self, s: S, columns: &Range<usize>) {
        let input = &self.rows.layer.input;
        let mut row = 0;
        for pixel in 0..input.pixels() {
            let at = input.at(pixel / input.width, pixel % input.width);
            for channel in (0..input.channels).step_by(DEPTH) {
                let count = DEPTH.min(input.channels - channel);
                // SAFETY: the caller's promise.
                unsafe { self.add_rows(s, Inputs { row, at: at + channel, count }, columns) };
                row += count;
            }
        }
    }

    /// Adds the rows of a pass, a block of columns after the other.
    #[inline(always)]
    unsafe fn add_rows<S: Simd>(&self, s: S, inputs: Inputs, columns: &Range<usize>) {
        for start in columns.clone().step_by(BLOCK) {
            let end = columns.end.min(start + BLOCK);
            let (row, column) =
                if end < columns.end { (inputs.row, end) } else { (inputs.row + inputs.count, columns.start) };
            let mut ahead = Ahead { row, column, tiles: 0 };
            for column in (start..end).step_by(const { 2 * S::LANES }) {
                // SAFETY: the caller's promise.
                unsafe {
                    // Rows are whole panels, of which a tile may be two.
                    if const { 2 * S::LANES > PANEL } && column + PANEL >= end {
                        self.add_tile::<S, 1>(s, inputs, &mut ahead, column..end);
                    } else {
                        self.add_tile::<S, 2>(s, inputs, &mut ahead, column..end);
                    }
                }
            }
        }
    }

    /// Adds the products of all images to the first `NV` vectors of columns.
    #[inline(always)]
    unsafe fn add_tile<S: Simd, const NV: usize>(
        &self,
        s: S,
        inputs: Inputs,
        ahead: &mut Ahead,
        columns: Range<usize>,
    ) {
        let mut image = 0;
        // SAFETY: the caller's promise.
        unsafe {
            // With 32 vectors, 16 hold sums of 8 images; with 16, 8 hold sums of 4.
            while const { S::LANES == 16 } && image + 8 <= self.batch.images {
                self.add_products::<S, NV, 8>(s, inputs, ahead, image, &columns);
                image += 8;
            }
            while image + 4 <= self.batch.images {
                self.add_products::<S, NV, 4>(s, inputs, ahead, image, &columns);
                image += 4;
            }
            while image < self.batch.images {
                self.add_products::<S, NV, 1>(s, inputs, ahead, image, &columns);
                image += 1;
            }
        }
    }

    /// Adds those of `N` images from `image` on.
    #[inline(always)]
    unsafe fn add_products<S: Simd, const NV: usize, const N: usize>(
        &self,
        s: S,
        inputs: Inputs,
        ahead: &mut Ahead,
        image: usize,
        columns: &Range<usize>,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            let mut sums = [[s.splat(0.0); NV]; N];
            let x = self.image(image).add(inputs.at);
            for k in 0..inputs.count {
                if image == 0 {
                    ahead.step(s, &self.rows);
                }
                let row = W::load_row::<S, NV>(s, self.rows.row(inputs.row + k, columns.start));
                for n in 0..N {
                    let x = s.splat(*x.add(n * self.batch.floats + k));
                    for j in 0..NV {
                        sums[n][j] = s.mul_add(x, row[j], sums[n][j]);
                    }
                }
            }
            for n in 0..N {
                let y = self.rows.output(self.image(image + n));
                for (j, at) in columns.clone().step_by(S::LANES).take(NV).enumerate() {
                    let rest = columns.end - at;
                    s.store_first(y.add(at), s.add(s.load_first(y.add(at), rest), sums[n][j]), rest);
                }
            }
        }
    }
}
