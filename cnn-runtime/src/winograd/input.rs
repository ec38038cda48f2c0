//! Tiles of the input as values at points: V.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use super::kernel::{Block, Winograd, Work};
use super::{depth, transform};
use crate::map::Map;
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
        let inputs = self.work.inputs();
        if pairs::<S>(inputs) {
            for index in (0..self.block.len).step_by(2) {
                let second = (index + 1).min(self.block.len - 1);
                self.tiles::<S, 2>(s, [index, second], 0);
            }
            return;
        }
        for index in 0..self.block.len {
            for channel in (0..inputs).step_by(S::LANES) {
                self.tiles::<S, 1>(s, [index], channel);
            }
        }
    }
}

impl<const M: usize, const N: usize> Transform<'_, '_, M, N> {
    /// A vector of channels from `channel` on of a tile, or half a vector of each of two tiles.
    #[inline(always)]
    fn tiles<S: Simd, const T: usize>(&self, s: S, indices: [usize; T], channel: usize) {
        let Work { layer, first, ws, .. } = self.work.0;
        let Map { row, pixel, .. } = layer.conv.input;
        let inputs = self.work.inputs();
        let (v, distance) = self.work.v();
        let from = indices.map(|index| {
            let (image, top, left) = self.work.tile(self.block.first + index);
            let at = image + first + top * row + left * pixel + self.block.group * inputs + channel;
            ws.wrapping_add(at).cast_const()
        });
        let to = self.block.slot * depth(inputs) + indices[0] * tile_floats::<S>(inputs) + channel;
        // SAFETY: the windows of all outputs that tiles cover lie in the workspace, with a vector behind them; V has whole
        // vectors of channels for each tile and point, and room for twice as many tiles where two share a vector.
        unsafe { transform_tiles::<S, N, T>(s, from, [row, pixel], v.add(to), distance) };
    }
}

/// Whether two tiles share a vector of V: where channels are few, as behind a net's first layer.
#[inline(always)]
fn pairs<S: Simd>(inputs: usize) -> bool {
    2 * inputs <= S::LANES
}

/// The distance of two tiles in V, not more than [`depth`].
#[inline(always)]
pub(super) fn tile_floats<S: Simd>(inputs: usize) -> usize {
    if pairs::<S>(inputs) { S::LANES / 2 } else { depth(inputs) }
}

/// A tile of `N x N` pixels, `step` apart, as values at points; or two, of which each has half of the lanes.
///
/// # Safety
///
/// A vector must be readable at each pixel, and writable at each of `N * N` places `distance` apart.
#[inline(always)]
unsafe fn transform_tiles<S: Simd, const N: usize, const T: usize>(
    s: S,
    from: [*const f32; T],
    [row, pixel]: [usize; 2],
    to: *mut f32,
    distance: usize,
) {
    let mut columns = [[s.splat(0.0); N]; N];
    for (x, column) in columns.iter_mut().enumerate() {
        let mut values = [s.splat(0.0); N];
        for y in 0..N {
            let at = y * row + x * pixel;
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
            // SAFETY: the caller's promise.
            unsafe { s.store(to.add((y * N + x) * distance), value) };
        }
    }
}
