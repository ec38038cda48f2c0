//! Plain matrix products of the same size: rows that lie anywhere at equal distances, times a panel, stored densely.

use core::cell::Cell;

use super::F32;
use super::height::{Tall, Width, dispatch};
use super::im2col::Im2col;
use super::tile::{Ahead, Rows, multiply_segments};
use crate::exec::divide::div_rem;
use crate::pack::PANEL;
use crate::simd::{Simd, Sound, UnsafeKernel};

/// Products of `len` rows with a panel without bias, `[depth][width]`, or with two side by side.
#[derive(Clone, Copy)]
pub(crate) struct Products {
    /// How many products.
    pub(crate) count: usize,
    /// Rows of each.
    pub(crate) len: usize,
    pub(crate) depth: usize,
    pub(crate) width: Width,
    /// The first row of the first product, the distance to the next row, and that to the next product.
    pub(crate) rows: (*const f32, usize, usize),
    /// The panel of the first product, which those of the others follow, and the distance to a second one.
    pub(crate) weights: (*const f32, usize),
    /// Where the first product is stored, `[len][width]`, and the distance to the next one.
    pub(crate) to: (*mut f32, usize),
}

/// The most floats of weights that stay in L1 for all tiles.
const L1_FLOATS: usize = 6144;

/// Multiplies. Meanwhile the weights of the next product are fetched: they come from memory, or at least from L3, since those of
/// all products don't fit in L2 together with V and M.
///
/// # Safety
///
/// The rows and the panels must be readable, and the results writable.
#[inline(always)]
pub(crate) unsafe fn multiply<S: Simd>(s: S, products: &Products) {
    let Products { count, len, depth, width, .. } = *products;
    let tiles = len.div_ceil(width.most::<S>());
    let (mr, higher) = div_rem(len, tiles);
    // Small products are so short that the number of kernel calls matters.
    let together = if tiles == 1 || count * depth * width.channels() <= L1_FLOATS { count } else { 1 };
    for first in (0..count).step_by(together.max(1)) {
        let lines = if together == 1 { depth } else { 0 };
        let ahead = Ahead::new(products.panel(first + 1), products.weights.1, lines, width, tiles);
        let ahead = Cell::new(ahead);
        let strip = ProductRange { products, first, count: together, row: 0, tiles: higher, ahead: &ahead };
        // SAFETY: the caller's promise; all tiles together have the rows of the product.
        unsafe {
            if higher > 0 {
                dispatch(s, strip, width, mr + 1);
            }
            dispatch(s, ProductRange { row: higher * (mr + 1), tiles: tiles - higher, ..strip }, width, mr);
        }
    }
}

impl Products {
    /// The panel of a product.
    fn panel(&self, product: usize) -> *const f32 {
        self.weights.0.wrapping_add(product * self.depth * self.width.channels().min(PANEL))
    }
}

/// Some tiles of the same height, of some products. Their rows and panels are readable, and their results writable.
#[derive(Clone, Copy)]
struct ProductRange<'a> {
    products: &'a Products,
    /// The first product.
    first: usize,
    count: usize,
    /// The first row.
    row: usize,
    tiles: usize,
    ahead: &'a Cell<Ahead>,
}

impl Tall for ProductRange<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd, const MR: usize, const NV: usize>(self, s: S) {
        // SAFETY: the caller's promise.
        s.run(unsafe { Sound::new(ProductKernel::<MR, NV>(self)) });
    }
}

/// Tiles of `MR` rows and `NV` vectors; see [`ProductRange`].
struct ProductKernel<'a, const MR: usize, const NV: usize>(ProductRange<'a>);

impl<const MR: usize, const NV: usize> UnsafeKernel for ProductKernel<'_, MR, NV> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let ProductRange { products, first, count, row, tiles, ahead } = self.0;
        let (from, row_distance, rows_distance) = products.rows;
        let width = products.width.channels();
        let im2col = Im2col::segment(products.depth);
        let mut fetching = ahead.get();
        for product in first..first + count {
            let weights = Rows::<F32>::new(products.panel(product), products.weights.1);
            let mut rows = from.wrapping_add(product * rows_distance + row * row_distance);
            let mut to = products.to.0.wrapping_add(product * products.to.1 + row * width);
            for _ in 0..tiles {
                let pixels = core::array::from_fn(|i| rows.wrapping_add(i * row_distance));
                let mut tile = [[s.splat(0.0); NV]; MR];
                // SAFETY: as the description of the strip says.
                unsafe {
                    multiply_segments::<S, F32, MR, NV>(s, &im2col, &pixels, weights, &mut fetching, &mut tile);
                    for (i, row) in tile.into_iter().enumerate() {
                        for (j, vector) in row.into_iter().enumerate() {
                            s.store(to.add((i * NV + j) * S::LANES), vector);
                        }
                    }
                }
                rows = rows.wrapping_add(MR * row_distance);
                to = to.wrapping_add(MR * width);
            }
        }
        ahead.set(fetching);
    }
}
