//! The view of a picture for nets that read digits: ink, white on black, with the position and size of MNIST's digits.
//!
//! MNIST's makers scaled each digit to a box of 20x20, and moved its centre of mass to the middle of 28x28 (LeCun, Cortes &
//! Burges, "The MNIST database of handwritten digits"). Here the same is done to a picture of one digit on plain paper, of any
//! size and in any colours. The border shows the paper; the digit is whatever differs from it more than half as much as the
//! strongest stroke. Anything but plain paper, such as uneven light or ruled lines as dark as the ink, is not handled.

use cnn_net::op::Size;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::Picture;
use crate::ink::Ink;
use crate::picture::grey;

/// The sides of the smallest box around a digit, at most, as a fraction of the square's.
const BOX: f64 = 20.0 / 28.0;

/// Grey levels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Levels {
    width: usize,
    height: usize,
    levels: Vec<u8>,
}

/// The ink of a picture as a digit of MNIST, white on a square, or rectangle, of this size; `None` if that has no pixels.
pub(super) fn framed(picture: &impl Picture, ink: &Ink, size: Size) -> Option<Levels> {
    if size.height == 0 || size.width == 0 {
        return None;
    }
    let strength = |level: u8| {
        if ink.is_dark { ink.paper.saturating_sub(level) } else { level.saturating_sub(ink.paper) }
    };
    let (width, height) = picture.size();
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| picture.rgb(x, y)));
    let levels = pixels.map(|pixel| strength(grey(pixel))).collect();
    Levels { width: width as usize, height: height as usize, levels }.framed(size)
}

impl Picture for Levels {
    fn size(&self) -> (u32, u32) {
        // Made from sides of 32 bits.
        (self.width as u32, self.height as u32)
    }

    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        [self.levels[y as usize * self.width + x as usize]; 3]
    }
}

impl Levels {
    fn map(&self, level: impl Fn(u8) -> u8) -> Self {
        Self { levels: self.levels.iter().map(|&l| level(l)).collect(), ..*self }
    }

    /// The ink, in a frame of background.
    fn framed(&self, size: Size) -> Option<Self> {
        let strongest = self.levels.iter().copied().max()?;
        let [left, top, right, bottom] = self.bounds(strongest / 2)?;
        let (width, height) = (right - left, bottom - top);
        let scale = (BOX * size.width as f64 / width as f64).min(BOX * size.height as f64 / height as f64);
        let [w, h] = [width, height].map(|length| ((length as f64 * scale).round() as u32).max(1));
        // Weak levels are not part of the digit but of the paper: noise, or the lines of a page.
        let floor = strongest / 4;
        let clean = self.map(|level| if level < floor { 0 } else { level });
        let small = clean.resized([left, top, width, height], w, h);
        let brightest = small.levels.iter().copied().max().filter(|&brightest| brightest > 0)?;
        let small = small.map(|level| (u32::from(level) * 255 / u32::from(brightest)) as u8);
        Some(small.centred(size))
    }

    /// Left, top, right and bottom of the levels stronger than that.
    fn bounds(&self, than: u8) -> Option<[usize; 4]> {
        let strong = self.levels.iter().enumerate().filter(|(_, level)| **level > than);
        strong.map(|(i, _)| (i % self.width, i / self.width)).fold(None, |bounds, (x, y)| {
            let [left, top, right, bottom] = bounds.unwrap_or([x, y, x, y]);
            Some([left.min(x), top.min(y), right.max(x + 1), bottom.max(y + 1)])
        })
    }

    /// A part of it, resized.
    fn resized(&self, [left, top, width, height]: [usize; 4], to_width: u32, to_height: u32) -> Self {
        let from = TypedImageRef::<U8>::from_buffer(self.width as u32, self.height as u32, &self.levels)
            .expect("there is a level for each pixel");
        let mut to = TypedImage::<U8>::new(to_width, to_height);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box)).crop(
            left as f64,
            top as f64,
            width as f64,
            height as f64,
        );
        Resizer::new().resize_typed(&from, &mut to, &options).expect("the part lies in the picture");
        let levels = to.pixels().iter().map(|pixel| pixel.0).collect();
        Self { width: to_width as usize, height: to_height as usize, levels }
    }

    /// Puts it on a larger size, with the centre of mass as close to the middle as whole pixels and the edges allow.
    fn centred(&self, size: Size) -> Self {
        let (mut sum, mut xs, mut ys) = (0.0, 0.0, 0.0);
        for (i, level) in self.levels.iter().enumerate() {
            let level = f64::from(*level);
            sum += level;
            xs += level * ((i % self.width) as f64 + 0.5);
            ys += level * ((i / self.width) as f64 + 0.5);
        }
        let start = |moment: f64, length: usize, side: usize| {
            let free = side.saturating_sub(length) as f64;
            (side as f64 / 2.0 - moment / sum).round().clamp(0.0, free) as usize
        };
        let (left, top) = (start(xs, self.width, size.width), start(ys, self.height, size.height));
        // If that is too much for memory, a `Vec` says so.
        let mut levels = vec![0; size.height.saturating_mul(size.width)];
        for (y, row) in self.levels.chunks(self.width).enumerate() {
            levels[(top + y) * size.width + left..][..row.len()].copy_from_slice(row);
        }
        Self { width: size.width, height: size.height, levels }
    }
}
