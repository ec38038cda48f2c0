//! Gradients of batch normalisation by the statistics of a minibatch.
//!
//! They are computed in two steps, like the layer itself: sums over all images become three coefficients of each channel, and from
//! these follows the gradient of each image's input.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::minibatch::batch_norm::Rows;
use crate::kernels::minibatch::sums::{ChannelSums, MOST_LANES, Segment, Summands, reach, scratch_len, widen};
use crate::pack::padded;
use crate::place::bounds::{Checked, Reach, Region, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::place::spans::{Span, assert_apart, enter_shared};
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd};
use cnn_net::record;

/// The gradients of `weight` and `bias`, and the coefficients of the gradient of the input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormGradient {
    /// What the layer read.
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
    /// The output of a `relu` that follows, if `upstream` is the gradient of that output: where it is not positive, so is no gradient.
    pub relu: Option<Map>,
    /// Where the layer's `weight` begins, if it has one.
    pub weight: Option<usize>,
    /// Where its statistics begin, as [`BatchNormStatistics`](crate::kernels::minibatch::batch_norm::BatchNormStatistics) wrote them.
    pub statistics: usize,
    /// Where the coefficients are written: `3 * padded(channels)` floats.
    pub to: usize,
    /// Where the gradients of `weight` are written, if they are wanted.
    pub weight_gradient: Option<usize>,
    /// Where those of `bias` are written.
    pub bias_gradient: Option<usize>,
    /// Where sums of an image are in its workspace: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

/// The gradient of the input of an image: `a * upstream + b * input + c` with the coefficients of each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormInputGradient {
    /// What the layer read.
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
    /// What is written; may be one of the others.
    pub output: Map,
    /// As [`BatchNormGradient::relu`].
    pub relu: Option<Map>,
    /// Where the coefficients begin, as [`BatchNormGradient`] writes them to `to`.
    pub weights: usize,
}

record! {
    BatchNormGradient(#read input: Map, #read upstream: Map, weight: Option<usize>, statistics: usize, to: usize) {
        #read relu: Option<Map> = None,
        weight_gradient: Option<usize> = None,
        bias_gradient: Option<usize> = None,
        scratch: usize = 0,
    }
}
record! {
    BatchNormInputGradient(#read input: Map, #read upstream: Map, output: Map) {
        #read relu: Option<Map> = None,
        weights: usize = 0,
    }
}
batch_call! { BatchNormGradient = batch_norm_gradient }
kernel_call! { BatchNormInputGradient = batch_norm_input_gradient, output: output, shared: weights }

impl BatchNormGradient {
    /// Floats of an image's workspace that its sums take.
    #[must_use]
    pub const fn scratch_len(channels: usize) -> usize {
        scratch_len(2, channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap the sums; if what is written overlaps.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, relu, scratch, .. } = &self;
        assert_same_size(input, upstream);
        let mut reach = reach(*scratch, 2, input).reads(Region::of(input)).reads(Region::of(upstream));
        if let Some(relu) = relu {
            assert_same_size(relu, input);
            reach = reach.reads(Region::of(relu));
        }
        let (read, written) = self.spans();
        assert_apart(&written, &read);
        Checked::new(self, reach)
    }

    /// What is read, and what is written.
    const fn spans(&self) -> ([Span; 2], [Span; 3]) {
        let Self { weight, statistics, to, weight_gradient, bias_gradient, .. } = *self;
        let channels = self.input.channels;
        let read = [Span::optional(weight, &[channels]), Span::new(statistics, &[2, padded(channels)])];
        let gradients = [Span::optional(weight_gradient, &[channels]), Span::optional(bias_gradient, &[channels])];
        (read, [Span::new(to, &[3, padded(channels)]), gradients[0], gradients[1]])
    }
}

impl BatchNormInputGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or the output overlaps another one without being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, relu, .. } = &self;
        assert_same_size(input, output);
        assert_same_size(upstream, output);
        let reach = Reach::to(output).reads_in_place(input).reads_in_place(upstream);
        Checked::new(self, reach.reads_residual(relu, output))
    }
}

/// Computes the gradients of a batch normalisation's tensors, and the coefficients of those of its input.
///
/// # Panics
///
/// If a workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn batch_norm_gradient(
    run: Run<'_>,
    layer: &Checked<BatchNormGradient>,
    batch: Batch,
    ws: &mut [f32],
    shared: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let (read, written) = layer.spans();
    let shared = enter_shared(shared, &[&read, &written]);
    // SAFETY: the layer was checked; the workspaces and the shared floats are as large as it needs.
    unsafe { gradient_in(run, &layer, batch, ws, shared) }
}

