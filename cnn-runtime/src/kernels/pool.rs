//! Pooling.
//!
//! Vectors are over channels. A window that touches an edge is clipped to the input: a mean must know how many taps
//! remain, and a maximum must not see the zeros of a halo. All others have the same shape, and for the usual sizes the
//! loops over their taps are unrolled.

mod adaptive;
mod axis;
mod channels;
mod global;
mod sums;
mod windows;

#[cfg(feature = "train")]
pub(crate) use self::adaptive::part;
pub use self::adaptive::*;
#[cfg(feature = "train")]
pub(crate) use self::axis::Axis;
pub use self::channels::*;
use self::global::Global;
pub(crate) use self::sums::{BLOCK, Sums};
use self::windows::{ClippedWindows, WholeWindows, WindowRow};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region, assert_product, assert_steps};
use crate::place::map::Map;
use crate::simd::{Kernel, PANEL, Simd, Sound};
use cnn_net::op::{self, Padding, Size};
use cnn_net::record;

/// Maximum or mean over a window. The halo is not read: windows are clipped at the edges of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool2d {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
    /// Extent of the window.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Padding, which moves the windows and which an average may count.
    pub pad: Padding,
    /// Distance between the taps of a window.
    pub dilation: Size,
    /// Whether an average divides by the taps in the padding too.
    pub count_include_pad: bool,
}

/// All pixels of a map become one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalPool {
    /// What it reads.
    pub input: Map,
    /// What it writes: 1 x 1 pixel of the same number of channels.
    pub output: Map,
}

record! {
    Pool2d(#read input: Map, output: Map, kernel: Size, stride: Size) {
        pad: Padding = Padding::NONE,
        dilation: Size = Size::square(1),
        count_include_pad: bool = true,
    }
}
record! { GlobalPool(#read input: Map, output: Map) }
kernel_call! { MaxPoolCall(Pool2d) = max_pool, output: output }
kernel_call! { AvgPoolCall(Pool2d) = avg_pool, output: output }
kernel_call! { GlobalMaxPoolCall(GlobalPool) = global_max_pool, output: output }
kernel_call! { GlobalAvgPoolCall(GlobalPool) = global_avg_pool, output: output }

impl GlobalPool {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the output is not a pixel of the same number of channels, or overlaps the input.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, output } = &self;
        let pixel = output.height == 1 && output.width == 1 && input.channels == output.channels;
        assert!(pixel, "global pooling gives a pixel with the channels of its input");
        Checked::new(self, Reach::to(output).reads(Region::of(input).spilling()))
    }
}

/// Takes the maximum over windows.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn max_pool(run: Run<'_>, layer: &Checked<Pool2d>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { max_pool_in(run, &layer.get(), ws) }
}

/// Takes the mean over windows.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn avg_pool(run: Run<'_>, layer: &Checked<Pool2d>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { avg_pool_in(run, &layer.get(), ws) }
}

/// Takes the maximum of each channel.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn global_max_pool(run: Run<'_>, layer: &Checked<GlobalPool>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { global_max_pool_in(run, &layer.get(), ws) }
}

/// Takes the mean of each channel.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn global_avg_pool(run: Run<'_>, layer: &Checked<GlobalPool>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { global_avg_pool_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// As for [`pool`].
unsafe fn max_pool_in(run: Run<'_>, layer: &Pool2d, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { pool(run, layer, Max, ws) }
}

/// # Safety
///
/// As for [`pool`].
unsafe fn avg_pool_in(run: Run<'_>, layer: &Pool2d, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { pool(run, layer, Mean, ws) }
}

/// # Safety
///
/// As for [`global`].
unsafe fn global_max_pool_in(run: Run<'_>, layer: &GlobalPool, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { global(run, layer, Max, ws) }
}

/// # Safety
///
/// As for [`global`].
unsafe fn global_avg_pool_in(run: Run<'_>, layer: &GlobalPool, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { global(run, layer, Mean, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn pool(run: Run<'_>, layer: &Pool2d, reduce: impl Reduce, ws: *mut f32) {
    let work = nanos_of_floats([layer.output.elements(), layer.kernel.area() + 1]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not the input.
    unsafe { run.split(work, |partition| PoolKernel::new(layer, reduce, ws, partition)) };
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn global(run: Run<'_>, layer: &GlobalPool, reduce: impl Reduce, ws: *mut f32) {
    // SAFETY: the caller's promise; partitions are channels.
    unsafe {
        run.split(nanos_of_floats([layer.input.elements()]), |partition| Global::new(layer, reduce, ws, partition))
    };
}

impl Pool2d {
    /// A pooling of one map into another.
    #[must_use]
    pub const fn of(pool: &op::Pool, input: Map, output: Map) -> Self {
        let op::Pool { kernel, stride, pad, dilation, count_include_pad, .. } = *pool;
        Self { input, output, kernel, stride, pad, dilation, count_include_pad }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, or overlap; if windows or taps don't move.
    pub const fn check(self) -> Checked<Self> {
        self.assert_windows();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input).spilling()))
    }

    /// Panics if the maps differ in their channels, if windows or taps don't move, or if what is computed of them overflows.
    pub(crate) const fn assert_windows(&self) {
        let Self { input, output, kernel, stride, pad, dilation, .. } = self;
        assert!(input.channels == output.channels, "pooling keeps the number of channels");
        let steps = stride.height > 0 && stride.width > 0 && dilation.height > 0 && dilation.width > 0;
        assert!(steps && kernel.height > 0 && kernel.width > 0, "a pooling that does not move, or without a window");
        assert_steps(input, [stride.height, stride.width]);
        assert_steps(input, [dilation.height, dilation.width]);
        // All that is computed of windows, those in the padding included.
        assert_product(&[kernel.height, kernel.width, 2]);
        assert_product(&[output.height, stride.height, 4]);
        assert_product(&[output.width, stride.width, 4]);
        assert_product(&[kernel.height, dilation.height, 4]);
        assert_product(&[kernel.width, dilation.width, 4]);
        assert_product(&[pad.top, 4]);
        assert_product(&[pad.bottom, 4]);
        assert_product(&[pad.left, 4]);
        assert_product(&[pad.right, 4]);
    }
}

