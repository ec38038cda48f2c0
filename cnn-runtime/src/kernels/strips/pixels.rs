//! Vectors over pixels, for a single input channel and few filters.
//!
//! If filters are 5 high, Winograd's algorithm is F(4 x 1, 5 x 5): 8 products take the place of 20 for each column of a filter. For
//! kernels of 3x3 not even the transforms of one direction are worth it: then, and where rows are far apart, sums are as they
//! are written down.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use super::tile::Back;
use super::{Chunk, Lanes, Scratch, StripLayer, Strips, computed};
use crate::exec::run::{Run, nanos_of_macs};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::{Epilogue, Pooling};
use crate::kernels::transform::direct::{Filters, untransformed};
use crate::kernels::transform::range::Limit;
use crate::pack::{ColumnPanels, HALF_PANEL, Layout, PANEL};
use crate::place::bounds::{Checked, Reach, assert_product, weights_at};
use crate::place::map::Map;
use crate::simd::{Simd, Sound, UnsafeKernel};
use cnn_net::op::{Conv, Padding, Size};
use cnn_net::record;

/// A convolution of few filters over a map with a single channel, perhaps with the 2x2 pooling of its results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planar2d {
    /// What it computes. Nothing lies between the pixels of the input, the stride is 1 in a row, the output is at least
    /// [`PANEL`] pixels wide and has at most [`HALF_PANEL`] channels, and no residual is added.
    pub conv: Conv2d,
    /// Rows of the output that Winograd's algorithm computes at once: 4, if the kernel is 5 high and at most 5 wide, and zeros lie
    /// around the input as far as such strips reach ([`halo`](Self::halo)). Or 1, where sums are as they are written down.
    pub tile: usize,
    /// The pooling of each 2x2 results, if not all are stored: the output is then half as high and wide.
    pub pool: Option<Pooling>,
}

record! { Planar2d(conv: Conv2d) { tile: usize = 1, pool: Option<Pooling> = None } }
kernel_call! { Planar2d = planar2d, output: conv.output, weights: conv.weights, algorithm: Planar2d::algorithm }

