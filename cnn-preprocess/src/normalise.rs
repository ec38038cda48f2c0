//! From pixels to numbers, for pictures that need no resizing.

use cnn_net::op::Size;

use crate::geometry::Span;
use crate::ink::{Ink, Negative};
use crate::picture::grey;
use crate::{Channels, Picture, Preprocess, PreprocessError, Resize};

impl Preprocess {
    /// Turns a picture that needs no resizing into an input in CHW order. Allocates nothing.
    ///
    /// A picture of the input's size is used as it is. A picture with the size that pictures are resized to ([`Self::resize`])
    /// is cropped or gets its border, and gives the same numbers as `apply`. For [`Channels::Ink`], either must be a digit of
    /// the right size and position, on paper; it becomes white on black.
    ///
    /// # Errors
    ///
    /// If the picture has another size or no pixels, or `input` is not as long as [`Self::shape`] says.
    pub fn normalise(&self, picture: &impl Picture, input: &mut [f32]) -> Result<(), PreprocessError> {
        self.check(picture, input)?;
        let (width, height) = picture.size();
        let is_whole = (width as usize, height as usize) == (self.crop.width, self.crop.height);
        if !is_whole && !self.is_resized(width, height) {
            return Err(PreprocessError::Size { width, height, crop: self.crop, resize: self.resize });
        }
        self.place_and_invert(picture, input);
        Ok(())
    }

    /// Whether the picture has pixels, and the slice is as long as the input.
    pub(crate) fn check(&self, picture: &impl Picture, input: &[f32]) -> Result<(), PreprocessError> {
        let found = input.len();
        match picture.size() {
            (width, height) if width == 0 || height == 0 => {
                Err(PreprocessError::Empty { width: width as usize, height: height as usize })
            }
            _ if self.numbers() == Some(found) => Ok(()),
            _ if self.crop.height.max(self.crop.width) > u32::MAX as usize => {
                Err(PreprocessError::TooLarge { width: self.crop.width, height: self.crop.height })
            }
            _ => Err(PreprocessError::InputLength { found, expected: self.shape() }),
        }
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
        let [columns, rows] = self.spans([width, height].map(u64::from));
        // A side has 32 bits, and so has a part of it.
        let (left, top) = (columns.skipped as u32, rows.skipped as u32);
        self.write([&columns, &rows], input, |x, y| picture.rgb(left + x, top + y));
    }

    /// Writes an input: the kept columns and rows of a picture, by their position among what is kept, on the border's colour.
    pub(crate) fn write(&self, kept: [&Span; 2], input: &mut [f32], pixel: impl Fn(u32, u32) -> [u8; 3]) {
        match self.channels {
            Channels::Grey { mean, std } => self.planes(kept, input, [(mean, std)], pixel, |colour| [grey(colour)]),
            Channels::Ink => self.planes(kept, input, [(0.0, 1.0)], pixel, |colour| [grey(colour)]),
            Channels::Rgb { mean, std } => self.planes(kept, input, pairs(mean, std), pixel, |colour| colour),
            Channels::Bgr { mean, std } => {
                self.planes(kept, input, pairs(mean, std), pixel, |[red, green, blue]| [blue, green, red]);
            }
        }
    }

    fn planes<const C: usize>(
        &self,
        [columns, rows]: [&Span; 2],
        input: &mut [f32],
        normalisation: [(f32, f32); C],
        pixel: impl Fn(u32, u32) -> [u8; 3],
        levels: impl Fn([u8; 3]) -> [u8; C],
    ) {
        let Size { height, width } = self.crop;
        let border = levels(self.border());
        // Without pixels, there is nothing to write, but the length of a chunk must not be 0.
        let planes = input.chunks_exact_mut((height * width).max(1));
        for ((c, plane), (mean, std)) in planes.enumerate().zip(normalisation) {
            // Quicker to look up than to compute.
            let numbers: [f32; 256] =
                core::array::from_fn(|level| (f32::from(level as u8) * self.white / 255.0 - mean) / std);
            plane.fill(numbers[usize::from(border[c])]);
            for (y, row) in (0..rows.kept).zip(plane.chunks_exact_mut(width).skip(rows.border)) {
                for (x, number) in (0..columns.kept).zip(&mut row[columns.border..]) {
                    *number = numbers[usize::from(levels(pixel(x, y))[c])];
                }
            }
        }
    }

    /// The colour around a picture that is smaller than the input.
    fn border(&self) -> [u8; 3] {
        match self.resize {
            Resize::Letterbox { border } => border,
            Resize::ShortSide(_) | Resize::Exactly(_) | Resize::Cover => [0; 3],
        }
    }
}

fn pairs(mean: [f32; 3], std: [f32; 3]) -> [(f32, f32); 3] {
    core::array::from_fn(|c| (mean[c], std[c]))
}
