//! Sums of outer products: the product of two matrices whose rows may be anywhere, without packing.
//!
//! In BLIS's words, `c[m][n] = sum_k a[m][k] * b[k][n]`, which may be added to what is there. The numbers of a row of `b` are next to
//! each other; those of `a` are read one by one, so they can be any distance apart. A gradient of weights has `k` over the pixels of
//! images, or over images alone, and one of inputs over the outputs of the layer.
//!
//! `k` counts in three directions, as images, rows and pixels do, so that a tile of `c` stays in registers for as many of them as its
//! caller wants. Distances are modulo the size of memory, so that one of them may lead back.

use crate::exec::divide::div_rem;
use crate::kernels::gemm::evenly;
use crate::simd::{Kernel, Simd, Sound, UnsafeKernel};

/// Vectors in a row of a tile. With four rows or more, there are as many accumulators as keep two units of fused multiply-adds busy,
/// which need four cycles.
pub(super) const NV: usize = 2;

/// Rows of the highest tile: as many as there are registers for. More are divided evenly, so that no tile has few.
pub(super) const fn most<S: Simd>() -> usize {
    match S::MR {
        // 16 or 32 registers are known by the tiles of other products.
        9.. => 8,
        6.. => 6,
        _ => 4,
    }
}

/// Work on tiles that is compiled for each height.
pub(super) trait Tall {
    /// Does it with tiles of `M` rows. Implementations are `#[inline(always)]`.
    ///
    /// # Safety
    ///
    /// What the type's description lists holds for tiles of this height.
    unsafe fn run<S: Simd, const M: usize>(self, s: S);
}

/// Does it with tiles of `height` rows, at most [`most`].
///
/// # Safety
///
/// What the description of the work lists holds for this height.
#[inline(always)]
pub(super) unsafe fn tall<S: Simd>(s: S, work: impl Tall, height: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match height {
            8 if const { most::<S>() >= 8 } => work.run::<S, 8>(s),
            7 if const { most::<S>() >= 7 } => work.run::<S, 7>(s),
            6 if const { most::<S>() >= 6 } => work.run::<S, 6>(s),
            5 if const { most::<S>() >= 5 } => work.run::<S, 5>(s),
            4 => work.run::<S, 4>(s),
            3 => work.run::<S, 3>(s),
            2 => work.run::<S, 2>(s),
            _ => work.run::<S, 1>(s),
        }
    }
}

/// A product. All numbers of `a` and `b` are readable, and those of `c` writable and apart from them.
#[derive(Clone, Copy)]
pub(super) struct Outer {
    /// `m`: the first row, and the end.
    pub(super) rows: [usize; 2],
    /// `k`, in three directions.
    pub(super) depth: [usize; 3],
    /// `n`.
    pub(super) columns: usize,
    /// Where it begins, how its rows lie, and the distances of the numbers in a row.
    pub(super) a: (*const f32, Places, [usize; 3]),
    /// Where it begins, and the distances of its rows.
    pub(super) b: (*const f32, [usize; 3]),
    /// Where it is.
    pub(super) c: Target,
    /// Whether it is added to what is in `c`. Then rows may overlap.
    pub(super) adds: bool,
}

/// How the rows of `a` lie.
#[derive(Clone, Copy)]
pub(super) enum Places {
    /// All rows this distance apart.
    Every(usize),
    /// `len` of them next to each other, `count` times the first distance apart, and that again and again, the second distance apart.
    Runs { len: usize, count: usize, distances: [usize; 2] },
}

impl Places {
    /// Where `M` rows begin, from one on.
    #[inline(always)]
    fn of<const M: usize>(self, row: usize) -> [usize; M] {
        match self {
            Self::Every(distance) => core::array::from_fn(|i| (row + i) * distance),
            Self::Runs { len, count, distances } => {
                // Divisions take long.
                let (run, mut rest) = div_rem(row, len);
                let (mut line, mut part) = div_rem(run, count);
                core::array::from_fn(|_| {
                    let place = line * distances[1] + part * distances[0] + rest;
                    rest += 1;
                    if rest == len {
                        (rest, part) = (0, part + 1);
                    }
                    if part == count {
                        (part, line) = (0, line + 1);
                    }
                    place
                })
            }
        }
    }
}

/// Where a product is written: from a float on, rows or columns next to each other.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// The numbers of a row are next to each other, and rows this far apart.
    Rows(*mut f32, usize),
    /// The numbers of a column.
    Columns(*mut f32, usize),
}

