//! The gradients of normalisation by the statistics of the input itself.
//!
//! With the normalised inputs `n` of a set, the factor `f` that they were multiplied by, and the gradients `g` of the results times the
//! gains, it is `f * (g - a - b n)`: `a` is the mean of `g` where the mean was subtracted, and `b` that of `n g`; of a division by
//! the length, `b` is the sum of `n g`, or 0 if the length was less than the least divisor.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::normalise::{EachSet, Moments, Normalise, Set, each_set};
use crate::kernels::pool::{BLOCK, Mean, Sums};
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::Norm;
use cnn_net::record;

/// The gradient of what was normalised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormaliseGradient {
    /// What was normalised.
    pub input: Map,
    /// The gradient of the results.
    pub upstream: Map,
    /// The gradient of the input; may be one of the two.
    pub output: Map,
    /// Which normalisation it is.
    pub norm: Norm,
    /// Where the packed gains ([`pack_gains`](crate::pack::pack_gains)) begin.
    pub weights: usize,
}

record! { NormaliseGradient(#read input: Map, #read upstream: Map, output: Map, norm: Norm) { weights: usize = 0 } }
kernel_call! { NormaliseGradient = normalise_gradient, output: output, weights: weights }

impl NormaliseGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or the output overlaps another one without being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, .. } = &self;
        assert_same_size(input, output);
        assert_same_size(upstream, output);
        Checked::new(self, Reach::to(output).reads_in_place(input).reads_in_place(upstream))
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Normalise::new(self.input, self.output, self.norm).layout()
    }
}

/// Computes the gradient of what was normalised.
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn normalise_gradient(run: Run<'_>, layer: &Checked<NormaliseGradient>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let rows = Normalise::new(layer.input, layer.output, layer.norm).rows();
    let weights = weights_at(weights, layer.weights, [2, rows, padded(layer.input.channels)]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { normalise_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `gains` are padded rows for it.
unsafe fn normalise_in(run: Run<'_>, layer: &NormaliseGradient, gains: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([8, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows or channels, and need the same rows or channels of the others alone.
    unsafe { run.split(work, |partition| Sets::new(layer, gains, ws, partition)) };
}

/// Some of what was normalised.
struct Sets<'a> {
    layer: &'a NormaliseGradient,
    gains: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Sets<'a> {
    /// # Safety
    ///
    /// As for [`normalise_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a NormaliseGradient, gains: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, gains, ws, partition }
    }
}

impl Kernel for Sets<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        each_set(s, &self.layer.norm, &self.layer.input, self.partition, &self);
    }
}

impl EachSet for Sets<'_> {
    #[inline(always)]
    fn set<S: Simd>(&self, s: S, set: Set) {
        let NormaliseGradient { input, norm, .. } = &self.layer;
        // SAFETY: the set lies in the input, which was checked.
        let moments = unsafe { Moments::of(s, norm, set, input, self.ws) };
        // SAFETY: as above.
        let [sum, product] = unsafe { self.sums(s, set, moments) };
        let (zero, count) = (s.splat(0.0), s.splat(set.count()));
        let along = if norm.is_by_length() { s.mul(product, moments.varies) } else { s.div(product, count) };
        let centre = if norm.is_centred() { s.div(sum, count) } else { zero };
        // SAFETY: as above.
        unsafe { self.apply(s, set, moments, [centre, along]) };
    }
}

impl Sets<'_> {
    /// The sums of `g` and of `n g`, over the group of each lane.
    ///
    /// # Safety
    ///
    /// The set lies in the maps; so for all methods.
    #[inline(always)]
    unsafe fn sums<S: Simd>(&self, s: S, set: Set, moments: Moments<S>) -> [S::Vec; 2] {
        let zero = s.splat(0.0);
        let mut sums = Sums::<S, Mean, 2>::new(s, Mean);
        let (mut block, mut count) = ([zero; 2], 0);
        for y in set.y..set.y + set.size.height {
            for x in set.x..set.x + set.size.width {
                for c in (0..set.channels).step_by(S::LANES) {
                    // SAFETY: the caller's promise. Of lanes beyond the set, the gradient is 0.
                    let [normalised, gradient] = unsafe { self.load(s, set, moments, [y, x, c]) };
                    block = [s.add(block[0], gradient), s.mul_add(normalised, gradient, block[1])];
                    count += 1;
                    if count == BLOCK {
                        sums.add(s, block);
                        (block, count) = ([zero; 2], 0);
                    }
                }
            }
        }
        sums.add(s, block);
        sums.total(s).map(|sum| set.of_groups(s, sum))
    }

    /// `n` and `g` of a vector of channels, from the `c`th of the set on.
    #[inline(always)]
    unsafe fn load<S: Simd>(&self, s: S, set: Set, moments: Moments<S>, [y, x, c]: [usize; 3]) -> [S::Vec; 2] {
        let NormaliseGradient { input, upstream, norm, .. } = self.layer;
        let (channel, rest) = (set.channel + c, set.channels - c);
        let pixel = if norm.is_per_element() { y * input.width + x } else { 0 };
        // SAFETY: the caller's promise; there is a padded row of gains for each pixel, or one.
        unsafe {
            let value = s.load_first(self.ws.add(input.at(y, x) + channel), rest);
            let upstream = s.load_first(self.ws.add(upstream.at(y, x) + channel), rest);
            let gain = s.load_first(self.gains.add(pixel * padded(input.channels) + channel), rest);
            [moments.normalise(s, value), s.mul(upstream, gain)]
        }
    }

    /// Writes the gradients of a set.
    #[inline(always)]
    unsafe fn apply<S: Simd>(&self, s: S, set: Set, moments: Moments<S>, [centre, along]: [S::Vec; 2]) {
        let output = &self.layer.output;
        for y in set.y..set.y + set.size.height {
            for x in set.x..set.x + set.size.width {
                for c in (0..set.channels).step_by(S::LANES) {
                    // SAFETY: the caller's promise; elements are read before they are written.
                    unsafe {
                        let [normalised, gradient] = self.load(s, set, moments, [y, x, c]);
                        let rest = s.neg_mul_add(normalised, along, s.sub(gradient, centre));
                        let to = self.ws.add(output.at(y, x) + set.channel + c);
                        s.store_first(to, s.mul(rest, moments.factor), set.channels - c);
                    }
                }
            }
        }
    }
}
