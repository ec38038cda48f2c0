//! Normalisation by the statistics of the input itself.
//!
//! What is normalised together is the channels of a pixel, or a group of channels of all pixels. It is read three times: for the
//! mean; for the squares of what differs from it, and for what the mean was off by, since a sum of large numbers is not exact;
//! and for the results. So these are exact even where the mean is much larger than the deviation.
//!
//! Vectors are over channels. Groups that are narrower than a vector share one: it has as many as fit, and statistics of its own
//! in each lane.

mod sets;

pub(crate) use self::sets::{EachSet, Moments, Set, each_set};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::Norm;
use cnn_net::record;

/// A normalisation of a map by its own statistics, times a gain and plus a shift in each channel or for each element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalise {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// Which normalisation it is.
    pub norm: Norm,
    /// Where the packed gains and shifts ([`pack_gains`](crate::pack::pack_gains)) begin.
    pub weights: usize,
}

record! { Normalise(#read input: Map, output: Map, norm: Norm) { weights: usize = 0 } }
kernel_call! { Normalise = normalise, output: output, weights: weights }

impl Normalise {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Gains { channels: self.input.channels, pixels: self.rows() }
    }

    /// Rows of gains, and of shifts.
    pub(super) const fn rows(&self) -> usize {
        if self.norm.is_per_element() { self.input.pixels() } else { 1 }
    }
}

/// Normalises a map by its own statistics.
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn normalise(run: Run<'_>, layer: &Checked<Normalise>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = weights_at(weights, layer.weights, [2, layer.rows(), padded(layer.input.channels)]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { normalise_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` has padded rows of gains and of shifts.
unsafe fn normalise_in(run: Run<'_>, layer: &Normalise, weights: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([4, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows or channels, and need the same rows or channels of the input alone.
    unsafe { run.split(work, |partition| Sets::new(layer, weights, ws, partition)) };
}

/// Some of what is normalised.
struct Sets<'a> {
    layer: &'a Normalise,
    weights: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Sets<'a> {
    /// # Safety
    ///
    /// As for [`normalise_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a Normalise, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, weights, ws, partition }
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
        let Normalise { input, norm, .. } = &self.layer;
        // SAFETY: the set lies in the input, which was checked.
        let moments = unsafe { Moments::of(s, norm, set, input, self.ws) };
        self.apply(s, set, moments);
    }
}

impl Sets<'_> {
    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, set: Set, moments: Moments<S>) {
        let layer = self.layer;
        let (row, rows) = (padded(layer.input.channels), layer.rows());
        for y in set.y..set.y + set.size.height {
            for x in set.x..set.x + set.size.width {
                let from = self.ws.wrapping_add(layer.input.at(y, x) + set.channel).cast_const();
                let to = self.ws.wrapping_add(layer.output.at(y, x) + set.channel);
                let pixel = if rows > 1 { y * layer.input.width + x } else { 0 };
                let gains = self.weights.wrapping_add(pixel * row + set.channel);
                let shifts = gains.wrapping_add(rows * row);
                for c in (0..set.channels).step_by(S::LANES) {
                    let count = set.channels - c;
                    // SAFETY: these are channels of both maps, which were checked, and of the weights' rows.
                    unsafe {
                        let value = s.load_first(from.wrapping_add(c), count);
                        let value = moments.normalise(s, value);
                        let gain = s.load_first(gains.wrapping_add(c), count);
                        let shift = s.load_first(shifts.wrapping_add(c), count);
                        s.store_first(to.wrapping_add(c), s.mul_add(value, gain, shift), count);
                    }
                }
            }
        }
    }
}
