//! Preprocessing of pictures of any size.
//!
//! The reference is torchvision on Pillow's pictures, with antialiasing filters. Two libraries come close: with
//! `image::imageops`, every sixth byte differs by one; with `fast_image_resize`, hardly any does. The latter also takes a
//! twentieth of the time, and can compute just a part of the resized picture. So only what the crop keeps is computed, and a
//! picture of 1x10,000 pixels needs no more memory than any other.

mod digit;

use std::borrow::Cow;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ImageView as _, ResizeAlg, ResizeOptions, Resizer};

use crate::geometry::Span;
use crate::ink::Ink;
use crate::{Channels, Filter, Picture, Preprocess, PreprocessError};

impl Preprocess {
    /// Turns a picture into an input in CHW order. A picture without pixels becomes all border; [`Self::apply_into`]
    /// rejects it.
    ///
    /// # Panics
    ///
    /// Like any `Vec`, if an input of this size does not fit in memory.
    #[must_use]
    pub fn apply(&self, picture: &impl Picture) -> Vec<f32> {
        let mut input = vec![0.0; self.numbers().unwrap_or(usize::MAX)];
        self.fill(picture, &mut input);
        input
    }

    /// Turns a picture into an input, written to a slice in CHW order.
    ///
    /// # Errors
    ///
    /// If the picture has no pixels, or `input` is not as long as [`Self::shape`] says.
    pub fn apply_into(&self, picture: &impl Picture, input: &mut [f32]) -> Result<(), PreprocessError> {
        self.check(picture, input)?;
        self.fill(picture, input);
        Ok(())
    }

    fn fill(&self, picture: &impl Picture, input: &mut [f32]) {
        let (width, height) = picture.size();
        if self.is_resized(width, height) {
            return self.place_and_invert(picture, input);
        }
        if self.channels == Channels::Ink
            && let Some(ink) = Ink::of(picture)
            && let Some(digit) = digit::framed(picture, &ink, self.frame())
        {
            return self.place(&digit, input);
        }
        self.resample(picture, input);
    }

    fn resample(&self, picture: &impl Picture, input: &mut [f32]) {
        let (width, height) = picture.size();
        let resized = self.resized(width, height);
        let [columns, rows] = self.spans(resized);
        if columns.kept == 0 || rows.kept == 0 {
            return self.write([&columns, &rows], input, |_, _| [0; 3]);
        }
        let parts = [Part::of(width, resized[0], &columns), Part::of(height, resized[1], &rows)];
        let kept = resize(picture, self.filter, &parts);
        let row = columns.kept as usize;
        self.write([&columns, &rows], input, |x, y| kept.pixels()[y as usize * row + x as usize].0);
    }
}

/// The part of one side of a picture that becomes what is kept.
#[derive(Debug, PartialEq)]
struct Part {
    start: f64,
    length: f64,
    /// Its length in the resized picture.
    kept: u32,
}

impl Part {
    /// For a side of `side` pixels that is resized to `resized`.
    fn of(side: u32, resized: u64, span: &Span) -> Self {
        let scale = |pixels: u64| pixels as f64 * f64::from(side) / resized as f64;
        let start = scale(span.skipped);
        Self { start, length: scale(span.kept.into()).min(f64::from(side) - start), kept: span.kept }
    }

    /// The first pixel that it is computed from, and the number of pixels. The filter reaches some pixels further, of the larger
    /// pixels before and after resizing.
    fn needed(&self, side: u32, filter: Filter) -> (u32, u32) {
        let reach = filter.reach(self.length / f64::from(self.kept)).ceil();
        let first = (self.start.floor() - reach).max(0.0);
        let end = ((self.start + self.length).ceil() + reach).min(side.into());
        // Both are whole, and at most the side.
        (first as u32, (end - first) as u32)
    }
}

