//! Sums of outer products: the product of two matrices whose rows may be anywhere, without packing.
//!
//! In BLIS's words, `c[m][n] = sum_k a[m][k] * b[k][n]`, which may be added to what is there. The numbers of a row of `b`, and of `c`, are next to each other; those of `a`
//! are read one by one, so they can be any distance apart. A gradient of weights has `k` over the images of a minibatch, or over pixels,
//! and one of inputs over the outputs of the layer.

use crate::simd::{Simd, UnsafeKernel};

/// Rows of a tile. With two vectors each, that is as many accumulators as keep two units of fused multiply-adds busy, which need four
/// cycles.
const MR: usize = 4;
/// Vectors in a row of a tile.
const NV: usize = 2;

/// A product. All numbers of `a` and `b` are readable, and those of `c` writable and apart from them.
#[derive(Clone, Copy)]
pub(super) struct Outer {
    /// `m`.
    pub(super) rows: usize,
    /// `k`.
    pub(super) depth: usize,
    /// `n`.
    pub(super) columns: usize,
    /// Where it begins, the distance of its rows, and that of the numbers in a row.
    pub(super) a: (*const f32, usize, usize),
    /// Where it begins, and the distance of its rows.
    pub(super) b: (*const f32, usize),
    /// Where it begins, and the distance of its rows.
    pub(super) c: (*mut f32, usize),
    /// Whether it is added to what is in `c`.
    pub(super) adds: bool,
}

impl UnsafeKernel for Outer {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let width = NV * S::LANES;
        let mut column = 0;
        // SAFETY: the description of the type; tiles stay inside of rows and columns.
        unsafe {
            while column + width <= self.columns {
                self.column::<S, true>(s, column);
                column += width;
            }
            if column < self.columns {
                self.column::<S, false>(s, column);
            }
        }
    }
}

impl Outer {
    /// All rows of some columns: `NV` vectors of them, or as many as there are left.
    ///
    /// # Safety
    ///
    /// As the description of the type says, and `column` is less than `columns`; if it is `WHOLE`, by the vectors' length.
    #[inline(always)]
    unsafe fn column<S: Simd, const WHOLE: bool>(self, s: S, column: usize) {
        let mut row = 0;
        // SAFETY: the caller's promise.
        unsafe {
            while row + MR <= self.rows {
                self.tile::<S, WHOLE, MR>(s, row, column);
                row += MR;
            }
            while row < self.rows {
                self.tile::<S, WHOLE, 1>(s, row, column);
                row += 1;
            }
        }
    }

    /// # Safety
    ///
    /// As for [`column`](Self::column), and there are `M` rows from `row` on.
    #[inline(always)]
    unsafe fn tile<S: Simd, const WHOLE: bool, const M: usize>(self, s: S, row: usize, column: usize) {
        let (a, a_row, a_step) = self.a;
        let a = a.wrapping_add(row * a_row);
        let mut b = self.b.0.wrapping_add(column);
        let rest = self.columns - column;
        let mut tile = [[s.splat(0.0); NV]; M];
        for k in 0..self.depth {
            // SAFETY: the numbers of a row of `b` from `column` on are readable, and no more than the rest is read.
            let vectors: [S::Vec; NV] = core::array::from_fn(|v| unsafe { load::<S, WHOLE>(s, b, v, rest) });
            for (i, sums) in tile.iter_mut().enumerate() {
                // SAFETY: it is a number of `a`.
                let factor = s.splat(unsafe { *a.wrapping_add(i * a_row + k * a_step) });
                for (sum, vector) in sums.iter_mut().zip(vectors) {
                    *sum = s.mul_add(factor, vector, *sum);
                }
            }
            b = b.wrapping_add(self.b.1);
        }
        for (i, sums) in tile.into_iter().enumerate() {
            let to = self.c.0.wrapping_add((row + i) * self.c.1 + column);
            for (v, sum) in sums.into_iter().enumerate() {
                // SAFETY: as for what is loaded.
                unsafe {
                    let sum = if self.adds { s.add(load::<S, WHOLE>(s, to, v, rest), sum) } else { sum };
                    store::<S, WHOLE>(s, to, v, sum, rest);
                }
            }
        }
    }
}

/// Vector `v` of `rest` numbers.
///
/// # Safety
///
/// They must be readable; if it is `WHOLE`, the whole vector.
#[inline(always)]
unsafe fn load<S: Simd, const WHOLE: bool>(s: S, from: *const f32, v: usize, rest: usize) -> S::Vec {
    let (first, from) = (v * S::LANES, from.wrapping_add(v * S::LANES));
    // SAFETY: the caller's promise.
    unsafe { if WHOLE { s.load(from) } else { s.load_first(from, rest.saturating_sub(first)) } }
}

/// Writes vector `v` of `rest` numbers.
///
/// # Safety
///
/// They must be writable; if it is `WHOLE`, the whole vector.
#[inline(always)]
unsafe fn store<S: Simd, const WHOLE: bool>(s: S, to: *mut f32, v: usize, x: S::Vec, rest: usize) {
    let (first, to) = (v * S::LANES, to.wrapping_add(v * S::LANES));
    // SAFETY: the caller's promise.
    unsafe {
        if WHOLE {
            s.store(to, x);
        } else {
            s.store_first(to, x, rest.saturating_sub(first));
        }
    }
}
