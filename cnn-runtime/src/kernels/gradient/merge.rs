//! The gradients of merged maps.
//!
//! An input that was repeated, a pixel over the whole map or a channel for all, has the sum of the gradients of its repetitions.

#[cfg(feature = "alloc")]
mod call;

#[cfg(feature = "alloc")]
pub use self::call::MergeGradientCall;

use core::ops::Range;

use crate::exec::divide::div_ceil;
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::pool::{BLOCK, Mean, Sums};
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};

/// The gradient of one of several maps that were merged element by element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MergeGradient<'a> {
    /// What was merged; may be left out of a sum or a difference, in which it makes no difference.
    pub inputs: &'a [Map],
    /// Which of them it is the gradient of.
    pub index: usize,
    /// The gradient of what they became.
    pub upstream: Map,
    /// The gradient of the input; where that was not repeated, it may be one of the others.
    pub output: Map,
}

impl<'a> MergeGradient<'a> {
    /// A `MergeGradient`.
    #[must_use]
    pub const fn new(inputs: &'a [Map], index: usize, upstream: Map, output: Map) -> Self {
        Self { inputs, index, upstream, output }
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If a map is neither of the size of `upstream` nor a pixel or a channel of it, or the output overlaps
    /// one without being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { inputs, upstream, output, .. } = &self;
        assert_part(output, upstream);
        let mut reach = reads(Reach::to(output), upstream, output);
        let mut i = 0;
        while i < inputs.len() {
            assert_part(&inputs[i], upstream);
            reach = reads(reach, &inputs[i], output);
            i += 1;
        }
        Checked::new(self, reach)
    }
}

/// Panics unless a map is of the size of a merged one, or a pixel or a channel of it.
const fn assert_part(map: &Map, merged: &Map) {
    let one = map.height == 1 && map.width == 1;
    let size = one || map.height == merged.height && map.width == merged.width;
    assert!(size && (map.channels == 1 || map.channels == merged.channels), "maps of different sizes");
}

/// A map that is read: element by element, if it is as large as the output.
const fn reads(reach: Reach, map: &Map, output: &Map) -> Reach {
    let same = map.height == output.height && map.width == output.width && map.channels == output.channels;
    if same { reach.reads_in_place(map) } else { reach.reads(Region::of(map)) }
}

/// Of one of the summands.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn add_gradient(run: Run<'_>, layer: &Checked<MergeGradient<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { add_in(run, &layer.get(), ws) }
}

/// Of one of those that were subtracted from the first.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn sub_gradient(run: Run<'_>, layer: &Checked<MergeGradient<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { sub_in(run, &layer.get(), ws) }
}

/// Of one of the factors.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn mul_gradient(run: Run<'_>, layer: &Checked<MergeGradient<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { mul_in(run, &layer.get(), ws) }
}

/// Of one of those that a maximum was taken of.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn maximum_gradient(run: Run<'_>, layer: &Checked<MergeGradient<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { maximum_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// As for [`merged`].
unsafe fn add_in(run: Run<'_>, layer: &MergeGradient<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merged(run, layer, Summand, ws) }
}

/// # Safety
///
/// As for [`merged`].
unsafe fn sub_in(run: Run<'_>, layer: &MergeGradient<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merged(run, layer, Subtrahend, ws) }
}

/// # Safety
///
/// As for [`merged`].
unsafe fn mul_in(run: Run<'_>, layer: &MergeGradient<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merged(run, layer, Factor, ws) }
}

/// # Safety
///
/// As for [`merged`].
unsafe fn maximum_in(run: Run<'_>, layer: &MergeGradient<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merged(run, layer, Candidate, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn merged(run: Run<'_>, layer: &MergeGradient<'_>, role: impl Role, ws: *mut f32) {
    let work = nanos_of_floats([layer.inputs.len() + 1, layer.upstream.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the output, which need the same rows of what is as large and may be the
    // output; or channels of a pixel, and then nothing that is read is the output.
    unsafe { run.split(work, |partition| Merged::new(layer, role, ws, partition)) };
}

/// How an input changes what it was merged into.
trait Role: Copy {
    /// Its slope, from all inputs, of which one is itself.
    fn slope<S: Simd>(self, s: S, inputs: impl Iterator<Item = (S::Vec, bool)>) -> S::Vec;
}

/// One of a sum.
#[derive(Clone, Copy)]
struct Summand;

impl Role for Summand {
    #[inline(always)]
    fn slope<S: Simd>(self, s: S, _: impl Iterator<Item = (S::Vec, bool)>) -> S::Vec {
        s.splat(1.0)
    }
}

/// One that is subtracted.
#[derive(Clone, Copy)]
struct Subtrahend;

impl Role for Subtrahend {
    #[inline(always)]
    fn slope<S: Simd>(self, s: S, _: impl Iterator<Item = (S::Vec, bool)>) -> S::Vec {
        s.splat(-1.0)
    }
}

/// One of a product, which changes it by the product of the others.
#[derive(Clone, Copy)]
struct Factor;

impl Role for Factor {
    #[inline(always)]
    fn slope<S: Simd>(self, s: S, inputs: impl Iterator<Item = (S::Vec, bool)>) -> S::Vec {
        let mut product = s.splat(1.0);
        for (value, is_own) in inputs {
            product = if is_own { product } else { s.mul(product, value) };
        }
        product
    }
}

/// One of those that a maximum is of. The larger of the first two is compared with the third, and so on; two equal ones have half of
/// the gradient each.
#[derive(Clone, Copy)]
struct Candidate;

impl Role for Candidate {
    #[inline(always)]
    fn slope<S: Simd>(self, s: S, mut inputs: impl Iterator<Item = (S::Vec, bool)>) -> S::Vec {
        let [zero, half, one] = [0.0, 0.5, 1.0].map(|share| s.splat(share));
        let Some((mut largest, is_own)) = inputs.next() else { return zero };
        let mut slope = if is_own { one } else { zero };
        for (value, is_own) in inputs {
            let (less, more) = (s.less(value, largest), s.less(largest, value));
            let share = s.select(more, one, s.select(less, zero, half));
            slope = if is_own { share } else { s.mul(slope, s.sub(one, share)) };
            largest = s.select(less, largest, value);
        }
        slope
    }
}

/// Rows of a gradient, or channels of a pixel.
struct Merged<'a, R> {
    layer: &'a MergeGradient<'a>,
    role: R,
    ws: *mut f32,
    partition: Partition,
}

impl<'a, R> Merged<'a, R> {
    /// # Safety
    ///
    /// As for [`merged`]; other threads have other partitions.
    unsafe fn new(layer: &'a MergeGradient<'a>, role: R, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, role, ws, partition }
    }
}

