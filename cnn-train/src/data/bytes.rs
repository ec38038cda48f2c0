//! Pictures as a net's input reads them: resized, or framed, a byte for each number.

use cnn_net::op::Shape;
use cnn_preprocess::{Channels, Filter, Preprocess, Resize, Size};
use image::{GrayImage, RgbImage};

use super::Wanted;
use crate::error::Error;
use crate::resizing::Resizing;

/// A picture of a data set.
pub(super) enum Picture {
    Grey(GrayImage),
    Colours(RgbImage),
}

impl Picture {
    fn size(&self) -> Size {
        let (width, height) = match self {
            Self::Grey(picture) => picture.dimensions(),
            Self::Colours(picture) => picture.dimensions(),
        };
        Size::new(height as usize, width as usize)
    }

    /// The levels of a net's input.
    fn levels(&self, input: Shape, resize: Option<Resizing>) -> Vec<u8> {
        let preprocess = preprocess(input, self.size(), resize);
        let levels = match self {
            Self::Grey(picture) => preprocess.apply(picture),
            Self::Colours(picture) => preprocess.apply(picture),
        };
        // They are whole, and at most 255.
        levels.into_iter().map(|level| level as u8).collect()
    }
}

/// The preprocessing of a picture of this size, for a net that is trained on pictures: numbers from 0 to 255.
///
/// Without a way to resize it: if its sides are at most the input's, and at least two thirds of them, a frame of zeros is added,
/// as for LeNet-5, which reads digits of 28x28 in 32x32; otherwise it is resized to cover the input, and the middle is kept. An
/// input with 3 channels gets red, green and blue, any other input gets brightness.
#[must_use]
pub fn preprocess(input: Shape, picture: Size, resize: Option<Resizing>) -> Preprocess {
    let crop = input.size();
    let fits = |side: usize, of: usize| (of * 2 / 3..=of).contains(&side);
    let is_framed = fits(picture.width, crop.width) && fits(picture.height, crop.height);
    Preprocess {
        resize: match resize {
            Some(resizing) => resizing.resize(crop),
            None if is_framed => Resize::Exactly(picture),
            None => Resize::Cover,
        },
        filter: Filter::Bilinear,
        crop,
        white: 255.0,
        channels: match input.channels() {
            3 => Channels::Rgb { mean: [0.0; 3], std: [1.0; 3] },
            _ => Channels::Grey { mean: 0.0, std: 1.0 },
        },
    }
}

/// Whether nets of this input read pictures.
pub(super) fn check(Wanted { shape, resize, .. }: &Wanted) -> Result<(), Error> {
    match shape.channels() {
        features if shape.size().area() == 1 && resize.is_some() => Err(Error::Misfit(format!(
            "--resize brings pictures to the size of maps, but the net reads a vector of {features} numbers: leave --resize out, or \
             let its input be a map"
        ))),
        _ if shape.size().area() == 1 => Ok(()),
        1 | 3 => Ok(()),
        channels => Err(Error::Misfit(format!(
            "the net's input has {channels} channels, but pictures have 1 or 3: train it in a program, with `NameTrainer`"
        ))),
    }
}

