//! Lifetimes to offsets: buffers that are alive at the same time do not overlap.

use cnn_net::memory::Holds;
use cnn_net::op::{Padding, Size};
use cnn_runtime::place::map::Map;

use super::batch::Batch;
use crate::step::ValueId;

/// Buffers begin at multiples of this many floats: a cache line.
const ALIGN: usize = 16;

/// A part of the workspace, for as long as its values are alive.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// Rows and columns, without the halo.
    pub size: Size,
    /// Channels.
    pub channels: usize,
    /// What it is for.
    pub holds: Holds,
    /// The value that it was made for; others may lie in it too.
    pub value: Option<ValueId>,
    /// The halo of zeros.
    pub halo: Padding,
    /// When it is written first; 0 is the input, 1 the first step.
    pub first: usize,
    /// When it is read last.
    pub last: usize,
    /// Where it begins, in floats.
    pub offset: usize,
    /// Its floats, halo and alignment included.
    pub len: usize,
}

impl Buffer {
    pub(crate) fn new(size: Size, channels: usize) -> Self {
        let (holds, value, halo) = (Holds::Values, None, Padding::NONE);
        Self { size, channels, holds, value, halo, first: usize::MAX, last: 0, offset: 0, len: 0 }
    }

    /// Floats in a row, without a halo.
    pub(crate) fn vector(holds: Holds, len: usize, first: usize, last: usize) -> Self {
        Self { holds, first, last, len: round_up(len), ..Self::new(Size::square(1), len) }
    }

    /// The floats of its rows, halo included.
    pub(crate) fn floats(&self) -> usize {
        let rows = self.halo.top + self.size.height + self.halo.bottom;
        rows * (self.halo.left + self.size.width + self.halo.right) * self.channels
    }

    /// All of it but the halo.
    pub(crate) fn map(&self) -> Map {
        Map::with_halo(self.offset, self.size, self.channels, &self.halo)
    }

    /// Whether it is alive when kernels take all images of a batch.
    fn is_kept(&self, batch: Batch) -> bool {
        batch.keeps(self.first, self.last)
    }

    fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The next multiple of the alignment.
pub(crate) fn round_up(floats: usize) -> usize {
    floats.next_multiple_of(ALIGN)
}

/// The most floats that are alive at once.
pub(crate) fn lower_bound(buffers: &[Buffer]) -> usize {
    let end = buffers.iter().map(|buffer| buffer.last).max().unwrap_or(0);
    let alive = |time: usize| -> usize {
        buffers.iter().filter(|b| b.first <= time && time <= b.last).map(|buffer| buffer.len).sum()
    };
    (0..=end).map(alive).max().unwrap_or(0)
}

/// How often an order of placement is improved, if the bound is not reached before.
const ROUNDS: usize = 200;

/// Floats that placed buffers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// Those of one image.
    pub(super) total: usize,
    /// Up to the end of what kernels that take all images of a batch need.
    pub(super) front: usize,
}

impl Placed {
    /// What all images take together.
    fn all(self, batch: Batch) -> usize {
        self.total + (batch.images - 1) * self.front
    }
}

/// Gives every buffer its offset.
///
/// Buffers are placed one after another, each in the smallest gap that it fits between those that live at the same
/// time (Pisarchyk & Lee 2020, "Efficient memory management for deep neural net inference"). No order of placement is
/// best for all nets: some are tried, and each is improved by placing the topmost buffer earlier. In a batch, those that
/// must be in the front come first.
pub(super) fn place(buffers: &mut [Buffer], batch: Batch) -> Placed {
    let bound = lower_bound(buffers);
    place_near(buffers, batch, bound)
}

/// Places buffers, with orders that are improved until they need no more than `enough` floats.
fn place_near(buffers: &mut [Buffer], batch: Batch, enough: usize) -> Placed {
    let keys: [fn(&Buffer) -> usize; 3] = [
        |buffer| usize::MAX - buffer.len,
        |buffer| usize::MAX - buffer.len.saturating_mul(buffer.last - buffer.first + 1),
        |buffer| buffer.first,
    ];
    let mut best: Option<(Placed, Vec<usize>)> = None;
    for key in keys {
        if best.as_ref().is_some_and(|(least, _)| least.total < enough) {
            break;
        }
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|index| (!buffers[*index].is_kept(batch), key(&buffers[*index])));
        for round in 0..ROUNDS {
            let (placed, offsets) = place_in_order(buffers, &order, batch);
            let top = order.iter().position(|index| offsets[*index] + buffers[*index].len == placed.total);
            if best.as_ref().is_none_or(|(least, _)| placed.all(batch) < least.all(batch)) {
                best = Some((placed, offsets));
            }
            match top {
                Some(position) if position > 0 && best.as_ref().is_some_and(|(least, _)| least.total > enough) => {
                    // To the front, then to the middle: either alone starts cycling sooner.
                    order[round % 2 * position / 2..=position].rotate_right(1);
                }
                _ => break,
            }
        }
    }
    let (placed, offsets) = best.unwrap_or((Placed { total: 0, front: 0 }, Vec::new()));
    for (buffer, offset) in buffers.iter_mut().zip(offsets) {
        buffer.offset = offset;
    }
    placed
}

