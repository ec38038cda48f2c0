//! Transforms of a tile: rows into V, and M into results.

use super::Chunk;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::Epilogue;
use crate::kernels::transform;
use crate::kernels::transform::range::{Limit, Watch, squares};
use crate::pack::PANEL;
use crate::place::map::Map;
use crate::simd::{Simd, Sound, UnsafeKernel};

/// `N` rows of the input into V. Returns whether they are within the limit. They are readable, with a vector after them, and V has
/// room.
#[derive(Clone, Copy)]
struct Forward<const N: usize> {
    from: *const f32,
    /// The distance of two rows.
    row: usize,
    /// Floats of a row.
    len: usize,
    v: (*mut f32, usize),
    limit: Limit,
}

impl Chunk<'_> {
    /// The input of a tile into V. Returns whether it is within the limit.
    ///
    /// # Safety
    ///
    /// The windows of the chunk must be readable, with a vector after them, and V must have room for them.
    #[inline(always)]
    pub(super) unsafe fn forward<S: Simd, const N: usize>(&self, s: S, row: usize, limit: Limit) -> bool {
        let Conv2d { input, kernel, .. } = self.layer.conv;
        let len = (self.len + kernel.width - 1) * input.channels;
        let forward = Forward::<N> { from: self.input(row), row: input.row, len, v: self.scratch.v, limit };
        // SAFETY: the caller's promise.
        s.run(unsafe { Sound::new(forward) })
    }
}

impl<const N: usize> UnsafeKernel for Forward<N> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) -> bool {
        let Self { from, row, len, v: (v, distance), limit } = self;
        let mut watch = Watch::new(s, limit);
        for at in (0..len).step_by(S::LANES) {
            // SAFETY: as the type's description says.
            unsafe {
                let mut rows = [s.splat(0.0); N];
                for (y, values) in rows.iter_mut().enumerate() {
                    *values = s.load(from.add(y * row + at));
                }
                watch.look_first(s, squares(s, &rows, s.splat(0.0)), len - at);
                for (point, values) in transform::input(s, &rows).into_iter().enumerate() {
                    s.store(v.add(point * distance + at), values);
                }
            }
        }
        watch.within(s)
    }
}

/// M of a tile of `M` rows into the results, with the bias. M is readable, and the results have room.
///
/// Where lanes are `PIXELS`, results are in scratch memory with room for whole tiles and vectors, where the epilogue passes over
/// them. Otherwise it is applied in registers, and what is stored is exact.
pub(super) struct Back<const PIXELS: bool, const M: usize, const N: usize> {
    /// M, the distance of two points, and that of two rows of lanes.
    pub(super) m: (*const f32, usize, usize),
    /// Whether M has the results, before the bias.
    pub(super) directly: bool,
    /// The biases of the rows of lanes, or of lanes: those of a panel, and the distance to those of a second one.
    pub(super) biases: (*const f32, usize),
    pub(super) epilogue: Epilogue,
    /// The rows of the tile that are stored.
    pub(super) to: *mut f32,
    pub(super) results: Map,
}

impl<const PIXELS: bool, const M: usize, const N: usize> UnsafeKernel for Back<PIXELS, M, N> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Self { m: (m, distance, next), biases: (biases, panel), epilogue, results, .. } = self;
        for row in 0..results.width {
            for lane in (0..results.channels).step_by(S::LANES) {
                let rest = results.channels - lane;
                // The last vector of pixels overlaps the previous one.
                let lane = if PIXELS { lane.min(results.channels - S::LANES) } else { lane };
                // SAFETY: as the type's description says.
                unsafe {
                    let mut values = [s.splat(0.0); N];
                    for (point, value) in values.iter_mut().enumerate() {
                        *value = s.load(m.add(point * distance + row * next + lane));
                    }
                    let bias = match PIXELS {
                        true => s.splat(*biases.add(row)),
                        false => s.load(biases.add(lane / PANEL * panel + lane % PANEL)),
                    };
                    let column: [S::Vec; M] = match self.directly {
                        true => core::array::from_fn(|y| values[y]),
                        false => transform::output(s, &values),
                    };
                    let to = self.to.add(results.at(0, row) + lane);
                    if PIXELS {
                        for (y, value) in column.into_iter().enumerate() {
                            s.store(to.add(y * results.row), s.add(value, bias));
                        }
                    } else {
                        for (y, value) in column.into_iter().enumerate().take(results.height) {
                            s.store_first(to.add(y * results.row), epilogue.activate(s, s.add(value, bias)), rest);
                        }
                    }
                }
            }
        }
    }
}