impl Filter {
    /// How many pixels it reaches to each side, if a side is divided by this.
    fn reach(self, reduction: f64) -> f64 {
        match self {
            Self::Bilinear => reduction.max(1.0),
            Self::Bicubic => 2.0 * reduction.max(1.0),
            Self::BilinearAliased => 1.0,
        }
    }

    fn options(self) -> ResizeOptions {
        ResizeOptions::new().resize_alg(match self {
            Self::Bilinear => ResizeAlg::Convolution(FilterType::Bilinear),
            Self::Bicubic => ResizeAlg::Convolution(FilterType::CatmullRom),
            Self::BilinearAliased => ResizeAlg::Interpolation(FilterType::Bilinear),
        })
    }
}

/// The part of a resized picture that is kept, row by row.
fn resize(picture: &impl Picture, filter: Filter, parts: &[Part; 2]) -> TypedImage<'static, U8x3> {
    let (width, height) = picture.size();
    let (top, needed) = parts[1].needed(height, filter);
    let bytes = rgb_rows(picture, top, needed);
    let rows = TypedImageRef::<U8x3>::from_buffer(width, needed, &bytes).expect("three bytes for each pixel");
    resize_rows(&rows, top, filter, parts)
}

/// The same, of the rows from `top` on that it is computed from.
///
/// As in Pillow, rows are resized first and rounded to bytes; by default, the library would start with the columns. Images are
/// statically typed, because dynamic ones would link code for all kinds of pixels. That code is large, so it must not be generic,
/// which would build it once for every kind of picture.
fn resize_rows(
    from: &TypedImageRef<'_, U8x3>,
    top: u32,
    filter: Filter,
    [columns, rows]: &[Part; 2],
) -> TypedImage<'static, U8x3> {
    let needed = from.height();
    let mut narrow = TypedImage::<U8x3>::new(columns.kept, needed);
    let mut to = TypedImage::<U8x3>::new(columns.kept, rows.kept);
    let options = filter.options();
    let mut resizer = Resizer::new();
    resizer
        .resize_typed(from, &mut narrow, &options.crop(columns.start, 0.0, columns.length, needed.into()))
        .and_then(|()| {
            let part = options.crop(0.0, rows.start - f64::from(top), columns.kept.into(), rows.length);
            resizer.resize_typed(&narrow, &mut to, &part)
        })
        .expect("the parts lie in the pictures");
    to
}

/// Red, green and blue of the pixels in some rows.
fn rgb_rows(picture: &impl Picture, top: u32, rows: u32) -> Cow<'_, [u8]> {
    let (width, height) = picture.size();
    let row = 3 * width as usize;
    let whole = picture.as_rgb().filter(|bytes| Some(bytes.len()) == row.checked_mul(height as usize));
    if let Some(bytes) = whole.and_then(|bytes| bytes.get(top as usize * row..)?.get(..rows as usize * row)) {
        return bytes.into();
    }
    let mut bytes = vec![0; rows as usize * row];
    for (y, row) in (top..).zip(bytes.chunks_exact_mut(row)) {
        for (x, pixel) in (0..).zip(row.as_chunks_mut().0) {
            *pixel = picture.rgb(x, y);
        }
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_reaches_a_pixel_beyond_what_is_kept_but_not_beyond_the_picture() {
        let part = |side: u32, resized: u64, crop: usize| Part::of(side, resized, &Span::of(resized, crop));
        assert_eq!(part(20, 10, 7), Part { start: 4.0, length: 14.0, kept: 7 });
        assert_eq!(part(20, 10, 4).needed(20, Filter::Bilinear), (4, 12));
        assert_eq!(part(20, 10, 4).needed(20, Filter::Bicubic), (2, 16));
        assert_eq!(part(20, 10, 4).needed(20, Filter::BilinearAliased), (5, 10));
        assert_eq!(part(10, 20, 4).needed(10, Filter::Bilinear), (3, 4));
        assert_eq!(part(20, 10, 10).needed(20, Filter::Bilinear), (0, 20));
    }
}
