//! The micro-kernel that convolutions and fully connected layers share.
//!
//! In BLIS's words: m runs over the pixels of the output, n over its channels, k over the floats of a window. B is
//! packed when weights are loaded, into panels of [`PANEL`] channels. A is not packed, and there is
//! no im2col: a row of a tile is a *pointer* to the window's first float in the map, and with channels next to each other
//! a window is a few segments of contiguous floats (`Im2col`).
//!
//! ```text
//! loop 4: blocks of mc pixels of all images        (where their windows begin is computed once a block)
//!   loop 3: groups
//!     loop 2: panels of nr channels                (a panel is read once a block, and stays in L1 or L2 meanwhile)
//!       loop 1: tiles of mr pixels
//!         loop 0: k                                (mr x nr accumulators; 2 loads, 6 broadcasts, 12 FMAs on AVX2)
//!         add the residual, clamp, store
//!     any other activation, in place, while the block is in the cache
//! ```
//!
//! - Tiles take their pixels from anywhere, so they run across the ends of rows and small maps waste nothing.
//! - k is not blocked: C would be read again, and weights stream from L2, even L3, as fast as they are needed.
//! - The bias heads the panel and starts the accumulators.
//! - A product with a single pixel has no reuse to block for; it reads several panels at once (`vector`).
//! - A thread's partition of the product is some of its pixels; of its channels where weights are most of what is read, so
//!   that each thread streams its part of them.

mod block;
mod height;
mod im2col;
mod product;
mod tile;
mod vector;
mod weight_type;

pub(crate) use self::height::Width;
pub(crate) use self::product::{Products, multiply};
pub(crate) use self::weight_type::{F16, F32, WeightType};

use core::marker::PhantomData;
use core::ops::Range;

use self::block::{MC, PixelBlock};
use self::im2col::{Im2col, MOST_TAPS, PixelGrid};

use crate::exec::divide::{div, div_ceil, div_rem};
use crate::exec::run::{Partition, nanos_of_floats, nanos_of_macs};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::Epilogue;
use crate::pack::{HALF_PANEL, PANEL};
use crate::place::bounds::weights_at;
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd};

/// What a float that another core wrote costs, relative to a float of the weights: measured with ResNet-50 on two threads.
pub(crate) const FROM_CORE: usize = 8;

/// `output = activation(windows * weights + bias + residual)`.
///
/// Whoever [makes](Gemm::new) one has checked that all windows, the output and the residual lie in the workspace, and that the
/// weights are there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gemm<W = F32> {
    /// The workspace of the first image.
    ws: *mut f32,
    /// The images, each in its own workspace.
    batch: Batch,
    /// The first panel.
    weights: *const f32,
    /// How weights are stored.
    weight_type: PhantomData<W>,
    /// Floats of the map that the windows are in.
    inputs: usize,
    /// The windows.
    windows: PixelGrid,
    /// What a window is.
    im2col: Im2col,
    /// Where the results go.
    output: Map,
    /// Groups of channels, and the distance of their windows.
    groups: usize,
    /// Channels between the windows of two groups.
    group_step: usize,
    epilogue: Epilogue,
    /// Which of them: see [`Gemm::splits_channels`].
    partition: Partition,
}

/// `total` in parts of at most `most` that differ by 1 at most: where each begins, and how long it is.
pub(crate) fn evenly(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let parts = div_ceil(total, most);
    let (len, longer) = div_rem(total, parts);
    (0..parts).scan(0, move |first, part| {
        let len = len + usize::from(part < longer);
        let start = *first;
        *first += len;
        Some((start, len))
    })
}

/// A panel of packed weights, or two next to each other.
#[derive(Clone, Copy)]
struct WeightPanel {
    /// Its biases.
    start: *const f32,
    /// Its first output channel in the group.
    first: usize,
    /// Channels that are not padding.
    channels: usize,
    /// Whether it is a half panel, or two.
    width: Width,
    /// The distance to the second one.
    next: usize,
    /// Whether a pixel's vectors may reach into the next pixel, if that follows immediately and is written later:
    /// where no other panel has written there.
    only: bool,
}

impl<W: WeightType> Gemm<W> {
    /// A convolution.
    ///
    /// # Safety
    ///
    /// The layer was checked, each image has as many floats from `ws` on as it needs, and `weights` are
    /// [as many as it reads](Self::weights_at).
    pub(crate) unsafe fn new(layer: &Conv2d, batch: Batch, weights: *const f32, ws: *mut f32) -> Self {
        let Conv2d { input, output, groups, .. } = layer;
        Self {
            ws,
            batch,
            weights,
            weight_type: PhantomData,
            inputs: input.elements(),
            windows: PixelGrid::of(layer),
            im2col: Im2col::of(layer),
            output: *output,
            groups: *groups,
            group_step: div(input.channels, *groups),
            epilogue: layer.epilogue(),
            partition: Partition::WHOLE,
        }
    }

    /// The packed weights of a convolution, if there are as many as it reads.
    ///
    /// # Panics
    ///
    /// If there are not.
    #[inline(always)]
    pub(crate) fn weights_at(layer: &Conv2d, weights: &[f32]) -> *const f32 {
        let Conv2d { input, output, kernel, groups, .. } = layer;
        let columns = (output.channels / groups).next_multiple_of(HALF_PANEL);
        let depth = kernel.area() * (input.channels / groups);
        weights_at(weights, layer.weights, [*groups, W::floats(columns), depth + W::PER_FLOAT])
    }

    /// A partition of it.
    ///
    /// # Safety
    ///
    /// If several threads run at once, they have different partitions.
    pub(crate) unsafe fn part(self, partition: Partition) -> Self {
        Self { partition, ..self }
    }

