//! Receptive fields after layers that move numbers or resize maps.
//!
//! Where a layer puts several outputs in the place of one pixel, neighbours lie a fraction of a pixel apart. A jump is a whole number,
//! so it is rounded up, and fields of later layers may be overestimated.

use super::{Extent, ReceptiveField};
use crate::op::{Padding, Rearrange, Rearrangement, Resize, Shape, Size, Window};

impl ReceptiveField {
    /// After a layer that moves numbers.
    pub(super) fn rearranged(self, op: Rearrange, input: Shape) -> Self {
        let moved =
            |[rows, columns]: [i64; 2]| self.each([&|extent| extent.moved(rows), &|extent| extent.moved(columns)]);
        match op.closed() {
            Rearrangement::ChannelShuffle { .. } | Rearrangement::Channels(_) => self,
            Rearrangement::Reshape(shape) if matches!(shape, Shape::Vector(_)) || shape.size() == input.size() => self,
            Rearrangement::Reshape(_) => Self::Whole,
            Rearrangement::PixelShuffle { factor } => self.each([&|extent| extent.stretched(1, factor); 2]),
            Rearrangement::PixelUnshuffle { factor } => {
                let block = Size::square(factor);
                let dilation = Size::square(1);
                let window = Window { kernel: block, stride: block, dilation, pad: Padding::NONE, ceil: false };
                let [vertical, horizontal] = window.axes(input.size());
                self.each([&|extent| extent.over(&vertical), &|extent| extent.over(&horizontal)])
            }
            Rearrangement::Crop(crop) => {
                let Padding { top, left, .. } = crop.margins(input.size()).unwrap_or_default();
                moved([top, left].map(signed))
            }
            Rearrangement::Pad(pad) => moved([pad.sides.top, pad.sides.left].map(|side| -signed(side))),
        }
    }

    /// After a resizing.
    pub(super) fn resized(self, op: Resize, input: Shape) -> Self {
        let (from, to) = (input.size(), op.output(input.size()));
        let after = |extent: Extent, from: usize, to: usize| extent.widened(op.mode.taps()).stretched(from, to);
        self.each([&|rows| after(rows, from.height, to.height), &|columns| after(columns, from.width, to.width)])
    }

    /// Changes the rows and the columns of a window.
    fn each(self, [rows, columns]: [&dyn Fn(Extent) -> Extent; 2]) -> Self {
        match self {
            Self::Window(window) => Self::Window([rows(window[0]), columns(window[1])]),
            Self::Whole => Self::Whole,
        }
    }
}

fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Extent {
    /// The field that begins this many outputs later.
    fn moved(self, outputs: i64) -> Self {
        let jump = i64::try_from(self.jump).unwrap_or(i64::MAX);
        Self { first: self.first.saturating_add(outputs.saturating_mul(jump)), ..self }
    }

    /// The field of this many neighbours together.
    fn widened(self, taps: usize) -> Self {
        let more = self.jump.saturating_mul((taps - 1) as u64);
        Self { size: self.size.saturating_add(more), ..self }.moved(-signed(taps / 2))
    }

    /// With `to` outputs where there were `from`.
    fn stretched(self, from: usize, to: usize) -> Self {
        Self { jump: self.jump.saturating_mul(from as u64).div_ceil((to as u64).max(1)), ..self }
    }
}
