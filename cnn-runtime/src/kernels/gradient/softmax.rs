//! The gradients of softmax and of its logarithm.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::pool::{BLOCK, Mean, Sums};
use crate::place::bounds::{Checked, Reach, assert_same_size};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, math};
use cnn_net::record;

/// The gradient of what softmax, or its logarithm, was taken of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxGradient {
    /// The results.
    pub results: Map,
    /// Their gradient.
    pub upstream: Map,
    /// The gradient of what they were taken of; may be one of the two.
    pub output: Map,
}

record! { SoftmaxGradient(#read results: Map, #read upstream: Map, output: Map) }
kernel_call! { SoftmaxGradientCall(SoftmaxGradient) = softmax_gradient, output: output }
kernel_call! { LogSoftmaxGradientCall(SoftmaxGradient) = log_softmax_gradient, output: output }

impl SoftmaxGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or the output overlaps another one without being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { results, upstream, output } = &self;
        assert_same_size(results, output);
        assert_same_size(upstream, output);
        Checked::new(self, Reach::to(output).reads_in_place(results).reads_in_place(upstream))
    }
}

/// `p_i * (dp_i - sum_j p_j dp_j)`.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn softmax_gradient(run: Run<'_>, layer: &Checked<SoftmaxGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { softmax_in(run, &layer.get(), ws) }
}

/// `dl_i - exp(l_i) * sum_j dl_j`.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn log_softmax_gradient(run: Run<'_>, layer: &Checked<SoftmaxGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { log_softmax_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// As for [`each_pixel`].
unsafe fn softmax_in(run: Run<'_>, layer: &SoftmaxGradient, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { each_pixel(run, layer, Probability, ws) }
}

/// # Safety
///
/// As for [`each_pixel`].
unsafe fn log_softmax_in(run: Run<'_>, layer: &SoftmaxGradient, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { each_pixel(run, layer, Logarithm, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn each_pixel(run: Run<'_>, layer: &SoftmaxGradient, result: impl Result, ws: *mut f32) {
    let work = nanos_of_floats([5, layer.output.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the others alone.
    unsafe { run.split(work, |partition| Pixels::new(layer, result, ws, partition)) };
}

/// What is known of the probabilities.
trait Result: Copy {
    /// A summand of what the results of a pixel have in common.
    fn summand<S: Simd>(self, s: S, result: S::Vec, upstream: S::Vec) -> S::Vec;

    /// The gradient, given their sum.
    fn gradient<S: Simd>(self, s: S, result: S::Vec, upstream: S::Vec, sum: S::Vec) -> S::Vec;
}

/// They themselves.
#[derive(Clone, Copy)]
struct Probability;

impl Result for Probability {
    #[inline(always)]
    fn summand<S: Simd>(self, s: S, result: S::Vec, upstream: S::Vec) -> S::Vec {
        s.mul(result, upstream)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, result: S::Vec, upstream: S::Vec, sum: S::Vec) -> S::Vec {
        s.mul(result, s.sub(upstream, sum))
    }
}

/// Their logarithms.
#[derive(Clone, Copy)]
struct Logarithm;

impl Result for Logarithm {
    #[inline(always)]
    fn summand<S: Simd>(self, _: S, _: S::Vec, upstream: S::Vec) -> S::Vec {
        upstream
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, result: S::Vec, upstream: S::Vec, sum: S::Vec) -> S::Vec {
        s.neg_mul_add(math::exp(s, result), sum, upstream)
    }
}

/// Some rows.
struct Pixels<'a, R> {
    layer: &'a SoftmaxGradient,
    result: R,
    ws: *mut f32,
    partition: Partition,
}

impl<'a, R> Pixels<'a, R> {
    /// # Safety
    ///
    /// As for [`each_pixel`]; other threads have other partitions.
    unsafe fn new(layer: &'a SoftmaxGradient, result: R, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, result, ws, partition }
    }
}

impl<R: Result> Kernel for Pixels<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: SoftmaxGradient { results, upstream, output }, result, ws, partition } = self;
        let channels = output.channels;
        for y in partition.of(output.height) {
            for x in 0..output.width {
                let [results, upstream] = [results, upstream].map(|map| ws.wrapping_add(map.at(y, x)).cast_const());
                let mut sums = Sums::<S, Mean, 1>::new(s, Mean);
                for first in (0..channels).step_by(BLOCK * S::LANES) {
                    let mut block = s.splat(0.0);
                    for c in (first..channels.min(first + BLOCK * S::LANES)).step_by(S::LANES) {
                        // SAFETY: channels of a pixel; lanes beyond them are 0, and so are their products.
                        let [result, upstream] =
                            [results, upstream].map(|from| unsafe { s.load_first(from.add(c), channels - c) });
                        block = s.add(block, self.result.summand(s, result, upstream));
                    }
                    sums.add(s, [block]);
                }
                let [sum] = sums.total(s);
                let sum = s.splat(s.reduce_sum(sum));
                for c in (0..channels).step_by(S::LANES) {
                    // SAFETY: channels of a pixel, which are read before they are written.
                    unsafe {
                        let [value, upstream] = [results, upstream].map(|from| s.load_first(from.add(c), channels - c));
                        let gradient = result.gradient(s, value, upstream, sum);
                        s.store_first(ws.add(output.at(y, x) + c), gradient, channels - c);
                    }
                }
            }
        }
    }
}