    /// Where the image of a pixel begins in the workspace, and its row and column; all images' pixels are counted through.
    #[inline(always)]
    fn pixel(&self, index: usize) -> (usize, usize, usize) {
        let (image, pixel) = div_rem(index, self.output.pixels());
        let (y, x) = div_rem(pixel, self.output.width);
        (image * self.batch.floats, y, x)
    }

    /// Output channels of a group.
    fn group_outputs(&self) -> usize {
        div(self.output.channels, self.groups)
    }

    /// Floats of a packed group.
    fn group_len(&self) -> usize {
        W::panel_floats(self.group_outputs().next_multiple_of(HALF_PANEL), self.im2col.depth())
    }

    /// The panel of `group` that begins at output channel `first`, or two where tiles are as wide and not only `most` are
    /// wanted.
    fn panel<S: Simd>(&self, group: usize, first: usize, most: usize) -> WeightPanel {
        let rest = self.group_outputs() - first;
        let before = group * self.group_len() + W::panel_floats(first, self.im2col.depth());
        // SAFETY: all panels of all groups are in the weights.
        let start = unsafe { self.weights.add(before) };
        let width = Width::of::<S>(if most == 1 { rest.min(PANEL) } else { rest });
        let only = self.output.channels == rest && width.channels() <= 2 * rest && self.epilogue.residual().is_none();
        let next = W::panel_floats(PANEL, self.im2col.depth());
        WeightPanel { start, first, channels: rest.min(width.channels()), width, next, only }
    }

    /// Panels of a group.
    fn panels(&self) -> usize {
        self.group_outputs().div_ceil(PANEL)
    }

    /// Pixels of all images.
    fn pixels(&self) -> usize {
        self.batch.images * self.output.pixels()
    }

    /// About how long the product takes; weights come from memory.
    pub(crate) fn work(&self) -> usize {
        let results = [self.batch.images, self.output.elements()];
        let products = nanos_of_macs([results[0], results[1], self.im2col.depth()]);
        products
            .saturating_add(nanos_of_floats(results))
            .saturating_add(nanos_of_floats([self.groups, self.group_len()]) / 2)
    }

    /// Whether partitions are of the channels, and not of the pixels. Threads that share the channels all read the whole input
    /// and a part of the weights, the others a part of the input and all weights: what is larger had better be shared. But
    /// half of the input comes from another core, and panels must be enough to keep all threads busy.
    fn splits_channels(&self) -> bool {
        let (panels, threads) = (self.groups * self.panels(), self.partition.parts);
        let idle = div_ceil(panels, threads) * threads - panels;
        self.groups * self.group_len() > FROM_CORE * self.batch.images * self.inputs && 8 * idle <= panels
    }

    /// The pixels of all images, and the panels of all groups, that are this partition.
    fn ranges(&self) -> [Range<usize>; 2] {
        let (pixels, panels) = (self.pixels(), self.groups * self.panels());
        if self.splits_channels() {
            [0..pixels, self.partition.of(panels)]
        } else {
            [self.partition.of(pixels), 0..panels]
        }
    }

    /// The first channel of a panel, if panels are counted through all groups.
    fn channel(&self, panel: usize) -> usize {
        let (group, panel) = div_rem(panel, self.panels());
        group * self.group_outputs() + panel * PANEL
    }

    /// Passes over some channels of the `len` pixels from `first` on.
    #[inline(always)]
    fn pass<S: Simd>(&self, s: S, first: usize, len: usize, channels: &Range<usize>) {
        let mut at = first;
        while at < first + len {
            let (image, y, x) = self.pixel(at);
            let pixels = (self.output.pixels() - y * self.output.width - x).min(first + len - at);
            // SAFETY: these are elements of the output.
            unsafe {
                self.epilogue.pass_pixels(s, self.ws.add(image), &self.output, [y, x], pixels, channels.clone());
            }
            at += pixels;
        }
    }

    /// The product with a single pixel.
    #[inline(always)]
    fn run_vector<S: Simd>(&self, s: S) {
        let channels = vector::run(s, self);
        self.pass(s, 0, 1, &channels);
    }

    /// Loops 4 to 2 over a partition. `taps` is [`Im2col::table`].
    #[inline(always)]
    fn run_blocks<S: Simd>(&self, s: S, taps: &[u32]) {
        let [pixels, panels] = self.ranges();
        if pixels.is_empty() || panels.is_empty() {
            return;
        }
        let channels = self.channel(panels.start)..self.channel(panels.end);
        let mut block = PixelBlock::new();
        for (first, len) in evenly(pixels.len(), MC) {
            block.go_to(self, pixels.start + first, len);
            let cold = first == 0;
            let mut next = panels.start;
            while next < panels.end {
                let (group, panel) = div_rem(next, self.panels());
                let panel = self.panel::<S>(group, panel * PANEL, panels.end - next);
                // SAFETY: the block's pixels and the panel are those of this product.
                unsafe { tile::panel(s, self, &block, group, panel, taps, cold) };
                next += panel.width.panels();
            }
            self.pass(s, block.first, len, &channels);
        }
    }
}

impl Kernel for Gemm {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        if self.pixels() == 1 {
            return self.run_vector(s);
        }
        let mut taps = [0; MOST_TAPS];
        let taps = self.im2col.table(&mut taps);
        self.run_blocks(s, taps);
    }
}

/// Weights in half precision are those of fully connected layers: windows are long, and few.
impl Kernel for Gemm<F16> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.pixels() {
            1 => self.run_vector(s),
            _ => self.run_blocks(s, &[]),
        }
    }
}