/// A picture as the net's input, by [`preprocess`]. A net that reads a vector gets all pixels.
pub(super) fn fitted(picture: &Picture, shape: Shape, resize: Option<Resizing>) -> Result<Vec<u8>, Error> {
    if shape.size().area() != 1 {
        return Ok(picture.levels(shape, resize));
    }
    let Size { height, width } = picture.size();
    let (found, expected) = (width * height, shape.channels());
    let channels = match picture {
        Picture::Colours(_) if 3 * found == expected => 3,
        Picture::Grey(_) | Picture::Colours(_) if found == expected => 1,
        Picture::Grey(_) | Picture::Colours(_) => {
            return Err(Error::Misfit(format!(
                "the net reads a vector of {expected} numbers, but an image has {width}x{height}: let its input be a map such \
                 as 1x{height}x{width}, and begin with `flatten`"
            )));
        }
    };
    Ok(picture.levels(Shape::map(channels, height, width), resize))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learner::TargetKind;

    fn grey(width: u32, height: u32) -> Picture {
        let levels = (0..width * height).map(|index| index as u8 + 1).collect();
        Picture::Grey(GrayImage::from_raw(width, height, levels).unwrap_or_else(|| panic!("as many as pixels")))
    }

    fn fit(picture: Picture, shape: Shape) -> Vec<u8> {
        fitted(&picture, shape, None).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_frame_of_background_surrounds_a_digit() {
        assert_eq!(fit(grey(2, 2), Shape::map(1, 3, 3)), [1, 2, 0, 3, 4, 0, 0, 0, 0]);
        assert_eq!(fit(grey(3, 2), Shape::map(3, 2, 4)), [1, 2, 3, 0, 4, 5, 6, 0].repeat(3));
        // As LeNet-5 reads MNIST.
        let image: cnn_digits::idx::Image = std::array::from_fn(|index| (index % 251) as u8);
        let digit = GrayImage::from_raw(28, 28, image.to_vec()).unwrap_or_else(|| panic!("as many as pixels"));
        let found: Vec<f32> =
            fit(Picture::Grey(digit), Shape::map(1, 32, 32)).iter().map(|byte| f32::from(*byte) / 255.0).collect();
        assert_eq!(found, cnn_digits::from_mnist(&image));
    }

    #[test]
    fn other_pictures_are_resized_in_proportion() {
        assert_eq!(fit(grey(5, 5), Shape::map(3, 8, 4)).len(), 96);
        let halves = RgbImage::from_fn(40, 10, |x, _| image::Rgb(if x < 20 { [255, 0, 0] } else { [0, 0, 255] }));
        // The middle is kept.
        let planes = fit(Picture::Colours(halves), Shape::map(3, 5, 5));
        assert_eq!((planes[0], planes[4], planes[50], planes[54]), (255, 0, 0, 255));
        assert_eq!(
            fit(Picture::Colours(RgbImage::from_pixel(9, 9, image::Rgb([10, 20, 30]))), Shape::map(1, 2, 2)),
            [18; 4]
        );
    }

    #[test]
    fn pictures_are_resized_as_asked() {
        let halves = || {
            Picture::Colours(RgbImage::from_fn(40, 10, |x, _| {
                image::Rgb(if x < 20 { [255, 0, 0] } else { [0, 0, 255] })
            }))
        };
        let red = |resizing| {
            let planes =
                fitted(&halves(), Shape::map(3, 8, 8), Some(resizing)).unwrap_or_else(|error| panic!("{error}"));
            planes[..64].iter().map(|level| u32::from(*level)).collect::<Vec<_>>()
        };
        // All of it, half of the columns red.
        assert_eq!(red(Resizing::Exact).iter().filter(|level| **level == 255).count(), 24);
        // Two rows of it, in a border.
        assert_eq!(red(Resizing::Letterbox).iter().filter(|level| **level == 114).count(), 48);
        assert_eq!(red(Resizing::Cover), red(Resizing::Short(8)));
        assert_ne!(red(Resizing::Cover), red(Resizing::Short(20)));
    }

    #[test]
    fn a_vector_gets_all_pixels() {
        assert_eq!(fit(grey(2, 3), Shape::Vector(6)), [1, 2, 3, 4, 5, 6]);
        let error = fitted(&grey(2, 3), Shape::Vector(7), None).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("the net reads a vector of 7 numbers, but an image has 2x3: "), "{error}");
        let wanted = |shape| Wanted::new(shape, TargetKind::Class(2));
        assert!(check(&wanted(Shape::map(4, 8, 8))).is_err() && check(&wanted(Shape::map(3, 8, 8))).is_ok());
        let resized = Wanted { resize: Some(Resizing::Exact), ..wanted(Shape::Vector(6)) };
        assert!(check(&wanted(Shape::Vector(6))).is_ok() && check(&resized).is_err());
    }
}
