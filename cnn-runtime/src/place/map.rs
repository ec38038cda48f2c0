//! Where a value is in the workspace.
//!
//! All feature maps are NHWC: the channels of a pixel are next to each other. A map that a padded convolution reads has
//! a *halo* of zeros around it, so that no kernel has code for edges. A map can also be a slice of a wider map's channels, so
//! a concat's branches write straight into the result.

use core::ops::Range;

#[cfg(feature = "alloc")]
use cnn_net::literal::{Literal, Rust};
use cnn_net::op::{Padding, Size};

/// A feature map in the workspace: element (y, x, c) is at `offset + y * row + x * pixel + c`, counted in `f32`s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Where element (0, 0, 0) is; any halo is before and after the elements.
    pub offset: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Channels.
    pub channels: usize,
    /// Distance from a row to the next.
    pub row: usize,
    /// Distance from a pixel to the next: `channels`, or more in a slice of a wider map.
    pub pixel: usize,
}

impl Map {
    /// A dense map without halo.
    #[must_use]
    pub const fn dense(offset: usize, height: usize, width: usize, channels: usize) -> Self {
        Self { offset, height, width, channels, row: width * channels, pixel: channels }
    }

    /// A map within its halo, which begins at `offset`.
    #[must_use]
    pub const fn with_halo(offset: usize, size: Size, channels: usize, halo: &Padding) -> Self {
        let row = (halo.left + size.width + halo.right) * channels;
        let first = offset + halo.top * row + halo.left * channels;
        Self::dense(first, size.height, size.width, channels).with_strides(row, channels)
    }

    /// The same map with other distances between rows and between pixels: one with a halo, or a slice of channels.
    #[must_use]
    pub const fn with_strides(self, row: usize, pixel: usize) -> Self {
        Self { row, pixel, ..self }
    }

    /// Some of its rows.
    pub(crate) const fn band(&self, rows: &Range<usize>) -> Self {
        Self { offset: self.offset + rows.start * self.row, height: rows.end - rows.start, ..*self }
    }

    /// A vector.
    #[must_use]
    pub const fn vector(offset: usize, features: usize) -> Self {
        Self::dense(offset, 1, 1, features)
    }

    /// One past the last element.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.offset + (self.height - 1) * self.row + (self.width - 1) * self.pixel + self.channels
    }

    /// Number of pixels.
    #[must_use]
    pub const fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Number of elements.
    #[must_use]
    pub const fn elements(&self) -> usize {
        self.pixels() * self.channels
    }
}

#[cfg(feature = "alloc")]
impl Literal for Map {
    fn write(&self, to: &mut Rust) {
        let Self { offset, height, width, channels, row, pixel } = self;
        if *self == Self::vector(*offset, *channels) {
            return to.tuple("Map::vector", &[offset, channels]);
        }
        to.tuple("Map::dense", &[offset, height, width, channels]);
        if *self != Self::dense(*offset, *height, *width, *channels) {
            to.push(".with_strides(");
            row.write(to);
            to.push(", ");
            pixel.write(to);
            to.push(")");
        }
    }
}
