//! Products of packed pixels.
//!
//! The channels of a pixel lie next to each other, so a few of them, of many pixels, are far apart, often by a power of two: the cache
//! has room for a part of these only. Here, a vector or two of the inputs under all windows of a block is copied first, then a tile's
//! outputs, and the products with all taps read the copies.

use core::mem::MaybeUninit;
use core::ops::Range;

use crate::exec::divide::{div, div_rem};
use crate::kernels::gemm::evenly;
use crate::kernels::gradient::outer::{NV, Outer, Places, Tall, Target, most, tall};
use crate::simd::{Simd, Sound, UnsafeKernel};

use super::ConvWeightGradient;
use super::block::{Block, Shares};

/// Pixels of a block: a tile of their gradients is added to memory once.
const PIXELS: usize = 256;
/// Floats of packed inputs: those under the windows of a row of 224 pixels, for filters 3 high and the longest vectors.
/// Where large stacks can't be expected, wide maps are not packed.
pub(super) const INPUTS: usize = if cfg!(feature = "std") { 22 * 1024 } else { 2 * 1024 };
/// Rows of the highest tile.
const MOST_ROWS: usize = 8;
/// Floats of packed gradients of the output.
pub(super) const UPSTREAM: usize = PIXELS * MOST_ROWS;

/// What is packed, on the stack.
#[repr(align(64))]
pub(super) struct Buffers {
    pub(super) inputs: [MaybeUninit<f32>; INPUTS],
    pub(super) upstream: [MaybeUninit<f32>; UPSTREAM],
}

/// A direction of what is packed: the rows or columns under the windows of a block.
#[derive(Clone, Copy)]
struct Axis {
    /// From one to the next that is packed, in the map.
    step: usize,
    count: usize,
    /// From a window to the next one, in what is packed.
    stride: usize,
    /// From a tap to the next one.
    dilation: usize,
}

impl Axis {
    /// Under this many windows.
    const fn new(windows: usize, kernel: usize, stride: usize, dilation: usize) -> Self {
        if kernel == 1 {
            return Self { step: stride, count: windows, stride: 1, dilation: 0 };
        }
        let count = windows.saturating_sub(1) * stride + kernel.saturating_sub(1) * dilation + 1;
        Self { step: 1, count, stride, dilation }
    }
}

impl ConvWeightGradient {
    /// Rows and columns of what is packed for this many lines.
    const fn packed(&self, lines: usize) -> [Axis; 2] {
        let Self { upstream, kernel, stride, dilation, .. } = self;
        [
            Axis::new(lines, kernel.height, stride.height, dilation.height),
            Axis::new(upstream.width, kernel.width, stride.width, dilation.width),
        ]
    }

    /// How blocks divide the minibatch, if packing is possible and worth it.
    pub(super) fn packs<S: Simd>(&self) -> Option<Shares> {
        let width = NV * S::LANES;
        // Few inputs are near to each other, and a vector of them would be mostly padding. What is packed is read faster by a quarter.
        let products = self.over_inputs(S::LANES, self.inputs());
        let few = self.inputs() < S::LANES || 4 * products > 5 * self.over_outputs(S::LANES);
        if self.is_depthwise() || few || self.input.pixel <= width {
            return None;
        }
        let Self { upstream, .. } = self;
        let fits = |images: usize, lines: usize| {
            let [rows, columns] = self.packed(lines);
            let floats = rows.count.saturating_mul(columns.count).saturating_mul(images * width);
            images * lines * upstream.width <= PIXELS && floats <= INPUTS
        };
        if !fits(1, 1) {
            return None;
        }
        let lines = (1..=upstream.height).rev().find(|lines| fits(1, *lines))?;
        let most = div(PIXELS, upstream.pixels()).max(1);
        let images = if lines < upstream.height { 1 } else { (1..=most).rev().find(|images| fits(*images, lines))? };
        Some(Shares { images, lines })
    }
}

impl Block<'_> {
    /// The gradients of the weights of some outputs of a group.
    ///
    /// # Safety
    ///
    /// As for [`weights`](Self::weights); the block is one of those that [`packs`](ConvWeightGradient::packs) says.
    #[inline(always)]
    pub(super) unsafe fn over_packed<S: Simd>(
        &self,
        s: S,
        group: usize,
        outputs: &Range<usize>,
        buffers: *mut Buffers,
    ) {
        let (inputs, width) = (self.layer.inputs(), NV * S::LANES);
        let panel = self.panel_floats(width);
        // As many panels as there is room for share the packed outputs.
        let room = div(INPUTS, panel).max(1) * width;
        // SAFETY: the buffers are writable.
        let [to, upstream] =
            unsafe { [(&raw mut (*buffers).inputs).cast::<f32>(), (&raw mut (*buffers).upstream).cast::<f32>()] };
        for first in (0..inputs).step_by(room) {
            let channels = first..inputs.min(first + room);
            for (index, channel) in channels.clone().step_by(width).enumerate() {
                let pack = Inputs { block: self, group, channel, to: to.wrapping_add(index * panel) };
                // SAFETY: the caller's promise; there is room for this many panels.
                s.run(unsafe { Sound::new(pack) });
            }
            for (output, height) in evenly(outputs.len(), most::<S>()) {
                let output = outputs.start + output;
                let tile = Tile { block: self, output, channels: &channels, inputs: to, upstream };
                // SAFETY: the caller's promise; the panels of these channels were packed.
                unsafe { tall(s, tile, height) };
            }
        }
    }

    /// Floats of a panel of packed inputs.
    fn panel_floats(&self, width: usize) -> usize {
        let [rows, columns] = self.layer.packed(self.pixels.lines);
        self.pixels.images * rows.count * columns.count * width
    }
}

