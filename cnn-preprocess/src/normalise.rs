//! From pixels to numbers, for pictures that need no resizing.

use crate::ink::{Ink, Negative};
use crate::picture::grey;
use crate::{Channels, Picture, Preprocess, PreprocessError, Resize};

impl Preprocess {
    /// Turns a picture that needs no resizing into an input, in the order channels, rows, columns. Allocates nothing.
    ///
    /// A picture of the input's size is taken as it is. One with the size that pictures are resized to ([`Self::resize`]) is
    /// cropped, or gets its border; it gives the same numbers as `apply`. For [`Channels::Ink`], either one is a digit of the
    /// right size and position, on paper; it becomes white on black.
    ///
    /// # Errors
    ///
    /// If the picture has another size or no pixels, or `input` is not as long as [`Self::shape`] says.
    pub fn normalise(&self, picture: &impl Picture, input: &mut [f32]) -> Result<(), PreprocessError> {
        self.check(picture, input)?;
        let (width, height) = picture.size();
        if (width, height) != (self.crop, self.crop) && !self.is_resized(width, height) {
            return Err(PreprocessError::Size { width, height, crop: self.crop, resize: self.resize });
        }
        self.place_and_invert(picture, input);
        Ok(())
    }

    /// Whether resizing would leave a picture of this size unchanged.
    pub(crate) fn is_resized(&self, width: u32, height: u32) -> bool {
        let resize = match self.channels {
            // Digits are placed on a square.
            Channels::Ink => Resize::Square(self.resize.side()),
            _ => self.resize,
        };
        resize.size(width, height) == (width.into(), height.into())
    }

    /// Whether the picture has pixels, and the slice is as long as the input.
    pub(crate) fn check(&self, picture: &impl Picture, input: &[f32]) -> Result<(), PreprocessError> {
        let found = input.len();
        match picture.size() {
            (width, height) if width == 0 || height == 0 => {
                Err(PreprocessError::Empty { width: width as usize, height: height as usize })
            }
            _ if self.numbers() == Some(found) => Ok(()),
            _ => Err(PreprocessError::InputLength { found, expected: self.shape() }),
        }
    }

    /// How many numbers an input has, if memory can have as many.
    pub(crate) fn numbers(&self) -> Option<usize> {
        let side = self.crop as usize;
        side.checked_mul(side)?.checked_mul(self.shape().channels())
    }

    /// Writes a resized picture, with white ink.
    pub(crate) fn place_and_invert<P: Picture>(&self, picture: &P, input: &mut [f32]) {
        if self.channels == Channels::Ink && Ink::of(picture).is_some_and(|ink| ink.is_dark) {
            self.place(&Negative(picture), input);
        } else {
            self.place(picture, input);
        }
    }

    /// Writes a resized picture.
    pub(crate) fn place(&self, picture: &impl Picture, input: &mut [f32]) {
        let (width, height) = picture.size();
        let [columns, rows] = [width, height].map(|side| Span::of(side.into(), self.crop));
        // A side has 32 bits, and so has a part of it.
        let (left, top) = (columns.skipped as u32, rows.skipped as u32);
        self.write([&columns, &rows], input, |x, y| picture.rgb(left + x, top + y));
    }

    /// Writes an input: the kept columns and rows of a picture, by their position among what is kept, on black.
    pub(crate) fn write(&self, kept: [&Span; 2], input: &mut [f32], pixel: impl Fn(u32, u32) -> [u8; 3]) {
        match self.channels {
            Channels::Grey { mean, std } => self.planes(kept, input, [(mean, std)], |x, y| [grey(pixel(x, y))]),
            Channels::Ink => self.planes(kept, input, [(0.0, 1.0)], |x, y| [grey(pixel(x, y))]),
            Channels::Rgb { mean, std } => self.planes(kept, input, pairs(mean, std), pixel),
            Channels::Bgr { mean, std } => self.planes(kept, input, pairs(mean, std), |x, y| {
                let [red, green, blue] = pixel(x, y);
                [blue, green, red]
            }),
        }
    }

    fn planes<const C: usize>(
        &self,
        [columns, rows]: [&Span; 2],
        input: &mut [f32],
        normalisation: [(f32, f32); C],
        pixel: impl Fn(u32, u32) -> [u8; C],
    ) {
        let side = self.crop as usize;
        // Without pixels, there is nothing to write, but the length of a chunk must not be 0.
        let planes = input.chunks_exact_mut((side * side).max(1));
        for ((c, plane), (mean, std)) in planes.enumerate().zip(normalisation) {
            // Quicker to look up than to compute.
            let numbers: [f32; 256] =
                core::array::from_fn(|level| (f32::from(level as u8) * self.white / 255.0 - mean) / std);
            plane.fill(numbers[0]);
            for (y, row) in (0..rows.kept).zip(plane.chunks_exact_mut(side).skip(rows.border)) {
                for (x, number) in (0..columns.kept).zip(&mut row[columns.border..]) {
                    *number = numbers[usize::from(pixel(x, y)[c])];
                }
            }
        }
    }
}

fn pairs(mean: [f32; 3], std: [f32; 3]) -> [(f32, f32); 3] {
    core::array::from_fn(|c| (mean[c], std[c]))
}

impl Resize {
    /// The side that it names.
    pub(crate) fn side(self) -> u32 {
        let (Self::ShortSide(side) | Self::Square(side)) = self;
        side
    }

    /// The resized width and height of a picture.
    pub(crate) fn size(self, width: u32, height: u32) -> (u64, u64) {
        match self {
            Self::Square(side) => (side.into(), side.into()),
            Self::ShortSide(side) => {
                // The longer side is rounded down.
                let long = |long: u32, short: u32| u64::from(side) * u64::from(long) / u64::from(short.max(1));
                if width <= height { (side.into(), long(height, width)) } else { (long(width, height), side.into()) }
            }
        }
    }
}

/// The part of one side of a resized picture that is kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Span {
    /// Pixels before it.
    pub(crate) skipped: u64,
    /// Its length.
    pub(crate) kept: u32,
    /// Pixels of border before it, if it is shorter than the crop.
    pub(crate) border: usize,
}

impl Span {
    /// For a side that was resized to `resized`, of which the middle `crop` are kept.
    pub(crate) fn of(resized: u64, crop: u32) -> Self {
        // At most `crop`, which has 32 bits.
        let kept = u64::from(crop).min(resized) as u32;
        Self { skipped: half_to_even(resized - u64::from(kept)), kept, border: (crop - kept) as usize / 2 }
    }
}

/// Half of a number, rounded as Python's `round` does.
fn half_to_even(number: u64) -> u64 {
    let half = number / 2;
    if number % 2 == 1 && half % 2 == 1 { half + 1 } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_side_is_met_and_the_longer_one_rounded_down() {
        let size = |width, height| Resize::ShortSide(256).size(width, height);
        assert_eq!([size(500, 333), size(333, 500), size(300, 300)], [(384, 256), (256, 384), (256, 256)]);
        assert_eq!(size(1, u32::MAX), (256, 256 * u64::from(u32::MAX)));
        assert_eq!(Resize::Square(256).size(500, 333), (256, 256));
    }

    #[test]
    fn the_middle_is_rounded_as_in_python() {
        // `[round(n / 2.0) for n in range(9)]`
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8].map(half_to_even), [0, 0, 1, 2, 2, 2, 3, 4, 4]);
        assert_eq!(Span::of(10, 7), Span { skipped: 2, kept: 7, border: 0 });
        assert_eq!(Span::of(10, 13), Span { skipped: 0, kept: 10, border: 1 });
    }
}
