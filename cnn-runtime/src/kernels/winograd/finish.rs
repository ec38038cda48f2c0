//! Tiles of M into the output.

use super::output::{largest, load_tile, output_tile};
use super::work::{AHEAD, BlockScratch, FilterPanel, TileBlock, Winograd, Work};
use crate::pack::PANEL;
use crate::simd::{Simd, UnsafeKernel};

/// M of a panel into the output, for the tiles of a block that are `FLAGGED` or for the others. M has the products of the panel for
/// these, or the outputs of those.
pub(super) struct Finishing<'a, 'b, const M: usize, const N: usize, const FLAGGED: bool> {
    pub(super) work: &'a Winograd<'b, M, N>,
    pub(super) block: TileBlock,
    pub(super) panel: FilterPanel,
}

impl<const M: usize, const N: usize, const FLAGGED: bool> UnsafeKernel for Finishing<'_, '_, M, N, FLAGGED> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Work { scratch: BlockScratch { m: [m, distance], .. }, ws, .. } = self.work.0;
        for index in 0..self.block.len {
            // SAFETY: the caller's promise.
            if unsafe { self.work.is_flagged(self.block, index) } != FLAGGED {
                continue;
            }
            let (image, top, left) = self.work.tile(self.block.first + index);
            for channel in (0..self.panel.channels).step_by(S::LANES) {
                // SAFETY: M has the panels for each tile and point; a panel begins with its biases.
                unsafe {
                    let at = index * self.panel.width.channels() + channel;
                    let from = ws.add(m + at).cast_const();
                    let tile = match FLAGGED {
                        true => load_tile::<S, M, N>(s, from, distance),
                        false => output_tile::<S, M, N>(s, from, distance),
                    };
                    let bias = self.panel.weights.add(channel / PANEL * self.panel.next + channel % PANEL);
                    let bias = s.load(bias);
                    let tile = if self.work.0.epilogue.pool().is_some() { largest(s, &tile) } else { tile };
                    self.store(s, image, [top, left], channel, bias, &tile);
                }
            }
        }
    }
}

impl<const M: usize, const N: usize, const FLAGGED: bool> Finishing<'_, '_, M, N, FLAGGED> {
    /// Adds the bias to a tile, or to what pooling leaves of it, finishes it, and stores what is inside of the map.
    ///
    /// # Safety
    ///
    /// The tile must begin inside of what is computed.
    #[inline(always)]
    unsafe fn store<S: Simd>(
        &self,
        s: S,
        image: usize,
        [top, left]: [usize; 2],
        channel: usize,
        bias: S::Vec,
        tile: &[[S::Vec; M]; M],
    ) {
        let Work { layer, ws, epilogue, .. } = self.work.0;
        let output = layer.conv.output;
        let count = self.panel.channels - channel;
        let channel = self.panel.first + channel;
        let window = if epilogue.pool().is_some() { 2 } else { 1 };
        let (side, top, left) = (M / window, top / window, left / window);
        let ahead = AHEAD * side * output.pixel;
        let (rows, columns) = (side.min(output.height - top), side.min(output.width - left));
        for (y, row) in tile.iter().enumerate().take(rows) {
            for (x, value) in row.iter().enumerate().take(columns) {
                // SAFETY: the pixel is in the output and in the residual; no more than the panel's channels are read or
                // written.
                unsafe {
                    let at = [top + y, left + x, channel];
                    let value = epilogue.finish(s, s.add(*value, bias), ws.add(image), at, count);
                    let to = ws.add(image + output.at(top + y, left + x) + channel);
                    s.store_first(to, value, count);
                    s.prefetch(to.wrapping_add(ahead));
                }
            }
        }
    }
}
