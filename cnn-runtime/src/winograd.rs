//! Convolutions with fewer multiplications: Winograd's algorithm on tiles of the output.
//!
//! A tile of `m x m` outputs of an `r x r` filter takes `n x n` products a channel, `n = m + r - 1`, instead of `m^2 r^2`: F(4, 3)
//! a quarter, F(6, 3) a fifth. Sums over the channels stay what they were, so the products are `n^2` matrix products:
//!
//! ```text
//! blocks of tiles
//!   transform the tiles                              V [n * n][tiles][channels]
//!   panels of output channels
//!     n * n products with the micro-kernel           M [n * n][tiles][panel]
//!     transform back, add the bias and the residual, clamp, store; or the largest of each 2x2 outputs
//!   any other activation, in place
//! ```
//!
//! Filters were transformed when weights were packed ([`WinogradPanels`]). V and M are scratch memory
//! in the workspace; a block is as many tiles as make V about as large as L2, or all of them, so that weights are read once,
//! where maps are small. Tiles that reach over the last row or column read the zeros of the halo there, and what they would
//! store outside is left out.

mod input;
mod kernel;
pub(crate) mod points;
mod transform;

use crate::activation::Finish;
use crate::bounds::{Windows, assert_map, assert_same, weights_at};
use crate::conv::Conv2d;
use crate::map::Map;
use crate::op::Size;
use crate::pack::{HALF_PANEL, PANEL, WinogradPanels};
use crate::run::{Run, Share, floats, macs};
use crate::workspace::Batch;

use self::kernel::{Winograd, Work};

/// A convolution of stride 1 by Winograd's algorithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Winograd2d {
    /// What it computes. The kernel is 3x3 or 5x5, the stride and the dilation 1; zeros lie behind the input as far as tiles
    /// of the output reach ([`covered`]).
    pub conv: Conv2d,
    /// Side of the tiles: 2, 4 or 6 with a kernel of 3x3, 4 with one of 5x5.
    pub tile: usize,
    /// Whether the maximum of each 2x2 outputs is stored, in an output that is half as high and wide. There is no residual
    /// then, and the activation is a limit.
    pub pool: bool,
    /// Tiles of a block.
    pub block: usize,
    /// Where scratch memory begins: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

/// The size that whole tiles of an output of this size cover.
pub const fn covered(output: Size, tile: usize) -> Size {
    Size::new(output.height.next_multiple_of(tile), output.width.next_multiple_of(tile))
}

/// Tiles that V and M have room for: a second block, so that two threads have one each, unless there is no work for two: a
/// block is all tiles, and a panel all channels. Threads share the room.
const fn room(panels: &WinogradPanels, output: Size, block: usize) -> usize {
    let tiles = covered(output, panels.tile).area() / (panels.tile * panels.tile);
    if tiles <= block && panels.outputs <= width(panels.outputs) { block } else { 2 * block }
}

/// The distance of two parts of V or M of so many floats: not a multiple of 4 KiB, or all `n * n` places that a transform
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

/// Channels of a tile in V.
const fn depth(inputs: usize) -> usize {
    inputs.next_multiple_of(16)
}

impl Winograd2d {
    /// Floats of scratch memory for weights that are packed so, a computed output of this size, and blocks of so many tiles.
    pub const fn scratch_floats(panels: &WinogradPanels, output: Size, block: usize) -> usize {
        let n = panels.tile + panels.taps - 1;
        let room = room(panels, output, block);
        n * n * (spread(room * depth(panels.inputs)) + spread(room * width(panels.outputs)))
    }

    /// Floats of scratch memory.
    pub const fn scratch_len(&self) -> usize {
        Self::scratch_floats(&self.panels(), self.computed(), self.block)
    }

    /// What is computed: the size of the output, or twice that if it is pooled.
    const fn computed(&self) -> Size {
        let Map { height, width, .. } = self.conv.output;
        if self.pool { Size::new(2 * height, 2 * width) } else { Size::new(height, width) }
    }

    /// Tiles in scratch memory.
    const fn room(&self) -> usize {
        room(&self.panels(), self.computed(), self.block)
    }

    /// Tiles of an image.
    const fn tiles(&self) -> usize {
        covered(self.computed(), self.tile).area() / (self.tile * self.tile)
    }

