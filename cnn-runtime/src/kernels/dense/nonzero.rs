//! Fully connected layers that read no weights of inputs that are zero.
//!
//! For a single image, a large layer takes the time of reading its weights from memory. After a ReLU half of the inputs are
//! zero, and more in nets that were trained: of photographs, 35 to 38 % of the inputs of AlexNet's three layers are not zero,
//! and 18 to 41 % of those of VGG-16's, in nets that were pruned (Han et al., "EIE: Efficient Inference Engine on Compressed
//! Deep Neural Network", ISCA 2016, table III). So weights lie in *rows*, those from one input to all outputs, and rows of
//! zeros stay where they are:
//!
//! ```text
//! for each input that is not zero:   output += input * row       (ROWS of them in a pass over the output)
//! ```
//!
//! - The sums are those over all inputs, since weights are finite: a zero adds nothing.
//! - Large layers have rows of pages, so hardware that fetches in advance does not fetch much of what is left out.
//! - The output, of AlexNet 16 kB, is read and written once for ROWS rows, and stays in L1.
//! - A thread's partition is some of the outputs, so results do not depend on how many there are.

#![expect(clippy::needless_range_loop, reason = "indices are those of several arrays at once")]

use core::ops::Range;
use core::sync::atomic::{Ordering, compiler_fence};

use super::rows::Rows;
use crate::exec::run::Partition;
use crate::kernels::gemm::WeightType;
use crate::pack::PANEL;
use crate::simd::{Kernel, Simd};

/// Rows in a pass over the output. With 2 the output's loads and stores take too long, with 8 memory is slower.
const ROWS: usize = 4;
/// Rows of halves in a pass, which are half as long.
const ROWS_OF_HALVES: usize = 8;
/// How many floats of a row of halves are prefetched: converting them takes too many instructions for a core to see far enough
/// ahead by itself.
const AHEAD: usize = 128;
/// Inputs in the queue.
const INPUTS: usize = 128;

/// A partition of a layer, for a single image.
pub(super) struct Nonzero<'a, W> {
    pub(super) rows: Rows<'a, W>,
    pub(super) ws: *mut f32,
    pub(super) partition: Partition,
}

impl<W: WeightType> Kernel for Nonzero<'_, W> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let columns = self.rows.columns(self.partition);
        if columns.is_empty() {
            return;
        }
        // SAFETY: whoever made this has checked the maps and the weights.
        unsafe {
            self.rows.begin(s, self.ws, &columns);
            self.add_inputs(s, &columns);
            self.rows.end(s, self.ws, &columns);
        }
    }
}

/// The functions that are not safe need the maps, the weights and the columns.
impl<W: WeightType> Nonzero<'_, W> {
    /// Adds each row times its value to `len` floats.
    #[inline(always)]
    unsafe fn add_rows<S: Simd, const R: usize>(
        &self,
        s: S,
        to: *mut f32,
        len: usize,
        rows: &[*const f32; R],
        values: &[S::Vec; R],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            match const { PANEL / S::LANES } {
                1 => add_rows::<S, W, 1, R>(s, to, len, rows, values),
                2 => add_rows::<S, W, 2, R>(s, to, len, rows, values),
                _ => add_rows::<S, W, 4, R>(s, to, len, rows, values),
            }
        }
    }

    /// Adds the row of each input that is not zero.
    #[inline(always)]
    unsafe fn add_inputs<S: Simd>(&self, s: S, columns: &Range<usize>) {
        let input = &self.rows.layer.input;
        let mut queue = Queue { values: [0.0; INPUTS], inputs: [0; INPUTS], len: 0 };
        let mut first = 0;
        for pixel in 0..input.pixels() {
            let from = input.at(pixel / input.width, pixel % input.width);
            let mut channel = 0;
            while channel < input.channels {
                let count = (input.channels - channel).min(INPUTS - queue.len);
                // SAFETY: the caller's promise.
                unsafe {
                    queue.take(self.ws.add(from + channel), count, first);
                    if queue.len == INPUTS {
                        self.add_queue(s, &queue, columns);
                        queue.len = 0;
                    }
                }
                (channel, first) = (channel + count, first + count);
            }
        }
        // SAFETY: as above.
        unsafe { self.add_queue(s, &queue, columns) };
    }

    /// Adds the rows of the inputs in the queue.
    #[inline(always)]
    unsafe fn add_queue<S: Simd>(&self, s: S, queue: &Queue, columns: &Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe {
            match const { W::PER_FLOAT } {
                1 => self.add_queued::<S, ROWS>(s, queue, columns),
                _ => self.add_queued::<S, ROWS_OF_HALVES>(s, queue, columns),
            }
        }
    }

    /// Adds them in passes over `R` rows.
    #[inline(always)]
    unsafe fn add_queued<S: Simd, const R: usize>(&self, s: S, queue: &Queue, columns: &Range<usize>) {
        for first in (0..queue.len).step_by(R) {
            let (mut rows, mut values) = ([core::ptr::null(); R], [s.splat(0.0); R]);
            for r in 0..R {
                // After the last input, a row that is read anyway is multiplied by zero.
                let at = if first + r < queue.len { first + r } else { first };
                rows[r] = self.rows.row(queue.inputs[at], columns.start);
                values[r] = s.splat(if at == first + r { queue.values[at] } else { 0.0 });
                // Of the next rows, the first line is what no hardware can fetch in advance.
                s.prefetch(self.rows.row(queue.inputs[(first + R + r) % INPUTS], columns.start));
            }
            // SAFETY: the caller's promise.
            unsafe { self.add_rows(s, self.rows.output(self.ws).add(columns.start), columns.len(), &rows, &values) };
        }
    }
}

