//! Pooling of whole maps.

use super::sums::{BLOCK, Sums};
use super::{GlobalPool, Reduce};
use crate::exec::run::Partition;
use crate::simd::{Kernel, Simd};

/// A partition of a pooling.
pub(super) struct Global<'a, R> {
    layer: &'a GlobalPool,
    ws: *mut f32,
    reduce: R,
    /// Strips of channels.
    partition: Partition,
}

impl<'a, R> Global<'a, R> {
    /// # Safety
    ///
    /// The layer was checked, and `ws` has as many floats as it needs. Other threads have other partitions.
    pub(super) unsafe fn new(layer: &'a GlobalPool, reduce: R, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, reduce, partition }
    }
}

impl<R: Reduce> Kernel for Global<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let channels = self.layer.input.channels;
        let strips = self.partition.of(channels.div_ceil(4 * S::LANES));
        let mut c = strips.start * 4 * S::LANES;
        let end = channels.min(strips.end * 4 * S::LANES);
        while c < end {
            // SAFETY: both maps were checked, with a vector after the input; `c` counts their channels.
            c += unsafe {
                if channels - c >= 4 * S::LANES { self.strip::<S, 4>(s, c) } else { self.strip::<S, 1>(s, c) }
            };
        }
    }
}

impl<R: Reduce> Global<'_, R> {
    /// `N` vectors of channels from `c` on; returns how many channels that is.
    ///
    /// # Safety
    ///
    /// All but the last vector must be in the maps.
    #[inline(always)]
    unsafe fn strip<S: Simd, const N: usize>(&self, s: S, c: usize) -> usize {
        let Self { layer: GlobalPool { input, output }, ws, reduce, .. } = *self;
        let mut sums = Sums::<S, R, N>::new(s, reduce);
        for y in 0..input.height {
            for first in (0..input.width).step_by(BLOCK) {
                let mut block = [s.splat(R::START); N];
                for x in first..input.width.min(first + BLOCK) {
                    for (i, sum) in block.iter_mut().enumerate() {
                        // SAFETY: an element of the input, with a vector after it.
                        let value = unsafe { s.load(ws.add(input.at(y, x) + c + i * S::LANES)) };
                        *sum = reduce.fold(s, *sum, value);
                    }
                }
                sums.add(s, block);
            }
        }
        let sums = sums.total(s);
        for (i, sum) in sums.iter().enumerate() {
            let c = c + i * S::LANES;
            // SAFETY: no more channels are written than the output has.
            unsafe {
                let mean = reduce.finish(s, *sum, 1.0 / input.pixels() as f32);
                s.store_first(ws.add(output.offset + c), mean, output.channels - c);
            }
        }
        N * S::LANES
    }
}
