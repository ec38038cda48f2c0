//! PNG and JPEG files as upright pictures of RGB bytes.
//!
//! The two decoders are used directly, since a crate over both would bring colour management along, which takes
//! longer to compile than the rest of the program. What remains to do here is little: refuse a size before memory is
//! taken for it, bring every kind of pixel to RGB, and turn the picture upright.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::DigitError;
use super::exif::{Orientation, orientation};

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
    let (picture, orientation) = match bytes {
        [0x89, b'P', b'N', b'G', ..] => decode_png(bytes)?,
        [0xff, 0xd8, 0xff, ..] => decode_jpeg(bytes)?,
        _ => return Err(DigitError::NotAPicture),
    };
    Ok(picture.turned(orientation))
}

fn check_size(width: usize, height: usize) -> Result<(), DigitError> {
    let fits = width.max(height) <= MAX_SIDE && width.saturating_mul(height) <= MAX_PIXELS;
    if fits { Ok(()) } else { Err(DigitError::TooLarge { width, height }) }
}

fn decode_png(bytes: &[u8]) -> Result<(Picture, Orientation), DigitError> {
    let damaged = |error: png::DecodingError| DigitError::Damaged(error.to_string());
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(damaged)?;
    let (width, height) = (header.width as usize, header.height as usize);
    check_size(width, height)?;
    let mut reader = decoder.read_info().map_err(damaged)?;
    let size = reader.output_buffer_size().ok_or(DigitError::TooLarge { width, height })?;
    let mut data = vec![0; size];
    reader.next_frame(&mut data).map_err(damaged)?;
    let orientation = reader.info().exif_metadata.as_deref().map(orientation).unwrap_or_default();
    let pixels = match reader.output_color_type().0 {
        png::ColorType::Grayscale => data.iter().map(|&grey| [grey; 3]).collect(),
        png::ColorType::GrayscaleAlpha => data
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&[grey, alpha]| [grey, grey, grey, alpha])
            .collect::<Vec<_>>()
            .on_paper(),
        png::ColorType::Rgba => data.as_chunks::<4>().0.on_paper(),
        png::ColorType::Rgb => data.as_chunks::<3>().0.to_vec(),
        png::ColorType::Indexed => return Err(DigitError::Damaged("the palette was not expanded".into())),
    };
    Ok((Picture { width, height, pixels }, orientation))
}

fn decode_jpeg(bytes: &[u8]) -> Result<(Picture, Orientation), DigitError> {
    let damaged = |error: zune_jpeg::errors::DecodeErrors| DigitError::Damaged(error.to_string());
    let options = DecoderOptions::default()
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().ok_or(DigitError::NotAPicture)?;
    check_size(width, height)?;
    if !is_whole(bytes) {
        return Err(DigitError::Damaged("it ends in the middle of the picture".into()));
    }
    let data = decoder.decode().map_err(damaged)?;
    let pixels = data.as_chunks::<3>().0.to_vec();
    if pixels.len() != width * height {
        return Err(DigitError::Damaged("it holds fewer pixels than its header says".into()));
    }
    let orientation = decoder.exif().map(|exif| orientation(exif)).unwrap_or_default();
    Ok((Picture { width, height, pixels }, orientation))
}

/// Whether a JPEG file goes on to its end: the decoder would fill in grey for what is missing.
///
/// The end is marked after the start of the last scan. Neither mark can be part of a scan's data.
fn is_whole(jpeg: &[u8]) -> bool {
    let last = |marker: [u8; 2]| jpeg.windows(2).rposition(|bytes| bytes == marker);
    last([0xff, 0xd9]) > last([0xff, 0xda])
}

/// Pixels that may be seen through, on paper.
trait OnPaper {
    /// Puts the pixels on white paper; on black, if the drawing would hardly be seen on white, as white ink would
    /// not.
    fn on_paper(&self) -> Vec<[u8; 3]>;
}

impl OnPaper for [[u8; 4]] {
    fn on_paper(&self) -> Vec<[u8; 3]> {
        let [white, black] = [255, 0].map(|paper| contrast(self, paper));
        let paper = if white < 0.25 * black { 0 } else { 255 };
        self.iter().map(|&pixel| compose(pixel, paper)).collect()
    }
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

impl Picture {
    fn turned(self, Orientation { mirrored, quarters }: Orientation) -> Self {
        let mut picture = if mirrored { self.mirrored() } else { self };
        for _ in 0..quarters {
            picture = picture.turned_clockwise();
        }
        picture
    }

    fn mirrored(mut self) -> Self {
        self.pixels.chunks_exact_mut(self.width).for_each(<[_]>::reverse);
        self
    }

    fn turned_clockwise(self) -> Self {
        let (width, height) = (self.height, self.width);
        let pixels = (0..height).flat_map(|y| {
            let column = &self.pixels[y..];
            column.iter().step_by(self.width).rev()
        });
        Self { width, height, pixels: pixels.copied().collect() }
    }
}