/// Inputs that are not zero.
struct Queue {
    values: [f32; INPUTS],
    /// Which they are.
    inputs: [usize; INPUTS],
    len: usize,
}

impl Queue {
    /// Takes those of `count` values that are not zero; the first is that of input `first`.
    ///
    /// # Safety
    ///
    /// They must be readable, and there must be room for all.
    #[inline(always)]
    unsafe fn take(&mut self, from: *const f32, count: usize, first: usize) {
        for index in 0..count {
            // SAFETY: the caller's promise.
            let value = unsafe { *from.add(index) };
            // Without a branch, which no CPU could predict: what is zero is overwritten by the next.
            (self.values[self.len], self.inputs[self.len]) = (value, first + index);
            self.len += usize::from(value != 0.0);
        }
    }
}

/// Adds each row times its value to `len` floats, `NV` vectors of each at a time: a panel.
///
/// # Safety
///
/// The floats must be writable and readable, and the rows readable up to the end of a panel.
#[inline(always)]
unsafe fn add_rows<S: Simd, W: WeightType, const NV: usize, const R: usize>(
    s: S,
    to: *mut f32,
    len: usize,
    rows: &[*const f32; R],
    values: &[S::Vec; R],
) {
    let whole = len / PANEL * PANEL;
    let mut at = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while at < whole {
            if const { W::PER_FLOAT > 1 } && at.is_multiple_of(2 * PANEL) {
                for row in rows {
                    s.prefetch(row.wrapping_add(W::floats(at) + AHEAD));
                }
            }
            let sums = add_panel::<S, W, NV, R>(s, to, rows, values, at, PANEL);
            for j in 0..NV {
                s.store(to.add(at + j * S::LANES), sums[j]);
            }
            at += NV * S::LANES;
            // Without explicit vectors, LLVM would gather its own across panels.
            compiler_fence(Ordering::Release);
        }
        if at < len {
            let sums = add_panel::<S, W, NV, R>(s, to, rows, values, at, len - at);
            for j in 0..NV {
                s.store_first(to.add(at + j * S::LANES), sums[j], len.saturating_sub(at + j * S::LANES));
            }
        }
    }
}

/// A panel of sums, of which the first `len` are to be stored. Those of the rows are added up on their own, so that the error of
/// the whole grows with fewer steps.
///
/// # Safety
///
/// These must be readable, and the whole panel in the rows.
#[inline(always)]
unsafe fn add_panel<S: Simd, W: WeightType, const NV: usize, const R: usize>(
    s: S,
    to: *const f32,
    rows: &[*const f32; R],
    values: &[S::Vec; R],
    at: usize,
    len: usize,
) -> [S::Vec; NV] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = W::load_row::<S, NV>(s, rows[0].add(W::floats(at)));
        for sum in &mut sums {
            *sum = s.mul(values[0], *sum);
        }
        for r in 1..R {
            let row = W::load_row::<S, NV>(s, rows[r].add(W::floats(at)));
            for j in 0..NV {
                sums[j] = s.mul_add(values[r], row[j], sums[j]);
            }
        }
        for j in 0..NV {
            let first = j * S::LANES;
            if first < len {
                sums[j] = s.add(s.load_first(to.add(at + first), len - first), sums[j]);
            }
        }
        sums
    }
}
