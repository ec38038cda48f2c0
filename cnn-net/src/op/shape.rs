//! Sizes of values, windows and padding.

use core::fmt;

#[cfg(feature = "alloc")]
use crate::literal::{Literal, Rust};
use crate::record;

/// The shape of one value, without the batch: a stack of feature maps, or a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// `channels` maps of `height` x `width`.
    Map {
        /// Number of feature maps, C.
        channels: usize,
        /// Rows of each map, H.
        height: usize,
        /// Columns of each map, W.
        width: usize,
    },
    /// A vector with this many features.
    Vector(usize),
}

impl Shape {
    /// A stack of feature maps.
    #[must_use]
    pub const fn map(channels: usize, height: usize, width: usize) -> Self {
        Self::Map { channels, height, width }
    }

    /// The number of elements.
    #[must_use]
    pub const fn elements(&self) -> usize {
        match *self {
            Self::Map { channels, height, width } => channels * height * width,
            Self::Vector(features) => features,
        }
    }

    /// The number of maps, or of a vector's features.
    #[must_use]
    pub const fn channels(&self) -> usize {
        match *self {
            Self::Map { channels, .. } => channels,
            Self::Vector(features) => features,
        }
    }

    /// Height and width; a vector is 1 x 1.
    #[must_use]
    pub const fn size(&self) -> Size {
        match *self {
            Self::Map { height, width, .. } => Size { height, width },
            Self::Vector(_) => Size { height: 1, width: 1 },
        }
    }
}

/// As the language writes it: `256x4x4`, or `120` for a vector.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Map { channels, height, width } => write!(f, "{channels}x{height}x{width}"),
            Self::Vector(features) => write!(f, "{features}"),
        }
    }
}

/// A height and a width: of a window, a stride or a dilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Size {
    /// Vertical extent.
    pub height: usize,
    /// Horizontal extent.
    pub width: usize,
}

impl Size {
    /// The same in both directions.
    #[must_use]
    pub const fn square(side: usize) -> Self {
        Self { height: side, width: side }
    }

    /// Height times width.
    #[must_use]
    pub const fn area(&self) -> usize {
        self.height * self.width
    }
}

/// As the language writes it: `3x3`.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

/// Rows and columns of padding at each edge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Padding {
    /// Rows above the first.
    pub top: usize,
    /// Columns left of the first.
    pub left: usize,
    /// Rows below the last.
    pub bottom: usize,
    /// Columns right of the last.
    pub right: usize,
}

impl Padding {
    /// No padding.
    pub const NONE: Self = Self { top: 0, left: 0, bottom: 0, right: 0 };

    /// `vertical` rows above and below, `horizontal` columns left and right.
    #[must_use]
    pub const fn symmetric(vertical: usize, horizontal: usize) -> Self {
        Self { top: vertical, left: horizontal, bottom: vertical, right: horizontal }
    }

    /// One number for each edge.
    #[must_use]
    pub const fn new(top: usize, left: usize, bottom: usize, right: usize) -> Self {
        Self { top, left, bottom, right }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.top == 0 && self.left == 0 && self.bottom == 0 && self.right == 0
    }
}

record! { Size(height: usize, width: usize) }

#[cfg(feature = "alloc")]
impl Literal for Shape {
    fn write(&self, to: &mut Rust) {
        match self {
            Self::Map { channels, height, width } => to.tuple("Shape::map", &[channels, height, width]),
            Self::Vector(features) => to.tuple("Shape::Vector", &[features]),
        }
    }
}

#[cfg(feature = "alloc")]
impl Literal for Padding {
    fn write(&self, to: &mut Rust) {
        let Self { top, left, bottom, right } = self;
        if self.is_none() {
            to.path("Padding::NONE");
        } else if top == bottom && left == right {
            to.tuple("Padding::symmetric", &[top, left]);
        } else {
            to.tuple("Padding::new", &[top, left, bottom, right]);
        }
    }
}
