//! PNG and JPEG files as upright pictures of RGB bytes.
//!
//! What remains to do around the decoders is little: refuse a size before memory is taken for it, put what can be seen
//! through on paper, and turn the picture upright.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

use super::DigitError;

/// The longest side that is read. A header may claim any size in a file of a few bytes.
pub(super) const MAX_SIDE: usize = 16_384;

/// The most pixels that are read: 64 million, more than cameras commonly take. They need 256 MB while they are
/// decoded.
pub(super) const MAX_PIXELS: usize = 1 << 26;

/// An upright picture.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) width: usize,
    pub(super) height: usize,
    /// Row by row.
    pub(super) pixels: Vec<[u8; 3]>,
}

/// Reads a PNG or JPEG file, which of them its first bytes say.
pub(super) fn decode(bytes: &[u8]) -> Result<Picture, DigitError> {
    let damaged = |error: ImageError| DigitError::Damaged(error.to_string());
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => format,
        _ => return Err(DigitError::NotAPicture),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // The size is checked below, with an error of its own.
    reader.limits(Limits::no_limits());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check_size(width as usize, height as usize)?;
    if format == ImageFormat::Jpeg && !is_whole(bytes) {
        return Err(DigitError::Damaged("it ends in the middle of the picture".into()));
    }
    // A picture whose Exif is damaged can still be seen.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    let pixels = if picture.color().has_alpha() {
        on_paper(picture.to_rgba8().as_raw().as_chunks().0)
    } else {
        picture.to_rgb8().as_raw().as_chunks().0.to_vec()
    };
    Ok(Picture { width: picture.width() as usize, height: picture.height() as usize, pixels })
}

fn check_size(width: usize, height: usize) -> Result<(), DigitError> {
    let fits = width.max(height) <= MAX_SIDE && width.saturating_mul(height) <= MAX_PIXELS;
    if fits { Ok(()) } else { Err(DigitError::TooLarge { width, height }) }
}

/// Whether a JPEG file goes on to its end: the decoder would fill in grey for what is missing.
///
/// The end is marked after the start of the last scan. Neither mark can be part of a scan's data.
fn is_whole(jpeg: &[u8]) -> bool {
    let last = |marker: [u8; 2]| jpeg.windows(2).rposition(|bytes| bytes == marker);
    last([0xff, 0xd9]) > last([0xff, 0xda])
}

/// Puts pixels that may be seen through on white paper; on black, if the drawing would hardly be seen on white, as white
/// ink would not.
fn on_paper(pixels: &[[u8; 4]]) -> Vec<[u8; 3]> {
    let [white, black] = [255, 0].map(|paper| contrast(pixels, paper));
    let paper = if white < 0.25 * black { 0 } else { 255 };
    pixels.iter().map(|&pixel| compose(pixel, paper)).collect()
}

/// The standard deviation of the brightness that the pixels have on paper of this brightness.
fn contrast(pixels: &[[u8; 4]], paper: u8) -> f64 {
    let (mut sum, mut squares) = (0_u64, 0_u64);
    for &pixel in pixels {
        let brightness = compose(pixel, paper).iter().map(|&channel| u64::from(channel)).sum::<u64>();
        sum += brightness;
        squares += brightness * brightness;
    }
    let count = pixels.len().max(1) as f64;
    let mean = sum as f64 / count;
    (squares as f64 / count - mean * mean).max(0.0).sqrt()
}

fn compose([red, green, blue, alpha]: [u8; 4], paper: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    let mix = |channel: u8| ((u32::from(channel) * alpha + u32::from(paper) * (255 - alpha) + 127) / 255) as u8;
    [mix(red), mix(green), mix(blue)]
}
