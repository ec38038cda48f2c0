//! Batch normalisation in training (Ioffe & Szegedy 2015).
//!
//! It is computed in two steps: the statistics of all images become a scale and a shift of each channel, and
//! [`scale_shift`](crate::kernels::norm::scale_shift) normalises each image with these.

use crate::exec::run::{Run, nanos_of_floats};
use crate::pack::{Affine, Normalisation, padded};
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use crate::place::spans::{Span, assert_apart, enter_shared};
use crate::place::workspace::Batch;
use crate::simd::Simd;
use cnn_net::op::BatchNorm;
use cnn_net::record;

use super::sums::{ChannelSums, MOST_LANES, Segment, Summands, reach, scratch_len, widen};

/// Where the tensors of a batch normalisation begin, each with a number for each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormTensors {
    /// `weight`; without one, all are 1.
    pub weight: Option<usize>,
    /// `bias`; without one, all are 0.
    pub bias: Option<usize>,
    /// `running_mean`.
    pub mean: usize,
    /// `running_var`.
    pub var: usize,
}

/// The statistics of a minibatch, which normalise it and enter the running ones.
///
/// It is normalised with the biased variance, and the running variance takes the unbiased one. Momentum weighs the new values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormStatistics {
    /// What the layer reads.
    pub input: Map,
    /// The layer.
    pub norm: BatchNorm,
    /// Its tensors, of which the running statistics are written.
    pub tensors: NormTensors,
    /// Where scale and shift of each channel are written, as [`pack_scale_shift`](crate::pack::pack_scale_shift) does: `2 * padded(channels)`
    /// floats.
    pub to: usize,
    /// Where the mean of each channel and one over its deviation are written for the gradient, as many floats in the same order.
    pub statistics: usize,
    /// Where sums of an image are in its workspace: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

/// Scale and shift by the running statistics: for evaluation, and for layers that are not trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormRunning {
    /// How many there are.
    pub channels: usize,
    /// Added to the variance.
    pub eps: f32,
    /// The layer's tensors.
    pub tensors: NormTensors,
    /// Where scale and shift are written, as [`BatchNormStatistics::to`].
    pub to: usize,
    /// Where they are written for the gradient of the input, which is the upstream times the scale: with shifts of 0.
    pub gradient: Option<usize>,
}

record! { NormTensors(weight: Option<usize>, bias: Option<usize>, mean: usize, var: usize) }
record! {
    BatchNormStatistics(#read input: Map, norm: BatchNorm, tensors: NormTensors, to: usize, statistics: usize) { scratch: usize = 0 }
}
record! {
    BatchNormRunning(channels: usize, eps: f32, tensors: NormTensors, to: usize) { gradient: Option<usize> = None }
}
batch_call! { BatchNormStatistics = batch_norm_statistics }
batch_call! { BatchNormRunning = batch_norm_running, shared }

impl NormTensors {
    /// The same in an array that begins `by` floats later.
    #[must_use]
    pub fn moved_back(self, by: usize) -> Self {
        let Self { weight, bias, mean, var } = self;
        let [weight, bias] = [weight, bias].map(|tensor| tensor.map(|offset| offset - by));
        Self { weight, bias, mean: mean - by, var: var - by }
    }

    /// Weight, bias, mean, variance.
    pub(super) const fn spans(&self, channels: usize) -> [Span; 4] {
        let Self { weight, bias, mean, var } = *self;
        [
            Span::optional(weight, &[channels]),
            Span::optional(bias, &[channels]),
            Span::new(mean, &[channels]),
            Span::new(var, &[channels]),
        ]
    }