/// Gives every buffer of a training step its offset, and returns how many floats they take. There are thousands, so what is within a
/// fiftieth of the least is not improved.
pub(crate) fn place_many(buffers: &mut [Buffer]) -> usize {
    let bound = lower_bound(buffers);
    place_near(buffers, Batch::one_by_one(1), bound + bound / 50).total
}

fn place_in_order(buffers: &[Buffer], order: &[usize], batch: Batch) -> (Placed, Vec<usize>) {
    let mut offsets = vec![0; buffers.len()];
    let mut before: Vec<usize> = Vec::new();
    let mut placed = Placed { total: 0, front: 0 };
    for &index in order {
        let buffer = &buffers[index];
        let mut taken: Vec<(usize, usize)> = before
            .iter()
            .filter(|other| buffers[**other].meets(buffer))
            .map(|other| (offsets[*other], offsets[*other] + buffers[*other].len))
            .collect();
        taken.sort_unstable();
        offsets[index] = smallest_gap(&taken, buffer.len);
        let end = offsets[index] + buffer.len;
        placed.total = placed.total.max(end);
        if buffer.is_kept(batch) {
            placed.front = placed.front.max(end);
        }
        before.push(index);
    }
    (placed, offsets)
}

/// Where the smallest gap between taken ranges begins that holds `len`; after all of them if none does.
fn smallest_gap(taken: &[(usize, usize)], len: usize) -> usize {
    let mut best: Option<(usize, usize)> = None;
    let mut end = 0;
    for &(from, to) in taken {
        if from >= end + len && best.is_none_or(|(gap, _)| from - end < gap) {
            best = Some((from - end, end));
        }
        end = end.max(to);
    }
    best.map_or(end, |(_, offset)| offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(len: usize, first: usize, last: usize) -> Buffer {
        Buffer::vector(Holds::Values, len, first, last)
    }

    const ALONE: Batch = Batch::one_by_one(1);

    fn assert_apart(buffers: &[Buffer], total: usize) {
        for (index, a) in buffers.iter().enumerate() {
            assert!(a.offset + a.len <= total);
            for b in &buffers[index + 1..] {
                let apart = a.offset + a.len <= b.offset || b.offset + b.len <= a.offset;
                assert!(!a.meets(b) || apart, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn buffers_alive_together_do_not_overlap() {
        let mut buffers: Vec<Buffer> = (0..40).map(|i| buffer(16 * (1 + i * 7 % 11), i, i + 1 + i % 5)).collect();
        for (from, to) in [(0, 44), (20, 44), (39, 44), (0, 0), (10, 11), (15, 30)] {
            let placed = place(&mut buffers, Batch { images: 8, from, to });
            assert_apart(&buffers, placed.total);
        }
    }

    #[test]
    fn a_chain_needs_two_neighbours() {
        let mut buffers = [buffer(160, 0, 1), buffer(320, 1, 2), buffer(160, 2, 3), buffer(64, 3, 4)];
        assert_eq!(place(&mut buffers, ALONE).total, lower_bound(&buffers));
        assert_eq!(lower_bound(&buffers), 480);
    }

    #[test]
    fn what_all_images_need_lies_in_front() {
        let mut buffers = [buffer(160, 0, 1), buffer(320, 1, 2), buffer(160, 2, 3), buffer(64, 3, 4)];
        // The third is read by the fourth step, counted from 1, which is the first that is shared.
        let placed = place(&mut buffers, Batch { images: 8, from: 2, to: 4 });
        assert_eq!(placed, Placed { total: 480, front: 224 });
        assert_apart(&buffers, placed.total);
        assert!(buffers[2..].iter().all(|buffer| buffer.offset + buffer.len <= placed.front));
    }
}
