//! Winograd's algorithm along the columns alone, for few channels: the second layers of nets for digits.
//!
//! Over six channels, sums are short beside the transforms of tiles in both directions. F(5 x 1, 5 x 5) leaves 9 products of
//! 25 for each column of a filter, and a sum is over the columns too: 30 terms. Its transform is one of whole rows, since it
//! does not mix pixels, whatever the number of channels is.
//!
//! ```text
//! strips of 5 rows of the output, or of 10 if it is pooled
//!   tiles of 5 rows
//!     transform the rows                             V [9][pixels][channels]
//!     panels of output channels
//!       9 products with the micro-kernel             M [9][pixels][panel], or directly, beyond the limit of `range`
//!       transform back, add the bias, clamp          into the output, or Y [10][pixels][channels]
//!   any other activation, in place
//!   the mean or the largest of each 2x2 of Y
//! ```
//!
//! A window is contiguous in V, as it is in the input.

mod back;

use self::back::Back;
use super::direct::{self, Filters};
use super::range::{Limit, Watch, squares};
use super::transform;
use crate::exec::run::{Run, Share, macs};
use crate::kernels::activation::{Apply, Finish};
use crate::kernels::conv::{Conv2d, Pooling};
use crate::kernels::gemm::{Products, Width, multiply};
use crate::pack::{ColumnPanels, HALF_PANEL, Layout, PANEL, padded};
use crate::place::bounds::{Checked, Reach, assert_product, weights_at};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, Sound};
use cnn_net::op::{Conv, Padding, Size};
use cnn_net::record;

/// Rows of the output in a tile.
const M: usize = 5;
/// Products for a column of a tile.
const N: usize = 9;
/// How many threads can compute at once, each in scratch memory of its own, if there are as many strips.
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

/// Where the parts of a strip's scratch memory begin, and how long it is.
struct Scratch {
    /// The distance of two points in V.
    v: usize,
    /// Where M begins, and the distance of two points in it.
    m: [usize; 2],
    /// Where Y begins.
    y: usize,
    len: usize,
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
    pub fn fits(conv: &Conv) -> bool {
        let plain = conv.groups == 1 && conv.stride == Size::square(1) && conv.dilation == Size::square(1);
        plain && conv.kernel.height == N + 1 - M
    }

    /// The zeros that it reads around an input of this size, for a computed output of that.
    pub const fn halo(conv: &Conv, input: Size, output: Size) -> Padding {
        Conv2d::halo(conv, input, Size::new(output.height.next_multiple_of(M), output.width))
    }

    /// Floats of scratch memory for weights that are packed so, and a computed output of this size, which may be pooled.
    pub const fn scratch_floats(panels: &ColumnPanels, output: Size, pooled: bool) -> usize {
        parts(output, pooled) * Scratch::new(panels, output.width, pooled).len
    }

    /// Floats of scratch memory.
    pub const fn scratch_len(&self) -> usize {
        Self::scratch_floats(&self.panels(), self.computed(), self.pool.is_some())
    }

    /// How the weights of a convolution of so many channels are packed.
    pub const fn panels_of(conv: &Conv, inputs: usize) -> ColumnPanels {
        ColumnPanels { outputs: conv.filters, inputs, kernel: conv.kernel, tile: M }
    }

    /// How its weights are packed.
    pub const fn panels(&self) -> ColumnPanels {
        let Conv2d { input, output, kernel, .. } = &self.conv;
        ColumnPanels { outputs: output.channels, inputs: input.channels, kernel: *kernel, tile: M }
    }

    /// What is computed: the size of the output, or twice that if it is pooled.
    const fn computed(&self) -> Size {
        let Map { height, width, .. } = self.conv.output;
        if self.pool.is_some() { Size::new(2 * height, 2 * width) } else { Size::new(height, width) }
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
        assert_product(&[4 * N, input.channels + PANEL, 2]);
        let windows = self.conv.windows(self.computed().height.next_multiple_of(M), self.computed().width, kernel);
        let line = [4 * N, 2 * output.width + kernel.width, input.channels + PANEL];
        assert_product(&line);
        let reach = reach.scratch(self.scratch, self.scratch_len());
        Checked::new(self, reach.reads(windows.spilling()))
    }
}

/// Rows of a strip: those of a tile, or of two, which can be pooled in pairs.
const fn strip(pooled: bool) -> usize {
    if pooled { 2 * M } else { M }
}

/// In how many parts a computed output of this size can be shared.
const fn parts(output: Size, pooled: bool) -> usize {
    let strips = output.height.div_ceil(strip(pooled));
    if strips < PARTS { strips } else { PARTS }
}

