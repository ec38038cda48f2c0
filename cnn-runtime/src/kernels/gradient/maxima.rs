//! The gradients of maxima. The first of several equal ones gets all of it, in the order of rows and of columns; where there is a NaN,
//! the first element of the window does.
//!
//! Windows overlap, so that threads share channels and not rows. All that is outside of them is 0.

mod windows;

use self::windows::{Maps, Maxima, Parts};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::pool::{AdaptivePool, ChannelPool, Pool2d};
use crate::place::bounds::{Checked, Reach, Region, assert_same_size};
use crate::place::map::Map;
use cnn_net::op::{self, Padding, Size};
use cnn_net::record;

/// The gradient of what the maximum over windows was taken of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPoolGradient {
    /// What the maxima were taken of.
    pub input: Map,
    /// The gradient of the maxima.
    pub upstream: Map,
    /// The gradient of the input.
    pub output: Map,
    /// Extent of the window.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Padding, which is never the maximum.
    pub pad: Padding,
    /// Distance between the taps of a window.
    pub dilation: Size,
}

/// The gradient of a map of which the maxima of as many parts were taken as `upstream` has pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveMaxPoolGradient {
    /// The map.
    pub input: Map,
    /// The gradient of the maxima.
    pub upstream: Map,
    /// The gradient of the map.
    pub output: Map,
}

/// The gradient of a map of which the maximum of each pixel's channels was taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelMaxGradient {
    /// The map.
    pub input: Map,
    /// The gradient of the maxima: a single channel.
    pub upstream: Map,
    /// The gradient of the map; may be the map itself.
    pub output: Map,
}

record! {
    MaxPoolGradient(#read input: Map, #read upstream: Map, output: Map, kernel: Size, stride: Size) {
        pad: Padding = Padding::NONE,
        dilation: Size = Size::square(1),
    }
}
record! { AdaptiveMaxPoolGradient(#read input: Map, #read upstream: Map, output: Map) }
record! { ChannelMaxGradient(#read input: Map, #read upstream: Map, output: Map) }
kernel_call! { MaxPoolGradient = max_pool_gradient, output: output }
kernel_call! { AdaptiveMaxPoolGradient = adaptive_max_pool_gradient, output: output }
kernel_call! { ChannelMaxGradient = channel_max_gradient, output: output }

impl MaxPoolGradient {
    /// Of a pooling of `input`.
    #[must_use]
    pub const fn of(pool: &op::Pool, input: Map, upstream: Map, output: Map) -> Self {
        let op::Pool { kernel, stride, pad, dilation, .. } = *pool;
        Self { input, upstream, output, kernel, stride, pad, dilation }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, input and output in their size, or the output overlaps the others; if windows or taps
    /// don't move.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, .. } = &self;
        assert_same_size(input, output);
        self.layer(input).assert_windows();
        self.layer(output).assert_windows();
        Checked::new(self, Reach::to(output).reads(Region::of(input)).reads(Region::of(upstream)))
    }

    /// The layer whose gradient it is, or one over another map.
    const fn layer(&self, input: &Map) -> Pool2d {
        let Self { upstream, kernel, stride, pad, dilation, .. } = *self;
        Pool2d { input: *input, output: upstream, kernel, stride, pad, dilation, count_include_pad: false }
    }
}

impl AdaptiveMaxPoolGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, input and output in their size, or the output overlaps the others.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output } = self;
        assert_same_size(&input, &output);
        AdaptivePool { input, output: upstream }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads(Region::of(&input)).reads(Region::of(&upstream)))
    }
}

impl ChannelMaxGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If `upstream` is not a channel of the same size, or overlaps the output; if input and output differ in size, or overlap without
    /// being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output } = self;
        assert_same_size(&input, &output);
        ChannelPool { input, output: upstream }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads_in_place(&input).reads(Region::of(&upstream)))
    }
}

/// Passes the gradient of each maximum over a window to where it was.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn max_pool_gradient(run: Run<'_>, layer: &Checked<MaxPoolGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { max_pool_in(run, &layer.get(), ws) }
}

/// Passes the gradient of each maximum of a part to where it was.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn adaptive_max_pool_gradient(run: Run<'_>, layer: &Checked<AdaptiveMaxPoolGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { adaptive_max_pool_in(run, &layer.get(), ws) }
}

/// Passes the gradient of each maximum of channels to where it was.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn channel_max_gradient(run: Run<'_>, layer: &Checked<ChannelMaxGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { channel_max_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn max_pool_in(run: Run<'_>, layer: &MaxPoolGradient, ws: *mut f32) {
    let [rows, columns] = layer.layer(&layer.input).axes();
    let work = nanos_of_floats([layer.upstream.elements(), layer.kernel.area(), 3]);
    let maps = Maps { input: layer.input, upstream: layer.upstream, output: layer.output };
    // SAFETY: the caller's promise; partitions are channels.
    unsafe { run.split(work, |partition| Maxima::new(maps, [rows, columns], ws, partition)) };
}

/// # Safety
///
/// As for [`max_pool_in`].
unsafe fn adaptive_max_pool_in(run: Run<'_>, layer: &AdaptiveMaxPoolGradient, ws: *mut f32) {
    let AdaptiveMaxPoolGradient { input, upstream, output } = *layer;
    let rows = Parts { size: input.height, count: upstream.height };
    let columns = Parts { size: input.width, count: upstream.width };
    let work = nanos_of_floats([input.elements(), 4]);
    let maps = Maps { input, upstream, output };
    // SAFETY: the caller's promise; partitions are channels.
    unsafe { run.split(work, |partition| Maxima::new(maps, [rows, columns], ws, partition)) };
}

/// # Safety
///
/// As for [`max_pool_in`].
unsafe fn channel_max_in(run: Run<'_>, layer: &ChannelMaxGradient, ws: *mut f32) {
    let ChannelMaxGradient { input, upstream, output } = *layer;
    let rows = |partition: Partition| {
        for y in partition.of(output.height) {
            for x in 0..output.width {
                // SAFETY: the caller's promise; a pixel of each map, whose channels are read before they are written.
                unsafe {
                    let place = largest(ws.add(input.at(y, x)), input.channels);
                    let (upstream, to) = (*ws.add(upstream.at(y, x)), ws.add(output.at(y, x)));
                    to.write_bytes(0, output.channels);
                    *to.add(place) = upstream;
                }
            }
        }
    };
    // SAFETY: partitions are rows, and a row of the output needs the same row of the others alone.
    unsafe { run.each_partition(nanos_of_floats([8, output.elements()]), rows) };
    run.done();
}

/// The place of the first of the largest of `len` numbers, or of a NaN.
///
/// # Safety
///
/// They can be read, and there is at least one.
unsafe fn largest(from: *const f32, len: usize) -> usize {
    let mut place = 0;
    for c in 1..len {
        // SAFETY: the caller's promise.
        let (best, number) = unsafe { (*from.add(place), *from.add(c)) };
        if number > best || number.is_nan() {
            place = c;
        }
    }
    place
}
