//! The gradients of global response normalisation.
//!
//! With the lengths `g`, their mean plus eps `d`, and `s = sum x dy` of each channel, the gradient of the input is `a dy + b x`, where
//! `a = 1 + weight * g / d` and `b = (weight * s / d - mean(weight * s * g) / d^2) / g`: the length of a channel of zeros has none. That
//! of the weights is `s * g / d`, and that of the biases `sum dy`.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::grn::{GrnMap, Totals, mean_length};
use crate::kernels::minibatch::sums::{ChannelSums, Each, reach, scratch_len};
use crate::kernels::pool::{Mean, Sums};
use crate::kernels::terms::PixelTerms;
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, Region, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::place::spans::{Span, assert_apart, enter_shared};
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd};
use cnn_net::record;

/// The gradient of what was normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrnGradient {
    /// What was normalised.
    pub input: Map,
    /// The gradient of the results.
    pub upstream: Map,
    /// The gradient of the input; may be one of the two.
    pub output: Map,
    /// Added to the mean of the lengths.
    pub eps: f32,
    /// Where the packed weights ([`pack_gains`](crate::pack::pack_gains)) begin.
    pub weights: usize,
    /// Where its [scratch memory](Self::scratch_floats) begins.
    pub scratch: usize,
}

/// The gradients of `weight` and `bias`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrnWeightGradient {
    /// What the layer read.
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
    /// Added to the mean of the lengths.
    pub eps: f32,
    /// Where the gradients of `weight` are written, if they are wanted.
    pub weight: Option<usize>,
    /// Where those of `bias` are written.
    pub bias: Option<usize>,
    /// Where sums of an image are in its workspace: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

record! {
    GrnGradient(#read input: Map, #read upstream: Map, output: Map, eps: f32) { weights: usize = 0, scratch: usize = 0 }
}
record! {
    GrnWeightGradient(#read input: Map, #read upstream: Map, eps: f32) {
        weight: Option<usize> = None,
        bias: Option<usize> = None,
        scratch: usize = 0,
    }
}
kernel_call! { GrnGradient = grn_gradient, output: output, weights: weights }
batch_call! { GrnWeightGradient = grn_weight_gradient }

impl GrnGradient {
    /// Floats of the scratch memory for these channels: factors of both maps.
    #[must_use]
    pub const fn scratch_floats(channels: usize) -> usize {
        2 * padded(channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or the output overlaps another one without being the same, or the scratch memory any.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, scratch, .. } = &self;
        assert_same_size(input, output);
        assert_same_size(upstream, output);
        let reach = Reach::to(output).scratch(*scratch, Self::scratch_floats(output.channels));
        Checked::new(self, reach.reads_in_place(input).reads_in_place(upstream))
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        GrnMap::new(self.input, self.output, self.eps).layout()
    }
}

impl GrnWeightGradient {
    /// Floats of an image's workspace that its sums take.
    #[must_use]
    pub const fn scratch_len(channels: usize) -> usize {
        scratch_len(3, channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap the sums; if the gradients overlap.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, scratch, .. } = &self;
        assert_same_size(input, upstream);
        let reach = reach(*scratch, 3, input).reads(Region::of(input)).reads(Region::of(upstream));
        assert_apart(&self.spans(), &[]);
        Checked::new(self, reach)
    }

