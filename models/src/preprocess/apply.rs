//! Applying a description to a picture.
//!
//! The reference is torchvision on Pillow's pictures, with a bilinear filter that widens with the reduction. Two libraries come
//! close: in `image::imageops` every sixth byte differs by one, in `fast_image_resize` hardly any. The latter also takes a
//! twentieth of the time, and can compute only a part of the resized picture. So only what the crop keeps is computed, and a
//! picture of 1x10,000 pixels needs no more memory than any other.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::RgbImage;

use super::ink::Levels;
use super::{Channels, Preprocess, Resize};

impl Preprocess {
    /// Turns a picture into an input, in the order channels, rows, columns. A picture without pixels is all border.
    #[must_use]
    pub fn apply(&self, picture: &RgbImage) -> Vec<f32> {
        let pixels = match self.channels {
            Channels::Ink => self.resized_and_cropped(digit(picture, self.resize).as_ref().unwrap_or(picture)),
            _ => self.resized_and_cropped(picture),
        };
        match self.channels {
            Channels::Grey { mean, std } => self.plane(&pixels, grey, mean, std).collect(),
            Channels::Ink => self.plane(&pixels, grey, 0.0, 1.0).collect(),
            Channels::Rgb { mean, std } => {
                (0..3).flat_map(|c| self.plane(&pixels, move |pixel| pixel[c], mean[c], std[c])).collect()
            }
            Channels::Bgr { mean, std } => {
                (0..3).flat_map(|c| self.plane(&pixels, move |pixel| pixel[2 - c], mean[c], std[c])).collect()
            }
        }
    }

    /// One channel, with a byte per pixel.
    fn plane(
        &self,
        pixels: &[[u8; 3]],
        byte: impl Fn([u8; 3]) -> u8,
        mean: f32,
        std: f32,
    ) -> impl Iterator<Item = f32> {
        pixels.iter().map(move |&pixel| (f32::from(byte(pixel)) * self.white / 255.0 - mean) / std)
    }

    /// The pixels of the cropped square, row by row.
    fn resized_and_cropped(&self, picture: &RgbImage) -> Vec<[u8; 3]> {
        let side = self.crop as usize;
        let mut pixels = vec![[0; 3]; side * side];
        let (width, height) = picture.dimensions();
        let (resized_width, resized_height) = self.resize.size(width, height);
        let columns = Span::of(width, resized_width, self.crop);
        let rows = Span::of(height, resized_height, self.crop);
        if [width, height, columns.kept, rows.kept].contains(&0) {
            return pixels;
        }
        let kept = resize(picture, &columns, &rows);
        let first = rows.border * side + columns.border;
        for (to, from) in pixels[first..].chunks_mut(side).zip(kept.chunks_exact(columns.kept as usize)) {
            to[..from.len()].copy_from_slice(from);
        }
        pixels
    }
}

/// The digit in a picture, on a square of the resized picture's size; `None` if there is no digit.
fn digit(picture: &RgbImage, resize: Resize) -> Option<RgbImage> {
    let (Resize::Square(side) | Resize::ShortSide(side)) = resize;
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let levels = picture.pixels().map(|pixel| grey(pixel.0)).collect();
    let digit = Levels { width, height, levels }.as_digit(side)?;
    RgbImage::from_raw(side, side, digit.levels.into_iter().flat_map(|level| [level; 3]).collect())
}

