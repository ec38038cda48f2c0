//! Vectors over channels, with the products of the micro-kernel.
//!
//! Over six channels, sums are short compared with the transforms of tiles in both directions. F(5 x 1, 5 x 5) leaves 9 of 25
//! products for each column of a filter, and a sum is over the columns too: 30 terms.

use super::tile::Back;
use super::{Chunk, Lanes, Scratch, StripLayer, Strips, computed};
use crate::exec::run::{Run, nanos_of_macs};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::Pooling;
use crate::kernels::gemm::{Products, Width, multiply};
use crate::kernels::transform::direct::{self, Filters};
use crate::kernels::transform::range::Limit;
use crate::pack::{ColumnPanels, HALF_PANEL, Layout, PANEL, padded};
use crate::place::bounds::{Checked, Reach, assert_product, weights_at};
use crate::place::map::Map;
use crate::simd::{Simd, Sound};
use cnn_net::op::{Conv, Padding, Size};
use cnn_net::record;

/// Rows of the output in a tile.
const M: usize = 5;
/// Products for a column of a tile.
const N: usize = 9;

/// How many threads can compute at once, each in its own scratch memory, if there are at least that many strips.
const PARTS: usize = 2;

/// A convolution by Winograd's algorithm along the columns, F(5 x 1, 5 x w), perhaps with a 2x2 pooling of its results.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Columns2d {
    /// What it computes. The kernel is 5 high, strides and dilations are 1, there is one group and no residual, nothing lies
    /// between the pixels of the input, and zeros lie around it as far as tiles reach ([`halo`](Self::halo)).
    pub conv: Conv2d,
    /// The pooling of each 2x2 results, if not all are stored: the output is then half as high and wide.
    pub pool: Option<Pooling>,
    /// Where scratch memory begins: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

record! { Columns2d(conv: Conv2d) { scratch: usize = 0, pool: Option<Pooling> = None } }
kernel_call! { Columns2d = columns2d, output: conv.output, weights: conv.weights, algorithm: Columns2d::algorithm }