impl Target {
    /// The same from another number on.
    #[inline(always)]
    fn at(self, row: usize, column: usize) -> Self {
        match self {
            Self::Rows(to, distance) => Self::Rows(to.wrapping_add(row * distance + column), distance),
            Self::Columns(to, distance) => Self::Columns(to.wrapping_add(column * distance + row), distance),
        }
    }
}

impl UnsafeKernel for Outer {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let (width, mut column) = (NV * S::LANES, 0);
        // SAFETY: the description of the type; tiles stay inside of rows and columns.
        unsafe {
            while column + width <= self.columns {
                self.columns_from(column).tiles::<S, true, NV>(s);
                column += width;
            }
            let rest = self.columns_from(column);
            if rest.columns > S::LANES {
                rest.tiles::<S, false, NV>(s);
            } else if rest.columns == S::LANES {
                rest.tiles::<S, true, 1>(s);
            } else if rest.columns > S::Half::LANES {
                rest.tiles::<S, false, 1>(s);
            } else if rest.columns > 0 {
                Sound::new(Few(rest)).run(s.half());
            }
        }
    }
}

/// A product with no more columns than a vector has lanes.
struct Few(Outer);

impl UnsafeKernel for Few {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        // SAFETY: as for the product.
        unsafe { self.0.tiles::<S, false, 1>(s) }
    }
}

/// A tile of a product, from a row on. It has this many rows, and `V` vectors of columns; if these are `WHOLE`, no fewer.
struct Tile<const WHOLE: bool, const V: usize> {
    product: Outer,
    row: usize,
}

impl<const WHOLE: bool, const V: usize> Tall for Tile<WHOLE, V> {
    #[inline(always)]
    unsafe fn run<S: Simd, const M: usize>(self, s: S) {
        // SAFETY: the caller's promise.
        unsafe { self.product.tile::<S, WHOLE, V, M>(s, self.row) }
    }
}

impl Outer {
    /// The columns from one on.
    fn columns_from(self, column: usize) -> Self {
        let b = (self.b.0.wrapping_add(column), self.b.1);
        Self { columns: self.columns - column, b, c: self.c.at(0, column), ..self }
    }

    /// All rows of the first `V` vectors of columns, or of as many columns as there are.
    ///
    /// # Safety
    ///
    /// As the description of the type says; if they are `WHOLE`, there are this many columns.
    #[inline(always)]
    unsafe fn tiles<S: Simd, const WHOLE: bool, const V: usize>(self, s: S) {
        let [start, end] = self.rows;
        for (row, height) in evenly(end - start, most::<S>()) {
            // SAFETY: the caller's promise; these are rows of the product.
            unsafe { tall(s, Tile::<WHOLE, V> { product: self, row: start + row }, height) };
        }
    }

    /// # Safety
    ///
    /// As for [`tiles`](Self::tiles), and there are `M` rows from `row` on.
    #[inline(always)]
    unsafe fn tile<S: Simd, const WHOLE: bool, const V: usize, const M: usize>(self, s: S, row: usize) {
        let places: [usize; M] = self.a.1.of(row);
        let first = places.first().copied().unwrap_or(0);
        let together = places.iter().enumerate().all(|(i, place)| *place == first + i);
        // SAFETY: the caller's promise.
        unsafe {
            // Rows next to each other need no registers for their places.
            let tile = if together {
                self.sums::<S, WHOLE, V, M>(s, core::array::from_fn(|i| first + i))
            } else {
                self.sums::<S, WHOLE, V, M>(s, places)
            };
            match self.c.at(row, 0) {
                Target::Rows(to, distance) => self.store_rows::<S, WHOLE, V, M>(s, to, distance, &tile),
                Target::Columns(to, distance) => {
                    for (i, sums) in tile.into_iter().enumerate() {
                        self.store_column(s, to.wrapping_add(i), distance, sums);
                    }
                }
            }
        }
    }

    /// All `M` rows, next to each other, of a product whose columns are packed: vectors of `b` are whole, although no more than its
    /// columns are written.
    ///
    /// # Safety
    ///
    /// As the description of the type says; all `V` vectors of a row of `b` are readable.
    #[inline(always)]
    pub(super) unsafe fn packed<S: Simd, const V: usize, const M: usize>(self, s: S) {
        let Target::Rows(to, distance) = self.c else { return };
        // SAFETY: the caller's promise.
        unsafe {
            let tile = self.sums::<S, true, V, M>(s, core::array::from_fn(|i| i));
            if self.columns >= V * S::LANES {
                self.store_rows::<S, true, V, M>(s, to, distance, &tile);
            } else {
                self.store_rows::<S, false, V, M>(s, to, distance, &tile);
            }
        }
    }

