//! The gradients of means.

use super::adjoint::{PartMeans, WindowMeans, adjoint};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::pool::{AdaptivePool, Axis, ChannelPool, Pool2d};
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{self, Padding, Size};
use cnn_net::record;

/// The gradient of what the mean over windows was taken of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AvgPoolGradient {
    /// The gradient of the means.
    pub upstream: Map,
    /// The gradient of what they were taken of.
    pub output: Map,
    /// Extent of the window.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Padding.
    pub pad: Padding,
    /// Distance between the taps of a window.
    pub dilation: Size,
    /// Whether the taps in the padding were counted too.
    pub count_include_pad: bool,
}

/// The gradient of a map of which the means of as many parts were taken as `upstream` has pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveAvgPoolGradient {
    /// The gradient of the means.
    pub upstream: Map,
    /// The gradient of the map.
    pub output: Map,
}

/// The gradient of a map of which the mean of each pixel's channels was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelMeanGradient {
    /// The gradient of the means: a single channel.
    pub upstream: Map,
    /// The gradient of the map.
    pub output: Map,
}

record! {
    AvgPoolGradient(#read upstream: Map, output: Map, kernel: Size, stride: Size) {
        pad: Padding = Padding::NONE,
        dilation: Size = Size::square(1),
        count_include_pad: bool = true,
    }
}
record! { AdaptiveAvgPoolGradient(#read upstream: Map, output: Map) }
record! { ChannelMeanGradient(#read upstream: Map, output: Map) }
kernel_call! { AvgPoolGradient = avg_pool_gradient, output: output }
kernel_call! { AdaptiveAvgPoolGradient = adaptive_avg_pool_gradient, output: output }
kernel_call! { ChannelMeanGradient = channel_mean_gradient, output: output }

impl AvgPoolGradient {
    /// Of a pooling.
    #[must_use]
    pub const fn of(pool: &op::Pool, upstream: Map, output: Map) -> Self {
        let op::Pool { kernel, stride, pad, dilation, count_include_pad, .. } = *pool;
        Self { upstream, output, kernel, stride, pad, dilation, count_include_pad }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, or overlap; if windows or taps don't move.
    pub const fn check(self) -> Checked<Self> {
        self.layer().assert_windows();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.upstream)))
    }

    /// The layer whose gradient it is.
    const fn layer(&self) -> Pool2d {
        let Self { upstream, output, kernel, stride, pad, dilation, count_include_pad } = *self;
        Pool2d { input: output, output: upstream, kernel, stride, pad, dilation, count_include_pad }
    }
}

impl AdaptiveAvgPoolGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, or overlap.
    pub const fn check(self) -> Checked<Self> {
        let Self { upstream, output } = self;
        AdaptivePool { input: output, output: upstream }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads(Region::of(&upstream)))
    }
}

impl ChannelMeanGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If `upstream` is not a channel of the same size, or overlaps the output.
    pub const fn check(self) -> Checked<Self> {
        let Self { upstream, output } = self;
        ChannelPool { input: output, output: upstream }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads(Region::of(&upstream)))
    }
}

/// Adds up the shares of each element in the means that it is in.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn avg_pool_gradient(run: Run<'_>, layer: &Checked<AvgPoolGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { avg_pool_in(run, &layer.get(), ws) }
}

/// Adds up the shares of each element in the means that it is in.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn adaptive_avg_pool_gradient(run: Run<'_>, layer: &Checked<AdaptiveAvgPoolGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { adaptive_avg_pool_in(run, &layer.get(), ws) }
}

