//! Tiles of the input as values at points: V.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use super::kernel::{AHEAD, Block, Winograd, Work};
use super::transform;
use crate::conv::Conv2d;
use crate::map::Map;
use crate::pack::padded;
use crate::simd::{Kernel, Simd};

/// V of a block.
pub(super) struct Transform<'a, 'b, const M: usize, const N: usize> {
    pub(super) work: &'a Winograd<'b, M, N>,
    pub(super) block: Block,
}

impl<const M: usize, const N: usize> Kernel for Transform<'_, '_, M, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Conv2d { input, groups, stride, .. } = self.work.0.layer.conv;
        let channels = input.channels / groups;
        if self.work.pairs::<S>() {
            for index in (0..self.block.len).step_by(2) {
                let second = (index + 1).min(self.block.len - 1);
                self.tiles::<S, 2>(s, [index, second], 0, 0);
            }
            return;
        }
        // Channels of pixels that are next to each other are as those of one.
        let together = if groups == 1 && input.pixel == channels { stride.width } else { 1 };
        for index in 0..self.block.len {
            let mut to = 0;
            for phase in (0..stride.area()).step_by(together) {
                let from = phase / stride.width * input.row + phase % stride.width * input.pixel;
                // What a vector holds behind its channels is overwritten by the next one.
                for channel in (0..together * channels).step_by(S::LANES) {
                    self.tiles::<S, 1>(s, [index], from + channel, to + channel);
                }
                to += together * channels;
            }
        }
    }
}

impl<const M: usize, const N: usize> Transform<'_, '_, M, N> {
    /// A vector of channels of a tile, which begin at `from` in the window and at `to` in V, or half a vector of each of two
    /// tiles.
    #[inline(always)]
    fn tiles<S: Simd, const T: usize>(&self, s: S, indices: [usize; T], from: usize, to: usize) {
        let Work { layer, ws, depth, scratch, .. } = self.work.0;
        let Conv2d { input: Map { row, pixel, channels, .. }, stride, groups, .. } = layer.conv;
        let [row, pixel] = [stride.height * row, stride.width * pixel];
        let [v, distance] = scratch.v;
        let from = indices.map(|index| {
            let (image, top, left) = self.work.tile(self.block.first + index);
            let group = self.block.group * (channels / groups);
            ws.wrapping_add(image + layer.conv.first() + top * row + left * pixel + group + from).cast_const()
        });
        let count = padded(depth) - to;
        let to = v + indices[0] * self.work.tile_floats::<S>() + to;
        // SAFETY: the windows of all outputs that tiles cover lie in the workspace, with a vector behind them; V has room for
        // the padded channels of each tile and point, and for twice as many tiles where two share a vector.
        unsafe { transform_tiles::<S, M, N, T>(s, from, [row, pixel], ws.add(to), distance, count) };
    }
}

/// A tile of `N x N` pixels, `step` apart, as values at points; or two, of which each has half of the lanes.
///
/// # Safety
///
/// A vector must be readable at each pixel, and `count` floats of it writable at each of `N * N` places `distance` apart.
#[inline(always)]
unsafe fn transform_tiles<S: Simd, const M: usize, const N: usize, const T: usize>(
    s: S,
    from: [*const f32; T],
    [row, pixel]: [usize; 2],
    to: *mut f32,
    distance: usize,
    count: usize,
) {
    let mut columns = [[s.splat(0.0); N]; N];
    for (x, column) in columns.iter_mut().enumerate() {
        let mut values = [s.splat(0.0); N];
        for y in 0..N {
            let at = y * row + x * pixel;
            // What the tile before had not.
            if const { T == 1 } && x >= N - M {
                s.prefetch(from[0].wrapping_add(at + AHEAD * M * pixel));
            }
            // SAFETY: the caller's promise.
            values[y] = unsafe {
                if const { T == 1 } { s.load(from[0].add(at)) } else { s.load_halves(from[0].add(at), from[1].add(at)) }
            };
        }
        *column = transform::input(s, &values);
    }
    for y in 0..N {
        let mut values = [s.splat(0.0); N];
        for x in 0..N {
            values[x] = columns[x][y];
        }
        for (x, value) in transform::input(s, &values).into_iter().enumerate() {
            let to = to.wrapping_add((y * N + x) * distance);
            // SAFETY: the caller's promise.
            unsafe { if count >= S::LANES { s.store(to, value) } else { s.store_first(to, value, count) } };
        }
    }
}
