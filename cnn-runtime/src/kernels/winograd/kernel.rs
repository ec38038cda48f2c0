//! The loops, for tiles of one size.

use core::cell::Cell;
use core::ops::Range;

use super::finish::Finishing;
use super::input::Transform;
use super::work::{BlockScratch, FilterPanel, TileBlock, Winograd, Work};
use crate::exec::divide::div;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::gemm::{Products, Width, evenly, multiply};
use crate::kernels::transform::direct::{DirectTile, Filters};
use crate::pack::PANEL;
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, Sound};

impl<const M: usize, const N: usize> Kernel for Winograd<'_, M, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let layer = self.0.layer;
        let Some(partition) = self.0.partition.at_most(layer.most_parts()) else { return };
        let work = Self(Work { partition, scratch: BlockScratch::new(layer, partition), ..self.0 });
        let [tiles, channels] = work.ranges();
        if tiles.is_empty() || channels.is_empty() {
            return;
        }
        let limit = Cell::new(None);
        for (first, len) in evenly(tiles.len(), work.0.scratch.tiles) {
            let first = tiles.start + first;
            for group in 0..layer.conv.groups {
                let block = TileBlock { first, len, group, flagged: false };
                // SAFETY: these are tiles and channels of the partition.
                unsafe {
                    let flagged = s.run(Sound::new(Transform { work: &work, block, limit: &limit }));
                    let block = TileBlock { flagged, ..block };
                    work.channels(s, block, channels.clone());
                    work.pass(s, block, channels.clone());
                }
            }
        }
    }
}

impl<const M: usize, const N: usize> Winograd<'_, M, N> {
    /// Some channels of the outputs of a block, from its V on; they begin with a panel.
    ///
    /// # Safety
    ///
    /// The block and the channels must be some of the partition, and V that of the block; so for all methods.
    #[inline(always)]
    unsafe fn channels<S: Simd>(&self, s: S, block: TileBlock, channels: Range<usize>) {
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
    unsafe fn finish<S: Simd, const FLAGGED: bool>(&self, s: S, block: TileBlock, panel: FilterPanel) {
        // SAFETY: the caller's promise.
        let finishing = unsafe { Sound::new(Finishing::<M, N, FLAGGED> { work: self, block, panel }) };
        if panel.width == Width::Half {
            s.half().run(finishing);
        } else {
            s.run(finishing);
        }
    }

    /// M of a panel: a matrix product for each point, which it returns.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels).
    #[inline(always)]
    unsafe fn products<S: Simd>(&self, s: S, block: TileBlock, panel: FilterPanel) -> Products {
        let BlockScratch { v: [v, v_distance], m: [m, m_distance], .. } = self.0.scratch;
        let ws = self.0.ws;
        let products = Products {
            count: N * N,
            len: block.len,
            depth: self.0.depth,
            width: panel.width,
            rows: (ws.wrapping_add(v).cast_const(), self.tile_floats::<S>(), v_distance),
            // After the biases.
            weights: (panel.weights.wrapping_add(panel.width.channels().min(PANEL)), panel.next),
            to: (ws.wrapping_add(m), m_distance),
        };
        // SAFETY: V and M have room for the tiles of a block at each point, and lie in the scratch memory; a panel has a bias,
        // and then the transformed filters of all points.
        unsafe { multiply(s, &products) };
        products
    }

    /// Replaces M of a block's flagged tiles by outputs: those of row y and column x are where the values at points y and x were.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels); the products are those of the block.
    #[cold]
    #[inline(never)]
    unsafe fn replace<S: Simd>(&self, s: S, block: TileBlock, products: &Products) {
        let Conv2d { input: Map { row, pixel, channels, .. }, stride, kernel, groups, .. } = self.0.layer.conv;
        let channels = div(channels, groups);
        let filters = Filters::of(products, N, N + 1 - M);
        let (to, distance) = products.to;
        // SAFETY: the caller's promise.
        for index in (0..block.len).filter(|index| unsafe { self.is_flagged(block, *index) }) {
            let square = DirectTile {
                filters,
                from: self.input(block, index),
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

    /// Passes over some channels of a block's group.
    ///
    /// # Safety
    ///
    /// As for [`channels`](Self::channels).
    #[inline(always)]
    unsafe fn pass<S: Simd>(&self, s: S, block: TileBlock, channels: Range<usize>) {
        let Work { epilogue, ws, .. } = self.0;
        if epilogue.is_in_registers() {
            return;
        }
        let output = self.0.layer.conv.output;
        let first = block.group * self.outputs();
        let channels = first + channels.start..first + channels.end;
        for index in block.first..block.first + block.len {
            let (image, top, left) = self.tile(index);
            let width = M.min(output.width - left);
            for y in top..output.height.min(top + M) {
                // SAFETY: these are elements of the output.
                unsafe { epilogue.pass_pixels(s, ws.add(image), &output, [y, left], width, channels.clone()) };
            }
        }
    }
}