/// Gives each channel of a pixel the same share.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn channel_mean_gradient(run: Run<'_>, layer: &Checked<ChannelMeanGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { channel_mean_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn avg_pool_in(run: Run<'_>, layer: &AvgPoolGradient, ws: *mut f32) {
    let AvgPoolGradient { upstream, output, count_include_pad, .. } = *layer;
    let [rows, columns] = layer.layer().axes();
    if rows.tile(upstream.height) && columns.tile(upstream.width) {
        let work = nanos_of_floats([2, output.elements()]);
        // SAFETY: the caller's promise; partitions are rows of windows, which have no rows of the output in common.
        return unsafe { run.split(work, |partition| Tiles::new(layer, [rows, columns], ws, partition)) };
    }
    let rows = WindowMeans { axis: rows, count: upstream.height, padded: count_include_pad };
    let columns = WindowMeans { axis: columns, count: upstream.width, padded: count_include_pad };
    // SAFETY: the caller's promise.
    unsafe { adjoint(run, [upstream, output], [rows, columns], ws) }
}

/// # Safety
///
/// As for [`avg_pool_in`].
unsafe fn adaptive_avg_pool_in(run: Run<'_>, layer: &AdaptiveAvgPoolGradient, ws: *mut f32) {
    let AdaptiveAvgPoolGradient { upstream, output } = *layer;
    let rows = PartMeans { size: output.height, count: upstream.height };
    let columns = PartMeans { size: output.width, count: upstream.width };
    // SAFETY: the caller's promise.
    unsafe { adjoint(run, [upstream, output], [rows, columns], ws) }
}

/// # Safety
///
/// As for [`avg_pool_in`].
unsafe fn channel_mean_in(run: Run<'_>, layer: &ChannelMeanGradient, ws: *mut f32) {
    let work = nanos_of_floats([layer.output.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not what is read.
    unsafe { run.split(work, |partition| Shares::new(layer, ws, partition)) };
}

/// Some rows of windows, each element of the output in one.
struct Tiles<'a> {
    layer: &'a AvgPoolGradient,
    axes: [Axis; 2],
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Tiles<'a> {
    /// # Safety
    ///
    /// As for [`avg_pool_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a AvgPoolGradient, axes: [Axis; 2], ws: *mut f32, partition: Partition) -> Self {
        Self { layer, axes, ws, partition }
    }
}

impl Kernel for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: AvgPoolGradient { upstream, output, count_include_pad, .. }, axes, ws, partition } = self;
        for y in partition.of(upstream.height) {
            let rows = axes[0].span(y);
            for x in 0..upstream.width {
                let columns = axes[1].span(x);
                let counted = if *count_include_pad { rows.padded * columns.padded } else { rows.taps * columns.taps };
                let factor = s.splat(1.0 / counted.max(1) as f32);
                let from = ws.wrapping_add(upstream.at(y, x)).cast_const();
                let to = ws.wrapping_add(output.at(rows.first, columns.first));
                for c in (0..output.channels).step_by(S::LANES) {
                    let rest = output.channels - c;
                    // SAFETY: channels of a pixel, and of the pixels of the output under its window.
                    unsafe {
                        let share = s.mul(s.load_first(from.add(c), rest), factor);
                        for row in 0..rows.taps {
                            for column in 0..columns.taps {
                                s.store_first(to.add(row * output.row + column * output.pixel + c), share, rest);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Some rows of a gradient that is the same in all channels of a pixel.
struct Shares<'a> {
    layer: &'a ChannelMeanGradient,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Shares<'a> {
    /// # Safety
    ///
    /// As for [`channel_mean_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a ChannelMeanGradient, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for Shares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: ChannelMeanGradient { upstream, output }, ws, partition } = self;
        let factor = 1.0 / output.channels as f32;
        for y in partition.of(output.height) {
            for x in 0..output.width {
                // SAFETY: a pixel of each map, of which no more is written than its channels.
                unsafe {
                    let share = s.splat(*ws.add(upstream.at(y, x)) * factor);
                    let to = ws.add(output.at(y, x));
                    for c in (0..output.channels).step_by(S::LANES) {
                        s.store_first(to.add(c), share, output.channels - c);
                    }
                }
            }
        }
    }
}