/// Packs some inputs, as many as a panel has, of all pixels under the windows of a block. They lie in the workspaces, and there is room
/// for a panel.
struct Inputs<'a> {
    block: &'a Block<'a>,
    group: usize,
    /// The first of them in the group.
    channel: usize,
    to: *mut f32,
}

impl UnsafeKernel for Inputs<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let count = self.block.layer.inputs() - self.channel;
        // SAFETY: the conditions of the type.
        unsafe {
            if count >= NV * S::LANES {
                self.pack::<S, true>(s, count);
            } else {
                self.pack::<S, false>(s, count);
            }
        }
    }
}

impl Inputs<'_> {
    /// # Safety
    ///
    /// There are `count` channels, and a panel of them if it is `WHOLE`.
    #[inline(always)]
    unsafe fn pack<S: Simd, const WHOLE: bool>(self, s: S, count: usize) {
        let Self { block, group, channel, mut to } = self;
        let [rows, columns] = block.layer.packed(block.pixels.lines);
        let (first, [image_distance, ..]) = block.inputs(group);
        let [row_distance, distance] = [rows.step * block.layer.input.row, columns.step * block.layer.input.pixel];
        for image in 0..block.pixels.images {
            for row in 0..rows.count {
                let mut from = first.wrapping_add(channel + image * image_distance + row * row_distance);
                for _ in 0..columns.count {
                    for v in 0..NV {
                        let from = from.wrapping_add(v * S::LANES);
                        // SAFETY: channels of a pixel that is under a window, and room for these.
                        unsafe {
                            let vector = if WHOLE {
                                s.load(from)
                            } else {
                                s.load_first(from, count.saturating_sub(v * S::LANES))
                            };
                            s.store(to.wrapping_add(v * S::LANES), vector);
                        }
                    }
                    from = from.wrapping_add(distance);
                    to = to.wrapping_add(NV * S::LANES);
                }
            }
        }
    }
}

/// The gradients of this many outputs from one on. Inputs were packed; there is room for the tile's gradients of the output.
struct Tile<'a> {
    block: &'a Block<'a>,
    output: usize,
    /// The inputs.
    channels: &'a Range<usize>,
    inputs: *const f32,
    upstream: *mut f32,
}

impl Tall for Tile<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd, const M: usize>(self, s: S) {
        // SAFETY: the caller's promise.
        s.run(unsafe { Sound::new(TileKernel::<M>(self)) });
    }
}

/// A tile of `M` outputs.
struct TileKernel<'a, const M: usize>(Tile<'a>);

impl<const M: usize> UnsafeKernel for TileKernel<'_, M> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Tile { block, channels, inputs: packed, .. } = self.0;
        // SAFETY: the conditions of the type.
        unsafe { self.pack_upstream() };
        let (kernel, inputs, filter) = (block.layer.kernel, block.layer.inputs(), block.layer.filter());
        let width = NV * S::LANES;
        let panel = block.panel_floats(width);
        let first = block.to.wrapping_add(self.0.output * filter);
        for (index, channel) in channels.clone().step_by(width).enumerate() {
            for tap in 0..kernel.area() {
                let from = packed.wrapping_add(index * panel);
                let to = first.wrapping_add(tap * inputs + channel);
                let product = self.product(from, width, tap, (to, inputs - channel));
                // SAFETY: the conditions of the type: panels are as wide as vectors, and the gradients are those of the tile.
                unsafe {
                    if product.columns > S::LANES {
                        product.packed::<S, NV, M>(s);
                    } else {
                        product.packed::<S, 1, M>(s);
                    }
                }
            }
        }
    }
}

impl<const M: usize> TileKernel<'_, M> {
    /// Packs the gradients of the outputs of all pixels.
    ///
    /// # Safety
    ///
    /// They lie in the workspaces, and there is room for them.
    #[inline(always)]
    unsafe fn pack_upstream(&self) {
        let Tile { block, output, upstream: mut to, .. } = self.0;
        let (first, [image_distance, line_distance, distance]) = block.upstream(output);
        for image in 0..block.pixels.images {
            for line in 0..block.pixels.lines {
                let mut from = first.wrapping_add(image * image_distance + line * line_distance);
                for _ in 0..block.layer.upstream.width {
                    // SAFETY: the caller's promise.
                    unsafe { core::ptr::copy_nonoverlapping(from, to, M) };
                    (from, to) = (from.wrapping_add(distance), to.wrapping_add(M));
                }
            }
        }
    }

    /// The product with a tap of a panel of inputs.
    fn product(&self, panel: *const f32, width: usize, tap: usize, (to, columns): (*mut f32, usize)) -> Outer {
        let Tile { block, upstream, .. } = self.0;
        let ConvWeightGradient { kernel, upstream: of_upstream, .. } = block.layer;
        let [rows, columns_of] = block.layer.packed(block.pixels.lines);
        let line = columns_of.count * width;
        let (ky, kx) = div_rem(tap, kernel.width);
        let depth = [block.pixels.images, block.pixels.lines, of_upstream.width];
        Outer {
            rows: [0, M],
            depth,
            columns: columns.min(width),
            a: (upstream, Places::Every(1), [M * depth[1] * depth[2], M * depth[2], M]),
            b: (
                panel.wrapping_add(ky * rows.dilation * line + kx * columns_of.dilation * width),
                [rows.count * line, rows.stride * line, columns_of.stride * width],
            ),
            c: Target::Rows(to, block.layer.filter()),
            adds: block.adds,
        }
    }
}
