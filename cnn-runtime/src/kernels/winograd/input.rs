//! Tiles of the input as values at points, V, and which of them may not be computed that way.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use core::cell::Cell;

use super::work::{AHEAD, TileBlock, Winograd, Work};
use crate::exec::divide::div;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::transform;
use crate::kernels::transform::range::{InputTile, Limit, Watch, squares_of_values};
use crate::pack::{PANEL, padded};
use crate::place::map::Map;
use crate::simd::{Simd, UnsafeKernel};

/// V of a block, which is one of the work's. Returns whether some of its tiles are flagged, since they must be computed directly.
pub(super) struct Transform<'a, 'b, const M: usize, const N: usize> {
    pub(super) work: &'a Winograd<'b, M, N>,
    pub(super) block: TileBlock,
    /// The last image that was looked at, and its limit.
    pub(super) limit: &'a Cell<Option<(usize, Limit)>>,
}

impl<const M: usize, const N: usize> UnsafeKernel for Transform<'_, '_, M, N> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) -> bool {
        // SAFETY: the caller's promise.
        unsafe { if self.work.pairs::<S>() { self.in_pairs(s) } else { self.one_by_one(s) } }
    }
}

impl<const M: usize, const N: usize> Transform<'_, '_, M, N> {
    /// Tiles of few channels: two share a vector of V.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn in_pairs<S: Simd>(&self, s: S) -> bool {
        let Conv2d { input, groups, .. } = self.work.0.layer.conv;
        let channels = div(input.channels, groups);
        // Lanes of the first tile, and those of both that have a channel.
        let first = s.first_lanes(S::LANES / 2);
        let lanes = core::array::from_fn(|lane| if lane % (S::LANES / 2) < channels { 1.0 } else { 0.0 });
        let lanes: [f32; PANEL] = lanes;
        // SAFETY: no vector has more lanes.
        let lanes = s.less(s.splat(0.0), unsafe { s.load(lanes.as_ptr()) });
        let mut flagged = false;
        for index in (0..self.block.len).step_by(2) {
            let second = (index + 1).min(self.block.len - 1);
            // SAFETY: the caller's promise.
            unsafe {
                let squares = self.tiles::<S, 2>(s, [index, second], 0, 0);
                let squares = s.select(lanes, squares, s.splat(0.0));
                let both = [s.select(first, squares, s.splat(0.0)), s.select(first, s.splat(0.0), squares)];
                for (index, squares) in [index, second].into_iter().zip(both) {
                    let limit = self.limit(index);
                    let mut watch = Watch::new(s, limit);
                    watch.look(s, squares);
                    flagged |= self.flag(index, limit, watch.within(s));
                }
            }
        }
        flagged
    }

    /// Tiles of any number of channels.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn one_by_one<S: Simd>(&self, s: S) -> bool {
        let Conv2d { input, groups, stride, .. } = self.work.0.layer.conv;
        let channels = div(input.channels, groups);
        // Channels of pixels that are next to each other are as those of one.
        let together = if groups == 1 && input.pixel == channels { stride.width } else { 1 };
        let mut flagged = false;
        for index in 0..self.block.len {
            // SAFETY: the caller's promise.
            unsafe {
                let limit = self.limit(index);
                let mut watch = Watch::new(s, limit);
                let mut to = 0;
                for y in 0..stride.height {
                    for x in (0..stride.width).step_by(together.max(1)) {
                        let from = y * input.row + x * input.pixel;
                        // What a vector holds after its channels is overwritten by the next one.
                        for channel in (0..together * channels).step_by(S::LANES) {
                            let squares = self.tiles::<S, 1>(s, [index], from + channel, to + channel);
                            watch.look_first(s, squares, together * channels - channel);
                        }
                        to += together * channels;
                    }
                }
                flagged |= self.flag(index, limit, watch.within(s));
            }
        }
        flagged
    }

    /// The limit for a tile: that of its image.
    ///
    /// # Safety
    ///
    /// The block must have the tile; so for all methods.
    #[inline(always)]
    unsafe fn limit(&self, index: usize) -> Limit {
        let alone = self.work.0.batch.images == 1;
        let image = if alone { 0 } else { self.work.tile(self.block.first + index).0 };
        if let Some((_, limit)) = self.limit.get().filter(|(of, _)| *of == image) {
            return limit;
        }
        if self.work.0.layer.mixed {
            return Limit::LARGEST;
        }
        // SAFETY: the input lies in the workspace of each image.
        let limit = unsafe { Limit::of(&self.work.0.layer.conv.input, self.work.0.ws.add(image)) };
        self.limit.set(Some((image, limit)));
        limit
    }

    /// Flags a tile, or doesn't, and returns which.
    ///
    /// # Safety
    ///
    /// As for [`limit`](Self::limit).
    #[inline(always)]
    unsafe fn flag(&self, index: usize, limit: Limit, within: bool) -> bool {
        // SAFETY: the input of all tiles lies in the workspace.
        let flagged = !within && unsafe { self.input(index).is_mixed(limit) };
        // SAFETY: scratch memory has a flag for each tile of a block.
        unsafe { *self.work.0.ws.add(self.work.0.scratch.flags + index) = if flagged { 1.0 } else { 0.0 } };
        flagged
    }

    /// The input of a tile.
    fn input(&self, index: usize) -> InputTile {
        let layer = self.work.0.layer;
        let Conv2d { input: Map { row, pixel, channels, .. }, stride, kernel, groups, .. } = layer.conv;
        let (_, top, left) = self.work.tile(self.block.first + index);
        let size = layer.computed();
        InputTile {
            from: self.work.input(self.block, index),
            row,
            pixel,
            channels: div(channels, groups),
            side: N * stride.height,
            windows: [M.min(size.height - top), M.min(size.width - left)],
            stride: stride.height,
            kernel: kernel.height,
        }
    }

    /// A vector of channels of a tile, which begin at `from` in the window and at `to` in V, or half a vector of each of two
    /// tiles. Returns sums of squares to watch.
    ///
    /// # Safety
    ///
    /// As for [`limit`](Self::limit).
    #[inline(always)]
    unsafe fn tiles<S: Simd, const T: usize>(&self, s: S, indices: [usize; T], from: usize, to: usize) -> S::Vec {
        let Work { layer, ws, depth, scratch, .. } = self.work.0;
        let Conv2d { input: Map { row, pixel, .. }, stride, .. } = layer.conv;
        let [row, pixel] = [stride.height * row, stride.width * pixel];
        let [v, distance] = scratch.v;
        let from = indices.map(|index| self.work.input(self.block, index).wrapping_add(from));
        let count = padded(depth) - to;
        let to = v + indices[0] * self.work.tile_floats::<S>() + to;
        // SAFETY: the windows of all outputs that tiles cover lie in the workspace, with a vector after them; V has room for
        // the padded channels of each tile and point, and for twice as many tiles where two share a vector.
        unsafe { transform_tiles::<S, M, N, T>(s, from, [row, pixel], ws.add(to), distance, count) }
    }
}

/// A tile of `N x N` pixels, `step` apart, as values at points; or two, of which each has half of the lanes. Returns sums of squares to watch.
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
) -> S::Vec {
    // Two, which don't wait for each other.
    let mut sums = [s.splat(0.0); 2];
    let mut columns = [[s.splat(0.0); N]; N];
    for (x, column) in columns.iter_mut().enumerate() {
        let mut values = [s.splat(0.0); N];
        for y in 0..N {
            let at = y * row + x * pixel;
            // What the previous tile did not have.
            if const { T == 1 } && x >= N - M {
                s.prefetch(from[0].wrapping_add(at + AHEAD * M * pixel));
            }
            // SAFETY: the caller's promise.
            values[y] = unsafe {
                if const { T == 1 } { s.load(from[0].add(at)) } else { s.load_halves(from[0].add(at), from[1].add(at)) }
            };
        }
        *column = transform::input(s, &values);
        sums[x % 2] = squares_of_values(s, column, sums[x % 2]);
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
    s.add(sums[0], sums[1])
}
