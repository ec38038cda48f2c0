//! The loops, for filters in chunks of pixels.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use core::mem::MaybeUninit;

use super::{Planar2d, Pooling};
use crate::exec::divide::div_ceil;
use crate::exec::run::Share;
use crate::kernels::activation::Apply;
use crate::kernels::conv::Conv2d;
use crate::kernels::winograd::direct::{Filters, Untransformed, untransformed};
use crate::kernels::winograd::range::{Limit, Watch, squares};
use crate::kernels::winograd::transform;
use crate::pack::HALF_PANEL;
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, Sound, UnsafeKernel};
use cnn_net::op::Size;

/// A share of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Planar<'a> {
    layer: &'a Planar2d,
    weights: *const f32,
    ws: *mut f32,
    share: Share,
}

impl<'a> Planar<'a> {
    /// # Safety
    ///
    /// The layer was checked, `ws` has as many floats as it needs, and `weights` half a panel of biases and of each tap.
    /// Other threads have other shares.
    pub(super) unsafe fn new(layer: &'a Planar2d, weights: *const f32, ws: *mut f32, share: Share) -> Self {
        Self { layer, weights, ws, share }
    }
}

impl Kernel for Planar<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.layer.conv.output.channels {
            // As many vectors of pixels as leave registers: F * V accumulators, V pixels, a weight.
            0..=4 => s.run(Strips::<4, 2>(self)),
            5..=6 => s.run(Strips::<6, 2>(self)),
            _ => s.run(Strips::<8, 1>(self)),
        }
    }
}

/// Vectors of pixels of a row of V: a chunk, and the columns of a kernel that reach over it.
const V_VECTORS: usize = 3;
/// Rows of V: n of F(4, 5).
const POINTS: usize = 8;
/// The most vectors of a chunk, for all filters.
const CHUNK_VECTORS: usize = 12;

/// V and M.
type Points<S> =
    ([MaybeUninit<<S as Simd>::Vec>; V_VECTORS * POINTS], [MaybeUninit<<S as Simd>::Vec>; CHUNK_VECTORS * POINTS]);

/// A chunk of a strip.
#[derive(Clone, Copy)]
struct Chunk {
    top: usize,
    left: usize,
    rows: usize,
    /// Pixels of a row.
    len: usize,
}

/// Up to `F` filters, in chunks of up to `V` vectors of pixels.
struct Strips<'a, const F: usize, const V: usize>(Planar<'a>);

impl<const F: usize, const V: usize> Kernel for Strips<'_, F, V> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Planar { layer, share, .. } = self.0;
        let Size { height, width } = layer.computed();
        let strip = layer.strip();
        let len = width.min(V * S::LANES);
        let mut points: Points<S> = ([MaybeUninit::uninit(); _], [MaybeUninit::uninit(); _]);
        // Pooling may load a vector that ends behind the last row, and drop those lanes.
        let mut results = [s.splat(0.0); 4 * CHUNK_VECTORS + 1];
        let y = results.as_mut_ptr().cast::<f32>();
        // SAFETY: whoever made this has checked the input.
        let limit = (layer.tile > 1).then(|| unsafe { Limit::of(&layer.conv.input, self.0.ws) });
        for top in share.of(div_ceil(height, strip)).map(|index| index * strip) {
            let rows = strip.min(height - top);
            for left in (0..width).step_by(len.max(1)) {
                // The last chunk overlaps the one before.
                let chunk = Chunk { top, left: left.min(width - len), rows, len };
                // SAFETY: Y has room for the chunk, which lies in what is computed.
                unsafe {
                    match limit {
                        Some(limit) => self.transform(s, chunk, limit, &mut points, y),
                        None => self.multiply(s, chunk, None, y),
                    }
                    s.run(Apply::in_place(layer.conv.activation, y, rows * F * len));
                    match layer.pool {
                        Some(pooling) => self.store_pooled(s, chunk, pooling, y),
                        None => self.store(s, chunk, y),
                    }
                }
            }
        }
    }
}

