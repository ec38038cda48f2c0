//! The loops, for tiles of one size.

use core::cell::Cell;
use core::ops::Range;

use super::direct::{Filters, Square};
use super::finish::Finishing;
use super::input::Transform;
use super::{Winograd2d, block_floats, distances, width};
use crate::exec::divide::{div, div_ceil, div_rem};
use crate::exec::run::Share;
use crate::kernels::activation::{Apply, Finish};
use crate::kernels::conv::Conv2d;
use crate::kernels::gemm::{FROM_CORE, Products, Width, evenly, multiply};
use crate::pack::{HALF_PANEL, PANEL, padded};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd, Sound};

/// How many tiles to the right of one its input and output are asked for. In large maps they are in no near cache, and lie in
/// too many short rows for the hardware to foresee.
pub(super) const AHEAD: usize = 2;

/// A share of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) layer: &'a Winograd2d,
    pub(super) batch: Batch,
    weights: *const f32,
    pub(super) ws: *mut f32,
    pub(super) finish: Finish,
    /// Which tiles, or which channels.
    share: Share,
    /// Channels of V.
    pub(super) depth: usize,
    pub(super) scratch: Scratch,
}

impl<'a> Work<'a> {
    /// All of it.
    ///
    /// # Safety
    ///
    /// The layer was checked, each image has as many floats from `ws` on as it needs, and `weights` are as many as it reads.
    pub(super) unsafe fn new(layer: &'a Winograd2d, batch: Batch, weights: *const f32, ws: *mut f32) -> Self {
        let share = Share::WHOLE;
        let (finish, depth) = (Finish::of(layer.conv.activation), layer.panels().depth());
        Self { layer, batch, weights, ws, finish, share, depth, scratch: Scratch::new(layer, share) }
    }
}

/// V and M of a share.
#[derive(Clone, Copy)]
pub(super) struct Scratch {
    /// Tiles that they have room for.
    tiles: usize,
    /// Where V begins in the workspace, and the distance between the values of two points.
    pub(super) v: [usize; 2],
    /// Where M begins, and the distance between the values of two points.
    pub(super) m: [usize; 2],
    /// Where the flags of the tiles begin: 1 for one that is computed directly.
    pub(super) flags: usize,
}

impl Scratch {
    /// `share` is one of [`most_parts`](Winograd2d::most_parts) at most.
    pub(super) fn new(layer: &Winograd2d, share: Share) -> Self {
        let (panels, tiles) = (layer.panels(), layer.tiles_of_block(share.parts));
        let [v, m] = distances(&panels, tiles);
        let start = layer.scratch + share.index * block_floats(&panels, tiles);
        let points = panels.side().pow(2);
        Self { tiles, v: [start, v], m: [start + points * v, m], flags: start + points * (v + m) }
    }
}

/// Tiles of `M x M` outputs, by `N x N` products.
pub(super) struct Winograd<'a, const M: usize, const N: usize>(pub(super) Work<'a>);

/// Tiles next to each other, counted through all images, and the group that is computed.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) len: usize,
    pub(super) group: usize,
    /// Whether some tiles are flagged.
    flagged: bool,
}

/// Some output channels: a panel, half of one, or two.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    /// Biases, then transformed filters.
    pub(super) weights: *const f32,
    /// The distance to the second panel.
    pub(super) next: usize,
    /// The first channel, counted through all groups.
    pub(super) first: usize,
    /// Channels that are not padding.
    pub(super) channels: usize,
    pub(super) width: Width,
}

impl<const M: usize, const N: usize> Kernel for Winograd<'_, M, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let layer = self.0.layer;
        let Some(share) = self.0.share.at_most(layer.most_parts()) else { return };
        let work = Self(Work { share, scratch: Scratch::new(layer, share), ..self.0 });
        let [tiles, channels] = work.shared();
        if tiles.is_empty() || channels.is_empty() {
            return;
        }
        let limit = Cell::new(None);
        for (first, len) in evenly(tiles.len(), work.0.scratch.tiles) {
            let first = tiles.start + first;
            for group in 0..layer.conv.groups {
                let block = Block { first, len, group, flagged: false };
                // SAFETY: these are tiles and channels of the share.
                unsafe {
                    let flagged = s.run(Sound::new(Transform { work: &work, block, limit: &limit }));
                    let block = Block { flagged, ..block };
                    work.channels(s, block, channels.clone());
                    work.pass(s, block, channels.clone());
                }
            }
        }
    }
}

