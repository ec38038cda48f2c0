//! What tiles of one size are: which of them are a partition, and where their values lie.

use core::ops::Range;

use super::{Winograd2d, block_floats, distances, width};
use crate::exec::divide::{div, div_ceil, div_rem};
use crate::exec::run::Partition;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::{Epilogue, Pooling};
use crate::kernels::gemm::{FROM_CORE, Width};
use crate::pack::{HALF_PANEL, PANEL, padded};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::Simd;

/// How many tiles to the right of one its input and output are asked for. In large maps they are in no near cache, and lie in
/// too many short rows for the hardware to foresee.
pub(super) const AHEAD: usize = 2;

/// A partition of a convolution.
#[derive(Clone, Copy)]
pub(super) struct Work<'a> {
    pub(super) layer: &'a Winograd2d,
    pub(super) batch: Batch,
    pub(super) weights: *const f32,
    pub(super) ws: *mut f32,
    pub(super) epilogue: Epilogue,
    /// Which tiles, or which channels.
    pub(super) partition: Partition,
    /// Channels of V.
    pub(super) depth: usize,
    pub(super) scratch: BlockScratch,
}

impl<'a> Work<'a> {
    /// All of it.
    ///
    /// # Safety
    ///
    /// The layer was checked, each image has as many floats from `ws` on as it needs, and `weights` are as many as it reads.
    pub(super) unsafe fn new(layer: &'a Winograd2d, batch: Batch, weights: *const f32, ws: *mut f32) -> Self {
        let partition = Partition::WHOLE;
        let epilogue = layer.conv.epilogue().pooling(layer.pool.then_some(Pooling::Max));
        let (depth, scratch) = (layer.panels().depth(), BlockScratch::new(layer, partition));
        Self { layer, batch, weights, ws, epilogue, partition, depth, scratch }
    }
}

/// V and M of a partition.
#[derive(Clone, Copy)]
pub(super) struct BlockScratch {
    /// Tiles that they have room for.
    pub(super) tiles: usize,
    /// Where V begins in the workspace, and the distance between the values of two points.
    pub(super) v: [usize; 2],
    /// Where M begins, and the distance between the values of two points.
    pub(super) m: [usize; 2],
    /// Where the flags of the tiles begin: 1 for one that is computed directly.
    pub(super) flags: usize,
}

impl BlockScratch {
    /// `partition` is one of [`most_parts`](Winograd2d::most_parts) at most.
    pub(super) fn new(layer: &Winograd2d, partition: Partition) -> Self {
        let (panels, tiles) = (layer.panels(), layer.tiles_of_block(partition.parts));
        let [v, m] = distances(&panels, tiles);
        let start = layer.scratch + partition.index * block_floats(&panels, tiles);
        let points = panels.side().pow(2);
        Self { tiles, v: [start, v], m: [start + points * v, m], flags: start + points * (v + m) }
    }
}

/// Tiles of `M x M` outputs, by `N x N` products.
pub(super) struct Winograd<'a, const M: usize, const N: usize>(pub(super) Work<'a>);

/// Tiles next to each other, counted through all images, and the group that is computed.
#[derive(Clone, Copy)]
pub(super) struct TileBlock {
    pub(super) first: usize,
    pub(super) len: usize,
    pub(super) group: usize,
    /// Whether some tiles are flagged.
    pub(super) flagged: bool,
}

/// Some output channels: a panel, half of one, or two.
#[derive(Clone, Copy)]
pub(super) struct FilterPanel {
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

impl<'a, const M: usize, const N: usize> Winograd<'a, M, N> {
    /// A partition of it.
    ///
    /// # Safety
    ///
    /// The layer's tiles are these. If several threads run at once, they have different partitions.
    pub(super) unsafe fn new(work: Work<'a>, partition: Partition) -> Self {
        Self(Work { partition, ..work })
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

    /// The first channel of the group in the first pixel that a tile of a block reads.
    #[inline(always)]
    pub(super) fn input(&self, block: TileBlock, index: usize) -> *const f32 {
        let Conv2d { input: Map { row, pixel, channels, .. }, stride, groups, .. } = self.0.layer.conv;
        let (image, top, left) = self.tile(block.first + index);
        let first = self.0.layer.conv.first() + block.group * div(channels, groups);
        self.0.ws.wrapping_add(image + first + stride.height * (top * row + left * pixel)).cast_const()
    }

    /// Tiles of all images.
    fn tiles(&self) -> usize {
        self.0.batch.images * self.tiles_per_image()
    }

    /// The tiles, and the channels of each group, that are a partition: some tiles, or some channels, where all tiles are a block and
    /// weights are much more than V. Then each thread transforms all tiles for itself, which takes less time than to get V
    /// from another core, and reads a part of the weights. But there must be channels enough for all threads.
    pub(super) fn ranges(&self) -> [Range<usize>; 2] {
        let partition = self.0.partition;
        let (tiles, outputs) = (self.tiles(), self.outputs());
        let wide = width(outputs);
        let panels = outputs.div_ceil(wide);
        let idle = div_ceil(panels, partition.parts) * partition.parts - panels;
        if partition.parts > 1 && tiles <= self.0.layer.block && outputs > FROM_CORE * tiles && 8 * idle <= panels {
            let Range { start, end } = partition.of(panels);
            return [0..tiles, outputs.min(start * wide)..outputs.min(end * wide)];
        }
        [partition.of(tiles), 0..outputs]
    }

    pub(super) fn outputs(&self) -> usize {
        div(self.0.layer.conv.output.channels, self.0.layer.conv.groups)
    }

    /// Whether two tiles share a vector of V: where channels are few, as after a net's first layer.
    pub(super) fn pairs<S: Simd>(&self) -> bool {
        self.0.layer.conv.stride.width == 1 && 2 * self.0.depth <= S::LANES
    }

    /// The distance of two tiles in V.
    pub(super) fn tile_floats<S: Simd>(&self) -> usize {
        if self.pairs::<S>() { S::LANES / 2 } else { padded(self.0.depth) }
    }

    /// The panel of `group` that begins at output channel `first`, or two where tiles are as wide.
    pub(super) fn panel<S: Simd>(&self, group: usize, first: usize) -> FilterPanel {
        let outputs = self.outputs();
        let len = N * N * self.0.depth + 1;
        let before = (group * outputs.next_multiple_of(HALF_PANEL) + first) * len;
        let rest = outputs - first;
        let width = Width::of::<S>(rest);
        FilterPanel {
            // All panels of all groups are in the weights.
            weights: self.0.weights.wrapping_add(before),
            next: PANEL * len,
            first: group * outputs + first,
            channels: rest.min(width.channels()),
            width,
        }
    }

    /// Whether a tile of a block is flagged.
    ///
    /// # Safety
    ///
    /// The block must be one of the partition, whose input was transformed.
    #[inline(always)]
    pub(super) unsafe fn is_flagged(&self, block: TileBlock, index: usize) -> bool {
        // SAFETY: scratch memory has a flag for each tile of a block, which the transform of the input has written.
        block.flagged && unsafe { *self.0.ws.add(self.0.scratch.flags + index) } != 0.0
    }
}
