//! Pictures of handwritten digits as the input of LeNet-5.
//!
//! LeNet-5 learns from MNIST, whose digits all have the same size, place and pen. A drawing or a photograph has none
//! of that, so it is brought to it, in the order of the modules:
//!
//! ```text
//! picture  file -> upright RGB picture, of any size up to a limit
//! colour   -> grey levels of at most WORKING_SIDE, where the ink stands out most
//! paper    -> the light on the paper, to be taken away
//! ink      -> how much of each pixel is ink (parts: which of it is the digit)
//! shape    -> 28x28, as MNIST's makers did it
//! here     -> 32x32, which LeNet-5 reads
//! ```
//!
//! A picture that already is a 28x28 digit of MNIST passes through unchanged.

mod colour;
pub(crate) mod idx;
mod ink;
mod lines;
mod paper;
mod parts;
mod plane;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;

use ink::Digit;
use plane::Area;

use crate::picture::{self, Picture, PictureError};

/// The side of LeNet-5's input.
pub(crate) const SIDE: usize = 32;

/// LeNet-5's input, row by row: ink is 1, background 0.
pub(crate) type Input = [f32; SIDE * SIDE];

/// Pictures are reduced to this before anything is looked for: enough for the digit's shape, and it bounds the time.
const WORKING_SIDE: usize = 512;

/// A digit smaller than this in a reduced picture is looked at again in the picture itself.
const CLOSE_ENOUGH: usize = 120;

/// Why a picture cannot be read as a digit.
#[derive(Debug)]
pub(crate) enum DigitError {
    /// The file gives no picture.
    Picture(PictureError),
    /// Nothing stands out from the background.
    Blank,
}

impl fmt::Display for DigitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture(error) => error.fmt(f),
            Self::Blank => write!(f, "shows no digit: nothing stands out from the background"),
        }
    }
}

impl std::error::Error for DigitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // Its text is this error's own.
            Self::Picture(error) => error.source(),
            Self::Blank => None,
        }
    }
}

/// Reads a PNG or JPEG file that shows one digit.
pub(crate) fn read(path: &Path) -> Result<Input, DigitError> {
    from_picture(&picture::read(path).map_err(DigitError::Picture)?)
}

pub(crate) fn from_picture(picture: &Picture) -> Result<Input, DigitError> {
    let normal =
        shape::already_normal(picture).or_else(|| shape::normalise(&find(picture)?)).ok_or(DigitError::Blank)?;
    Ok(padded(|x, y| normal.levels[y * normal.width + x]))
}

/// A digit of MNIST as LeNet-5 reads it.
pub(crate) fn from_mnist(image: &idx::Image) -> Input {
    padded(|x, y| f32::from(image[y * idx::SIDE + x]) / 255.0)
}

/// Puts a frame of background around a 28x28 image.
fn padded(level: impl Fn(usize, usize) -> f32) -> Input {
    const MARGIN: usize = (SIDE - idx::SIDE) / 2;
    let mut input = [0.0; SIDE * SIDE];
    for y in 0..idx::SIDE {
        for x in 0..idx::SIDE {
            input[(y + MARGIN) * SIDE + x + MARGIN] = level(x, y);
        }
    }
    input
}

/// Finds the digit in the reduced picture, and if it is small there, again in its surroundings at their full size.
fn find(picture: &Picture) -> Option<Digit> {
    let whole = Area::whole(picture.width, picture.height);
    let (grey, scale) = colour::grey(picture, &whole, WORKING_SIDE);
    let digit = ink::find(&grey)?;
    if scale <= 1.0 || digit.area.longest() >= CLOSE_ENOUGH {
        return Some(digit);
    }
    let margin = digit.area.longest() / 2;
    let near = |range: &std::ops::Range<usize>, length: usize| {
        let start = range.start.saturating_sub(margin) as f32 * scale;
        let end = (range.end + margin) as f32 * scale;
        start as usize..(end as usize).min(length)
    };
    let near = Area { columns: near(&digit.area.columns, picture.width), rows: near(&digit.area.rows, picture.height) };
    let (grey, _) = colour::grey(picture, &near, WORKING_SIDE);
    ink::find(&grey).or(Some(digit))
}