impl<const F: usize, const V: usize> Strips<'_, F, V> {
    /// Y of a chunk, but for the activation: products with the filters, which are packed as they are if no others are given.
    ///
    /// # Safety
    ///
    /// The chunk must be in what is computed, and `y` have room for its results.
    #[inline(always)]
    unsafe fn multiply<S: Simd>(&self, s: S, chunk: Chunk, filters: Option<&Untransformed>, y: *mut f32) {
        let Planar { layer, weights: biases, .. } = self.0;
        let Conv2d { input: Map { row, .. }, kernel, stride, dilation, .. } = layer.conv;
        let products = Products::<F, V> {
            rows: chunk.rows,
            len: chunk.len,
            from: self.input(chunk),
            next: stride.height * row,
            taps: kernel,
            steps: [dilation.height * row, dilation.width],
            biases,
            weights: filters.map_or(biases.wrapping_add(HALF_PANEL), |filters| filters.as_ptr().cast()),
            next_weights: 0,
            to: y,
        };
        // SAFETY: the caller's promise; the windows of all that is computed were checked.
        s.run(unsafe { Sound::new(products) });
    }

    /// The same by Winograd's algorithm, V and M; or directly, beyond the limit.
    ///
    /// # Safety
    ///
    /// As for [`multiply`](Self::multiply).
    #[inline(always)]
    unsafe fn transform<S: Simd>(&self, s: S, chunk: Chunk, limit: Limit, points: &mut Points<S>, y: *mut f32) {
        let Planar { layer, weights: biases, .. } = self.0;
        let Conv2d { input: Map { row, .. }, kernel, .. } = layer.conv;
        let (len, weights) = (chunk.len, biases.wrapping_add(HALF_PANEL));
        let (v, m) = (points.0.as_mut_ptr().cast::<f32>(), points.1.as_mut_ptr().cast::<f32>());
        let next = V_VECTORS * S::LANES;
        let from = self.input(chunk);
        let forward = Forward { from, row, columns: len + kernel.width - 1, v, distance: next, limit };
        // SAFETY: the windows of the chunk were checked; V has room for them.
        if !s.run(unsafe { Sound::new(forward) }) {
            let filters = Filters {
                values: weights,
                next: 0,
                channels: HALF_PANEL,
                points: POINTS,
                taps: kernel.height,
                inputs: kernel.width,
            };
            // SAFETY: the weights are a panel of filters of 5x5 at most; the caller's promise.
            unsafe {
                let filters = untransformed(&filters);
                return self.multiply(s, chunk, Some(&filters), y);
            }
        }
        let products = Products::<F, V> {
            rows: POINTS,
            len,
            from: v,
            next,
            taps: Size::new(1, kernel.width),
            steps: [0, 1],
            biases: ZEROS.as_ptr(),
            weights,
            next_weights: kernel.width * HALF_PANEL,
            to: m,
        };
        // SAFETY: V has the values of the windows at all points, M has room for the products, and `y` for the results.
        unsafe {
            s.run(Sound::new(products));
            s.run(Sound::new(Back { m, y, len, filters: F, biases }));
        }
    }

    /// The first window of a chunk.
    #[inline(always)]
    fn input(&self, chunk: Chunk) -> *const f32 {
        let Planar { layer: Planar2d { conv, .. }, ws, .. } = self.0;
        ws.wrapping_add(conv.first() + chunk.top * conv.stride.height * conv.input.row + chunk.left).cast_const()
    }

    /// Stores Y of a chunk.
    ///
    /// # Safety
    ///
    /// The chunk must be in the output, and `y` hold its results.
    #[inline(always)]
    unsafe fn store<S: Simd>(&self, s: S, chunk: Chunk, y: *const f32) {
        let output = self.0.layer.conv.output;
        for r in 0..chunk.rows {
            for start in (0..chunk.len).step_by(S::LANES) {
                let start = start.min(chunk.len - S::LANES);
                let mut rows = [s.splat(0.0); F];
                // SAFETY: the caller's promise.
                unsafe {
                    for f in 0..F {
                        rows[f] = s.load(y.add((r * F + f) * chunk.len + start));
                    }
                    let to = self.0.ws.add(output.at(chunk.top + r, chunk.left + start));
                    s.store_transposed(to, output.pixel, rows, output.channels, S::LANES);
                }
            }
        }
    }

    /// Stores the pooling of each 2x2 of Y.
    ///
    /// # Safety
    ///
    /// The chunk must be in what is computed, and `y` hold its results and a vector more.
    #[inline(always)]
    unsafe fn store_pooled<S: Simd>(&self, s: S, chunk: Chunk, pooling: Pooling, y: *const f32) {
        let output = self.0.layer.conv.output;
        for r in (0..chunk.rows).step_by(2) {
            let mut rows = [s.splat(0.0); F];
            // SAFETY: the caller's promise.
            unsafe {
                for f in 0..F {
                    let above = y.add((r * F + f) * chunk.len);
                    let below = above.add(F * chunk.len);
                    let mut both = [s.splat(0.0); V];
                    for v in 0..V {
                        let at = v * S::LANES;
                        both[v] = pooling.fold(s, s.load(above.add(at)), s.load(below.add(at)));
                    }
                    let [even, odd] = s.even_and_odd(both[0], both[V - 1]);
                    rows[f] = pooling.finish(s, pooling.fold(s, even, odd));
                }
                let to = self.0.ws.add(output.at((chunk.top + r) / 2, chunk.left / 2));
                s.store_transposed(to, output.pixel, rows, output.channels, chunk.len / 2);
            }
        }
    }
}