    /// How its weights are packed.
    const fn panels(&self) -> WinogradPanels {
        let Conv2d { input, output, groups, kernel, .. } = &self.conv;
        let (inputs, outputs) = (input.channels / *groups, output.channels / *groups);
        WinogradPanels { groups: *groups, outputs, inputs, taps: kernel.height, tile: self.tile }
    }

    /// Panics unless everything that is read and written lies in a workspace of so many floats. Returns where the first tile
    /// begins in the input.
    fn assert(&self, floats: usize) -> usize {
        let Conv2d { input, output, kernel, stride, dilation, groups, residual, activation, .. } = self.conv;
        let simple = stride == Size::square(1) && dilation == Size::square(1) && kernel.height == kernel.width;
        assert!(simple && self.block > 0, "no convolution for tiles: {self:?}");
        let limit = residual.is_none() && Finish::of(activation).pass.is_none();
        assert!(!self.pool || limit, "only the largest outputs remain, of which no function can be computed: {self:?}");
        let divides = groups > 0 && input.channels % groups == 0 && output.channels % groups == 0;
        assert!(divides, "{groups} groups don't divide the channels");
        let covered = covered(self.computed(), self.tile);
        let windows = Windows {
            vertical: [covered.height, 1, kernel.height, 1],
            horizontal: [covered.width, 1, kernel.width, 1],
            before: [self.conv.pad_top, self.conv.pad_left],
        };
        let offset = windows.assert(&input, floats);
        assert_map(&output, floats);
        if let Some(residual) = &residual {
            assert_same(residual, &output, floats);
        }
        let end = self.scratch.checked_add(self.scratch_len());
        assert!(end.is_some_and(|end| end <= floats), "scratch memory lies outside of the workspace: {self:?}");
        offset
    }
}

/// Convolves a map; the weights are [`WinogradPanels`].
///
/// # Panics
///
/// If what it reads or writes, with a vector behind it, lies outside of the workspace or of the weights, the groups don't
/// divide the channels, or there is no algorithm for such tiles.
pub fn winograd2d(run: Run<'_>, layer: &Winograd2d, weights: &[f32], ws: &mut [f32]) {
    winograd2d_batch(run, layer, Batch::one(ws), weights, ws);
}

/// Convolves a map in the workspace of each image, as [`winograd2d`] does, with one pass over the weights for each block
/// of tiles.
///
/// # Panics
///
/// As [`winograd2d`] does, for the workspace of each image; also if `ws` has no room for all of them.
pub fn winograd2d_batch(run: Run<'_>, layer: &Winograd2d, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let first = layer.assert(batch.floats);
    assert!(batch.images.checked_mul(batch.floats).is_some_and(|all| all <= ws.len()), "no room for {batch:?}");
    let Conv2d { input, output, kernel, groups, activation, .. } = layer.conv;
    let (inputs, outputs) = (input.channels / groups, output.channels / groups);
    let points = (layer.tile + kernel.height - 1).pow(2);
    let factors = [groups, outputs.next_multiple_of(HALF_PANEL), points * inputs + 1];
    let work = Work {
        layer,
        batch,
        first,
        weights: weights_at(weights, layer.conv.weights, factors),
        ws: ws.as_mut_ptr(),
        finish: Finish::of(activation),
        share: Share::WHOLE,
    };
    let tiles = batch.images * layer.tiles();
    let cost = macs(tiles * points * inputs * outputs * groups) + floats(weights.len().min(points * inputs * outputs));
    // SAFETY: shares are tiles, or channels of the output, each with a part of the scratch memory of its own.
    unsafe {
        match (layer.tile, kernel.height) {
            (2, 3) => run.split(cost, |share| Winograd::<2, 4>(Work { share, ..work })),
            (4, 3) => run.split(cost, |share| Winograd::<4, 6>(Work { share, ..work })),
            (6, 3) => run.split(cost, |share| Winograd::<6, 8>(Work { share, ..work })),
            (4, 5) => run.split(cost, |share| Winograd::<4, 8>(Work { share, ..work })),
            (tile, taps) => panic!("no algorithm for tiles of {tile} outputs and {taps} taps"),
        }
    }
}
