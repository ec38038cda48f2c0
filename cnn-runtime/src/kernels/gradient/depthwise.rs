//! The gradient of the input of a convolution with one filter for each channel.
//!
//! An element of the input is under the taps of a few windows. Its gradient is the sum of theirs, each times the weight of the tap.

use core::ops::Range;

use crate::exec::divide::{div, div_ceil, div_rem};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::pack::{DepthwiseTaps, Layout, padded};
use crate::place::bounds::{Checked, Reach, Region, assert_product, weights_at};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Conv, Size};
use cnn_net::record;

/// The gradient of what was convolved channel by channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DepthwiseGradient {
    /// The gradient of the output. No halo is read.
    pub upstream: Map,
    /// The gradient of the input.
    pub output: Map,
    /// Extent of a filter.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Rows above the input that the first window covers.
    pub pad_top: usize,
    /// Columns left of the input that the first window covers.
    pub pad_left: usize,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// Where the packed weights begin.
    pub weights: usize,
}

record! {
    DepthwiseGradient(#read upstream: Map, output: Map, kernel: Size) {
        stride: Size = Size::square(1),
        pad_top: usize = 0,
        pad_left: usize = 0,
        dilation: Size = Size::square(1),
        weights: usize = 0,
    }
}
kernel_call! { DepthwiseGradient = depthwise_gradient, output: output, weights: weights }

impl DepthwiseGradient {
    /// Of a convolution.
    #[must_use]
    pub const fn of(conv: &Conv, upstream: Map, output: Map) -> Self {
        let Conv { kernel, stride, pad, dilation, .. } = *conv;
        Self { upstream, output, kernel, stride, pad_top: pad.top, pad_left: pad.left, dilation, weights: 0 }
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Depthwise(DepthwiseTaps { channels: self.output.channels, kernel: self.kernel })
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, or overlap; if windows or taps don't move, or a filter has no taps.
    pub const fn check(self) -> Checked<Self> {
        let Self { upstream, output, kernel, stride, pad_top, pad_left, dilation, .. } = &self;
        assert!(upstream.channels == output.channels, "a filter for each channel");
        let moves = stride.height > 0 && stride.width > 0 && dilation.height > 0 && dilation.width > 0;
        assert!(moves && kernel.height > 0 && kernel.width > 0, "filters that don't move, or without taps");
        assert_product(&[kernel.height, kernel.width, 2]);
        assert_product(&[kernel.height, dilation.height, 4]);
        assert_product(&[kernel.width, dilation.width, 4]);
        assert_product(&[upstream.height, stride.height, 4]);
        assert_product(&[upstream.width, stride.width, 4]);
        assert_product(&[*pad_top, 4]);
        assert_product(&[*pad_left, 4]);
        Checked::new(self, Reach::to(output).reads(Region::of(upstream)))
    }

    /// Both directions.
    const fn axes(&self) -> [Axis; 2] {
        let Self { upstream, kernel, stride, pad_top, pad_left, dilation, .. } = *self;
        [
            Axis {
                count: upstream.height,
                taps: kernel.height,
                stride: stride.height,
                before: pad_top,
                dilation: dilation.height,
            },
            Axis {
                count: upstream.width,
                taps: kernel.width,
                stride: stride.width,
                before: pad_left,
                dilation: dilation.width,
            },
        ]
    }
}

/// Computes the gradient of what was convolved channel by channel; the weights are [`DepthwiseTaps`], of which the biases are not
/// looked at.
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn depthwise_gradient(run: Run<'_>, layer: &Checked<DepthwiseGradient>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = weights_at(weights, layer.weights, [layer.kernel.area() + 1, padded(layer.output.channels)]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { depthwise_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` a padded row of biases and one for each tap.
unsafe fn depthwise_in(run: Run<'_>, layer: &DepthwiseGradient, weights: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([layer.upstream.elements(), layer.kernel.area() + 1]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not what is read.
    unsafe { run.split(work, |partition| Depthwise::new(layer, weights, ws, partition)) };
}

/// The windows in one direction.
#[derive(Clone, Copy)]
struct Axis {
    count: usize,
    taps: usize,
    stride: usize,
    before: usize,
    dilation: usize,
}

impl Axis {
    /// The windows that may have a tap at an input.
    #[inline(always)]
    fn windows(self, input: usize) -> Range<usize> {
        let (place, extent) = (input + self.before, (self.taps - 1) * self.dilation);
        div_ceil(place.saturating_sub(extent), self.stride)..(div(place, self.stride) + 1).min(self.count)
    }

    /// The tap of one of these.
    #[inline(always)]
    fn tap(self, window: usize, input: usize) -> Option<usize> {
        let distance = input + self.before - window * self.stride;
        if self.dilation == 1 {
            return Some(distance);
        }
        let (tap, rest) = div_rem(distance, self.dilation);
        (rest == 0).then_some(tap)
    }
}

/// Some rows.
struct Depthwise<'a> {
    layer: &'a DepthwiseGradient,
    weights: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Depthwise<'a> {
    /// # Safety
    ///
    /// As for [`depthwise_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a DepthwiseGradient, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, weights, ws, partition }
    }
}

impl Kernel for Depthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: DepthwiseGradient { upstream, output, kernel, .. }, weights, ws, partition } = self;
        let ([vertical, horizontal], row) = (self.layer.axes(), padded(output.channels));
        for y in partition.of(output.height) {
            let rows = vertical.windows(y);
            for x in 0..output.width {
                let columns = horizontal.windows(x);
                for c in (0..output.channels).step_by(S::LANES) {
                    let rest = output.channels - c;
                    let mut sum = s.splat(0.0);
                    for i in rows.clone() {
                        let Some(down) = vertical.tap(i, y) else { continue };
                        for j in columns.clone() {
                            let Some(right) = horizontal.tap(j, x) else { continue };
                            let tap = (1 + down * kernel.width + right) * row + c;
                            // SAFETY: channels of a pixel, and of a padded row of weights.
                            unsafe {
                                let gradient = s.load_first(ws.add(upstream.at(i, j) + c), rest);
                                sum = s.mul_add(gradient, s.load(weights.add(tap)), sum);
                            }
                        }
                    }
                    // SAFETY: no more channels of a pixel are written than it has.
                    unsafe { s.store_first(ws.add(output.at(y, x) + c), sum, rest) };
                }
            }
        }
    }
}
