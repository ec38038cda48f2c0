//! Adaptive pooling whose windows differ in size, or in their distance.

use super::windows::{ClippedWindows, WindowRow};
use super::{Max, Mean, Reduce};
use crate::exec::divide::{div, div_ceil};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region, assert_product};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, Sound};
use cnn_net::op::Size;
use cnn_net::record;

/// A map in as many parts as another has pixels; each part becomes one of these. Parts overlap where the sizes don't divide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptivePool {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
}

record! { AdaptivePool(#read input: Map, output: Map) }
kernel_call! { AdaptiveMaxPoolCall(AdaptivePool) = adaptive_max_pool, output: output }
kernel_call! { AdaptiveAvgPoolCall(AdaptivePool) = adaptive_avg_pool, output: output }

impl AdaptivePool {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, or overlap.
    pub const fn check(self) -> Checked<Self> {
        self.assert_sizes();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input).spilling()))
    }

    /// Panics if the maps differ in their channels, or are so large that parts can't be computed.
    pub(crate) const fn assert_sizes(&self) {
        let Self { input, output } = self;
        assert!(input.channels == output.channels, "pooling keeps the number of channels");
        assert_product(&[input.height, output.height, 4]);
        assert_product(&[input.width, output.width, 4]);
    }
}

/// Takes the maximum of each part.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn adaptive_max_pool(run: Run<'_>, layer: &Checked<AdaptivePool>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { adaptive_max_pool_in(run, &layer.get(), ws) }
}

/// Takes the mean of each part.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn adaptive_avg_pool(run: Run<'_>, layer: &Checked<AdaptivePool>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { adaptive_avg_pool_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// As for [`parts`].
unsafe fn adaptive_max_pool_in(run: Run<'_>, layer: &AdaptivePool, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { parts(run, layer, Max, ws) }
}

/// # Safety
///
/// As for [`parts`].
unsafe fn adaptive_avg_pool_in(run: Run<'_>, layer: &AdaptivePool, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { parts(run, layer, Mean, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn parts(run: Run<'_>, layer: &AdaptivePool, reduce: impl Reduce, ws: *mut f32) {
    // Parts overlap by a row or column at most.
    let work =
        nanos_of_floats([2, layer.input.elements()]).saturating_add(nanos_of_floats([2, layer.output.elements()]));
    // SAFETY: the caller's promise; partitions are rows of the output, which is not the input.
    unsafe { run.split(work, |partition| Parts::new(layer, reduce, ws, partition)) };
}

/// A partition of a pooling.
struct Parts<'a, R> {
    layer: &'a AdaptivePool,
    reduce: R,
    ws: *mut f32,
    partition: Partition,
}

impl<'a, R> Parts<'a, R> {
    /// # Safety
    ///
    /// As for [`parts`]; other threads have other partitions.
    unsafe fn new(layer: &'a AdaptivePool, reduce: R, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, reduce, ws, partition }
    }
}

/// The first index of a part, and how many there are.
#[inline(always)]
pub(crate) fn part(input: usize, parts: usize, i: usize) -> (usize, usize) {
    let first = div(i * input, parts);
    (first, div_ceil((i + 1) * input, parts) - first)
}

impl<R: Reduce> Kernel for Parts<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let AdaptivePool { input, output } = *self.layer;
        for y in self.partition.of(output.height) {
            let (row, rows) = part(input.height, output.height, y);
            for x in 0..output.width {
                let (column, columns) = part(input.width, output.width, x);
                let window = WindowRow {
                    from: self.ws.wrapping_add(input.at(row, column)),
                    to: self.ws.wrapping_add(output.at(y, x)),
                    count: 1,
                    spare: 0,
                    channels: output.channels,
                    step: [input.pixel, output.pixel],
                    tap: [input.row, input.pixel],
                    scale: 1.0 / (rows * columns).max(1) as f32,
                    reduce: self.reduce,
                };
                // SAFETY: the taps are in the input, with a vector after it, and the pixel in the output.
                s.run(unsafe { Sound::new(ClippedWindows(window, Size::new(rows, columns))) });
            }
        }
    }
}