impl Columns2d {
    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Columns(self.panels())
    }

    /// Which of Winograd's algorithms it is.
    #[cfg(feature = "alloc")]
    fn algorithm(&self) -> alloc::string::String {
        alloc::format!("F({M}x1, {})", self.conv.kernel)
    }

    /// Whether there is such an algorithm for a convolution.
    #[must_use]
    pub fn fits(conv: &Conv) -> bool {
        let plain = conv.groups == 1 && conv.stride == Size::square(1) && conv.dilation == Size::square(1);
        plain && conv.kernel.height == N + 1 - M
    }

    /// The zeros that it reads around an input of this size, for a computed output of that.
    #[must_use]
    pub const fn halo(conv: &Conv, input: Size, output: Size) -> Padding {
        Conv2d::halo(conv, input, Size::new(output.height.next_multiple_of(M), output.width))
    }

    /// Floats of scratch memory for weights packed in this way and a computed output of this size, which may be pooled.
    #[must_use]
    pub const fn scratch_floats(panels: &ColumnPanels, output: Size, pooled: bool) -> usize {
        parts(output, pooled) * Regions::new(panels, output.width, pooled).len
    }

    /// Floats of scratch memory.
    #[must_use]
    pub const fn scratch_len(&self) -> usize {
        Self::scratch_floats(&self.panels(), computed(&self.conv.output, self.pool), self.pool.is_some())
    }

    /// How the weights of a convolution of `inputs` channels are packed.
    #[must_use]
    pub const fn panels_of(conv: &Conv, inputs: usize) -> ColumnPanels {
        ColumnPanels { outputs: conv.filters, inputs, kernel: conv.kernel, tile: M }
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn panels(&self) -> ColumnPanels {
        let Conv2d { input, output, kernel, .. } = &self.conv;
        ColumnPanels { outputs: output.channels, inputs: input.channels, kernel: *kernel, tile: M }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is no such kernel; if windows begin before the workspace; if the output, what is read and scratch memory
    /// overlap.
    pub const fn check(self) -> Checked<Self> {
        let Conv2d { input, output, kernel, stride, dilation, groups, residual, .. } = self.conv;
        let steps = stride.height == 1 && stride.width == 1 && dilation.height == 1 && dilation.width == 1;
        assert!(groups == 1 && steps && residual.is_none(), "no convolution along columns");
        assert!(kernel.height == N + 1 - M && input.pixel == input.channels, "no convolution along columns");
        let reach = Reach::to(&output);
        assert_product(&[input.channels, 2]);
        // V, M and Y, with room between their parts.
        assert_product(&[4 * N, 2, output.width, output.channels + PANEL]);
        assert_product(&[output.height, 4]);
        assert_product(&[kernel.width, 2]);
        assert_product(&[4 * N, input.channels + PANEL, 2]);
        assert_product(&[4 * N, 2 * output.width + kernel.width, input.channels + PANEL]);
        let Size { height, width } = computed(&output, self.pool);
        let windows = self.conv.windows(height.next_multiple_of(M), width, kernel);
        let reach = reach.scratch(self.scratch, self.scratch_len());
        Checked::new(self, reach.reads(windows.spilling()))
    }
}

/// Rows of a strip: those of a tile, or of two, which can be pooled in pairs.
const fn strip(pooled: bool) -> usize {
    if pooled { 2 * M } else { M }
}

/// Scratch memory of a strip.
#[derive(Clone, Copy)]
struct Regions {
    /// The distance of two points in V.
    v: usize,
    /// Where M begins, and the distance of two points in it.
    m: [usize; 2],
    /// Where Y, the results that are pooled, begins.
    y: usize,
    len: usize,
}

impl Regions {
    const fn new(panels: &ColumnPanels, width: usize, pooled: bool) -> Self {
        // Not multiples of 4 KiB apart, or the points would compete for the same lines of L1.
        let v = padded((width + panels.kernel.width - 1) * panels.inputs) + PANEL;
        let m = width * padded(panels.outputs) + PANEL;
        let y = N * (v + m);
        let results = if pooled { padded(strip(pooled) * width * panels.outputs) + PANEL } else { 0 };
        Self { v, m: [N * v, m], y, len: y + results }
    }
}

/// Into how many parts a computed output of this size can be divided.
const fn parts(output: Size, pooled: bool) -> usize {
    let strips = output.height.div_ceil(strip(pooled));
    if strips < PARTS { strips } else { PARTS }
}

/// Convolves a map, and perhaps pools the result; the weights are [`ColumnPanels`].
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn columns2d(run: Run<'_>, layer: &Checked<Columns2d>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let panels = layer.panels();
    let len = N * panels.kernel.width * panels.inputs + 1;
    let weights = weights_at(weights, layer.conv.weights, [panels.outputs.next_multiple_of(HALF_PANEL), len]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { columns2d_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` a panel for each 16 or last 8 outputs.
unsafe fn columns2d_in(run: Run<'_>, layer: &Columns2d, weights: *const f32, ws: *mut f32) {
    let (Columns2d { conv, pool, scratch }, panels) = (layer, layer.panels());
    let computed = computed(&conv.output, *pool);
    let work = nanos_of_macs([computed.height, computed.width, panels.outputs, 2, panels.kernel.width * panels.inputs]);
    let layer = StripLayer {
        conv,
        epilogue: conv.epilogue().pooling(*pool),
        rows: [M, strip(pool.is_some())],
        transformed: true,
        parts: parts(computed, pool.is_some()),
        weights,
        ws,
    };
    let channels = Channels { scratch: *scratch, regions: Regions::new(&panels, computed.width, pool.is_some()) };
    // SAFETY: the caller's promise; partitions are strips of the output, which is not the input, each with its own scratch
    // memory.
    unsafe { run.split(work, |partition| Strips::new(layer, channels, partition)) };
}

/// All output channels, panel by panel.
#[derive(Clone, Copy)]
struct Channels {
    /// Where the scratch memory of the first partition begins in the workspace.
    scratch: usize,
    regions: Regions,
}

impl Lanes for Channels {
    type Stack<S: Simd> = ();

    #[inline(always)]
    fn chunk<S: Simd>(width: usize) -> usize {
        width
    }

    #[inline(always)]
    unsafe fn scratch<S: Simd>(&self, _: S, layer: &StripLayer<'_>, part: usize, _: *mut ()) -> Scratch {
        let Regions { v, m, y, len } = self.regions;
        let start = layer.ws.wrapping_add(self.scratch + part * len);
        Scratch { v: (start, v), m: (start.wrapping_add(m[0]), m[1]), y: start.wrapping_add(y) }
    }

    /// Rows of the output, or of Y.
    #[inline(always)]
    fn results(&self, chunk: &Chunk<'_>) -> (*mut f32, Map) {
        let (output, rows) = (&chunk.layer.conv.output, chunk.top..chunk.top + chunk.rows);
        match chunk.layer.epilogue.pool() {
            None => (chunk.layer.ws, output.band(&rows)),
            Some(_) => (chunk.scratch.y, Map::dense(0, chunk.rows, chunk.len, output.channels)),
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd>(&self, s: S, chunk: &Chunk<'_>, row: usize, limit: Option<Limit>) {
        let StripLayer { conv, epilogue, weights, .. } = *chunk.layer;
        let (inputs, outputs) = (conv.input.channels, conv.output.channels);
        let (Scratch { v, m, .. }, depth) = (chunk.scratch, conv.kernel.width * inputs);
        let panel_len = N * depth + 1;
        let (to, results) = self.results(chunk);
        // SAFETY: the caller's promise.
        let directly = limit.is_some_and(|limit| unsafe { !chunk.forward::<S, N>(s, row, limit) });
        let mut channel = 0;
        while channel < outputs {
            let width = Width::of::<S>(outputs - channel);
            let biases = (weights.wrapping_add(channel * panel_len), PANEL * panel_len);
            let products = Products {
                count: N,
                len: chunk.len,
                depth,
                width,
                rows: (v.0.cast_const(), inputs, v.1),
                // After the biases.
                weights: (biases.0.wrapping_add(width.channels().min(PANEL)), biases.1),
                to: *m,
            };
            let channels = width.channels().min(outputs - channel);
            let offset = results.offset + row * results.row + channel;
            let back = Back::<false, M, N> {
                m: (m.0, m.1, width.channels()),
                directly,
                biases,
                epilogue,
                to,
                results: Map { offset, height: chunk.rows - row, channels, ..results },
            };
            // SAFETY: V has a window for each pixel at each point, M has room for the panel; a panel has a bias, and then the
            // transformed filters of all points; the results lie in the output or in Y.
            unsafe {
                multiply(s, &products);
                if directly {
                    replace(s, chunk.input(row), conv, &products);
                }
                let back = Sound::new(back);
                if width == Width::Half {
                    s.half().run(back);
                } else {
                    s.run(back);
                }
            }
            channel += channels;
        }
    }

    #[inline(always)]
    unsafe fn store<S: Simd>(&self, s: S, chunk: &Chunk<'_>) {
        let Some(pooling) = chunk.layer.epilogue.pool() else { return };
        let (y, results) = self.results(chunk);
        for row in (0..chunk.rows).step_by(2) {
            for x in (0..chunk.len).step_by(2) {
                let to = chunk.output((chunk.top + row) / 2, x / 2);
                for channel in (0..results.channels).step_by(S::LANES) {
                    let at = |row, x| y.wrapping_add(results.at(row, x) + channel).cast_const();
                    // SAFETY: the pixel is in the output, and those of Y are followed by a vector.
                    unsafe {
                        let above = pooling.fold(s, s.load(at(row, x)), s.load(at(row, x + 1)));
                        let below = pooling.fold(s, s.load(at(row + 1, x)), s.load(at(row + 1, x + 1)));
                        let pooled = pooling.finish(s, pooling.fold(s, above, below));
                        s.store_first(to.add(channel), pooled, results.channels - channel);
                    }
                }
            }
        }
    }
}

/// Replaces M of a panel by the results themselves, before the bias: those of row y are where the values at point y were.
///
/// # Safety
///
/// The input of a tile must be readable at `from`, the products be those of the tile, and M have room for them.
#[cold]
#[inline(never)]
unsafe fn replace<S: Simd>(s: S, from: *const f32, conv: &Conv2d, products: &Products) {
    let Map { row, channels, .. } = conv.input;
    let (filters, size) = (Filters::of(products, N, N + 1 - M), Size::new(M, products.len));
    let strip = direct::DirectRows { filters, from, row, channels, size, to: products.to };
    // SAFETY: the caller's promise.
    s.run(unsafe { Sound::new(strip) });
}
