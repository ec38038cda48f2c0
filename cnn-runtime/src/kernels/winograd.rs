//! Convolutions with fewer multiplications: Winograd's algorithm on tiles of the output.
//!
//! A tile of `m x m` outputs of an `r x r` filter takes `n x n` products a channel, `n = m + r - 1`, instead of `m^2 r^2`: F(4, 3)
//! a quarter, F(6, 3) a fifth. Sums over the channels stay what they were, so the products are `n^2` matrix products:
//!
//! ```text
//! blocks of tiles
//!   transform the tiles                              V [n * n][tiles][channels]
//!   flag those that it is not for                    flags [tiles]
//!   panels of output channels
//!     n * n products with the micro-kernel           M [n * n][tiles][panel]
//!     compute flagged tiles directly
//!     transform back, add the bias and the residual, clamp, store; or the largest of each 2x2 outputs
//!   any other activation, in place
//! ```
//!
//! Filters were transformed when weights were packed ([`WinogradPanels`]). V and M are scratch memory
//! in the workspace; a block is the most tiles that leave V and M in L2, or all of them, so that weights are read once,
//! where maps are small. Tiles that reach over the last row or column read the zeros of the halo there, and what they would
//! store outside is left out.
//!
//! A stride `s` takes `s * s` convolutions of stride 1, of which each has every `s`-th pixel in both directions and a filter
//! that is `s` times smaller, zeros after the kernel included: a 7x7 of stride 2 is four of 4x4, an 11x11 of stride 4
//! sixteen of 3x3. Their sums are in the same products, as if these phases of the input were channels.
//!
//! Rounding errors are relative to the largest input of a tile. `range` has their bounds, and finds tiles with NaN, infinities or inputs
//! that are much larger than others; `direct` computes the outputs of these as a sum does.

mod finish;
mod input;
mod kernel;
mod output;
mod work;

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::{Run, nanos_of_floats, nanos_of_macs};
use crate::kernels::conv2d::Conv2d;
use crate::pack::{HALF_PANEL, Layout, PANEL, WinogradPanels, padded};
use crate::place::bounds::{Checked, Reach, assert_product, weights_at};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use cnn_net::op::{Conv, Padding, Size};
use cnn_net::record;

use self::work::{Winograd, Work};

/// A convolution by Winograd's algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winograd2d {
    /// What it computes. The kernel and the stride are square, the dilation is 1; zeros lie around the input as far as tiles
    /// of the output reach ([`halo`]).
    pub conv: Conv2d,
    /// Side of the tiles. With `taps`, the side of the kernel over the stride, rounded up: 2, 4 or 6 for 3, 3 or 5 for 4,
    /// and 4 for 5.
    pub tile: usize,
    /// Whether the maximum of each 2x2 outputs is stored, in an output that is half as high and wide. There is no residual
    /// then, the activation is a limit, and the side of the tiles even.
    pub pool: bool,
    /// Tiles of a block.
    pub block: usize,
    /// Where scratch memory begins: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
    /// Whether inputs may differ by any factor: errors are relative to the largest input of a tile then. That is enough for gradients,
    /// which differ much and are added up.
    pub mixed: bool,
}

record! { Winograd2d(conv: Conv2d) { tile: usize = 0, block: usize = 0, scratch: usize = 0, pool: bool = false, mixed: bool = false } }
kernel_call! {
    Winograd2d = winograd2d, output: conv.output, weights: conv.weights, algorithm: Winograd2d::algorithm, batch: winograd2d_batch
}

/// The size that whole tiles of an output of this size cover.
#[must_use]
pub const fn covered(output: Size, tile: usize) -> Size {
    Size::new(div_ceil(output.height, tile) * tile, div_ceil(output.width, tile) * tile)
}

/// The zeros that it reads around an input of this size, for a computed output of that.
#[must_use]
pub const fn halo(conv: &Conv, input: Size, output: Size, tile: usize) -> Padding {
    let kernel = Size {
        height: conv.kernel.height.next_multiple_of(conv.stride.height),
        width: conv.kernel.width.next_multiple_of(conv.stride.width),
    };
    Conv2d::halo(&Conv { kernel, ..*conv }, input, covered(output, tile))
}

