//! Maps of another size.

use super::argument::{Arguments, Word, words};
use super::closed::closed;
use super::{Facts, Kind, Size};
use crate::{record, variants};

/// Resizes maps to another height and width, as PyTorch's `interpolate` does, without antialiasing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// The size of the output.
    pub to: Extent,
    /// Which numbers of the input each output depends on.
    pub mode: Interpolation,
    /// Whether the centres of the corner pixels are aligned, instead of the corners of the maps.
    pub align_corners: bool,
}

record! { Resize(to: Extent) { mode: Interpolation = Interpolation::Nearest, align_corners: bool = false } }

/// How the size of a resized map is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extent {
    /// As factors of the input's height and width: `upsample`.
    Times(Size),
    /// In pixels: `resize`.
    To(Size),
}

/// How numbers between pixels are interpolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interpolation {
    /// The pixel at `floor(i * input / output)`.
    #[default]
    Nearest,
    /// Linear between the two nearest rows, and between the two nearest columns.
    Bilinear,
    /// Cubic convolution over four rows and four columns, with `a = -0.75`.
    Bicubic,
}

variants! { Extent { Times(factors), To(size) } }
closed! { Interpolation as ResizeMode { Nearest, Bilinear, Bicubic } }

impl Interpolation {
    /// The word in the language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Bilinear => "bilinear",
            Self::Bicubic => "bicubic",
        }
    }

    /// How many rows, and columns, an output depends on.
    #[must_use]
    pub const fn taps(self) -> usize {
        match self {
            Self::Nearest => 1,
            Self::Bilinear => 2,
            Self::Bicubic => 4,
        }
    }
}

words! { Interpolation { Nearest, Bilinear, Bicubic } }

impl Resize {
    /// All layers, each with its defaults.
    pub(super) const ALL: [Self; 2] =
        [Self::new(Extent::Times(Size::square(1))), Self::new(Extent::To(Size::square(1)))];

    /// The size of the output.
    #[must_use]
    pub const fn output(&self, input: Size) -> Size {
        match self.to {
            Extent::Times(by) => {
                Size { height: input.height.saturating_mul(by.height), width: input.width.saturating_mul(by.width) }
            }
            Extent::To(size) => size,
        }
    }

    /// Its facts.
    pub(super) const fn facts(&self) -> Facts {
        let names = match self.to {
            Extent::Times(_) => ["upsample", "UP", "upsampling"],
            Extent::To(_) => ["resize", "RE", "resizing"],
        };
        let facts = Facts::of(Kind::Resampling, names).over_maps();
        match self.mode {
            Interpolation::Nearest => facts.keeping_zeros(),
            Interpolation::Bilinear | Interpolation::Bicubic => facts,
        }
    }

    /// Shows its arguments.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        match &mut self.to {
            Extent::Times(factors) => to.positional().size("factor", factors, None),
            Extent::To(size) => to.positional().size("size", size, None),
        }
        to.word("mode", &mut self.mode, Some(0));
        to.flag("align_corners", &mut self.align_corners, false);
    }
}
