//! Normalisation.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::activation::Elementwise;
use crate::kernels::epilogue::Epilogue;
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, Region, assert_product, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::simd::math;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Activation, Lrn};
use cnn_net::record;

/// Local response normalisation across channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrnMap {
    /// What it reads.
    pub input: Map,
    /// What it writes; not the input.
    pub output: Map,
    /// The formula's constants.
    pub lrn: Lrn,
}

/// A batch normalisation that could not be folded: `output = activation(input * scale + shift)` in each channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleShift {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// Where the packed scales and shifts ([`pack_scale_shift`](crate::pack::pack_scale_shift)) begin.
    pub weights: usize,
    /// Applied last.
    pub activation: Elementwise,
}

record! { LrnMap(#read input: Map, output: Map, lrn: Lrn) }
record! {
    ScaleShift(#read input: Map, output: Map) {
        weights: usize = 0,
        activation: Elementwise as Activation = Activation::Identity,
    }
}
kernel_call! { LrnMap = lrn, output: output }
kernel_call! { ScaleShift = scale_shift, output: output, weights: weights }

impl LrnMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        assert_product(&[self.lrn.size, 4]);
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input).spilling()))
    }
}

impl ScaleShift {
    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::ScaleShift { channels: self.input.channels }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }
}

/// Normalises each element by its neighbours in other channels.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn lrn(run: Run<'_>, layer: &Checked<LrnMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { lrn_in(run, &layer.get(), ws) }
}

/// Scales and shifts each channel.
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn scale_shift(run: Run<'_>, layer: &Checked<ScaleShift>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = weights_at(weights, layer.weights, [2, padded(layer.input.channels)]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { scale_shift_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn lrn_in(run: Run<'_>, layer: &LrnMap, ws: *mut f32) {
    let window = layer.lrn.size.min(2 * layer.input.channels);
    let work = nanos_of_floats([window + 4, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.split(work, |partition| LrnKernel::new(layer, ws, partition)) };
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` two padded rows.
pub(super) unsafe fn scale_shift_in(run: Run<'_>, layer: &ScaleShift, weights: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([2, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.split(work, |partition| ScaleShiftKernel::new(layer, weights, ws, partition)) };
}

/// Pixels that are taken one after the other, as their lanes at the edges are the same: they stay in L1 for all channels.
const STRIP: usize = 16;

struct LrnKernel<'a> {
    layer: &'a LrnMap,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> LrnKernel<'a> {
    /// # Safety
    ///
    /// As for [`lrn_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a LrnMap, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for LrnKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let LrnMap { input, lrn, .. } = self.layer;
        // However far the window reaches, there are no other channels than these.
        let reach = lrn.reach().map(|channels| channels.min(input.channels));
        for y in self.partition.of(input.height) {
            for x in (0..input.width).step_by(STRIP) {
                for c in (0..input.channels).step_by(S::LANES) {
                    match (reach, lrn.beta) {
                        // Whatever the sum is, with `k` it is not 0.
                        ([2, 2], 0.75) if lrn.k >= f32::MIN_POSITIVE => self.strip::<S, true>(s, [2, 2], [y, x], c),
                        (reach, _) => self.strip::<S, false>(s, reach, [y, x], c),
                    }
                }
            }
        }
    }
}

impl LrnKernel<'_> {
    /// The channels from `c` on of a strip of pixels, from the sums of `reach` neighbours before and after; `USUAL` if beta
    /// is 3/4.
    #[inline(always)]
    fn strip<S: Simd, const USUAL: bool>(&self, s: S, reach: [usize; 2], [y, first]: [usize; 2], c: usize) {
        let LrnMap { input, output, lrn } = self.layer;
        for x in first..input.width.min(first + STRIP) {
            let from = self.ws.wrapping_add(input.at(y, x)).cast_const();
            // SAFETY: both maps were checked, with a vector after the input, and `c` is one of their channels.
            unsafe {
                let sum = sum_of_squares(s, reach, from, c, input.channels);
                let base = s.mul_add(sum, s.splat(lrn.alpha), s.splat(lrn.k));
                let value = s.load(from.add(c));
                let result = if USUAL {
                    let most = s.splat(f32::MAX);
                    let factor = math::pow_minus_three_quarters(s, s.min(most, base));
                    // An infinite sum gives 0, or a NaN for an infinite element, and a NaN a NaN.
                    let beyond = s.select(s.less(most, base), s.splat(0.0), base);
                    s.mul(value, s.select(s.less_or_equal(base, most), factor, beyond))
                } else {
                    s.div(value, s.map(base, |base| libm::powf(base, lrn.beta)))
                };
                s.store_first(self.ws.add(output.at(y, x) + c), result, input.channels - c);
            }
        }
    }
}