/// Blocks that scratch memory has room for: two, so that two threads have one each, unless there is no work for two: a block
/// is all tiles, and a panel all channels.
const fn blocks(panels: &WinogradPanels, output: Size, block: usize) -> usize {
    let tiles = div_ceil(output.height, panels.tile) * div_ceil(output.width, panels.tile);
    if tiles <= block && panels.outputs <= width(panels.outputs) { 1 } else { 2 }
}

/// The distances between two points of V and of M, for a block of `tiles` tiles.
const fn distances(panels: &WinogradPanels, tiles: usize) -> [usize; 2] {
    [spread(tiles * padded(panels.depth())), spread(tiles * width(panels.outputs))]
}

/// Floats of V and M of a block of `tiles` tiles, and of a flag for each.
const fn block_floats(panels: &WinogradPanels, tiles: usize) -> usize {
    let [v, m] = distances(panels, tiles);
    panels.side() * panels.side() * (v + m) + padded(tiles)
}

/// The distance of two parts of V or M of `floats` floats: not a multiple of 4 KiB, or all `n * n` places that a transform
/// writes would compete for the same lines of L1.
const fn spread(floats: usize) -> usize {
    const PAGE: usize = 1024;
    let padded = floats + 16;
    if padded.is_multiple_of(PAGE) { padded + 16 } else { padded }
}

/// Channels of M: a tile of the micro-kernel may be over two panels, if there are two.
const fn width(outputs: usize) -> usize {
    if outputs > PANEL { 2 * PANEL } else { PANEL }
}

