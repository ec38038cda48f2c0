//! Filters of a single channel each: vectors are over these.

use core::ops::Range;

use crate::exec::divide::div_rem;
use crate::kernels::gradient::outer::load;
use crate::place::map::Map;
use crate::simd::{Simd, Sound, UnsafeKernel};

use super::block::Block;

impl Block<'_> {
    /// The gradients of the filters of some channels.
    ///
    /// # Safety
    ///
    /// As for [`weights`](Self::weights), of these channels.
    #[inline(always)]
    pub(super) unsafe fn depthwise<S: Simd>(self, s: S, channels: Range<usize>) {
        // SAFETY: the caller's promise.
        s.run(unsafe { Sound::new(Filters { block: self, channels }) });
    }
}

/// The filters of some channels.
struct Filters<'a> {
    block: Block<'a>,
    channels: Range<usize>,
}

/// Taps that share the gradients of the output that were loaded: as many sums as hide the time of a multiplication.
const TAPS: usize = 4;

impl UnsafeKernel for Filters<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        for channel in self.channels.clone().step_by(S::LANES) {
            let count = self.channels.end - channel;
            // SAFETY: the conditions of the type.
            unsafe {
                if count >= S::LANES {
                    self.vector::<S, true>(s, channel, S::LANES);
                } else {
                    self.vector::<S, false>(s, channel, count);
                }
            }
        }
    }
}

impl Filters<'_> {
    /// # Safety
    ///
    /// There are `count` channels from `channel` on; if they are a `WHOLE` vector, as many as it has.
    #[inline(always)]
    unsafe fn vector<S: Simd, const WHOLE: bool>(&self, s: S, channel: usize, count: usize) {
        let (area, mut tap) = (self.block.layer.kernel.area(), 0);
        // SAFETY: the caller's promise.
        unsafe {
            while tap + TAPS <= area {
                self.taps::<S, WHOLE, TAPS>(s, channel, count, tap);
                tap += TAPS;
            }
            while tap < area {
                self.taps::<S, WHOLE, 1>(s, channel, count, tap);
                tap += 1;
            }
        }
    }

    /// # Safety
    ///
    /// As for [`vector`](Self::vector), and there are `T` taps from `first` on.
    #[inline(always)]
    unsafe fn taps<S: Simd, const WHOLE: bool, const T: usize>(
        &self,
        s: S,
        channel: usize,
        count: usize,
        first: usize,
    ) {
        let Block { layer, ws, floats, pixels, to, adds, .. } = self.block;
        let (input, upstream, kernel) = (&layer.input, &layer.upstream, layer.kernel);
        let places: [usize; T] = core::array::from_fn(|i| {
            let (ky, kx) = div_rem(first + i, kernel.width);
            ky * layer.dilation.height * input.row + kx * layer.dilation.width * input.pixel
        });
        let mut sums = [s.splat(0.0); T];
        let Map { row, pixel, .. } = *input;
        for image in 0..pixels.images {
            let ws = ws.wrapping_add(image * floats);
            for y in pixels.y..pixels.y + pixels.lines {
                let mut x = ws.wrapping_add(layer.conv().first() + y * layer.stride.height * row + channel);
                let mut slopes = ws.wrapping_add(upstream.at(y, 0) + channel);
                for _ in 0..upstream.width {
                    // SAFETY: the caller's promise; these are channels of both maps.
                    unsafe {
                        let slope = load::<S, WHOLE>(s, slopes, 0, count);
                        for (place, sum) in places.iter().zip(&mut sums) {
                            *sum = s.mul_add(load::<S, WHOLE>(s, x.wrapping_add(*place), 0, count), slope, *sum);
                        }
                    }
                    x = x.wrapping_add(layer.stride.width * pixel);
                    slopes = slopes.wrapping_add(upstream.pixel);
                }
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            let mut lanes = [0.0; 16];
            // SAFETY: no vector has more lanes.
            unsafe { s.store(lanes.as_mut_ptr(), sum) };
            for (lane, number) in lanes.into_iter().enumerate().take(count) {
                let to = to.wrapping_add((channel + lane) * kernel.area() + first + i);
                // SAFETY: it is a weight of one of the channels.
                unsafe { *to = if adds { *to + number } else { number } };
            }
        }
    }
}
