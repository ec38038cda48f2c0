//! Normalisation by the statistics of the input itself.
//!
//! What is normalised together is the channels of a pixel, or a group of channels of all pixels. It is read three times: for the
//! mean; for the squares of what differs from it, and for what the mean was off by, since a sum of large numbers is not exact;
//! and for the results. So these are exact even where the mean is much larger than the deviation.
//!
//! Vectors are over channels. Groups that are narrower than a vector share one: it has as many as fit, and statistics of its own
//! in each lane.

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::pool::{BLOCK, Mean, Sums};
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Norm, Size};
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
    const fn rows(&self) -> usize {
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

/// What is normalised together, or several such groups of channels in one vector.
#[derive(Clone, Copy)]
struct Set {
    /// The first pixel.
    y: usize,
    x: usize,
    size: Size,
    /// The first channel.
    channel: usize,
    channels: usize,
    /// Channels of a group.
    group: usize,
}

/// A set's statistics, in each lane.
#[derive(Clone, Copy)]
struct Moments<S: Simd> {
    /// Subtracted first.
    mean: S::Vec,
    /// What the mean was off by, which is subtracted next.
    rest: S::Vec,
    /// What is left is multiplied by it.
    factor: S::Vec,
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
        let Normalise { input, norm, .. } = self.layer;
        let channels = input.channels;
        let Some(groups) = norm.groups(channels) else {
            for y in self.partition.of(input.height) {
                for x in 0..input.width {
                    self.set(s, Set { y, x, size: Size::square(1), channel: 0, channels, group: channels });
                }
            }
            return;
        };
        let group = div(channels, groups).max(1);
        // As many groups as fit into a vector, or one.
        let step = if group < S::LANES { div(S::LANES, group) * group } else { group };
        for index in self.partition.of(div_ceil(channels, step)) {
            let channel = index * step;
            let size = Size::new(input.height, input.width);
            self.set(s, Set { y: 0, x: 0, size, channel, channels: step.min(channels - channel), group });
        }
    }
}

impl Sets<'_> {
    /// Normalises a set, which lies in the map.
    #[inline(always)]
    fn set<S: Simd>(&self, s: S, set: Set) {
        let moments = self.moments(s, set);
        self.apply(s, set, moments);
    }

    #[inline(always)]
    fn moments<S: Simd>(&self, s: S, set: Set) -> Moments<S> {
        let norm = &self.layer.norm;
        let (zero, one, eps) = (s.splat(0.0), s.splat(1.0), s.splat(norm.eps()));
        let count = s.splat((set.group * set.size.height * set.size.width) as f32);
        let [sum, squares] = self.sums(s, set, zero);
        if norm.is_by_length() {
            // Whatever `eps` is, a NaN stays one.
            let length = s.max(eps, s.sqrt(squares));
            return Moments { mean: zero, rest: zero, factor: s.div(one, length) };
        }
        if !norm.is_centred() {
            let factor = s.div(one, s.sqrt(s.add(s.div(squares, count), eps)));
            return Moments { mean: zero, rest: zero, factor };
        }
        let mean = s.div(sum, count);
        let [rest, squares] = self.sums(s, set, mean).map(|sum| s.div(sum, count));
        let variance = s.max(zero, s.neg_mul_add(rest, rest, squares));
        Moments { mean, rest, factor: s.div(one, s.sqrt(s.add(variance, eps))) }
    }

    /// The sums of `x - mean` and of its square, over the group of each lane.
    #[inline(always)]
    fn sums<S: Simd>(&self, s: S, set: Set, mean: S::Vec) -> [S::Vec; 2] {
        let zero = s.splat(0.0);
        let mut sums = Sums::<S, Mean, 2>::new(s, Mean);
        let (mut block, mut count) = ([zero; 2], 0);
        for y in set.y..set.y + set.size.height {
            for x in set.x..set.x + set.size.width {
                let pixel = self.ws.wrapping_add(self.layer.input.at(y, x) + set.channel).cast_const();
                for c in (0..set.channels).step_by(S::LANES) {
                    let rest = set.channels - c;
                    // SAFETY: these are channels of the input, which was checked.
                    let value = unsafe { s.load_first(pixel.wrapping_add(c), rest) };
                    let value = s.select(s.first_lanes(rest), s.sub(value, mean), zero);
                    block = [s.add(block[0], value), s.mul_add(value, value, block[1])];
                    count += 1;
                    if count == BLOCK {
                        sums.add(s, block);
                        (block, count) = ([zero; 2], 0);
                    }
                }
            }
        }
        sums.add(s, block);
        sums.total(s).map(|sum| {
            if set.channels <= set.group { s.splat(s.reduce_sum(sum)) } else { of_groups(s, sum, set.group) }
        })
    }

    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, set: Set, Moments { mean, rest, factor }: Moments<S>) {
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
                        let value = s.mul(s.sub(s.sub(value, mean), rest), factor);
                        let gain = s.load_first(gains.wrapping_add(c), count);
                        let shift = s.load_first(shifts.wrapping_add(c), count);
                        s.store_first(to.wrapping_add(c), s.mul_add(value, gain, shift), count);
                    }
                }
            }
        }
    }
}

/// In each lane, the sum over the lanes of its group; groups are next to each other.
#[inline(always)]
fn of_groups<S: Simd>(s: S, sums: S::Vec, group: usize) -> S::Vec {
    if group == 1 {
        return sums;
    }
    let mut lanes = [0.0; 16];
    // SAFETY: no vector has more than 16 lanes.
    unsafe { s.store(lanes.as_mut_ptr(), sums) };
    for group in lanes.chunks_mut(group.max(1)) {
        let sum: f32 = group.iter().sum();
        group.fill(sum);
    }
    // SAFETY: as above.
    unsafe { s.load(lanes.as_ptr()) }
}
