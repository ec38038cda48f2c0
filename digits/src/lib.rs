//! Turns pictures of handwritten digits into LeNet-5's input, reads MNIST's files ([`idx`]), and has some of its digits
//! ([`mnist`]).
//!
//! LeNet-5 was trained on MNIST, where all digits have the same size, position and stroke width. Drawings and
//! photographs differ in all of these, so they are converted, in the order of the modules:
//!
//! ```text
//! colour -> grey levels of at most WORKING_SIDE, mixed so that the ink stands out most
//! paper  -> the light on the paper, to be subtracted
//! ink    -> how much of each pixel is ink (lines: without ruled lines; parts: what belongs to the digit)
//! shape  -> 28x28, as MNIST's makers did it
//! here   -> 32x32, which LeNet-5 reads
//! ```
//!
//! A picture that is already a 28x28 digit of MNIST passes through unchanged.
//!
//! It works on pixels in memory and needs nothing else: no files, no decoders, no dependencies. So a command line and a
//! web page read the same digits.
//!
//! ```
//! use cnn_digits::{Picture, SIDE, read};
//!
//! // A 1: a dark stroke on white paper.
//! let (width, height) = (60, 80);
//! let is_ink = |i: usize| (28..34).contains(&(i % width)) && (15..65).contains(&(i / width));
//! let pixels: Vec<[u8; 3]> = (0..width * height).map(|i| if is_ink(i) { [20, 20, 60] } else { [255; 3] }).collect();
//!
//! let picture = Picture::new(width, height, &pixels).expect("there are width times height pixels");
//! let input = read(&picture)?;
//! assert_eq!(input[SIDE * SIDE / 2 + SIDE / 2], 1.0, "ink in the middle");
//! assert_eq!(input[0], 0.0, "background in the corner");
//!
//! let blank = Picture::new(1, 1, &[[255; 3]]).expect("there is one pixel");
//! assert_eq!(read(&blank).unwrap_err().to_string(), "shows no digit: nothing stands out from the background");
//! # Ok::<(), cnn_digits::Blank>(())
//! ```

#![forbid(unsafe_code)]

mod colour;
pub mod idx;
mod ink;
mod lines;
pub mod mnist;
mod paper;
mod parts;
mod plane;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;

use ink::Digit;
use plane::Area;

/// The side of LeNet-5's input.
pub const SIDE: usize = 32;

/// LeNet-5's input, row by row: ink is 1, background 0.
pub type Input = [f32; SIDE * SIDE];

/// Pictures are reduced to this size first: it is enough for the digit's shape, and it bounds the time.
const WORKING_SIDE: usize = 512;

/// A digit smaller than this in a reduced picture is read again at full size.
const CLOSE_ENOUGH: usize = 120;

/// An upright picture, borrowed from whoever decoded it.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    width: usize,
    height: usize,
    pixels: &'a [[u8; 3]],
}

impl<'a> Picture<'a> {
    /// A picture of these pixels: red, green and blue, row by row.
    ///
    /// `None` if it is empty or does not have `width` times `height` pixels.
    #[must_use]
    pub fn new(width: usize, height: usize, pixels: &'a [[u8; 3]]) -> Option<Self> {
        let fits = !pixels.is_empty() && width.checked_mul(height) == Some(pixels.len());
        fits.then_some(Self { width, height, pixels })
    }
}

/// The error for a picture in which nothing stands out from the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blank;

impl fmt::Display for Blank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "shows no digit: nothing stands out from the background")
    }
}

impl std::error::Error for Blank {}

/// Reads a picture of one digit.
///
/// # Errors
///
/// [`Blank`] if it shows none.
pub fn read(picture: &Picture<'_>) -> Result<Input, Blank> {
    let normal = shape::already_normal(picture).or_else(|| shape::normalise(&find(picture)?)).ok_or(Blank)?;
    Ok(padded(|x, y| normal.levels[y * normal.width + x]))
}

/// A digit of MNIST as LeNet-5 reads it.
#[must_use]
pub fn from_mnist(image: &idx::Image) -> Input {
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

/// Finds the digit in the reduced picture and, if it is small there, again in the full-size pixels around it.
fn find(picture: &Picture<'_>) -> Option<Digit> {
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