    const fn spans(&self) -> [Span; 2] {
        let factors = [self.input.channels];
        [Span::optional(self.weight, &factors), Span::optional(self.bias, &factors)]
    }
}

/// Computes the gradient of what was normalised.
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn grn_gradient(run: Run<'_>, layer: &Checked<GrnGradient>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = weights_at(weights, layer.weights, [2, padded(layer.input.channels)]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { grn_in(run, &layer, weights, ws) }
}

/// Computes the gradients of its tensors.
///
/// # Panics
///
/// If a workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn grn_weight_gradient(
    run: Run<'_>,
    layer: &Checked<GrnWeightGradient>,
    batch: Batch,
    ws: &mut [f32],
    shared: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let shared = enter_shared(shared, &[&layer.spans()]);
    let to = [layer.weight, layer.bias].map(|offset| offset.map(|offset| shared.wrapping_add(offset)));
    // SAFETY: the layer was checked; the workspaces and the gradients are as large as it needs.
    unsafe { tensors_in(run, &layer, batch, ws, to) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` two padded rows.
unsafe fn grn_in(run: Run<'_>, layer: &GrnGradient, weights: *const f32, ws: *mut f32) {
    let GrnGradient { input, upstream, scratch, .. } = *layer;
    let (rows, elements) = (ws.wrapping_add(scratch), input.elements());
    // SAFETY: the caller's promise; there are as many rows, apart from all maps. The last partitions are rows of the maps, and need the
    // same rows of the others alone.
    unsafe {
        Totals::new(Products { input, upstream }, input, ws, rows).compute(run, nanos_of_floats([2, elements]));
        run.part(Factors { layer, weights, rows });
        run.split(nanos_of_floats([3, elements]), |partition| Apply::new(layer, rows, ws, partition));
    }
}

/// # Safety
///
/// The layer was checked, the workspaces are as large as it needs, and there is room for a number for each channel.
unsafe fn tensors_in(run: Run<'_>, layer: &GrnWeightGradient, batch: Batch, ws: *mut f32, to: [Option<*mut f32>; 2]) {
    let GrnWeightGradient { input, upstream, eps, scratch, .. } = *layer;
    let channels = input.channels;
    // SAFETY: the caller's promise.
    let sums = unsafe { ChannelSums::new(Each(Terms(Products { input, upstream })), input, batch, ws, scratch) };
    sums.compute(run, nanos_of_floats([3, batch.images, input.elements()]));
    for image in 0..batch.images {
        let length = |channel| libm::sqrt(sums.of_image(image, channel)[0]);
        let whole = (0..channels).map(length).sum::<f64>() / channels as f64 + f64::from(eps);
        for channel in 0..channels {
            let [_, product, slope] = sums.of_image(image, channel);
            let length = length(channel);
            sums.replace(image, channel, [length, product * length / whole, slope]);
        }
    }
    for channel in 0..channels {
        let [_, weight, bias] = sums.total(channel);
        for (to, sum) in to.into_iter().zip([weight, bias]) {
            if let Some(to) = to {
                // SAFETY: the caller's promise.
                unsafe { *to.wrapping_add(channel) = sum as f32 };
            }
        }
    }
    run.done();
}

/// Squares of inputs, and their products with the upstream.
#[derive(Clone, Copy)]
struct Products {
    input: Map,
    upstream: Map,
}

impl Products {
    /// An input and its upstream.
    ///
    /// # Safety
    ///
    /// As for [`PixelTerms::at`].
    #[inline(always)]
    unsafe fn load<S: Simd>(
        &self,
        s: S,
        ws: *const f32,
        (y, x): (usize, usize),
        c: usize,
        count: usize,
    ) -> [S::Vec; 2] {
        // SAFETY: the caller's promise.
        [self.input, self.upstream].map(|map| unsafe { s.load_first(ws.wrapping_add(map.at(y, x) + c), count) })
    }
}

impl PixelTerms<2> for Products {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, s: S, ws: *const f32, pixel: (usize, usize), c: usize, count: usize) -> [S::Vec; 2] {
        // SAFETY: the caller's promise.
        let [input, upstream] = unsafe { self.load(s, ws, pixel, c, count) };
        [s.mul(input, input), s.mul(input, upstream)]
    }
}

/// The same, and the upstream.
#[derive(Clone, Copy)]
struct Terms(Products);

impl PixelTerms<3> for Terms {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, s: S, ws: *const f32, pixel: (usize, usize), c: usize, count: usize) -> [S::Vec; 3] {
        // SAFETY: the caller's promise.
        let [input, upstream] = unsafe { self.0.load(s, ws, pixel, c, count) };
        [s.mul(input, input), s.mul(input, upstream), upstream]
    }
}

/// Turns sums of squares and of products into the factors of both maps.
struct Factors<'a> {
    layer: &'a GrnGradient,
    weights: *const f32,
    rows: *mut f32,
}

impl Kernel for Factors<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let channels = self.layer.input.channels;
        let (first, second) = (self.rows, self.rows.wrapping_add(padded(channels)));
        let (zero, one) = (s.splat(0.0), s.splat(1.0));
        // SAFETY: as promised to `grn_in`: there are two padded rows of each, and the sums were written.
        unsafe {
            let whole = s.add(mean_length(s, first, channels), s.splat(self.layer.eps));
            // The length of a channel, and how the loss changes with it, but for the mean.
            let load = |c: usize| {
                let slope = s.mul(s.load(self.weights.add(c)), s.load(second.add(c)));
                [s.sqrt(s.load(first.add(c))), s.div(slope, whole)]
            };
            let mut all = Sums::<S, Mean, 1>::new(s, Mean);
            for c in (0..channels).step_by(S::LANES) {
                let [length, slope] = load(c);
                all.add(s, [s.mul(s.div(length, whole), slope)]);
            }
            let [all] = all.total(s);
            let of_mean = s.div(s.splat(s.reduce_sum(all)), s.splat(channels as f32));
            for c in (0..channels).step_by(S::LANES) {
                let [length, slope] = load(c);
                let weight = s.load(self.weights.add(c));
                let along = s.select(s.less(zero, length), s.div(s.sub(slope, of_mean), length), zero);
                s.store(first.add(c), s.mul_add(weight, s.div(length, whole), one));
                s.store(second.add(c), along);
            }
        }
    }
}

/// Some rows of the gradient.
struct Apply<'a> {
    layer: &'a GrnGradient,
    rows: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Apply<'a> {
    /// # Safety
    ///
    /// As for [`grn_in`], and the factors were computed; other threads have other partitions.
    unsafe fn new(layer: &'a GrnGradient, rows: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, rows, ws, partition }
    }
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let GrnGradient { input, upstream, output, .. } = *self.layer;
        let (channels, row) = (input.channels, padded(input.channels));
        let maps = Products { input, upstream };
        for y in self.partition.of(input.height) {
            for x in 0..input.width {
                let to = self.ws.wrapping_add(output.at(y, x));
                for c in (0..channels).step_by(S::LANES) {
                    let rest = channels - c;
                    // SAFETY: these are channels of the maps, and there are two padded rows of factors.
                    unsafe {
                        let (through, along) = (s.load(self.rows.add(c)), s.load(self.rows.add(row + c)));
                        let [value, gradient] = maps.load(s, self.ws, (y, x), c, rest);
                        s.store_first(to.add(c), s.mul_add(gradient, through, s.mul(value, along)), rest);
                    }
                }
            }
        }
    }
}