impl Scratch {
    const fn new(panels: &ColumnPanels, width: usize, pooled: bool) -> Self {
        // Not multiples of 4 KiB apart, or the points would compete for the same lines of L1.
        let v = padded((width + panels.kernel.width - 1) * panels.inputs) + PANEL;
        let m = width * padded(panels.outputs) + PANEL;
        let y = N * (v + m);
        let results = if pooled { padded(strip(pooled) * width * panels.outputs) + PANEL } else { 0 };
        Self { v, m: [N * v, m], y, len: y + results }
    }
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
    let Size { height, width } = layer.computed();
    let panels = layer.panels();
    let work = macs([height, width, panels.outputs, 2, panels.kernel.width * panels.inputs]);
    // SAFETY: the caller's promise; shares are strips of the output, which is not the input, each with scratch memory of its
    // own.
    unsafe { run.split(work, |share| Columns::new(layer, weights, ws, share)) };
}

/// A share of a convolution.
struct Columns<'a> {
    layer: &'a Columns2d,
    /// Terms of a sum.
    depth: usize,
    weights: *const f32,
    ws: *mut f32,
    share: Share,
}

impl<'a> Columns<'a> {
    /// # Safety
    ///
    /// As for [`columns2d_in`]; other threads have other shares.
    unsafe fn new(layer: &'a Columns2d, weights: *const f32, ws: *mut f32, share: Share) -> Self {
        let panels = layer.panels();
        Self { layer, depth: panels.kernel.width * panels.inputs, weights, ws, share }
    }
}

impl Kernel for Columns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (computed, pooled) = (self.layer.computed(), self.layer.pool.is_some());
        let Some(share) = self.share.at_most(parts(computed, pooled)) else { return };
        let scratch = Scratch::new(&self.layer.panels(), computed.width, pooled);
        let start = self.ws.wrapping_add(self.layer.scratch + share.index * scratch.len);
        let most = strip(pooled);
        // SAFETY: whoever made this has checked the input.
        let limit = unsafe { Limit::of(&self.layer.conv.input, self.ws) };
        for strip in share.of(computed.height.div_ceil(most)) {
            let top = strip * most;
            let strip = Strip { columns: &self, scratch: &scratch, start, top, rows: most.min(computed.height - top) };
            // SAFETY: whoever made this has checked the input, the output, the weights and the scratch memory.
            unsafe {
                for tile in (0..strip.rows).step_by(M) {
                    let within = strip.transform(s, tile, limit);
                    strip.channels(s, tile, !within);
                }
                strip.pass(s);
                if let Some(pooling) = self.layer.pool {
                    strip.pool(s, pooling);
                }
            }
        }
    }
}

/// Some rows of the output.
#[derive(Clone, Copy)]
struct Strip<'a> {
    columns: &'a Columns<'a>,
    scratch: &'a Scratch,
    /// The scratch memory.
    start: *mut f32,
    /// The first row.
    top: usize,
    /// How many are inside of the output.
    rows: usize,
}