/// Computes the gradient of the input of an image.
///
/// # Panics
///
/// If the workspace is too small, or the coefficients end early.
#[inline(always)]
pub fn batch_norm_input_gradient(
    run: Run<'_>,
    layer: &Checked<BatchNormInputGradient>,
    weights: &[f32],
    ws: &mut [f32],
) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = weights_at(weights, layer.weights, [3, padded(layer.output.channels)]);
    // SAFETY: the layer was checked; the workspace and the coefficients are as large as it needs.
    unsafe { input_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked; the workspaces and the shared floats are as large as it needs.
unsafe fn gradient_in(run: Run<'_>, layer: &BatchNormGradient, batch: Batch, ws: *mut f32, shared: *mut f32) {
    let BatchNormGradient { input, upstream, relu, weight, statistics, scratch, .. } = *layer;
    let products = Products { input, upstream, relu, statistics: shared.wrapping_add(statistics) };
    // SAFETY: the caller's promise.
    let sums = unsafe { ChannelSums::new(products, input, batch, ws, scratch) };
    sums.compute(run, nanos_of_floats([3, batch.images, input.elements()]));
    let (count, rows) = (sums.count(), Rows::new(shared, layer.to, input.channels));
    for channel in 0..padded(input.channels) {
        if channel >= input.channels {
            // SAFETY: there are as many padded channels.
            unsafe { rows.write(channel, [0.0; 3]) };
            continue;
        }
        let [bias_gradient, weight_gradient] = sums.total(channel);
        // SAFETY: these are spans of the layer.
        unsafe {
            let read = |offset: usize| f64::from(*shared.wrapping_add(offset + channel));
            let (mean, factor) = (read(statistics), read(statistics + padded(input.channels)));
            // factor * weight * (upstream - mean(upstream) - n * mean(n * upstream)), with n = factor * (input - mean).
            let of_upstream = weight.map_or(1.0, read) * factor;
            let of_input = -of_upstream * factor * weight_gradient / count;
            rows.write(channel, [of_upstream, of_input, -of_upstream * bias_gradient / count - of_input * mean]);
            for (to, gradient) in [(layer.weight_gradient, weight_gradient), (layer.bias_gradient, bias_gradient)] {
                if let Some(to) = to {
                    *shared.wrapping_add(to + channel) = gradient as f32;
                }
            }
        }
    }
    run.done();
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` three padded rows.
unsafe fn input_in(run: Run<'_>, layer: &BatchNormInputGradient, weights: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([3, layer.output.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the others alone.
    unsafe { run.split(work, |partition| InputKernel::new(layer, weights, ws, partition)) };
}

/// Sums of the upstream, and of its products with the normalised inputs.
#[derive(Clone, Copy)]
struct Products {
    input: Map,
    upstream: Map,
    relu: Option<Map>,
    /// Padded rows of means and of factors.
    statistics: *const f32,
}

impl Summands<2> for Products {
    #[inline(always)]
    unsafe fn segment<S: Simd>(
        &self,
        s: S,
        ws: *const f32,
        segment: Segment,
        c: usize,
        count: usize,
    ) -> [[f64; MOST_LANES]; 2] {
        let Self { input, upstream, relu, statistics } = *self;
        let statistics = statistics.wrapping_add(c);
        let (mut sum, mut products) = (s.splat(0.0), s.splat(0.0));
        // SAFETY: the caller's promise, and that of whoever passed the statistics.
        unsafe {
            let (mean, factor) = (s.load(statistics), s.load(statistics.wrapping_add(padded(input.channels))));
            for (y, x) in segment.each() {
                let load = |map: &Map| s.load_first(ws.wrapping_add(map.at(y, x) + c), count);
                let slope = of_relu(s, load(&upstream), relu.as_ref().map(load));
                sum = s.add(sum, slope);
                products = s.mul_add(slope, s.sub(load(&input), mean), products);
            }
            [widen(s, sum), widen(s, s.mul(products, factor))]
        }
    }
}

/// What a `relu` that gave `output` lets through.
#[inline(always)]
fn of_relu<S: Simd>(s: S, upstream: S::Vec, output: Option<S::Vec>) -> S::Vec {
    let Some(output) = output else { return upstream };
    let zero = s.splat(0.0);
    s.select(s.less_or_equal(output, zero), zero, upstream)
}

/// Some rows of an image.
struct InputKernel<'a> {
    layer: &'a BatchNormInputGradient,
    weights: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> InputKernel<'a> {
    /// # Safety
    ///
    /// As for [`input_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a BatchNormInputGradient, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, weights, ws, partition }
    }
}

impl Kernel for InputKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let BatchNormInputGradient { input, upstream, output, relu, .. } = *self.layer;
        let row = padded(output.channels);
        for y in self.partition.of(output.height) {
            for x in 0..output.width {
                for c in (0..output.channels).step_by(S::LANES) {
                    let count = output.channels - c;
                    // SAFETY: the channels are in all maps, and there are three padded rows of coefficients.
                    unsafe {
                        let load = |map: &Map| s.load_first(self.ws.wrapping_add(map.at(y, x) + c), count);
                        let [a, b, constant] =
                            [0, 1, 2].map(|index| s.load(self.weights.wrapping_add(index * row + c)));
                        let slope = of_relu(s, load(&upstream), relu.as_ref().map(load));
                        let result = s.mul_add(slope, a, s.mul_add(load(&input), b, constant));
                        s.store_first(self.ws.wrapping_add(output.at(y, x) + c), result, count);
                    }
                }
            }
        }
    }
}
