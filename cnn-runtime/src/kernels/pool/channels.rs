//! Pooling of the channels of each pixel.

use super::sums::{BLOCK, Sums};
use super::{Max, Mean, Reduce};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::record;

/// All channels of a pixel become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelPool {
    /// What it reads.
    pub input: Map,
    /// What it writes: one channel of as many pixels.
    pub output: Map,
}

record! { ChannelPool(#read input: Map, output: Map) }
kernel_call! { ChannelMaxCall(ChannelPool) = channel_max, output: output }
kernel_call! { ChannelMeanCall(ChannelPool) = channel_mean, output: output }

impl ChannelPool {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the output is not a channel of the same size, or overlaps the input.
    pub const fn check(self) -> Checked<Self> {
        self.assert_sizes();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input).spilling()))
    }

    /// Panics if the output is not a channel of the same size.
    pub(crate) const fn assert_sizes(&self) {
        let Self { input, output } = self;
        let size = input.height == output.height && input.width == output.width;
        assert!(size && output.channels == 1, "pooling of channels gives one of as many pixels");
    }
}

/// Takes the maximum of the channels of each pixel.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn channel_max(run: Run<'_>, layer: &Checked<ChannelPool>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { channel_max_in(run, &layer.get(), ws) }
}

/// Takes the mean of the channels of each pixel.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn channel_mean(run: Run<'_>, layer: &Checked<ChannelPool>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { channel_mean_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// As for [`pixels`].
unsafe fn channel_max_in(run: Run<'_>, layer: &ChannelPool, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { pixels(run, layer, Max, ws) }
}

/// # Safety
///
/// As for [`pixels`].
unsafe fn channel_mean_in(run: Run<'_>, layer: &ChannelPool, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { pixels(run, layer, Mean, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn pixels(run: Run<'_>, layer: &ChannelPool, reduce: impl Reduce, ws: *mut f32) {
    let work = nanos_of_floats([layer.input.elements()]).saturating_add(nanos_of_floats([16, layer.output.elements()]));
    // SAFETY: the caller's promise; partitions are rows of the output, which is not the input.
    unsafe { run.split(work, |partition| Pixels::new(layer, reduce, ws, partition)) };
}

/// A partition of a pooling.
struct Pixels<'a, R> {
    layer: &'a ChannelPool,
    reduce: R,
    ws: *mut f32,
    partition: Partition,
}

impl<'a, R> Pixels<'a, R> {
    /// # Safety
    ///
    /// As for [`pixels`]; other threads have other partitions.
    unsafe fn new(layer: &'a ChannelPool, reduce: R, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, reduce, ws, partition }
    }
}

impl<R: Reduce> Kernel for Pixels<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: ChannelPool { input, output }, reduce, ws, partition } = self;
        let scale = 1.0 / input.channels as f32;
        for y in partition.of(output.height) {
            for x in 0..output.width {
                let from = ws.wrapping_add(input.at(y, x)).cast_const();
                let mut sums = Sums::<S, R, 1>::new(s, reduce);
                for first in (0..input.channels).step_by(BLOCK * S::LANES) {
                    let mut sum = s.splat(R::START);
                    for c in (first..input.channels.min(first + BLOCK * S::LANES)).step_by(S::LANES) {
                        // SAFETY: a channel of the input, with a vector after it.
                        let values = unsafe { s.load(from.add(c)) };
                        let values = s.select(s.first_lanes(input.channels - c), values, s.splat(R::START));
                        sum = reduce.fold(s, sum, values);
                    }
                    sums.add(s, [sum]);
                }
                let [all] = sums.total(s);
                let result = reduce.finish(s, s.splat(reduce.across(s, all)), scale);
                // SAFETY: a pixel of the output, which has one channel.
                unsafe { s.store_first(ws.add(output.at(y, x)), result, 1) };
            }
        }
    }
}