/// Where the biases of products by Winograd's algorithm are: these are added when it is transformed back.
static ZEROS: [f32; HALF_PANEL] = [0.0; HALF_PANEL];

/// `rows` rows of `len` windows that begin next to each other, times the filters, plus the biases: `[rows][F][len]`. The
/// windows are readable, there are weights for all taps, and there is room for the products.
struct Products<const F: usize, const V: usize> {
    rows: usize,
    len: usize,
    /// The first window.
    from: *const f32,
    /// The distance to the first one of the next row.
    next: usize,
    /// The taps of a window.
    taps: Size,
    /// Their distances, in both directions.
    steps: [usize; 2],
    biases: *const f32,
    weights: *const f32,
    /// The distance to the weights of the next row, if it has some of its own.
    next_weights: usize,
    to: *mut f32,
}

impl<const F: usize, const V: usize> UnsafeKernel for Products<F, V> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        // The last vector overlaps the one before.
        let mut starts = [0; V];
        for v in 0..V {
            starts[v] = (v * S::LANES).min(self.len - S::LANES);
        }
        for r in 0..self.rows {
            let mut weights = self.weights.wrapping_add(r * self.next_weights);
            let mut sums = [[s.splat(0.0); F]; V];
            // SAFETY: as the type's description says; F is no more than a half panel.
            unsafe {
                for f in 0..F {
                    for v in 0..V {
                        sums[v][f] = s.splat(*self.biases.add(f));
                    }
                }
                for row in 0..self.taps.height {
                    for column in 0..self.taps.width {
                        let from = self.from.add(r * self.next + row * self.steps[0] + column * self.steps[1]);
                        let mut pixels = [s.splat(0.0); V];
                        for v in 0..V {
                            pixels[v] = s.load(from.add(starts[v]));
                        }
                        for f in 0..F {
                            let weight = s.splat(*weights.add(f));
                            for v in 0..V {
                                sums[v][f] = s.mul_add(pixels[v], weight, sums[v][f]);
                            }
                        }
                        weights = weights.add(HALF_PANEL);
                    }
                }
                for f in 0..F {
                    for v in 0..V {
                        s.store(self.to.add((r * F + f) * self.len + starts[v]), sums[v][f]);
                    }
                }
            }
        }
    }
}

/// Rows of the input into V. Gives whether they are within the limit. The pixels are readable, with a vector behind them,
/// and V has room.
#[derive(Clone, Copy)]
struct Forward {
    from: *const f32,
    /// The distance of two rows.
    row: usize,
    /// Pixels of a row that are needed.
    columns: usize,
    v: *mut f32,
    /// The distance of two rows of V.
    distance: usize,
    limit: Limit,
}

impl UnsafeKernel for Forward {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) -> bool {
        let Self { from, row, columns, v, distance, limit } = self;
        let mut watch = Watch::new(s, limit);
        for x in (0..columns).step_by(S::LANES) {
            // SAFETY: as the type's description says.
            unsafe {
                let mut rows = [s.splat(0.0); POINTS];
                for y in 0..POINTS {
                    rows[y] = s.load(from.add(y * row + x));
                }
                watch.look_first(s, squares(s, &rows, s.splat(0.0)), columns - x);
                for (p, values) in transform::input(s, &rows).into_iter().enumerate() {
                    s.store(v.add(p * distance + x), values);
                }
            }
        }
        watch.within(s)
    }
}

/// M into Y. M is readable, and Y has room.
#[derive(Clone, Copy)]
struct Back {
    m: *const f32,
    y: *mut f32,
    /// Pixels of a row.
    len: usize,
    filters: usize,
    /// One for each filter.
    biases: *const f32,
}

impl UnsafeKernel for Back {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Self { m, y, len, filters, biases } = self;
        let distance = filters * len;
        for f in 0..filters {
            for start in (0..len).step_by(S::LANES) {
                let at = f * len + start.min(len - S::LANES);
                // SAFETY: as the type's description says.
                unsafe {
                    let bias = s.splat(*biases.add(f));
                    let mut values = [s.splat(0.0); POINTS];
                    for p in 0..POINTS {
                        values[p] = s.load(m.add(p * distance + at));
                    }
                    for (r, row) in transform::output::<S, 4, POINTS>(s, &values).into_iter().enumerate() {
                        s.store(y.add(r * distance + at), s.add(row, bias));
                    }
                }
            }
        }
    }
}
