//! PNG and JPEG files as upright pictures of RGB bytes.
//!
//! Little is left to do around the decoders: reject excessive sizes before allocating memory, put transparent pixels on
//! paper, and turn the picture upright.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

/// Longer files are rejected.
const MAX_FILE: u64 = 256 << 20;

/// The format is recognised from this many bytes.
const SIGN: u64 = 16;

/// Bytes that a PNG may need apart from its pixels, such as for a compressed colour profile.
const MAX_BESIDES: u64 = 64 << 20;

/// The longest accepted side. In a file of a few bytes, a header may claim any size.
const MAX_SIDE: usize = 16_384;

/// The largest accepted number of pixels: 64 million, more than cameras usually take. Decoding them needs 256 MB.
const MAX_PIXELS: usize = 1 << 26;

/// An upright picture.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Pixels per row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Row by row.
    pub pixels: Vec<[u8; 3]>,
}

/// Why a file cannot be decoded to a picture.
#[derive(Debug)]
#[non_exhaustive]
pub enum PictureError {
    /// The file cannot be opened or read.
    Open(io::Error),
    /// Neither a PNG nor a JPEG file.
    NotAPicture,
    /// A PNG or JPEG file that cannot be decoded, in the decoder's words.
    Damaged(String),
    /// Too many pixels.
    TooLarge {
        /// Pixels per row.
        width: usize,
        /// Rows.
        height: usize,
    },
    /// Too long a file.
    TooLong,
}

impl fmt::Display for PictureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => write!(f, "cannot be read: {error}"),
            Self::NotAPicture => write!(f, "is neither a PNG nor a JPEG picture"),
            Self::Damaged(why) => write!(f, "is damaged, or of a kind that is not supported: {why}"),
            Self::TooLarge { width, height } => write!(
                f,
                "is too large: {width}x{height} pixels; the limits are {MAX_SIDE} per side and {} million in total",
                MAX_PIXELS / 1_000_000
            ),
            Self::TooLong => write!(f, "is too large: more than {} MiB", MAX_FILE >> 20),
        }
    }
}

impl std::error::Error for PictureError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(error) => Some(error),
            Self::NotAPicture | Self::Damaged(_) | Self::TooLarge { .. } | Self::TooLong => None,
        }
    }
}

/// Opens and reads a PNG or JPEG file.
///
/// # Errors
///
/// As for [`read`].
pub fn open(path: &Path) -> Result<Picture, PictureError> {
    read(File::open(path).map_err(PictureError::Open)?)
}

/// Reads a PNG or JPEG file. Of other files, only the beginning is read.
///
/// # Errors
///
/// If it can't be read, has another format, is damaged, or is too large.
pub fn read(mut file: impl Read) -> Result<Picture, PictureError> {
    let mut bytes = Vec::new();
    let mut read_to = |length: u64, bytes: &mut Vec<u8>| {
        let more = length - bytes.len() as u64;
        file.by_ref().take(more).read_to_end(bytes).map_err(PictureError::Open)
    };
    read_to(SIGN, &mut bytes)?;
    format(&bytes)?;
    read_to(MAX_FILE + 1, &mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(PictureError::TooLong);
    }
    decode(&bytes)
}

/// The format according to the first bytes of a file.
fn format(bytes: &[u8]) -> Result<ImageFormat, PictureError> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg)) => Ok(format),
        _ => Err(PictureError::NotAPicture),
    }
}

/// The picture in a PNG or JPEG file. The first bytes decide which it is.
fn decode(bytes: &[u8]) -> Result<Picture, PictureError> {
    let damaged = |error: ImageError| PictureError::Damaged(error.to_string().trim_end().to_owned());
    let format = format(bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // The size is checked below, with its own error. This limits everything else in a PNG.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_BESIDES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check_size(width as usize, height as usize)?;
    if format == ImageFormat::Jpeg && !is_whole(bytes) {
        return Err(PictureError::Damaged("it ends in the middle of the picture".into()));
    }
    // A picture with damaged Exif can still be seen.
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

fn check_size(width: usize, height: usize) -> Result<(), PictureError> {
    let fits = width.max(height) <= MAX_SIDE && width.saturating_mul(height) <= MAX_PIXELS;
    if fits { Ok(()) } else { Err(PictureError::TooLarge { width, height }) }
}

/// Whether a JPEG file contains its whole picture. The decoder would fill in grey for the missing part.
///
/// Markers are followed one by one, skipping segments with a length, where a thumbnail may have its own end, and the data of
/// scans, which cannot contain markers. Anything after the end is ignored: phones append a video to a picture.
fn is_whole(jpeg: &[u8]) -> bool {
    let mut rest = jpeg;
    while let Some(at) = rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff)) {
        let marker = rest[at + 1];
        rest = &rest[at + 2..];
        match marker {
            END => return true,
            // Markers without a segment: the start of the picture, and restarts within a scan.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let length = rest.first_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
                rest = rest.get(length..).unwrap_or_default();
            }
        }
    }
    false
}