impl Resize {
    /// The resized width and height of a picture.
    fn size(self, width: u32, height: u32) -> (u64, u64) {
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
struct Span {
    /// Its start in the original picture.
    start: f64,
    /// Its length there.
    length: f64,
    /// Its length in the resized picture.
    kept: u32,
    /// Pixels of border before it, if it is shorter than the crop.
    border: usize,
}

impl Span {
    /// For a side of `side` pixels that is resized to `resized`, of which the middle `crop` are kept.
    fn of(side: u32, resized: u64, crop: u32) -> Self {
        // At most `crop`, which has 32 bits.
        let kept = u64::from(crop).min(resized) as u32;
        let scale = |pixels: u64| pixels as f64 * f64::from(side) / resized as f64;
        let start = scale(half_to_even(resized - u64::from(kept)));
        Self {
            start,
            length: scale(kept.into()).min(f64::from(side) - start),
            kept,
            border: (crop - kept) as usize / 2,
        }
    }

    /// The first pixel that it is computed from, and the number of pixels. The filter reaches one pixel further, of the larger
    /// pixels before and after resizing.
    fn needed(&self, side: u32) -> (f64, f64) {
        let reach = (self.length / f64::from(self.kept)).max(1.0).ceil();
        let first = (self.start.floor() - reach).max(0.0);
        let end = ((self.start + self.length).ceil() + reach).min(side.into());
        (first, end - first)
    }
}

/// Half of a number, rounded as Python's `round` does.
fn half_to_even(number: u64) -> u64 {
    let half = number / 2;
    if number % 2 == 1 && half % 2 == 1 { half + 1 } else { half }
}

/// The part of a resized picture that is kept, row by row.
///
/// As in Pillow, rows are resized first and rounded to bytes; by default, the library would start with the columns. Images are
/// typed, because untyped ones would bring code for all kinds of pixels.
fn resize(picture: &RgbImage, columns: &Span, rows: &Span) -> Vec<[u8; 3]> {
    let from = TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), picture.as_raw())
        .expect("an `RgbImage` has three bytes for each pixel");
    let (top, needed) = rows.needed(picture.height());
    let mut narrow = TypedImage::<U8x3>::new(columns.kept, needed as u32);
    let mut to = TypedImage::<U8x3>::new(columns.kept, rows.kept);
    let bilinear = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
    let mut resizer = Resizer::new();
    resizer
        .resize_typed(&from, &mut narrow, &bilinear.crop(columns.start, top, columns.length, needed))
        .and_then(|()| {
            let part = bilinear.crop(0.0, rows.start - top, columns.kept.into(), rows.length);
            resizer.resize_typed(&narrow, &mut to, &part)
        })
        .expect("the parts lie in the pictures");
    to.pixels().iter().map(|pixel| pixel.0).collect()
}

