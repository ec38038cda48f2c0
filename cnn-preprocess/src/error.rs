//! What can be wrong with a picture or with the slice for an input.

use core::error::Error;
use core::fmt;

use cnn_net::op::{Shape, Size};

use crate::Resize;

/// How many channels pixels may have: grey, RGB, RGBA.
pub(crate) const CHANNELS: [usize; 3] = [1, 3, 4];

/// Why a picture cannot be read, or an input cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PreprocessError {
    /// The picture has no pixels.
    #[non_exhaustive]
    Empty {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// The length of a side needs more than 32 bits.
    #[non_exhaustive]
    TooLarge {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Pixels do not have 1, 3 or 4 channels.
    #[non_exhaustive]
    Channels {
        /// Channels per pixel.
        found: usize,
    },
    /// An array whose last axis does not have 1, 3 or 4 channels.
    #[non_exhaustive]
    Axes {
        /// The lengths of its axes.
        found: [usize; 3],
    },
    /// The number of bytes is not what the pixels of a picture without gaps take.
    #[non_exhaustive]
    Bytes {
        /// The bytes in the slice.
        found: usize,
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
        /// Channels per pixel.
        channels: usize,
    },
    /// Rows that would overlap.
    #[non_exhaustive]
    RowStride {
        /// Bytes from the start of a row to the start of the next.
        found: usize,
        /// The bytes of a row.
        least: usize,
    },
    /// Too few bytes for all rows.
    #[non_exhaustive]
    TooShort {
        /// The bytes in the slice.
        found: usize,
        /// The bytes from the start of the first row to the end of the last.
        least: usize,
    },
    /// A picture that would have to be resized.
    #[non_exhaustive]
    Size {
        /// Its width.
        width: u32,
        /// Its height.
        height: u32,
        /// The height and the width of the net's input.
        crop: Size,
        /// How pictures are resized for it.
        resize: Resize,
    },
    /// A slice that is not as long as the input.
    #[non_exhaustive]
    InputLength {
        /// The numbers in the slice.
        found: usize,
        /// The input.
        expected: Shape,
    },
}

impl fmt::Display for PreprocessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty { width, height } => {
                write!(
                    f,
                    "a picture of {width}x{height} has no pixels; check that it was decoded, and its width and height"
                )
            }
            Self::TooLarge { width, height } => {
                write!(f, "a picture of {width}x{height} is too large; the limit is {} per side", u32::MAX)
            }
            Self::Channels { found } => {
                write!(
                    f,
                    "pixels have 1, 3 or 4 channels (grey, RGB, RGBA), not {found}; convert the picture to one of these"
                )
            }
            Self::Axes { found } => axes(f, found),
            Self::Bytes { found, width, height, channels } => bytes(f, found, [width, height, channels]),
            Self::RowStride { found, least } => write!(
                f,
                "a row takes {least} bytes, so the next cannot begin after {found}; the row stride counts bytes, not pixels"
            ),
            Self::TooShort { found, least } => {
                write!(f, "the rows end after {least} bytes, but there are {found}; check height and row stride")
            }
            Self::Size { width, height, crop, resize } => size(f, [width, height], crop, resize),
            Self::InputLength { found, expected } => {
                let Size { height, width } = expected.size();
                let numbers = expected.channels().saturating_mul(height).saturating_mul(width);
                write!(f, "the input is {expected}, {numbers} numbers, but the slice has {found}")
            }
        }
    }
}

fn size(f: &mut fmt::Formatter<'_>, [width, height]: [u32; 2], crop: Size, resize: Resize) -> fmt::Result {
    write!(f, "a picture of {width}x{height} must be resized first, to {}x{}", crop.width, crop.height)?;
    let [w, h] = resize.size(width, height, crop);
    let is_input = [w, h] == [crop.width as u64, crop.height as u64];
    match resize {
        Resize::ShortSide(side) => write!(f, ", or a shorter side of {side} to be cropped")?,
        Resize::Exactly(_) | Resize::Cover if !is_input => write!(f, ", or {w}x{h} to be cropped")?,
        Resize::Letterbox { .. } if !is_input => write!(f, ", or {w}x{h} to get a border")?,
        Resize::Exactly(_) | Resize::Cover | Resize::Letterbox { .. } => {}
    }
    write!(f, "; `apply` and `apply_into` do that, with the feature `resize`")
}

fn axes(f: &mut fmt::Formatter<'_>, [rows, columns, channels]: [usize; 3]) -> fmt::Result {
    write!(
        f,
        "an array of {rows}x{columns}x{channels} is read as rows, columns and channels, and pixels have 1, 3 or 4 channels \
         (grey, RGB, RGBA), not {channels}"
    )?;
    if CHANNELS.contains(&rows) {
        write!(f, "; if its channels come first: `.permuted_axes([1, 2, 0])`")
    } else {
        Ok(())
    }
}

fn bytes(f: &mut fmt::Formatter<'_>, found: usize, [width, height, channels]: [usize; 3]) -> fmt::Result {
    write!(f, "{width}x{height} pixels of {channels} bytes do not take {found} bytes")?;
    let fits = |channels: &usize| width.checked_mul(height).and_then(|area| area.checked_mul(*channels)) == Some(found);
    match CHANNELS.iter().find(|channels| fits(channels)) {
        Some(channels) => write!(f, "; with {channels} bytes each, they would"),
        None if found.is_multiple_of(height) && found / height > width.saturating_mul(channels) => {
            write!(f, "; if rows are padded: `Pixels::with_row_stride`, perhaps with {}", found / height)
        }
        None => write!(f, "; check width, height and channels"),
    }
}

impl Error for PreprocessError {}