/// The marker at the end of a picture.
const END: u8 = 0xd9;

/// Puts transparent pixels on white paper, or on black if the drawing would hardly be visible on white, as with white ink.
fn on_paper(pixels: &[[u8; 4]]) -> Vec<[u8; 3]> {
    let [white, black] = [255, 0].map(|paper| contrast(pixels, paper));
    let paper = if white < 0.25 * black { 0 } else { 255 };
    pixels.iter().map(|&pixel| compose(pixel, paper)).collect()
}

/// The standard deviation of the pixels' brightness on paper of this brightness.
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

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = include_bytes!("../tests/pictures/pen.png");
    const JPEG: &[u8] = include_bytes!("../tests/pictures/photo.jpg");

    fn encode(size: [u32; 2], colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
        let mut info = png::Info::with_size(size[0], size[1]);
        (info.color_type, info.bit_depth) = (colour, depth);
        // Only indexed pictures have one.
        let palette = || vec![20, 20, 120, 250, 250, 240].into();
        info.palette = (colour == png::ColorType::Indexed).then(palette);
        written(info, data)
    }

    fn written(info: png::Info<'_>, data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let encoder = png::Encoder::with_info(&mut bytes, info).unwrap();
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        bytes
    }

    #[test]
    fn every_kind_of_png_is_read() {
        use png::{BitDepth, ColorType};
        let pixels = |colour, depth, data: &[u8]| decode(&encode([2, 1], colour, depth, data)).unwrap().pixels;
        assert_eq!(pixels(ColorType::Rgb, BitDepth::Eight, &[1, 2, 3, 4, 5, 6]), [[1, 2, 3], [4, 5, 6]]);
        assert_eq!(pixels(ColorType::Grayscale, BitDepth::Eight, &[7, 200]), [[7; 3], [200; 3]]);
        assert_eq!(pixels(ColorType::Grayscale, BitDepth::Sixteen, &[7, 7, 200, 200]), [[7; 3], [200; 3]]);
        assert_eq!(pixels(ColorType::Grayscale, BitDepth::One, &[0b0100_0000]), [[0; 3], [255; 3]]);
        assert_eq!(pixels(ColorType::GrayscaleAlpha, BitDepth::Eight, &[7, 255, 200, 255]), [[7; 3], [200; 3]]);
        assert_eq!(pixels(ColorType::Indexed, BitDepth::One, &[0b0100_0000]), [[20, 20, 120], [250, 250, 240]]);
    }

    #[test]
    fn transparent_pixels_are_paper_for_any_ink() {
        for (ink, paper) in [([0; 3], 255), ([255; 3], 0), ([255, 230, 51], 255)] {
            let [r, g, b] = ink;
            let data = [r, g, b, 255, r, g, b, 0];
            let picture = decode(&encode([2, 1], png::ColorType::Rgba, png::BitDepth::Eight, &data)).unwrap();
            assert_eq!(picture.pixels, [ink, [paper; 3]]);
        }
    }

    #[test]
    fn a_turned_picture_is_turned_back() {
        let exif = |tag: u8| [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[tag][..], b"\0\0\0\0\0\0"].concat();
        let stored = |tag: u8| {
            let mut info = png::Info::with_size(3, 2);
            (info.color_type, info.exif_metadata) = (png::ColorType::Grayscale, Some(exif(tag).into()));
            let picture = decode(&written(info, &[1, 2, 3, 4, 5, 6])).unwrap();
            (picture.width, picture.height, picture.pixels.iter().map(|pixel| pixel[0]).collect::<Vec<_>>())
        };
        assert_eq!(stored(1), (3, 2, vec![1, 2, 3, 4, 5, 6]));
        // Orientation 8, of a camera on its side, turns anticlockwise.
        assert_eq!(stored(8), (2, 3, vec![3, 6, 2, 5, 1, 4]));
    }

    #[test]
    fn other_files_are_refused() {
        assert!(matches!(decode(b""), Err(PictureError::NotAPicture)));
        assert!(matches!(decode(b"GIF89a"), Err(PictureError::NotAPicture)));
        assert!(matches!(open(Path::new("no/such/picture.png")), Err(PictureError::Open(_))));
    }

    #[test]
    fn damaged_files_are_refused() {
        for file in [PNG, JPEG] {
            for part in [0.01, 0.3, 0.9] {
                let cut = &file[..(part * file.len() as f32) as usize];
                assert!(matches!(decode(cut), Err(PictureError::Damaged(_))), "{part} of {} bytes", file.len());
            }
        }
    }

    /// A segment of a JPEG file: its marker, its length, and this data.
    fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
        [&[0xff, marker][..], &(data.len() as u16 + 2).to_be_bytes(), data].concat()
    }

    /// The photograph, with a segment inserted after its start, and with something appended.
    fn photograph(segment: &[u8], appended: &[u8]) -> Vec<u8> {
        [&JPEG[..2], segment, &JPEG[2..], appended].concat()
    }

    #[test]
    fn anything_after_a_picture_is_ignored() {
        let film = [&b"\0\0\0\x18ftypmp42\0\0\0\0"[..], &[0xff, 0xda, 0, 1, 2, 0xff, 0xd8], &[7; 1000]].concat();
        let expected = decode(JPEG).unwrap().pixels;
        for appended in [&film[..], JPEG, &[0xff, 0xda], &[0xff, 0xd9, 0xff, 0xda], &[0xff], &[0; 100], b"SEFT\x01"] {
            assert_eq!(decode(&photograph(&[], appended)).unwrap().pixels, expected, "{} bytes", appended.len());
        }
    }

    #[test]
    fn a_thumbnail_is_not_the_picture() {
        // A whole picture, and the beginnings of two, in segments that the decoder must skip.
        let thumbnail = segment(0xe2, &JPEG[..JPEG.len().min(60_000)]);
        let parts = [segment(0xe3, &[0xff, 0xd9]), segment(0xfe, &[0xff, 0xda, 0xff]), thumbnail].concat();
        let whole = photograph(&parts, &[]);
        assert_eq!(decode(&whole).unwrap().pixels, decode(JPEG).unwrap().pixels);
        for part in [0.3, 0.7, 0.99] {
            let cut = &whole[..parts.len() + (part * JPEG.len() as f32) as usize];
            assert!(matches!(decode(cut), Err(PictureError::Damaged(_))), "{part}");
        }
        // Within the segments.
        assert!(matches!(decode(&whole[..parts.len() / 2]), Err(PictureError::Damaged(_))));
    }

    #[test]
    fn a_profile_that_unpacks_to_gigabytes_takes_no_memory() {
        let mut packed = flate2::write::ZlibEncoder::new(b"icc\0\0".to_vec(), flate2::Compression::fast());
        for _ in 0..512 {
            std::io::Write::write_all(&mut packed, &vec![0; 1 << 20]).unwrap();
        }
        let chunk = [&b"iCCP"[..], &packed.finish().unwrap()].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&chunk);
        let chunk = [&(chunk.len() as u32 - 4).to_be_bytes()[..], &chunk, &crc.sum().to_be_bytes()].concat();
        // After the header.
        let bomb = [&PNG[..33], &chunk, &PNG[33..]].concat();
        match decode(&bomb) {
            Ok(picture) => assert_eq!(picture.pixels, decode(PNG).unwrap().pixels),
            Err(error) => assert!(matches!(error, PictureError::Damaged(_)), "{error}"),
        }
    }

    #[test]
    fn only_the_beginning_of_other_files_is_read() {
        if Path::new("/dev/zero").exists() {
            assert!(matches!(open(Path::new("/dev/zero")), Err(PictureError::NotAPicture)));
        }
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused() {
        let mut png = PNG.to_vec();
        // The width, and the checksum of the header chunk for 1,000,000 x 280.
        png[16..20].copy_from_slice(&1_000_000_u32.to_be_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&png[12..29]);
        png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
        assert!(matches!(decode(&png), Err(PictureError::TooLarge { width: 1_000_000, height: 280 })));
        let mut jpeg = JPEG.to_vec();
        let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
        jpeg[frame + 5..frame + 9].fill(0xff);
        assert!(matches!(decode(&jpeg), Err(PictureError::TooLarge { width: 65_535, height: 65_535 })));
    }
}
