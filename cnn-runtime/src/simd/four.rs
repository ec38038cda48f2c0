//! Shared by the back ends with vectors of four floats, whose CPUs can't mask loads and stores.

use super::Simd;

/// Vectors of four floats.
pub(super) trait Four: Simd {
    /// Lane j of vector i becomes lane i of vector j.
    fn transpose(self, rows: [Self::Vec; 4]) -> [Self::Vec; 4];
}

/// [`Simd::load_lanes`].
///
/// # Safety
///
/// As stated there.
#[inline(always)]
pub(super) unsafe fn load_lanes<S: Simd>(s: S, from: *const f32, first: usize, last: usize) -> S::Vec {
    let mut lanes = [0.0; 4];
    for (lane, slot) in lanes.iter_mut().enumerate() {
        if (first..last).contains(&lane) {
            // SAFETY: the caller promises that these lanes are readable.
            *slot = unsafe { *from.wrapping_add(lane) };
        }
    }
    // SAFETY: the array has a float for each lane.
    unsafe { s.load(lanes.as_ptr()) }
}

/// [`Simd::store_transposed`].
///
/// # Safety
///
/// As stated there.
#[inline(always)]
pub(super) unsafe fn store_transposed<S: Four, const F: usize>(
    s: S,
    to: *mut f32,
    distance: usize,
    rows: [S::Vec; F],
    count: usize,
    lanes: usize,
) {
    let mut eight = [s.splat(0.0); 8];
    eight[..F].copy_from_slice(&rows);
    let (squares, _) = eight.as_chunks();
    for (square, rows) in squares.iter().enumerate() {
        let first = 4 * square;
        if first < count {
            for (i, column) in s.transpose(*rows).into_iter().enumerate().take(lanes) {
                // SAFETY: the caller promises that `count` floats are writable at each place.
                unsafe { s.store_first(to.add(i * distance + first), column, count - first) }
            }
        }
    }
}
