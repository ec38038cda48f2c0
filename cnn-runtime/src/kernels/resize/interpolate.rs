//! Interpolation between rows and columns.
//!
//! An output is a sum over a few columns of sums over a few rows. Outputs next to each other share columns, so the sums over rows are
//! kept in registers while a row of the output is written from left to right, and each is computed once.

use super::ResizeMap;
use super::axis::{Axis, Taps};
use crate::exec::run::Partition;
use crate::simd::{Kernel, Simd};

/// An interpolation with `T` taps in each direction.
pub(super) struct Interpolate<'a, const T: usize> {
    layer: &'a ResizeMap,
    ws: *mut f32,
    partition: Partition,
}

impl<'a, const T: usize> Interpolate<'a, T> {
    /// # Safety
    ///
    /// The layer was checked, and `ws` has as many floats as it needs; other threads have other partitions.
    pub(super) unsafe fn new(layer: &'a ResizeMap, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl<const T: usize> Kernel for Interpolate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let [rows, columns] = self.layer.axes();
        let channels = self.layer.output.channels;
        for y in self.partition.of(self.layer.output.height) {
            let row = Row { y, taps: rows.taps(rows.interpolated::<T>(rows.at(y))), columns: &columns };
            let mut c = 0;
            while c < channels {
                // SAFETY: all vectors but the last are within the channels.
                c += unsafe {
                    match (T, channels - c) {
                        (2, rest) if rest >= 4 * S::LANES => self.strip::<S, 4>(s, &row, c),
                        (_, rest) if rest >= 2 * S::LANES => self.strip::<S, 2>(s, &row, c),
                        _ => self.strip::<S, 1>(s, &row, c),
                    }
                };
            }
        }
    }
}

/// A row of the output.
struct Row<'a, const T: usize> {
    y: usize,
    /// The rows of the input.
    taps: Taps<T>,
    columns: &'a Axis,
}

impl<const T: usize> Interpolate<'_, T> {
    /// `N` vectors of channels of a row, from `c` on; returns how many channels that is.
    ///
    /// # Safety
    ///
    /// All but the last vector must be in the maps.
    #[inline(always)]
    unsafe fn strip<S: Simd, const N: usize>(&self, s: S, row: &Row<'_, T>, c: usize) -> usize {
        let output = &self.layer.output;
        let columns = row.columns;
        let mut place = columns.at(0);
        let mut from = columns.interpolated::<T>(place).whole;
        let mut sums = [[s.splat(0.0); N]; T];
        let first = columns.taps::<T>(columns.interpolated::<T>(place));
        for (sum, x) in sums.iter_mut().zip(first.at) {
            // SAFETY: a column of the input.
            *sum = unsafe { self.column(s, &row.taps, x, c) };
        }
        // Lanes after the last channel may go to the next pixel, which is written later.
        let packed = output.pixel == output.channels && c == 0;
        for x in 0..output.width {
            let here = columns.interpolated::<T>(place);
            let taps = columns.taps::<T>(here);
            let steps = here.whole - from;
            if steps == 1 {
                for k in 1..T {
                    sums[k - 1] = sums[k];
                }
            }
            for (k, sum) in sums.iter_mut().enumerate() {
                if steps > 1 || steps == 1 && k == T - 1 {
                    // SAFETY: a column of the input.
                    *sum = unsafe { self.column(s, &row.taps, taps.at[k], c) };
                }
            }
            from = here.whole;
            let room = if packed { (output.width - x) * output.channels } else { output.channels - c };
            // SAFETY: a pixel of the output, of which no more channels are written than it has, or than follow in its row.
            unsafe { store(s, &sums, &taps.weights, self.ws.add(output.at(row.y, x) + c), room) };
            place = columns.next(place);
        }
        N * S::LANES
    }

    /// The sums over rows in a column of the input.
    ///
    /// # Safety
    ///
    /// As for [`strip`](Self::strip); there must be such a column, and such rows.
    #[inline(always)]
    unsafe fn column<S: Simd, const N: usize>(&self, s: S, rows: &Taps<T>, x: usize, c: usize) -> [S::Vec; N] {
        let mut sums = [s.splat(0.0); N];
        for (k, (y, weight)) in rows.at.into_iter().zip(rows.weights).enumerate() {
            let from = self.ws.wrapping_add(self.layer.input.at(y, x) + c).cast_const();
            for (i, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a vector of the input, or one that begins in it.
                let value = unsafe { s.load(from.add(i * S::LANES)) };
                let weight = s.splat(weight);
                *sum = if k == 0 { s.mul(value, weight) } else { s.mul_add(value, weight, *sum) };
            }
        }
        sums
    }
}

/// Writes the sums over columns.
///
/// # Safety
///
/// `room` floats must be writable.
#[inline(always)]
unsafe fn store<S: Simd, const T: usize, const N: usize>(
    s: S,
    sums: &[[S::Vec; N]; T],
    weights: &[f32; T],
    to: *mut f32,
    room: usize,
) {
    let mut totals = [s.splat(0.0); N];
    for (k, (sums, weight)) in sums.iter().zip(weights).enumerate() {
        for (total, sum) in totals.iter_mut().zip(sums) {
            let weight = s.splat(*weight);
            *total = if k == 0 { s.mul(*sum, weight) } else { s.mul_add(*sum, weight, *total) };
        }
    }
    for (i, total) in totals.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe { s.store_first(to.add(i * S::LANES), total, room.saturating_sub(i * S::LANES)) };
    }
}