impl Winograd2d {
    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Winograd(self.panels())
    }

    /// Which of Winograd's algorithms it is.
    #[cfg(feature = "alloc")]
    fn algorithm(&self) -> alloc::string::String {
        alloc::format!("F({}, {})", self.tile, self.panels().taps())
    }

    /// Floats of scratch memory for weights packed in this way, a computed output of this size, and blocks of `block` tiles.
    #[must_use]
    pub const fn scratch_floats(panels: &WinogradPanels, output: Size, block: usize) -> usize {
        blocks(panels, output, block) * block_floats(panels, block)
    }

    /// Floats of scratch memory.
    #[must_use]
    pub const fn scratch_len(&self) -> usize {
        Self::scratch_floats(&self.panels(), self.computed(), self.block)
    }

    /// What is computed: the size of the output, or twice that if it is pooled.
    const fn computed(&self) -> Size {
        let Map { height, width, .. } = self.conv.output;
        if self.pool { Size::new(2 * height, 2 * width) } else { Size::new(height, width) }
    }

    /// How many threads can compute at once, each with its own V and M: neighbouring lines would otherwise move from core to
    /// core.
    const fn most_parts(&self) -> usize {
        div(self.scratch_len(), block_floats(&self.panels(), 1))
    }

    /// Tiles of a block, where scratch memory must have room for a block of each of `parts` threads.
    fn tiles_of_block(&self, parts: usize) -> usize {
        let (panels, len) = (self.panels(), self.scratch_len());
        (1..=self.block).rev().find(|tiles| parts * block_floats(&panels, *tiles) <= len).unwrap_or(1)
    }

    /// Tiles of an image.
    const fn tiles(&self) -> usize {
        let Size { height, width } = self.computed();
        div_ceil(height, self.tile) * div_ceil(width, self.tile)
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn panels(&self) -> WinogradPanels {
        let Conv2d { input, output, groups, kernel, stride, .. } = &self.conv;
        let (inputs, outputs) = (div(input.channels, *groups), div(output.channels, *groups));
        let (kernel, stride) = (kernel.height, stride.height);
        WinogradPanels { groups: *groups, outputs, inputs, kernel, stride, tile: self.tile }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is no such algorithm; if the groups don't divide the channels; if tiles begin before the workspace; if the
    /// output, what is read and scratch memory overlap, but for a residual that is the output.
    pub const fn check(self) -> Checked<Self> {
        let Conv2d { input, output, kernel, stride, dilation, groups, residual, activation, .. } = self.conv;
        let square = kernel.height == kernel.width && stride.height == stride.width && stride.height > 0;
        assert!(square && dilation.height == 1 && dilation.width == 1 && self.block > 0, "no convolution for tiles");
        let limit = residual.is_none() && activation.activation().limits().is_some() && self.tile.is_multiple_of(2);
        assert!(!self.pool || limit, "only the largest outputs remain, of which no function can be computed");
        let divides = groups > 0 && input.channels.is_multiple_of(groups) && output.channels.is_multiple_of(groups);
        assert!(divides, "the groups don't divide the channels");
        let taps = kernel.height.div_ceil(stride.height);
        assert!(matches!((self.tile, taps), (2 | 4 | 6, 3) | (3 | 5, 4) | (4, 5)), "no algorithm for such tiles");
        self.assert_sizes();
        let covered = covered(self.computed(), self.tile);
        let reached = Size::square(taps * stride.height);
        let windows = self.conv.windows(covered.height, covered.width, reached).spilling();
        let reach = Reach::to(&output).scratch(self.scratch, self.scratch_len());
        Checked::new(self, reach.reads(windows).reads_residual(&residual, &output))
    }

    /// Panics where a size that is computed from these numbers could overflow.
    const fn assert_sizes(&self) {
        let Conv2d { input, output, stride, .. } = self.conv;
        let side = MOST_SIDE * MOST_SIDE;
        assert_product(&[output.height, output.width, 4, side]);
        assert_product(&[MOST_SIDE, stride.height]);
        // V and M of a block, with room between their parts.
        assert_product(&[input.channels, stride.height, stride.width, 4]);
        let depth = input.channels * stride.height * stride.width;
        assert_product(&[4 * side, self.block, depth + 8 * PANEL]);
    }

    /// Its weights, if there are as many as it reads.
    #[inline(always)]
    fn panels_at(&self, weights: &[f32]) -> *const f32 {
        let panels = self.panels();
        let outputs = panels.outputs.next_multiple_of(HALF_PANEL);
        weights_at(weights, self.conv.weights, [panels.groups, outputs, panels.side().pow(2) * panels.depth() + 1])
    }
}

/// The most products of a tile in one direction.
const MOST_SIDE: usize = 8;

/// Convolves a map; the weights are [`WinogradPanels`].
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn winograd2d(run: Run<'_>, layer: &Checked<Winograd2d>, weights: &[f32], ws: &mut [f32]) {
    winograd2d_batch(run, layer, Batch::one(ws), weights, ws);
}

/// Convolves a map in the workspace of each image, as [`winograd2d`] does, with one pass over the weights for each block
/// of tiles.
///
/// # Panics
///
/// As [`winograd2d`] does, for the workspace of each image; also if `ws` has no room for all of them.
#[inline(always)]
pub fn winograd2d_batch(run: Run<'_>, layer: &Checked<Winograd2d>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let weights = layer.panels_at(weights);
    // SAFETY: the layer was checked; the workspaces and the weights are as large as it needs.
    unsafe { winograd2d_in(run, &layer, batch, weights, ws) }
}

/// # Safety
///
/// The layer was checked, each image has as many floats from `ws` on as it needs, and `weights` are
/// [as many as it reads](Winograd2d::panels_at).
unsafe fn winograd2d_in(run: Run<'_>, layer: &Winograd2d, batch: Batch, weights: *const f32, ws: *mut f32) {
    let panels = layer.panels();
    let (points, depth) = (panels.side().pow(2), panels.depth());
    // SAFETY: the caller's promise.
    let work = unsafe { Work::new(layer, batch, weights, ws) };
    let products = [batch.images, layer.tiles(), points, depth, panels.outputs, panels.groups];
    let fetched = nanos_of_floats([points, depth, panels.outputs]);
    let cost = nanos_of_macs(products).saturating_add(fetched);
    // SAFETY: partitions are tiles, or channels of the output, each with its own part of the scratch memory.
    unsafe {
        match (layer.tile, panels.taps()) {
            (2, 3) => run.split(cost, |partition| Winograd::<2, 4>::new(work, partition)),
            (4, 3) => run.split(cost, |partition| Winograd::<4, 6>::new(work, partition)),
            (6, 3) => run.split(cost, |partition| Winograd::<6, 8>::new(work, partition)),
            (3, 4) => run.split(cost, |partition| Winograd::<3, 6>::new(work, partition)),
            (5, 4) => run.split(cost, |partition| Winograd::<5, 8>::new(work, partition)),
            (4, 5) => run.split(cost, |partition| Winograd::<4, 8>::new(work, partition)),
            // `check` lets no other tiles pass.
            _ => {}
        }
    }
}
