//! Layers that only move numbers: reorder, crop or pad them.

use super::argument::{ANY, Arguments, Word, words};
use super::closed::closed;
use super::{Facts, Kind, Padding, Shape, Size};
use crate::record;

/// A layer that moves numbers and computes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Rearrange {
    /// Channels to pixels: `C r^2 x H x W` becomes `C x H r x W r`. Channel `c r^2 + i r + j` of the pixel `(y, x)` becomes
    /// channel `c` of the pixel `(y r + i, x r + j)`.
    PixelShuffle {
        /// The factor `r` of height and width.
        factor: usize,
    },
    /// Pixels to channels, the inverse: `C x H r x W r` becomes `C r^2 x H x W`.
    PixelUnshuffle {
        /// The divisor `r` of height and width.
        factor: usize,
    },
    /// Channel `k` of group `i` becomes channel `k g + i`.
    ChannelShuffle {
        /// The number of groups, `g`; it divides the channels.
        groups: usize,
    },
    /// Some channels of maps, or features of a vector.
    Channels(Interval),
    /// Another shape with the same number of elements, in the order C, H, W.
    Reshape(Shape),
    /// A part of each map.
    Crop(Crop),
    /// More rows and columns around each map.
    Pad(Pad),
}

closed! {
    Rearrange as Rearrangement {
        PixelShuffle { factor: usize }, PixelUnshuffle { factor: usize }, ChannelShuffle { groups: usize },
        Channels(interval: Interval), Reshape(shape: Shape), Crop(crop: Crop), Pad(pad: Pad),
    }
}

/// Whole numbers from `first` up to, and not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The first one.
    pub first: usize,
    /// One past the last.
    pub end: usize,
}

record! { Interval(first: usize, end: usize) }

impl Interval {
    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.end.saturating_sub(self.first)
    }
}

/// Which part of each map remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crop {
    /// This many rows and columns, from the middle. Half of an odd remainder is rounded to even, as in torchvision's
    /// `CenterCrop`: 0 of 1, 2 of 3 and 2 of 5 lie before the part.
    To(Size),
    /// All but this many rows and columns at each edge.
    Margins(Padding),
}

closed! { Crop as CropTo { To(size: Size), Margins(margins: Padding) } }

impl Crop {
    /// Rows and columns that are left out at each edge of an input of this size, unless nothing would remain.
    #[must_use]
    pub fn margins(&self, input: Size) -> Option<Padding> {
        let margins = match *self {
            Self::Margins(margins) => margins,
            Self::To(size) => {
                let [top, bottom] = around(input.height, size.height)?;
                let [left, right] = around(input.width, size.width)?;
                Padding { top, left, bottom, right }
            }
        };
        let remains = |size: usize, before: usize, after: usize| size > before.saturating_add(after);
        let Padding { top, left, bottom, right } = margins;
        (remains(input.height, top, bottom) && remains(input.width, left, right)).then_some(margins)
    }
}

/// What lies before and after `part` of `whole`, if it is one.
fn around(whole: usize, part: usize) -> Option<[usize; 2]> {
    let rest = whole.checked_sub(part)?;
    let half = rest / 2;
    // Python rounds halves to even numbers.
    let before = half + usize::from(rest % 2 == 1 && half % 2 == 1);
    Some([before, rest - before])
}

/// Rows and columns around each map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pad {
    /// How many, at each edge.
    pub sides: Padding,
    /// What is in them.
    pub mode: Edge,
    /// The number in them, if the mode is [`Edge::Zero`]; 0 otherwise.
    pub value: f32,
}

record! { Pad(sides: Padding) { mode: Edge = Edge::Zero, value: f32 = 0.0 } }

impl Pad {
    /// The size with padding.
    #[must_use]
    pub const fn output(&self, Size { height, width }: Size) -> Size {
        let Padding { top, left, bottom, right } = self.sides;
        Size { height: top + height + bottom, width: left + width + right }
    }
}

/// What lies beyond the edges of a map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edge {
    /// One number everywhere.
    #[default]
    Zero,
    /// The map, mirrored at its first and last rows and columns, which are not repeated.
    Reflect,
    /// The nearest pixel of the map.
    Replicate,
}

closed! { Edge as PadMode { Zero, Reflect, Replicate } }

impl Edge {
    /// The word in the language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Reflect => "reflect",
            Self::Replicate => "replicate",
        }
    }
}

words! { Edge { Zero, Reflect, Replicate } }

impl Rearrange {
    /// All of them, in the order of the documentation, each with its defaults.
    pub(super) const ALL: [Self; 7] = [
        Self::PixelShuffle { factor: 1 },
        Self::PixelUnshuffle { factor: 1 },
        Self::ChannelShuffle { groups: 1 },
        Self::Channels(Interval { first: 0, end: 1 }),
        Self::Reshape(Shape::Vector(1)),
        Self::Crop(Crop::To(Size::square(1))),
        Self::Pad(Pad::new(Padding::NONE)),
    ];

    /// Its facts.
    pub(super) const fn facts(&self) -> Facts {
        let facts = Facts::of(Kind::Rearrangement, self.names());
        match self {
            Self::Pad(Pad { value, .. }) if *value != 0.0 => facts.over_maps(),
            Self::Channels(_) | Self::Reshape(_) => facts.keeping_zeros(),
            Self::PixelShuffle { .. }
            | Self::PixelUnshuffle { .. }
            | Self::ChannelShuffle { .. }
            | Self::Crop(_)
            | Self::Pad(_) => facts.over_maps().keeping_zeros(),
        }
    }

    /// In the language, on a drawing and in prose.
    const fn names(&self) -> [&'static str; 3] {
        match self {
            Self::PixelShuffle { .. } => ["pixel_shuffle", "PS", "pixel shuffle"],
            Self::PixelUnshuffle { .. } => ["pixel_unshuffle", "PU", "pixel unshuffle"],
            Self::ChannelShuffle { .. } => ["channel_shuffle", "CS", "channel shuffle"],
            Self::Channels(_) => ["channels", "CH", "slice of channels"],
            Self::Reshape(_) => ["reshape", "RS", "reshape"],
            Self::Crop(_) => ["crop", "CR", "crop"],
            Self::Pad(_) => ["pad", "P", "padding"],
        }
    }

    /// Shows its arguments.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        let to = to.positional();
        match self {
            Self::PixelShuffle { factor } | Self::PixelUnshuffle { factor } => to.count("factor", factor, None),
            Self::ChannelShuffle { groups } => to.count("groups", groups, None),
            Self::Channels(range) => to.range("range", range),
            Self::Reshape(shape) => to.shape("shape", shape),
            Self::Crop(crop) => to.crop("size", crop),
            Self::Pad(Pad { sides, mode, value }) => {
                to.sides("sides", sides);
                to.word("mode", mode, Some(0));
                to.real("value", value, ANY, Some(0.0));
            }
        }
    }
}
