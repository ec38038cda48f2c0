//! Pictures as a net's input reads them: resized, or framed, a byte for each number.

use cnn_net::op::Shape;
use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, RgbImage};

use crate::error::Error;

/// A picture of a data set.
pub(super) enum Picture {
    Grey(GrayImage),
    Colours(RgbImage),
}

impl Picture {
    fn size(&self) -> [u32; 2] {
        match self {
            Self::Grey(picture) => [picture.width(), picture.height()],
            Self::Colours(picture) => [picture.width(), picture.height()],
        }
    }

    /// The levels of each channel, in planes.
    fn planes(&self, channels: usize) -> Vec<u8> {
        match (self, channels) {
            (Self::Grey(picture), _) => picture.as_raw().repeat(channels),
            (Self::Colours(picture), 1) => picture.pixels().map(|pixel| brightness(pixel.0)).collect(),
            (Self::Colours(picture), _) => {
                (0..channels).flat_map(|channel| picture.pixels().map(move |pixel| pixel.0[channel.min(2)])).collect()
            }
        }
    }

    /// As small as it covers this size, and without what goes beyond it.
    fn covering(self, [width, height]: [u32; 2]) -> Self {
        match self {
            Self::Grey(picture) => {
                Self::Grey(DynamicImage::from(picture).resize_to_fill(width, height, FilterType::Triangle).into_luma8())
            }
            Self::Colours(picture) => Self::Colours(
                DynamicImage::from(picture).resize_to_fill(width, height, FilterType::Triangle).into_rgb8(),
            ),
        }
    }
}

/// ITU-R BT.601, in whole levels.
fn brightness([red, green, blue]: [u8; 3]) -> u8 {
    ((299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue) + 500) / 1000) as u8
}

/// Whether nets of this input read pictures.
pub(super) fn check(shape: Shape) -> Result<(), Error> {
    match shape.channels() {
        _ if shape.size().area() == 1 => Ok(()),
        1 | 3 => Ok(()),
        channels => Err(Error::Misfit(format!(
            "the net's input has {channels} channels, but pictures have 1 or 3: train it in a program, with `NameTrainer`"
        ))),
    }
}

/// A picture as the net's input: framed by zeros if the net's is at most half as large again, as for LeNet-5, which reads digits of
/// 28x28 in 32x32; otherwise resized until it covers the input, whose middle is kept. A net that reads a vector gets all pixels.
pub(super) fn fitted(picture: Picture, shape: Shape) -> Result<Vec<u8>, Error> {
    let [width, height] = picture.size();
    if shape.size().area() == 1 {
        let (found, expected) = (width as usize * height as usize, shape.channels());
        return match picture {
            Picture::Grey(picture) if found == expected => Ok(picture.into_raw()),
            Picture::Colours(_) if 3 * found == expected => Ok(picture.planes(3)),
            Picture::Colours(_) if found == expected => Ok(picture.planes(1)),
            Picture::Grey(_) | Picture::Colours(_) => Err(Error::Misfit(format!(
                "the net reads a vector of {expected} numbers, but an image has {width}x{height}: let its input be a map such \
                 as 1x{height}x{width}, and begin with `flatten`"
            ))),
        };
    }
    let size = [shape.size().width as u32, shape.size().height as u32];
    let framed = (0..2).all(|side| (size[side] * 2 / 3..=size[side]).contains(&[width, height][side]));
    let picture = if [width, height] == size || framed { picture } else { picture.covering(size) };
    let planes = picture.planes(shape.channels());
    Ok(in_frame(&planes, picture.size(), size))
}

/// Planes in the middle of larger ones.
fn in_frame(planes: &[u8], [width, height]: [u32; 2], [to_width, to_height]: [u32; 2]) -> Vec<u8> {
    if [width, height] == [to_width, to_height] {
        return planes.to_vec();
    }
    let [width, height, to_width, to_height] = [width, height, to_width, to_height].map(|side| side as usize);
    let (left, top) = ((to_width - width) / 2, (to_height - height) / 2);
    let channels = planes.len() / (width * height);
    let mut to = vec![0; channels * to_width * to_height];
    for (row, levels) in planes.chunks(width).enumerate() {
        let (channel, y) = (row / height, row % height + top);
        to[(channel * to_height + y) * to_width + left..][..width].copy_from_slice(levels);
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32) -> Picture {
        let levels = (0..width * height).map(|index| index as u8 + 1).collect();
        Picture::Grey(GrayImage::from_raw(width, height, levels).unwrap_or_else(|| panic!("as many as pixels")))
    }

    fn fit(picture: Picture, shape: Shape) -> Vec<u8> {
        fitted(picture, shape).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_frame_of_background_surrounds_a_digit() {
        assert_eq!(fit(grey(2, 2), Shape::map(1, 3, 3)), [1, 2, 0, 3, 4, 0, 0, 0, 0]);
        assert_eq!(fit(grey(3, 2), Shape::map(2, 2, 4)), [1, 2, 3, 0, 4, 5, 6, 0].repeat(2));
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
    fn a_vector_gets_all_pixels() {
        assert_eq!(fit(grey(2, 3), Shape::Vector(6)), [1, 2, 3, 4, 5, 6]);
        let error = fitted(grey(2, 3), Shape::Vector(7)).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("the net reads a vector of 7 numbers, but an image has 2x3: "), "{error}");
        assert!(check(Shape::map(4, 8, 8)).is_err() && check(Shape::map(3, 8, 8)).is_ok());
    }
}
