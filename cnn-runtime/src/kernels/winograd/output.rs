//! Tiles of the output from M.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use crate::kernels::transform;
use crate::simd::Simd;

/// Values at points as a tile of outputs.
///
/// # Safety
///
/// A vector must be readable at each of `N * N` places `distance` apart.
#[inline(always)]
pub(super) unsafe fn output_tile<S: Simd, const M: usize, const N: usize>(
    s: S,
    from: *const f32,
    distance: usize,
) -> [[S::Vec; M]; M] {
    let mut columns = [[s.splat(0.0); M]; N];
    for (x, column) in columns.iter_mut().enumerate() {
        let mut values = [s.splat(0.0); N];
        for y in 0..N {
            // SAFETY: the caller's promise.
            values[y] = unsafe { s.load(from.add((y * N + x) * distance)) };
        }
        *column = transform::output(s, &values);
    }
    let mut tile = [[s.splat(0.0); M]; M];
    for (y, row) in tile.iter_mut().enumerate() {
        let mut values = [s.splat(0.0); N];
        for x in 0..N {
            values[x] = columns[x][y];
        }
        *row = transform::output(s, &values);
    }
    tile
}

/// A tile of outputs that are where values at points would be.
///
/// # Safety
///
/// As for [`output_tile`].
#[inline(always)]
pub(super) unsafe fn load_tile<S: Simd, const M: usize, const N: usize>(
    s: S,
    from: *const f32,
    distance: usize,
) -> [[S::Vec; M]; M] {
    let mut tile = [[s.splat(0.0); M]; M];
    for y in 0..M {
        for x in 0..M {
            // SAFETY: the caller's promise.
            tile[y][x] = unsafe { s.load(from.add((y * N + x) * distance)) };
        }
    }
    tile
}

/// The largest of each 2x2 outputs of a tile, in its first half in both directions. Bias and limit keep the order of numbers,
/// so they can come later.
#[inline(always)]
pub(super) fn largest<S: Simd, const M: usize>(s: S, tile: &[[S::Vec; M]; M]) -> [[S::Vec; M]; M] {
    let mut halved = *tile;
    for (row, [above, below]) in halved.iter_mut().zip(tile.as_chunks::<2>().0) {
        for x in 0..M / 2 {
            let largest = s.max3_or_nan(above[2 * x], above[2 * x + 1], below[2 * x]);
            row[x] = s.max_or_nan(largest, below[2 * x + 1]);
        }
    }
    halved
}