    /// The numbers of a channel.
    ///
    /// # Safety
    ///
    /// The spans for that many channels are readable in `shared`.
    pub(super) unsafe fn of(&self, shared: *const f32, channel: usize, eps: f32) -> Normalisation {
        let Self { weight, bias, mean, var } = *self;
        // SAFETY: the caller's promise.
        let read = |tensor: usize| unsafe { *shared.wrapping_add(tensor + channel) };
        let (weight, bias) = (weight.map_or(1.0, read), bias.map_or(0.0, read));
        Normalisation { weight, bias, mean: read(mean), var: read(var), eps }
    }
}

impl BatchNormStatistics {
    /// Floats of an image's workspace that its sums take.
    #[must_use]
    pub const fn scratch_len(channels: usize) -> usize {
        scratch_len(2, channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the input overlaps the sums, or what is written overlaps.
    pub const fn check(self) -> Checked<Self> {
        let reach = reach(self.scratch, 2, &self.input).reads(Region::of(&self.input));
        let [read, written] = self.spans();
        assert_apart(&written, &read);
        Checked::new(self, reach)
    }

    /// What is read, and what is written.
    const fn spans(&self) -> [[Span; 4]; 2] {
        let channels = self.input.channels;
        let [weight, bias, mean, var] = self.tensors.spans(channels);
        let packed = [2, padded(channels)];
        // The running statistics are read and written, weight and bias only read.
        [[weight, bias, weight, bias], [mean, var, Span::new(self.to, &packed), Span::new(self.statistics, &packed)]]
    }
}

impl BatchNormRunning {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If what is written overlaps, or overlaps a tensor.
    pub const fn check(self) -> Checked<Self> {
        let (read, written) = self.spans();
        assert_apart(&written, &read);
        Checked::new(self, Reach::of(Region::span(0, 0)))
    }

    /// What is read, and what is written.
    const fn spans(&self) -> ([Span; 4], [Span; 2]) {
        // First, since it bounds the channels.
        let read = self.tensors.spans(self.channels);
        let packed = [2, padded(self.channels)];
        (read, [Span::new(self.to, &packed), Span::optional(self.gradient, &packed)])
    }
}

/// Computes the statistics of a minibatch, and updates the running ones.
///
/// # Panics
///
/// If a workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn batch_norm_statistics(
    run: Run<'_>,
    layer: &Checked<BatchNormStatistics>,
    batch: Batch,
    ws: &mut [f32],
    shared: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let [read, written] = layer.spans();
    let shared = enter_shared(shared, &[&read, &written]);
    // SAFETY: the layer was checked; the workspaces and the shared floats are as large as it needs.
    unsafe { statistics_in(run, &layer, batch, ws, shared) }
}

/// Computes scale and shift from the running statistics.
///
/// # Panics
///
/// If `shared` ends early.
#[inline(always)]
pub fn batch_norm_running(run: Run<'_>, layer: &Checked<BatchNormRunning>, shared: &mut [f32]) {
    let layer = layer.get();
    let (read, written) = layer.spans();
    let shared = enter_shared(shared, &[&read, &written]);
    // SAFETY: the layer was checked; the shared floats are as many as it needs.
    unsafe { running_in(run, &layer, shared) }
}

/// # Safety
///
/// The layer was checked; the workspaces and the shared floats are as large as it needs.
unsafe fn statistics_in(run: Run<'_>, layer: &BatchNormStatistics, batch: Batch, ws: *mut f32, shared: *mut f32) {
    let BatchNormStatistics { input, norm, tensors, to, statistics, scratch } = *layer;
    // SAFETY: the caller's promise.
    let sums = unsafe { ChannelSums::new(Moments { input }, input, batch, ws, scratch) };
    sums.compute(run, nanos_of_floats([2, batch.images, input.elements()]));
    let (count, momentum) = (sums.count(), f64::from(norm.momentum));
    let [scales, means] = [to, statistics].map(|offset| Rows::new(shared, offset, input.channels));
    for channel in 0..padded(input.channels) {
        if channel >= input.channels {
            // SAFETY: there are as many padded channels.
            unsafe {
                scales.write(channel, [0.0; 2]);
                means.write(channel, [0.0; 2]);
            }
            continue;
        }
        let [sum, squares] = sums.total(channel);
        let mean = sum / count;
        let deviations = squares - sum * mean;
        // Rounding may leave less than nothing, and a NaN must stay.
        let deviations = if deviations < 0.0 { 0.0 } else { deviations };
        let factor = 1.0 / libm::sqrt(deviations / count + f64::from(norm.eps));
        // SAFETY: these are spans of the layer.
        unsafe {
            let Normalisation { weight, bias, mean: old_mean, var: old_var, .. } =
                tensors.of(shared, channel, norm.eps);
            let update = |old: f32, new: f64| ((1.0 - momentum) * f64::from(old) + momentum * new) as f32;
            *shared.wrapping_add(tensors.mean + channel) = update(old_mean, mean);
            *shared.wrapping_add(tensors.var + channel) = update(old_var, deviations / (count - 1.0));
            let scale = f64::from(weight) * factor;
            scales.write(channel, [scale, f64::from(bias) - mean * scale]);
            means.write(channel, [mean, factor]);
        }
    }
    run.done();
}

/// # Safety
///
/// The layer was checked, and the shared floats are as many as it needs.
unsafe fn running_in(run: Run<'_>, layer: &BatchNormRunning, shared: *mut f32) {
    let BatchNormRunning { channels, eps, tensors, to, gradient } = *layer;
    let rows = Rows::new(shared, to, channels);
    for channel in 0..padded(channels) {
        let Affine { scale, shift } = if channel < channels {
            // SAFETY: it is a channel of the layer.
            Affine::IDENTITY.normalised(&unsafe { tensors.of(shared, channel, eps) })
        } else {
            Affine { scale: 0.0, shift: 0.0 }
        };
        // SAFETY: these are spans of the layer.
        unsafe {
            rows.write(channel, [scale, shift]);
            if let Some(gradient) = gradient {
                Rows::new(shared, gradient, channels).write(channel, [scale, 0.0]);
            }
        }
    }
    run.done();
}

/// Padded rows of numbers of each channel, one row after another.
#[derive(Clone, Copy)]
pub(crate) struct Rows {
    first: *mut f32,
    row: usize,
}

impl Rows {
    /// Those at an offset.
    pub(crate) fn new(shared: *mut f32, offset: usize, channels: usize) -> Self {
        Self { first: shared.wrapping_add(offset), row: padded(channels) }
    }