    /// The sums of a tile, of rows of `a` at these places.
    ///
    /// # Safety
    ///
    /// As for [`tile`](Self::tile).
    #[inline(always)]
    unsafe fn sums<S: Simd, const WHOLE: bool, const V: usize, const M: usize>(
        self,
        s: S,
        places: [usize; M],
    ) -> [[S::Vec; V]; M] {
        let [images, lines, pixels] = self.depth;
        let ([a_image, a_line, a_pixel], [b_image, b_line, b_pixel]) = (self.a.2, self.b.1);
        let mut tile = [[s.splat(0.0); V]; M];
        for image in 0..images {
            for line in 0..lines {
                let mut a = self.a.0.wrapping_add((image * a_image).wrapping_add(line.wrapping_mul(a_line)));
                let mut b = self.b.0.wrapping_add((image * b_image).wrapping_add(line.wrapping_mul(b_line)));
                for _ in 0..pixels {
                    // SAFETY: the numbers of a row of `b` are readable, and no more than there are columns are read.
                    let vectors: [S::Vec; V] =
                        core::array::from_fn(|v| unsafe { load::<S, WHOLE>(s, b, v, self.columns) });
                    for (place, sums) in places.iter().zip(&mut tile) {
                        // SAFETY: it is a number of `a`.
                        let factor = s.splat(unsafe { *a.wrapping_add(*place) });
                        for (sum, vector) in sums.iter_mut().zip(vectors) {
                            *sum = s.mul_add(factor, vector, *sum);
                        }
                    }
                    (a, b) = (a.wrapping_add(a_pixel), b.wrapping_add(b_pixel));
                }
            }
        }
        tile
    }

    /// # Safety
    ///
    /// The columns of all rows are writable, from `to` on.
    #[inline(always)]
    unsafe fn store_rows<S: Simd, const WHOLE: bool, const V: usize, const M: usize>(
        &self,
        s: S,
        to: *mut f32,
        distance: usize,
        tile: &[[S::Vec; V]; M],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            // Loops that are short enough to be unrolled, so that the sums stay in registers.
            if self.adds {
                for (i, sums) in tile.iter().enumerate() {
                    let to = to.wrapping_add(i * distance);
                    for (v, sum) in sums.iter().enumerate() {
                        let sum = s.add(load::<S, WHOLE>(s, to, v, self.columns), *sum);
                        store::<S, WHOLE>(s, to, v, sum, self.columns);
                    }
                }
            } else {
                for (i, sums) in tile.iter().enumerate() {
                    for (v, sum) in sums.iter().enumerate() {
                        store::<S, WHOLE>(s, to.wrapping_add(i * distance), v, *sum, self.columns);
                    }
                }
            }
        }
    }

    /// # Safety
    ///
    /// The columns from `to` on, this far apart, are writable.
    #[inline(always)]
    unsafe fn store_column<S: Simd, const V: usize>(&self, s: S, to: *mut f32, distance: usize, sums: [S::Vec; V]) {
        for (v, sum) in sums.into_iter().enumerate() {
            let mut lanes = [0.0; 16];
            // SAFETY: no vector has more lanes.
            unsafe { s.store(lanes.as_mut_ptr(), sum) };
            let first = v * S::LANES;
            for (lane, number) in lanes.into_iter().enumerate().take(S::LANES.min(self.columns - first)) {
                let to = to.wrapping_add((first + lane) * distance);
                // SAFETY: the caller's promise.
                unsafe { *to = if self.adds { *to + number } else { number } };
            }
        }
    }
}

/// Vector `v` of `count` numbers.
///
/// # Safety
///
/// They must be readable; if it is `WHOLE`, the whole vector.
#[inline(always)]
pub(super) unsafe fn load<S: Simd, const WHOLE: bool>(s: S, from: *const f32, v: usize, count: usize) -> S::Vec {
    let (first, from) = (v * S::LANES, from.wrapping_add(v * S::LANES));
    // SAFETY: the caller's promise.
    unsafe { if WHOLE { s.load(from) } else { s.load_first(from, count.saturating_sub(first)) } }
}

/// Writes vector `v` of `count` numbers.
///
/// # Safety
///
/// They must be writable; if it is `WHOLE`, the whole vector.
#[inline(always)]
unsafe fn store<S: Simd, const WHOLE: bool>(s: S, to: *mut f32, v: usize, x: S::Vec, count: usize) {
    let (first, to) = (v * S::LANES, to.wrapping_add(v * S::LANES));
    // SAFETY: the caller's promise.
    unsafe {
        if WHOLE {
            s.store(to, x);
        } else {
            s.store_first(to, x, count.saturating_sub(first));
        }
    }
}