impl<R: Role> Kernel for Merged<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let MergeGradient { upstream, output, .. } = self.layer;
        if output.pixels() == 1 {
            let all = || [0..upstream.height, 0..upstream.width];
            let strips = self.partition.of(div_ceil(output.channels, 4 * S::LANES));
            let end = output.channels.min(strips.end * 4 * S::LANES);
            let mut c = strips.start * 4 * S::LANES;
            while c < end {
                if output.channels - c >= 4 * S::LANES {
                    self.vectors::<S, 4>(s, [0, 0], c, all());
                    c += 4 * S::LANES;
                } else {
                    self.vectors::<S, 1>(s, [0, 0], c, all());
                    c += S::LANES;
                }
            }
            return;
        }
        let one_for_all = output.channels < upstream.channels;
        for y in self.partition.of(output.height) {
            for x in 0..output.width {
                if one_for_all {
                    self.vectors::<S, 1>(s, [y, x], 0, [y..y + 1, x..x + 1]);
                    continue;
                }
                for c in (0..output.channels).step_by(S::LANES) {
                    let gradient = self.element(s, [y, x], c);
                    // SAFETY: no more channels of a pixel of the output are written than it has.
                    unsafe { s.store_first(self.ws.add(output.at(y, x) + c), gradient, output.channels - c) };
                }
            }
        }
    }
}

impl<R: Role> Merged<'_, R> {
    /// Writes `N` vectors of channels of a pixel: the sum over these rows and columns of `upstream`, and over all of its channels, if
    /// the output has only one.
    #[inline(always)]
    fn vectors<S: Simd, const N: usize>(&self, s: S, [y, x]: [usize; 2], c: usize, [rows, columns]: [Range<usize>; 2]) {
        let MergeGradient { upstream, output, .. } = self.layer;
        let one_for_all = output.channels < upstream.channels;
        let end = if one_for_all { upstream.channels } else { c + 1 };
        let mut sums = Sums::<S, Mean, N>::new(s, Mean);
        let (mut block, mut count) = ([s.splat(0.0); N], 0);
        for row in rows {
            for column in columns.clone() {
                for c in (c..end).step_by(S::LANES) {
                    for (i, sum) in block.iter_mut().enumerate() {
                        *sum = s.add(*sum, self.element(s, [row, column], c + i * S::LANES));
                    }
                    count += 1;
                    if count == BLOCK {
                        sums.add(s, block);
                        (block, count) = ([s.splat(0.0); N], 0);
                    }
                }
            }
        }
        sums.add(s, block);
        for (i, sum) in sums.total(s).into_iter().enumerate() {
            let c = c + i * S::LANES;
            let sum = if one_for_all { s.splat(s.reduce_sum(sum)) } else { sum };
            // SAFETY: no more channels of a pixel of the output are written than it has.
            unsafe { s.store_first(self.ws.add(output.at(y, x) + c), sum, output.channels - c) };
        }
    }

    /// The gradient of each of these elements by itself; 0 beyond the last channel.
    #[inline(always)]
    fn element<S: Simd>(&self, s: S, place: [usize; 2], c: usize) -> S::Vec {
        let MergeGradient { inputs, index, upstream, .. } = self.layer;
        let inputs = inputs.iter().enumerate().map(|(i, input)| (self.load(s, input, place, c), i == *index));
        let slope = self.role.slope(s, inputs);
        let rest = upstream.channels - c;
        let product = s.mul(slope, self.load(s, upstream, place, c));
        s.select(s.first_lanes(rest), product, s.splat(0.0))
    }

    /// These elements of a map, or what is repeated in their place.
    #[inline(always)]
    fn load<S: Simd>(&self, s: S, map: &Map, [row, column]: [usize; 2], c: usize) -> S::Vec {
        let upstream = &self.layer.upstream;
        let at = if map.pixels() == 1 { map.offset } else { map.at(row, column) };
        let from = self.ws.wrapping_add(at).cast_const();
        // SAFETY: a pixel of a map that was checked; of a single channel, or with as many as `upstream`.
        unsafe { if map.channels == 1 { s.splat(*from) } else { s.load_first(from.add(c), upstream.channels - c) } }
    }
}