    /// Writes a number into each row.
    ///
    /// # Safety
    ///
    /// There are as many rows, and the channel is one of theirs.
    pub(crate) unsafe fn write<const N: usize>(self, channel: usize, numbers: [f64; N]) {
        for (row, number) in numbers.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { *self.first.wrapping_add(row * self.row + channel) = number as f32 };
        }
    }
}

/// Sums of numbers, and of their squares.
///
/// A segment is read twice, the second time from the cache: squares are those of what differs from its mean, which are exact enough
/// where the mean is much larger than the deviation. Double precision does the rest.
#[derive(Clone, Copy)]
struct Moments {
    input: Map,
}

impl Summands<2> for Moments {
    #[inline(always)]
    unsafe fn segment<S: Simd>(
        &self,
        s: S,
        ws: *const f32,
        segment: Segment,
        c: usize,
        count: usize,
    ) -> [[f64; MOST_LANES]; 2] {
        let zero = s.splat(0.0);
        // SAFETY: the caller's promise.
        let [sum, _] = unsafe { self.around(s, zero, ws, segment, c, count) };
        let pixels = segment.pixels() as f32;
        let mean = s.div(sum, s.splat(pixels));
        // SAFETY: as above.
        let [rest, squares] = unsafe { self.around(s, mean, ws, segment, c, count) };
        let [mut sums, mut squares, mean] = [rest, squares, mean].map(|vector| widen(s, vector));
        let pixels = f64::from(pixels);
        for ((sum, square), mean) in sums.iter_mut().zip(&mut squares).zip(mean).take(S::LANES) {
            // Those of what differs from 0.
            *square += mean * (2.0 * *sum + pixels * mean);
            *sum += pixels * mean;
        }
        [sums, squares]
    }
}

impl Moments {
    /// Sums of what differs from a number, and of its squares.
    ///
    /// # Safety
    ///
    /// As for [`segment`](Summands::segment).
    #[inline(always)]
    unsafe fn around<S: Simd>(
        &self,
        s: S,
        mean: S::Vec,
        ws: *const f32,
        segment: Segment,
        c: usize,
        count: usize,
    ) -> [S::Vec; 2] {
        // Two of each, since an addition takes several cycles.
        let (mut sums, mut squares) = ([s.splat(0.0); 2], [s.splat(0.0); 2]);
        for y in segment.rows() {
            let columns = segment.columns();
            for x in columns.clone().step_by(2) {
                let pairs = sums.iter_mut().zip(&mut squares).enumerate();
                for (i, (sum, square)) in pairs.take(columns.end - x) {
                    let from = ws.wrapping_add(self.input.at(y, x + i) + c);
                    // SAFETY: the caller's promise.
                    let difference = s.sub(unsafe { s.load_first(from, count) }, mean);
                    *sum = s.add(*sum, difference);
                    *square = s.mul_add(difference, difference, *square);
                }
            }
        }
        [sums, squares].map(|[even, odd]| s.add(even, odd))
    }
}