/// Brightness as Pillow computes it: rounded, in fixed point.
fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    // The weights add up to 1 << 16, so every result fits in a byte.
    ((sum + (1 << 15)) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    const ALL: [Preprocess; 7] = [
        Preprocess::TORCHVISION,
        Preprocess::TORCHVISION_V2,
        Preprocess::TORCHVISION_GOOGLENET,
        Preprocess::CAFFE,
        Preprocess::CAFFE_VGG,
        Preprocess::MNIST,
        Preprocess::LENET5,
    ];

    fn plain(width: u32, height: u32, colour: [u8; 3]) -> RgbImage {
        RgbImage::from_pixel(width, height, Rgb(colour))
    }

    /// The numbers of the central pixel, one per channel.
    fn middle(preprocess: &Preprocess, colour: [u8; 3]) -> Vec<f32> {
        let input = preprocess.apply(&plain(300, 280, colour));
        let area = input.len() / preprocess.shape().channels();
        input.iter().skip(area / 2 + preprocess.crop as usize / 2).step_by(area).copied().collect()
    }

    fn assert_near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
    }

    #[test]
    fn colours_become_the_numbers_of_pytorch() {
        let colour = [255, 128, 0];
        // `normalize(convert_image_dtype(colour))`, then `GoogLeNet._transform_input`.
        let torchvision = [2.248_908_3, 0.205_182_12, -1.804_444_4];
        assert_near(&middle(&Preprocess::TORCHVISION, colour), &torchvision);
        assert_near(&middle(&Preprocess::TORCHVISION_V2, colour), &torchvision);
        assert_near(&middle(&Preprocess::TORCHVISION_GOOGLENET, colour), &[1.0, 0.003_921_569, -1.0]);
    }

    #[test]
    fn caffe_has_blue_first_and_whole_levels() {
        assert_near(&middle(&Preprocess::CAFFE, [255, 128, 1]), &[1.0 - 104.0, 128.0 - 117.0, 255.0 - 123.0]);
        assert_near(&middle(&Preprocess::CAFFE_VGG, [255, 128, 1]), &[1.0 - 103.939, 128.0 - 116.779, 255.0 - 123.68]);
    }

    #[test]
    fn brightness_is_that_of_pillow() {
        // `Image.new("RGB", (1, 1), colour).convert("L")`
        for (colour, level) in [([255; 3], 255), ([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29)] {
            assert_near(&middle(&Preprocess::MNIST, colour), &[level as f32 / 255.0]);
        }
    }

    #[test]
    fn every_size_gives_a_whole_input() {
        for (width, height) in [(0, 0), (0, 7), (1, 1), (1, 3000), (3000, 1), (2, 3), (31, 33), (256, 256), (640, 481)]
        {
            for preprocess in ALL {
                let input = preprocess.apply(&plain(width, height, [9, 99, 199]));
                assert_eq!(input.len(), preprocess.shape().elements(), "{width}x{height}");
                assert!(input.iter().all(|number| number.is_finite()));
            }
        }
        let nothing = Preprocess { resize: Resize::Square(0), ..Preprocess::LENET5 };
        assert_eq!(nothing.apply(&plain(3, 3, [255; 3])), vec![0.0; 32 * 32]);
    }

    #[test]
    fn one_colour_stays_one_colour() {
        for (width, height) in [(1, 1), (7, 5), (400, 300), (224, 225)] {
            let input = Preprocess::CAFFE_VGG.apply(&plain(width, height, [10, 20, 30]));
            for (plane, level) in input.chunks_exact(224 * 224).zip([30.0 - 103.939, 20.0 - 116.779, 10.0 - 123.68]) {
                assert!(plane.iter().all(|&number| number == level), "{width}x{height}");
            }
        }
    }

    #[test]
    fn lenet5_reads_a_digit_of_mnist_as_it_is_with_two_pixels_of_border() {
        let on_border = |x, y| x == 0 || y == 0 || x == 27 || y == 27;
        let level = |x: u32, y: u32| if on_border(x, y) { 0 } else { (x * 8 + y) as u8 };
        let digit = RgbImage::from_fn(28, 28, |x, y| Rgb([level(x, y); 3]));
        let input = Preprocess::LENET5.apply(&digit);
        for (i, &number) in input.iter().enumerate() {
            let pixel = (i % 32).checked_sub(2).zip((i / 32).checked_sub(2)).filter(|&(x, y)| x < 28 && y < 28);
            let level = pixel.map_or(0, |(x, y)| level(x as u32, y as u32));
            assert_eq!(number, f32::from(level) / 255.0);
        }
    }

    #[test]
    fn a_mirrored_picture_gives_a_mirrored_input() {
        let picture =
            RgbImage::from_fn(400, 300, |x, y| Rgb([(x * 7 % 256) as u8, (y % 256) as u8, (x * y % 251) as u8]));
        let mirrored = Preprocess::CAFFE.apply(&image::imageops::flip_horizontal(&picture));
        for (row, mirrored) in Preprocess::CAFFE.apply(&picture).chunks(224).zip(mirrored.chunks(224)) {
            assert!(row.iter().zip(mirrored.iter().rev()).all(|(a, b)| (a - b).abs() <= 1.0));
        }
    }

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
        assert_eq!(Span::of(10, 10, 7), Span { start: 2.0, length: 7.0, kept: 7, border: 0 });
        assert_eq!(Span::of(20, 10, 7), Span { start: 4.0, length: 14.0, kept: 7, border: 0 });
        assert_eq!(Span::of(10, 10, 13), Span { start: 0.0, length: 10.0, kept: 10, border: 1 });
    }

    #[test]
    fn what_is_needed_reaches_a_pixel_beyond_what_is_kept_but_not_beyond_the_picture() {
        assert_eq!(Span::of(20, 10, 4).needed(20), (4.0, 12.0));
        assert_eq!(Span::of(10, 20, 4).needed(10), (3.0, 4.0));
        assert_eq!(Span::of(20, 10, 10).needed(20), (0.0, 20.0));
    }
}