impl<'a, const M: usize, const N: usize> Winograd<'a, M, N> {
    /// A share of it.
    ///
    /// # Safety
    ///
    /// The layer's tiles are these. If several threads run at once, they have different shares.
    pub(super) unsafe fn new(work: Work<'a>, share: Share) -> Self {
        Self(Work { share, ..work })
    }
}

impl<const M: usize, const N: usize> Winograd<'_, M, N> {
    fn columns(&self) -> usize {
        self.0.layer.computed().width.div_ceil(M)
    }

    fn tiles_per_image(&self) -> usize {
        self.0.layer.computed().height.div_ceil(M) * self.columns()
    }

    /// Where the image of a tile begins in the workspace, and the tile's first row and column of the output.
    #[inline(always)]
    pub(super) fn tile(&self, index: usize) -> (usize, usize, usize) {
        let (image, tile) = div_rem(index, self.tiles_per_image());
        let (row, column) = div_rem(tile, self.columns());
        (image * self.0.batch.floats, row * M, column * M)
    }

    /// Tiles of all images.
    fn tiles(&self) -> usize {
        self.0.batch.images * self.tiles_per_image()
    }

    /// The tiles, and the channels of each group, that are a share: some tiles, or some channels, where all tiles are a block and
    /// weights are much more than V. Then each thread transforms all tiles for itself, which takes less time than to get V
    /// from another core, and reads a part of the weights. But there must be channels enough for all threads.
    fn shared(&self) -> [Range<usize>; 2] {
        let share = self.0.share;
        let (tiles, outputs) = (self.tiles(), self.outputs());
        let wide = width(outputs);
        let panels = outputs.div_ceil(wide);
        let idle = div_ceil(panels, share.parts) * share.parts - panels;
        if share.parts > 1 && tiles <= self.0.layer.block && outputs > FROM_CORE * tiles && 8 * idle <= panels {
            let Range { start, end } = share.of(panels);
            return [0..tiles, outputs.min(start * wide)..outputs.min(end * wide)];
        }
        [share.of(tiles), 0..outputs]
    }

    fn outputs(&self) -> usize {
        div(self.0.layer.conv.output.channels, self.0.layer.conv.groups)
    }

    /// Whether two tiles share a vector of V: where channels are few, as behind a net's first layer.
    pub(super) fn pairs<S: Simd>(&self) -> bool {
        self.0.layer.conv.stride.width == 1 && 2 * self.0.depth <= S::LANES
    }

    /// The distance of two tiles in V.
    pub(super) fn tile_floats<S: Simd>(&self) -> usize {
        if self.pairs::<S>() { S::LANES / 2 } else { padded(self.0.depth) }
    }

    /// The panel of `group` that begins at output channel `first`, or two where tiles are as wide.
    fn panel<S: Simd>(&self, group: usize, first: usize) -> Panel {
        let outputs = self.outputs();
        let len = N * N * self.0.depth + 1;
        let before = (group * outputs.next_multiple_of(HALF_PANEL) + first) * len;
        let rest = outputs - first;
        let width = Width::of::<S>(rest);
        Panel {
            // All panels of all groups are in the weights.
            weights: self.0.weights.wrapping_add(before),
            next: PANEL * len,
            first: group * outputs + first,
            channels: rest.min(width.channels()),
            width,
        }
    }

    /// Some channels of the outputs of a block, from its V on; they begin with a panel.
    ///
    /// # Safety
    ///
    /// The block and the channels must be some of the share, and V that of the block; so for all methods.
    #[inline(always)]
    unsafe fn channels<S: Simd>(&self, s: S, block: Block, channels: Range<usize>) {
        let mut channel = channels.start;
        while channel < channels.end {
            let panel = self.panel::<S>(block.group, channel);
            // SAFETY: the caller's promise; M has the products of the panel for these tiles, or their outputs.
            unsafe {
                let products = self.products(s, block, panel);
                self.finish::<S, false>(s, block, panel);
                if block.flagged {
                    self.replace(s, block, &products);
                    self.finish::<S, true>(s, block, panel);
                }
            }
            channel += panel.channels;
        }
    }

    /// M of a panel into the output, for tiles that are flagged or for the others.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels); M has the products of the panel, or where tiles are flagged their outputs.
    #[inline(always)]
    unsafe fn finish<S: Simd, const FLAGGED: bool>(&self, s: S, block: Block, panel: Panel) {
        // SAFETY: the caller's promise.
        let finishing = unsafe { Sound::new(Finishing::<M, N, FLAGGED> { work: self, block, panel }) };
        if panel.width == Width::Half {
            s.half().run(finishing);
        } else {
            s.run(finishing);
        }
    }

    /// M of a panel: a matrix product for each point, which it gives.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels).
    #[inline(always)]
    unsafe fn products<S: Simd>(&self, s: S, block: Block, panel: Panel) -> Products {
        let Scratch { v: [v, v_distance], m: [m, m_distance], .. } = self.0.scratch;
        let ws = self.0.ws;
        let products = Products {
            count: N * N,
            len: block.len,
            depth: self.0.depth,
            width: panel.width,
            rows: (ws.wrapping_add(v).cast_const(), self.tile_floats::<S>(), v_distance),
            // Behind the biases.
            weights: (panel.weights.wrapping_add(panel.width.channels().min(PANEL)), panel.next),
            to: (ws.wrapping_add(m), m_distance),
        };
        // SAFETY: V and M have room for the tiles of a block at each point, and lie in the scratch memory; a panel has a bias,
        // and then the transformed filters of all points.
        unsafe { multiply(s, &products) };
        products
    }

    /// Whether a tile of a block is flagged.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels).
    #[inline(always)]
    pub(super) unsafe fn is_flagged(&self, block: Block, index: usize) -> bool {
        // SAFETY: scratch memory has a flag for each tile of a block, which the transform of the input has written.
        block.flagged && unsafe { *self.0.ws.add(self.0.scratch.flags + index) } != 0.0
    }

    /// Replaces M of a block's flagged tiles by outputs: those of row y and column x are where the values at points y and x were.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels); the products are those of the block.
    #[cold]
    #[inline(never)]
    unsafe fn replace<S: Simd>(&self, s: S, block: Block, products: &Products) {
        let Work { layer, ws, .. } = self.0;
        let Conv2d { input: Map { row, pixel, channels, .. }, stride, kernel, groups, .. } = layer.conv;
        let channels = div(channels, groups);
        let filters = Filters::of(products, N, N + 1 - M);
        let (to, distance) = products.to;
        // SAFETY: the caller's promise.
        for index in (0..block.len).filter(|index| unsafe { self.is_flagged(block, *index) }) {
            let (image, top, left) = self.tile(block.first + index);
            let at = image + layer.conv.first() + stride.height * (top * row + left * pixel) + block.group * channels;
            let square = Square {
                filters,
                from: ws.wrapping_add(at).cast_const(),
                row,
                pixel,
                channels,
                stride: stride.height,
                kernel: kernel.height,
                tile: M,
                to: (to.wrapping_add(index * filters.channels), distance),
            };
            // SAFETY: the tile's input lies in the workspace, the filters are those of the products, and M has room for the tile.
            s.run(unsafe { Sound::new(square) });
        }
    }

    /// Applies what remains of the activation to some channels of a block's group.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels).
    #[inline(always)]
    unsafe fn pass<S: Simd>(&self, s: S, block: Block, channels: Range<usize>) {
        let Some(activation) = self.0.finish.pass else { return };
        let output = self.0.layer.conv.output;
        let first = block.group * self.outputs() + channels.start;
        for index in block.first..block.first + block.len {
            let (image, top, left) = self.tile(index);
            let width = M.min(output.width - left);
            // Pixels next to each other are as one with many channels.
            let together = if output.pixel == channels.len() { width } else { 1 };
            for y in top..output.height.min(top + M) {
                for x in (left..left + width).step_by(together.max(1)) {
                    // SAFETY: these are elements of the output.
                    unsafe {
                        let to = self.0.ws.add(image + output.at(y, x) + first);
                        s.run(Apply::in_place(activation, to, together * channels.len()));
                    }
                }
            }
        }
    }
}
