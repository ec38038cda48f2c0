//! A plain matrix product: rows that lie anywhere at equal distances, times a panel, stored densely.

use core::cell::Cell;

use super::Patch;
use super::height::{Tall, Width, dispatch};
use super::tile::{Ahead, Rows, multiply_segments};
use crate::pack::PANEL;
use crate::simd::{Kernel, Simd};

/// A panel without bias, `[depth][width]`, or two side by side.
#[derive(Clone, Copy)]
pub(crate) struct Columns {
    pub(crate) weights: *const f32,
    /// The distance to the second panel.
    pub(crate) next: usize,
    pub(crate) width: Width,
    pub(crate) depth: usize,
}

/// Multiplies `len` rows, `distance` apart, with a panel, and stores `[len][width]`. With `cold` weights, those that lie behind
/// the panel are fetched meanwhile.
///
/// # Safety
///
/// The rows and the panel must be readable, and the results writable.
#[inline(always)]
pub(crate) unsafe fn multiply<S: Simd>(
    s: S,
    rows: *const f32,
    distance: usize,
    len: usize,
    columns: Columns,
    cold: bool,
    to: *mut f32,
) {
    let Columns { weights, next, width, depth } = columns;
    let ahead = Ahead::new(weights.wrapping_add(depth * PANEL), next, if cold { depth } else { 0 }, width);
    let ahead = Cell::new(ahead);
    let tiles = len.div_ceil(columns.width.most::<S>());
    let (mr, higher) = (len / tiles, len % tiles);
    let high = Strip { rows, distance, tiles: higher, columns, ahead: &ahead, to };
    if higher > 0 {
        dispatch(s, high, columns.width, mr + 1);
    }
    let done = higher * (mr + 1);
    let (rows, to) = (rows.wrapping_add(done * distance), to.wrapping_add(done * columns.width.channels()));
    dispatch(s, Strip { rows, tiles: tiles - higher, to, ..high }, columns.width, mr);
}

/// Some tiles of the same height.
#[derive(Clone, Copy)]
struct Strip<'a> {
    rows: *const f32,
    distance: usize,
    tiles: usize,
    columns: Columns,
    ahead: &'a Cell<Ahead>,
    to: *mut f32,
}

impl Tall for Strip<'_> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NV: usize>(self, s: S) {
        s.run(Tiles::<MR, NV>(self));
    }
}

struct Tiles<'a, const MR: usize, const NV: usize>(Strip<'a>);

impl<const MR: usize, const NV: usize> Kernel for Tiles<'_, MR, NV> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Strip { mut rows, distance, tiles, columns, ahead, mut to } = self.0;
        let mut fetching = ahead.get();
        let patch = Patch { rows: 1, row: 0, segments: 1, segment: 0, len: columns.depth };
        let weights = Rows { at: columns.weights, next: columns.next };
        for _ in 0..tiles {
            let pixels = core::array::from_fn(|i| rows.wrapping_add(i * distance));
            let mut tile = [[s.splat(0.0); NV]; MR];
            // SAFETY: whoever called `multiply` promised that all rows and the panel can be read, and the results written.
            unsafe {
                multiply_segments::<S, MR, NV>(s, &patch, &pixels, weights, &mut fetching, &mut tile);
                for (i, row) in tile.into_iter().enumerate() {
                    for (j, vector) in row.into_iter().enumerate() {
                        s.store(to.add((i * NV + j) * S::LANES), vector);
                    }
                }
            }
            rows = rows.wrapping_add(MR * distance);
            to = to.wrapping_add(MR * columns.width.channels());
        }
        ahead.set(fetching);
    }
}