/// The functions that are not safe need all that a layer names.
impl Strip<'_> {
    /// Pixels of a row.
    #[inline(always)]
    fn width(&self) -> usize {
        self.columns.layer.computed().width
    }

    /// The input of a tile, which is told by its first row, into V. Gives whether it is within the limit.
    #[inline(always)]
    unsafe fn transform<S: Simd>(&self, s: S, tile: usize, limit: Limit) -> bool {
        let Columns { layer: Columns2d { conv, .. }, ws, .. } = *self.columns;
        let floats = (self.width() + conv.kernel.width - 1) * conv.input.channels;
        let from = ws.wrapping_add(conv.first() + (self.top + tile) * conv.input.row).cast_const();
        let mut watch = Watch::new(s, limit);
        for at in (0..floats).step_by(S::LANES) {
            let mut values = [s.splat(0.0); N];
            for (y, value) in values.iter_mut().enumerate() {
                // SAFETY: the caller's promise; a vector is behind the input.
                *value = unsafe { s.load(from.add(y * conv.input.row + at)) };
            }
            watch.look_first(s, squares(s, &values, s.splat(0.0)), floats - at);
            let values = transform::input(s, &values);
            for (point, value) in values.into_iter().enumerate() {
                // SAFETY: V has room for whole panels of a row at each point.
                unsafe { s.store(self.start.add(point * self.scratch.v + at), value) };
            }
        }
        watch.within(s)
    }

    /// From V on, or `directly`, panel by panel, into the output or Y.
    #[inline(always)]
    unsafe fn channels<S: Simd>(&self, s: S, tile: usize, directly: bool) {
        let outputs = self.columns.layer.conv.output.channels;
        let panel_len = N * self.columns.depth + 1;
        let mut channel = 0;
        while channel < outputs {
            let width = Width::of::<S>(outputs - channel);
            let weights = self.columns.weights.wrapping_add(channel * panel_len);
            let products = Products {
                count: N,
                len: self.width(),
                depth: self.columns.depth,
                width,
                rows: (self.start.cast_const(), self.columns.layer.conv.input.channels, self.scratch.v),
                // Behind the biases.
                weights: (weights.wrapping_add(width.channels().min(PANEL)), PANEL * panel_len),
                to: (self.start.wrapping_add(self.scratch.m[0]), self.scratch.m[1]),
            };
            // SAFETY: V has a window for each pixel at each point, M has room for the panel; a panel has a bias, and then the
            // transformed filters of all points.
            unsafe { multiply(s, &products) };
            if directly {
                // SAFETY: the caller's promise.
                unsafe { self.replace(s, tile, &products) };
            }
            let channels = width.channels().min(outputs - channel);
            let back = Back {
                strip: *self,
                tile,
                weights,
                next: PANEL * panel_len,
                channel,
                channels,
                width: width.channels(),
                directly,
            };
            // SAFETY: M has the products of the panel, or its results.
            let back = unsafe { Sound::new(back) };
            if width == Width::Half {
                s.half().run(back);
            } else {
                s.run(back);
            }
            channel += channels;
        }
    }

    /// Replaces M of a panel by the results themselves, before the bias: those of row y are where the values at point y were.
    #[cold]
    #[inline(never)]
    unsafe fn replace<S: Simd>(&self, s: S, tile: usize, products: &Products) {
        let Columns { layer, ws, .. } = *self.columns;
        let Map { row, channels, .. } = layer.conv.input;
        let from = ws.wrapping_add(layer.conv.first() + (self.top + tile) * row).cast_const();
        let (filters, size) = (Filters::of(products, N, N + 1 - M), Size::new(M, self.width()));
        let strip = direct::Strip { filters, from, row, channels, size, to: products.to };
        // SAFETY: the tile's input lies in the workspace, the filters are those of the products, and M has room for the results.
        s.run(unsafe { Sound::new(strip) });
    }

    /// Where a pixel's results go: into the output, or Y.
    #[inline(always)]
    fn result(&self, y: usize, x: usize) -> *mut f32 {
        let Columns { layer: Columns2d { conv: Conv2d { output, .. }, pool, .. }, ws, .. } = self.columns;
        match pool {
            None => ws.wrapping_add(output.at(self.top + y, x)),
            Some(_) => self.start.wrapping_add(self.scratch.y + (y * self.width() + x) * output.channels),
        }
    }

    /// Applies what remains of the activation.
    #[inline(always)]
    unsafe fn pass<S: Simd>(&self, s: S) {
        let Columns2d { conv: Conv2d { output, activation, .. }, pool, .. } = self.columns.layer;
        let Some(activation) = Finish::of(*activation).pass else { return };
        // Pixels next to each other are as one with many channels.
        let together = if pool.is_some() || output.pixel == output.channels { self.width() } else { 1 };
        for y in 0..self.rows {
            for x in (0..self.width()).step_by(together.max(1)) {
                // SAFETY: these are results, which lie in the output or in Y.
                unsafe { s.run(Apply::in_place(activation, self.result(y, x), together * output.channels)) };
            }
        }
    }

    /// Y into the output.
    #[inline(always)]
    unsafe fn pool<S: Simd>(&self, s: S, pooling: Pooling) {
        let output = &self.columns.layer.conv.output;
        for y in (0..self.rows).step_by(2) {
            for x in (0..self.width()).step_by(2) {
                let to = self.columns.ws.wrapping_add(output.at((self.top + y) / 2, x / 2));
                for channel in (0..output.channels).step_by(S::LANES) {
                    let above = self.result(y, x).wrapping_add(channel).cast_const();
                    let below = self.result(y + 1, x).wrapping_add(channel).cast_const();
                    // SAFETY: the pixel is in the output, and those of Y have a vector behind them.
                    unsafe {
                        let above = pooling.fold(s, s.load(above), s.load(above.add(output.channels)));
                        let below = pooling.fold(s, s.load(below), s.load(below.add(output.channels)));
                        let pooled = pooling.finish(s, pooling.fold(s, above, below));
                        s.store_first(to.add(channel), pooled, output.channels - channel);
                    }
                }
            }
        }
    }
}
