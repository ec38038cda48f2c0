//! What is normalised together, and its statistics.

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::Partition;
use crate::kernels::pool::{BLOCK, Mean, Sums};
use crate::place::map::Map;
use crate::simd::Simd;
use cnn_net::op::{Norm, Size};

/// What is normalised together, or several such groups of channels in one vector.
#[derive(Clone, Copy)]
pub(crate) struct Set {
    /// The first pixel.
    pub(crate) y: usize,
    pub(crate) x: usize,
    pub(crate) size: Size,
    /// The first channel.
    pub(crate) channel: usize,
    pub(crate) channels: usize,
    /// Channels of a group.
    group: usize,
}

/// A set's statistics, in each lane.
#[derive(Clone, Copy)]
pub(crate) struct Moments<S: Simd> {
    /// Subtracted first.
    pub(crate) mean: S::Vec,
    /// What the mean was off by, which is subtracted next.
    pub(crate) rest: S::Vec,
    /// What is left is multiplied by it.
    pub(crate) factor: S::Vec,
    /// 1, or 0 where the factor does not depend on the input, whose length is less than the least divisor.
    #[cfg_attr(not(feature = "train"), expect(dead_code, reason = "only gradients read it"))]
    pub(crate) varies: S::Vec,
}

/// What is done with sets.
pub(crate) trait EachSet {
    /// With one that lies in the map. Implementations are `#[inline(always)]`.
    fn set<S: Simd>(&self, s: S, set: Set);
}

/// Goes through the sets of a partition of a map: its rows, or groups of its channels.
#[inline(always)]
pub(crate) fn each_set<S: Simd>(s: S, norm: &Norm, map: &Map, partition: Partition, each: &impl EachSet) {
    let channels = map.channels;
    let Some(groups) = norm.groups(channels) else {
        for y in partition.of(map.height) {
            for x in 0..map.width {
                each.set(s, Set { y, x, size: Size::square(1), channel: 0, channels, group: channels });
            }
        }
        return;
    };
    let group = div(channels, groups).max(1);
    // As many groups as fit into a vector, or one.
    let step = if group < S::LANES { div(S::LANES, group) * group } else { group };
    for index in partition.of(div_ceil(channels, step)) {
        let channel = index * step;
        let size = Size::new(map.height, map.width);
        each.set(s, Set { y: 0, x: 0, size, channel, channels: step.min(channels - channel), group });
    }
}

impl<S: Simd> Moments<S> {
    /// Those of a set.
    ///
    /// # Safety
    ///
    /// It lies in the map, and that in `ws`.
    #[inline(always)]
    pub(crate) unsafe fn of(s: S, norm: &Norm, set: Set, map: &Map, ws: *const f32) -> Self {
        let (zero, one, eps) = (s.splat(0.0), s.splat(1.0), s.splat(norm.eps()));
        let count = s.splat(set.count());
        // SAFETY: the caller's promise.
        let sums = |mean| unsafe { sums_around(s, mean, set, map, ws) };
        let [sum, squares] = sums(zero);
        if norm.is_by_length() {
            // Whatever `eps` is, a NaN stays one.
            let length = s.sqrt(squares);
            let varies = s.select(s.less(length, eps), zero, one);
            return Self { mean: zero, rest: zero, factor: s.div(one, s.max(eps, length)), varies };
        }
        if !norm.is_centred() {
            let factor = s.div(one, s.sqrt(s.add(s.div(squares, count), eps)));
            return Self { mean: zero, rest: zero, factor, varies: one };
        }
        let mean = s.div(sum, count);
        let [rest, squares] = sums(mean).map(|sum| s.div(sum, count));
        let variance = s.max(zero, s.neg_mul_add(rest, rest, squares));
        Self { mean, rest, factor: s.div(one, s.sqrt(s.add(variance, eps))), varies: one }
    }

    /// What a vector becomes.
    #[inline(always)]
    pub(crate) fn normalise(self, s: S, value: S::Vec) -> S::Vec {
        s.mul(s.sub(s.sub(value, self.mean), self.rest), self.factor)
    }
}

impl Set {
    /// How many numbers have statistics in common.
    #[inline(always)]
    pub(crate) fn count(&self) -> f32 {
        (self.group * self.size.height * self.size.width) as f32
    }

    /// In each lane, the sum over all lanes of its group.
    #[inline(always)]
    pub(crate) fn of_groups<S: Simd>(&self, s: S, sums: S::Vec) -> S::Vec {
        if self.channels <= self.group { s.splat(s.reduce_sum(sums)) } else { of_groups(s, sums, self.group) }
    }
}

/// The sums of `x - mean` and of its square, over the group of each lane.
///
/// # Safety
///
/// As for [`Moments::of`].
#[inline(always)]
unsafe fn sums_around<S: Simd>(s: S, mean: S::Vec, set: Set, map: &Map, ws: *const f32) -> [S::Vec; 2] {
    let mut sums = Sums::<S, Mean, 2>::new(s, Mean);
    let (mut block, mut count) = (Chains::new(s), 0);
    for y in set.y..set.y + set.size.height {
        for x in set.x..set.x + set.size.width {
            let pixel = ws.wrapping_add(map.at(y, x) + set.channel);
            for c in (0..set.channels).step_by(CHAINS * S::LANES) {
                // SAFETY: the caller's promise; these are channels of the set.
                unsafe { block.add(s, mean, pixel.wrapping_add(c), set.channels - c) };
                count += 1;
                if count == BLOCK {
                    sums.add(s, block.total(s));
                    (block, count) = (Chains::new(s), 0);
                }
            }
        }
    }
    sums.add(s, block.total(s));
    sums.total(s).map(|sum| set.of_groups(s, sum))
}

/// Sums that are added up side by side, since each addition waits for the one before it.
const CHAINS: usize = 4;

/// The sums of some `x - mean` and of their squares.
struct Chains<S: Simd>([[S::Vec; 2]; CHAINS]);

impl<S: Simd> Chains<S> {
    #[inline(always)]
    fn new(s: S) -> Self {
        Self([[s.splat(0.0); 2]; CHAINS])
    }

    /// Adds a vector to each, or what is left of them.
    ///
    /// # Safety
    ///
    /// `rest` floats must be readable, if they are fewer than these vectors.
    #[inline(always)]
    unsafe fn add(&mut self, s: S, mean: S::Vec, from: *const f32, rest: usize) {
        let whole = rest >= CHAINS * S::LANES;
        for (i, [sum, squares]) in self.0.iter_mut().enumerate() {
            let first = i * S::LANES;
            if !whole && first >= rest {
                return;
            }
            // SAFETY: the caller's promise.
            let value = unsafe {
                if whole {
                    s.sub(s.load(from.add(first)), mean)
                } else {
                    let value = s.sub(s.load_first(from.add(first), rest - first), mean);
                    s.select(s.first_lanes(rest - first), value, s.splat(0.0))
                }
            };
            (*sum, *squares) = (s.add(*sum, value), s.mul_add(value, value, *squares));
        }
    }

    /// Both sums of all.
    #[inline(always)]
    fn total(&self, s: S) -> [S::Vec; 2] {
        let [first, second, third, fourth] = self.0;
        let total = |i: usize| s.add(s.add(first[i], second[i]), s.add(third[i], fourth[i]));
        [total(0), total(1)]
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