impl Planar2d {
    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Columns(self.panels())
    }

    /// How it computes.
    #[cfg(feature = "alloc")]
    fn algorithm(&self) -> alloc::string::String {
        match self.tile {
            1 => "direct".into(),
            tile => alloc::format!("F({tile}x1, {})", self.conv.kernel),
        }
    }

    /// Whether there is such a kernel for a convolution of `inputs` channels, with an output of this size.
    #[must_use]
    pub const fn fits(conv: &Conv, inputs: usize, output: Size) -> bool {
        inputs == 1 && conv.filters <= HALF_PANEL && conv.stride.width == 1 && output.width >= PANEL
    }

    /// The zeros that it reads around an input of this size, for a computed output of that.
    #[must_use]
    pub const fn halo(conv: &Conv, input: Size, output: Size, tile: usize) -> Padding {
        Conv2d::halo(conv, input, Size::new(output.height.next_multiple_of(tile), output.width))
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn panels(&self) -> ColumnPanels {
        ColumnPanels { outputs: self.conv.output.channels, inputs: 1, kernel: self.conv.kernel, tile: self.tile }
    }

    /// Rows of a strip: those of a tile, or two, which are pooled together.
    const fn strip(&self) -> usize {
        if self.tile == 1 { 2 } else { self.tile }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is no such kernel; if windows begin before the workspace; if the output overlaps what is read.
    pub const fn check(self) -> Checked<Self> {
        let Conv2d { input, output, kernel, stride, dilation, groups, residual, .. } = self.conv;
        assert!(groups == 1 && stride.width == 1 && residual.is_none(), "no convolution of few filters over a plane");
        assert_product(&[output.height, output.width, 4]);
        assert_product(&[kernel.height, kernel.width, HALF_PANEL]);
        let Size { height, width } = computed(&self.conv.output, self.pool);
        let plane = input.channels == 1 && input.pixel == 1 && output.channels <= HALF_PANEL;
        assert!(plane && width >= PANEL, "no convolution of few filters over a plane");
        let dense = stride.height == 1 && dilation.height == 1 && dilation.width == 1;
        let winograd = dense && self.tile == 4 && kernel.height == 5 && kernel.width <= 5;
        assert!(self.tile == 1 || winograd, "there is no algorithm for these tiles");
        let windows = self.conv.windows(height.next_multiple_of(self.tile), width, kernel);
        Checked::new(self, Reach::to(&output).reads(windows.spilling()))
    }
}

/// Convolves a map with a single channel, and pools the result; the weights are [`ColumnPanels`].
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn planar2d(run: Run<'_>, layer: &Checked<Planar2d>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let panels = layer.panels();
    let weights = weights_at(weights, layer.conv.weights, [HALF_PANEL, panels.rows() * panels.kernel.width + 1]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { planar2d_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` half a panel of biases and of each tap.
unsafe fn planar2d_in(run: Run<'_>, layer: &Planar2d, weights: *const f32, ws: *mut f32) {
    let Planar2d { conv, tile, pool } = layer;
    let Size { height, width } = computed(&conv.output, *pool);
    let work = nanos_of_macs([height, width, HALF_PANEL, conv.kernel.area()]);
    let epilogue = Epilogue::over_stored(conv.activation).pooling(*pool);
    let rows = [layer.strip(); 2];
    let layer = StripLayer { conv, epilogue, rows, transformed: *tile > 1, parts: usize::MAX, weights, ws };
    // SAFETY: the caller's promise; partitions are strips of the output, which is not the input.
    unsafe {
        match conv.output.channels {
            // As many vectors of pixels as leave registers: F * V accumulators, V pixels, a weight.
            0..=4 => run.split(work, |partition| Strips::new(layer, Pixels::<4, 2>, partition)),
            5..=6 => run.split(work, |partition| Strips::new(layer, Pixels::<6, 2>, partition)),
            _ => run.split(work, |partition| Strips::new(layer, Pixels::<8, 1>, partition)),
        }
    }
}

/// Rows of the output in a tile.
const M: usize = 4;
/// Products for a column of a tile.
const N: usize = 8;
/// Vectors of pixels of a row of V: a chunk, and the columns of a kernel that reach over it.
const V_VECTORS: usize = 3;
/// The most vectors of a chunk, for all filters.
const CHUNK_VECTORS: usize = 12;

/// Up to `F` filters, in chunks of up to `V` vectors of pixels.
#[derive(Clone, Copy)]
struct Pixels<const F: usize, const V: usize>;

/// V, M and results.
pub(super) struct PixelStack<S: Simd> {
    v: [S::Vec; V_VECTORS * N],
    m: [S::Vec; CHUNK_VECTORS * N],
    /// Pooling may load a vector that ends after the last row, and drop those lanes.
    y: [S::Vec; CHUNK_VECTORS * M + 1],
}

impl<const F: usize, const V: usize> Lanes for Pixels<F, V> {
    type Stack<S: Simd> = PixelStack<S>;

    #[inline(always)]
    fn chunk<S: Simd>(width: usize) -> usize {
        width.min(V * S::LANES)
    }

    #[inline(always)]
    unsafe fn scratch<S: Simd>(&self, s: S, layer: &StripLayer<'_>, _: usize, stack: *mut PixelStack<S>) -> Scratch {
        let len = Self::chunk::<S>(computed(&layer.conv.output, layer.epilogue.pool()).width);
        // SAFETY: the caller's promise.
        unsafe {
            (&raw mut (*stack).y).write([s.splat(0.0); _]);
            Scratch {
                v: ((&raw mut (*stack).v).cast(), V_VECTORS * S::LANES),
                m: ((&raw mut (*stack).m).cast(), F * len),
                y: (&raw mut (*stack).y).cast(),
            }
        }
    }

    /// Rows of filters.
    #[inline(always)]
    fn results(&self, chunk: &Chunk<'_>) -> (*mut f32, Map) {
        (chunk.scratch.y, Map::dense(0, chunk.rows, F, chunk.len))
    }

    #[inline(always)]
    unsafe fn tile<S: Simd>(&self, s: S, chunk: &Chunk<'_>, row: usize, limit: Option<Limit>) {
        let StripLayer { conv: Conv2d { kernel, .. }, weights: biases, .. } = *chunk.layer;
        let (weights, Scratch { v, m, .. }) = (biases.wrapping_add(HALF_PANEL), chunk.scratch);
        // SAFETY: the caller's promise; the weights are half a panel of filters, of 5x5 at most if they were transformed.
        unsafe {
            let Some(limit) = limit else { return self.multiply(s, chunk, weights) };
            if !chunk.forward::<S, N>(s, row, limit) {
                let inputs = kernel.width;
                let filters =
                    Filters { values: weights, next: 0, channels: HALF_PANEL, points: N, taps: N + 1 - M, inputs };
                return self.multiply(s, chunk, untransformed(&filters).as_ptr().cast());
            }
            let products = PixelProducts::<F, V> {
                rows: N,
                len: chunk.len,
                from: (v.0, v.1),
                taps: Size::new(1, kernel.width),
                steps: [0, 1],
                biases: ZEROS.as_ptr(),
                weights: (weights, kernel.width * HALF_PANEL),
                to: m.0,
            };
            s.run(Sound::new(products));
            let (to, results) = self.results(chunk);
            let back = Back::<true, M, N> {
                m: (m.0, m.1, chunk.len),
                directly: false,
                biases: (biases, 0),
                epilogue: chunk.layer.epilogue,
                to,
                results,
            };
            s.run(Sound::new(back));
        }
    }

    #[inline(always)]
    unsafe fn store<S: Simd>(&self, s: S, chunk: &Chunk<'_>) {
        let Conv2d { output, .. } = chunk.layer.conv;
        let pool = chunk.layer.epilogue.pool();
        // All pixels of a row become a vector if they are pooled.
        let (window, step) = if pool.is_some() { (2, V * S::LANES) } else { (1, S::LANES) };
        for row in (0..chunk.rows).step_by(window) {
            for start in (0..chunk.len).step_by(step) {
                let start = if pool.is_some() { start } else { start.min(chunk.len - S::LANES) };
                let mut filters = [s.splat(0.0); F];
                // SAFETY: the caller's promise; the results are followed by a vector.
                unsafe {
                    for (f, results) in filters.iter_mut().enumerate() {
                        let from = chunk.scratch.y.add((row * F + f) * chunk.len + start).cast_const();
                        *results = match pool {
                            Some(pooling) => Self::pooled(s, pooling, from, F * chunk.len),
                            None => s.load(from),
                        };
                    }
                    let to = chunk.output((chunk.top + row) / window, (chunk.left + start) / window);
                    s.store_transposed(to, output.pixel, filters, output.channels, step.min(chunk.len) / window);
                }
            }
        }
    }
}

impl<const F: usize, const V: usize> Pixels<F, V> {
    /// The results of a chunk as products with filters.
    ///
    /// # Safety
    ///
    /// The chunk must be one of a layer with up to `F` filters.
    #[inline(always)]
    unsafe fn multiply<S: Simd>(&self, s: S, chunk: &Chunk<'_>, weights: *const f32) {
        let Conv2d { input: Map { row, .. }, kernel, stride, dilation, .. } = chunk.layer.conv;
        let products = PixelProducts::<F, V> {
            rows: chunk.rows,
            len: chunk.len,
            from: (chunk.input(0), stride.height * row),
            taps: *kernel,
            steps: [dilation.height * row, dilation.width],
            biases: chunk.layer.weights,
            weights: (weights, 0),
            to: chunk.scratch.y,
        };
        // SAFETY: the caller's promise; the windows of all that is computed were checked.
        s.run(unsafe { Sound::new(products) });
    }

    /// The pooling of each 2x2 results of two rows, `below` apart.
    ///
    /// # Safety
    ///
    /// `V` vectors of each row must be readable.
    #[inline(always)]
    unsafe fn pooled<S: Simd>(s: S, pooling: Pooling, row: *const f32, below: usize) -> S::Vec {
        let mut both = [s.splat(0.0); V];
        for (v, both) in both.iter_mut().enumerate() {
            let at = row.wrapping_add(v * S::LANES);
            // SAFETY: the caller's promise.
            *both = unsafe { pooling.fold(s, s.load(at), s.load(at.add(below))) };
        }
        let [even, odd] = s.even_and_odd(both[0], both[V - 1]);
        pooling.finish(s, pooling.fold(s, even, odd))
    }
}

/// Where the biases of products by Winograd's algorithm are: these are added when it is transformed back.
static ZEROS: [f32; HALF_PANEL] = [0.0; HALF_PANEL];

/// `rows` rows of `len` windows that begin next to each other, times the filters, plus the biases: `[rows][F][len]`. The
/// windows are readable, there are weights for all taps, and there is room for the products.
struct PixelProducts<const F: usize, const V: usize> {
    rows: usize,
    len: usize,
    /// The first window, and the distance to the first one of the next row.
    from: (*const f32, usize),
    /// The taps of a window.
    taps: Size,
    /// Their distances, in both directions.
    steps: [usize; 2],
    biases: *const f32,
    /// The distance between those of two rows is 0 where they are the same.
    weights: (*const f32, usize),
    to: *mut f32,
}

impl<const F: usize, const V: usize> UnsafeKernel for PixelProducts<F, V> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        // The last vector overlaps the previous one.
        let mut starts = [0; V];
        for v in 0..V {
            starts[v] = (v * S::LANES).min(self.len - S::LANES);
        }
        for r in 0..self.rows {
            let mut weights = self.weights.0.wrapping_add(r * self.weights.1);
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
                        let from = self.from.0.add(r * self.from.1 + row * self.steps[0] + column * self.steps[1]);
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