/// Squares that are added up one after another.
const BLOCK: usize = 64;

/// The sums of squares of each of the channels from `c` on of the pixel at `from`, and of `reach` channels before and after it.
///
/// # Safety
///
/// `from` must be a pixel with as many channels, `c` one of these.
#[inline(always)]
pub(super) unsafe fn sum_of_squares<S: Simd>(
    s: S,
    reach: [usize; 2],
    from: *const f32,
    c: usize,
    channels: usize,
) -> S::Vec {
    // SAFETY: the caller's promise.
    unsafe {
        if c >= reach[0] && c + S::LANES + reach[1] <= channels {
            sum_inside(s, reach, from.add(c))
        } else {
            sum_at_edge(s, reach, from, c, channels)
        }
    }
}

/// The sums of squares around each of the channels from `c` on of the pixel at `from`, where some have fewer neighbours.
///
/// # Safety
///
/// `from` must be a pixel with as many channels, `c` one of these.
#[inline(always)]
unsafe fn sum_at_edge<S: Simd>(
    s: S,
    [before, after]: [usize; 2],
    from: *const f32,
    c: usize,
    channels: usize,
) -> S::Vec {
    let mut sum = s.splat(0.0);
    for first_shift in (0..before + after + 1).step_by(BLOCK) {
        let mut part = s.splat(0.0);
        for shift in first_shift..(before + after + 1).min(first_shift + BLOCK) {
            // Lane i is channel c + shift - before + i: those in 0..channels are added.
            let first = before.saturating_sub(c + shift).min(S::LANES);
            let last = (channels + before).saturating_sub(c + shift).min(S::LANES);
            if first < last {
                let from = from.wrapping_add(c + shift).wrapping_sub(before);
                // SAFETY: the lanes in between are channels of the pixel.
                let value = unsafe { s.load_lanes(from, first, last) };
                part = s.mul_add(value, value, part);
            }
        }
        sum = s.add(sum, part);
    }
    sum
}

/// The sums of squares around a vector of channels at `from`.
///
/// # Safety
///
/// The vector and these numbers of floats before and after it must be channels of a pixel.
#[inline(always)]
unsafe fn sum_inside<S: Simd>(s: S, [before, after]: [usize; 2], from: *const f32) -> S::Vec {
    let mut sum = s.splat(0.0);
    for first in (0..before + after + 1).step_by(BLOCK) {
        let mut part = s.splat(0.0);
        for shift in first..(before + after + 1).min(first + BLOCK) {
            // SAFETY: the caller's promise.
            let value = unsafe { s.load(from.sub(before).add(shift)) };
            part = s.mul_add(value, value, part);
        }
        sum = s.add(sum, part);
    }
    sum
}

struct ScaleShiftKernel<'a> {
    layer: &'a ScaleShift,
    weights: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> ScaleShiftKernel<'a> {
    /// # Safety
    ///
    /// As for [`scale_shift_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a ScaleShift, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, weights, ws, partition }
    }
}

impl Kernel for ScaleShiftKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        // A copy, whose numbers stay in registers while results are stored.
        let ScaleShift { input, output, activation, .. } = *self.layer;
        let epilogue = Epilogue::new(activation);
        for y in self.partition.of(input.height) {
            for x in 0..input.width {
                let to = self.ws.wrapping_add(output.at(y, x));
                for c in (0..input.channels).step_by(S::LANES) {
                    let rest = input.channels - c;
                    // SAFETY: the channels are in both maps, and there are two padded rows of weights.
                    unsafe {
                        let scale = s.load(self.weights.add(c));
                        let shift = s.load(self.weights.add(padded(input.channels) + c));
                        let value = s.load_first(self.ws.add(input.at(y, x) + c), rest);
                        let result = epilogue.activate(s, s.mul_add(value, scale, shift));
                        s.store_first(to.add(c), result, rest);
                    }
                }
                // SAFETY: these are channels of the output.
                unsafe { epilogue.pass(s, to, output.channels) };
            }
        }
    }
}