/// How numbers become one.
pub(crate) trait Reduce: Copy {
    /// The result of none.
    const START: f32;

    /// With one more.
    fn fold<S: Simd>(self, s: S, sum: S::Vec, x: S::Vec) -> S::Vec;

    /// With two more.
    #[inline(always)]
    fn fold_two<S: Simd>(self, s: S, sum: S::Vec, x: S::Vec, y: S::Vec) -> S::Vec {
        self.fold(s, self.fold(s, sum, x), y)
    }

    /// The result of the lanes of a vector.
    fn across<S: Simd>(self, s: S, x: S::Vec) -> f32;

    /// The result, given one divided by how many there were.
    fn finish<S: Simd>(self, s: S, sum: S::Vec, scale: f32) -> S::Vec;
}

#[derive(Clone, Copy)]
struct Max;

impl Reduce for Max {
    const START: f32 = f32::NEG_INFINITY;

    #[inline(always)]
    fn fold<S: Simd>(self, s: S, sum: S::Vec, x: S::Vec) -> S::Vec {
        s.max_or_nan(sum, x)
    }

    #[inline(always)]
    fn fold_two<S: Simd>(self, s: S, sum: S::Vec, x: S::Vec, y: S::Vec) -> S::Vec {
        s.max3_or_nan(sum, x, y)
    }

    #[inline(always)]
    fn across<S: Simd>(self, s: S, x: S::Vec) -> f32 {
        let mut lanes = [Self::START; PANEL];
        // SAFETY: no vector has more lanes than a panel.
        unsafe { s.store(lanes.as_mut_ptr(), x) };
        lanes.into_iter().fold(Self::START, |a, b| if a > b || a.is_nan() { a } else { b })
    }

    #[inline(always)]
    fn finish<S: Simd>(self, _: S, sum: S::Vec, _: f32) -> S::Vec {
        sum
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Mean;

impl Reduce for Mean {
    const START: f32 = 0.0;

    #[inline(always)]
    fn fold<S: Simd>(self, s: S, sum: S::Vec, x: S::Vec) -> S::Vec {
        s.add(sum, x)
    }

    #[inline(always)]
    fn across<S: Simd>(self, s: S, x: S::Vec) -> f32 {
        s.reduce_sum(x)
    }

    #[inline(always)]
    fn finish<S: Simd>(self, s: S, sum: S::Vec, scale: f32) -> S::Vec {
        s.mul(sum, s.splat(scale))
    }
}

struct PoolKernel<'a, R> {
    layer: &'a Pool2d,
    ws: *mut f32,
    reduce: R,
    partition: Partition,
}

impl<'a, R> PoolKernel<'a, R> {
    /// # Safety
    ///
    /// As for [`pool`]; other threads have other partitions.
    unsafe fn new(layer: &'a Pool2d, reduce: R, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, reduce, partition }
    }
}

impl<R: Reduce> Kernel for PoolKernel<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Pool2d { input, output, stride, dilation, count_include_pad, .. } = *self.layer;
        let [vertical, horizontal] = self.layer.axes();
        let (first, end) = horizontal.whole(output.width);
        for y in self.partition.of(output.height) {
            let rows = vertical.span(y);
            let mut x = 0;
            while x < output.width {
                let columns = horizontal.span(x);
                let counted = if count_include_pad { rows.padded * columns.padded } else { rows.taps * columns.taps };
                let count = if x == first && first < end { end - first } else { 1 };
                let taps = Size::new(rows.taps, columns.taps);
                // Lanes after the last channel may go to the next pixel, which is written later, if it is in the map.
                let packed = output.pixel == output.channels;
                let windows = WindowRow {
                    from: self.ws.wrapping_add(input.at(rows.first, columns.first)),
                    to: self.ws.wrapping_add(output.at(y, x)),
                    count,
                    spare: if packed { output.width - x - 1 } else { 0 } * output.channels,
                    channels: output.channels,
                    step: [stride.width * input.pixel, output.pixel],
                    tap: [dilation.height * input.row, dilation.width * input.pixel],
                    scale: 1.0 / counted.max(1) as f32,
                    reduce: self.reduce,
                };
                // SAFETY: the taps are in the input, with a vector after it, and the pixels in the output.
                unsafe {
                    match taps {
                        Size { height: 2, width: 2 } => s.run(Sound::new(WholeWindows::<R, 2, 2>(windows))),
                        Size { height: 3, width: 3 } => s.run(Sound::new(WholeWindows::<R, 3, 3>(windows))),
                        _ => s.run(Sound::new(ClippedWindows(windows, taps))),
                    }
                }
                x += count;
            }
        }
    }
}
