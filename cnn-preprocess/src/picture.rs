//! The trait of pictures, and pictures in memory as bytes.

use crate::error::{CHANNELS, PreprocessError};

/// A picture whose pixels can be read one by one.
///
/// [`Pixels`] implements it; with the features `image` and `ndarray`, so do the types of these crates. Other formats take a few
/// lines:
///
/// ```
/// use cnn_preprocess::{Picture, Preprocess, Resize, Size};
///
/// /// A frame of a camera: 5 bits of red, 6 of green, 5 of blue.
/// struct Frame([u16; 32 * 32]);
///
/// impl Picture for Frame {
///     fn size(&self) -> (u32, u32) {
///         (32, 32)
///     }
///
///     fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
///         let pixel = self.0[(y * 32 + x) as usize];
///         [(pixel >> 11) << 3, ((pixel >> 5) & 63) << 2, (pixel & 31) << 3].map(|level| level as u8)
///     }
/// }
///
/// let preprocess = Preprocess { resize: Resize::Cover, crop: Size::square(32), ..Preprocess::TORCHVISION };
/// let mut input = [0.0; 3 * 32 * 32];
/// preprocess.normalise(&Frame([0xffff; 32 * 32]), &mut input)?;
/// # Ok::<(), cnn_preprocess::PreprocessError>(())
/// ```
pub trait Picture {
    /// The width and the height, in pixels.
    fn size(&self) -> (u32, u32);

    /// Red, green and blue of the pixel in column `x` of row `y`, counted from the upper left. Both are inside the picture.
    fn rgb(&self, x: u32, y: u32) -> [u8; 3];

    /// The bytes of all pixels, if they are interleaved RGB, row by row, without gaps. Resizing then needs no copy.
    fn as_rgb(&self) -> Option<&[u8]> {
        None
    }
}

impl<P: Picture + ?Sized> Picture for &P {
    fn size(&self) -> (u32, u32) {
        (**self).size()
    }

    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        (**self).rgb(x, y)
    }

    fn as_rgb(&self) -> Option<&[u8]> {
        (**self).as_rgb()
    }
}

/// A picture in borrowed bytes: row by row, with interleaved channels (HWC).
#[derive(Clone, Copy, Debug)]
pub struct Pixels<'a> {
    bytes: &'a [u8],
    width: u32,
    height: u32,
    /// Bytes per pixel.
    channels: usize,
    /// Bytes from the start of a row to the start of the next.
    row_stride: usize,
}

impl<'a> Pixels<'a> {
    /// A picture without gaps: `width * height * channels` bytes. There is 1 channel for grey, 3 for RGB, and 4 for RGBA, whose
    /// alpha is ignored.
    ///
    /// # Errors
    ///
    /// If the picture has no pixels, pixels have another number of channels, or there are more or fewer bytes.
    pub fn new(bytes: &'a [u8], width: usize, height: usize, channels: usize) -> Result<Self, PreprocessError> {
        let size = checked_size(width, height)?;
        check_channels(channels)?;
        let row_stride = width.saturating_mul(channels);
        if row_stride.checked_mul(height) != Some(bytes.len()) {
            return Err(PreprocessError::Bytes { found: bytes.len(), width, height, channels });
        }
        Ok(Self { bytes, width: size.0, height: size.1, channels, row_stride })
    }

    /// A picture whose rows are `row_stride` bytes apart: part of a larger picture, or with padding after each row, except
    /// perhaps the last one. More bytes may follow.
    ///
    /// # Errors
    ///
    /// If the picture has no pixels, pixels do not have 1, 3 or 4 channels, rows overlap, or there are too few bytes.
    pub fn with_row_stride(
        bytes: &'a [u8],
        width: usize,
        height: usize,
        channels: usize,
        row_stride: usize,
    ) -> Result<Self, PreprocessError> {
        let size = checked_size(width, height)?;
        check_channels(channels)?;
        let least = width.saturating_mul(channels);
        if row_stride < least {
            return Err(PreprocessError::RowStride { found: row_stride, least });
        }
        let least = row_stride.saturating_mul(height - 1).saturating_add(least);
        if bytes.len() < least {
            return Err(PreprocessError::TooShort { found: bytes.len(), least });
        }
        Ok(Self { bytes, width: size.0, height: size.1, channels, row_stride })
    }
}

impl Picture for Pixels<'_> {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    #[inline]
    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        let pixel = self.bytes.get(y as usize * self.row_stride + x as usize * self.channels..).unwrap_or_default();
        match *pixel {
            [red, green, blue, ..] if self.channels > 1 => [red, green, blue],
            [grey, ..] => [grey; 3],
            [] => [0; 3],
        }
    }

    fn as_rgb(&self) -> Option<&[u8]> {
        let row = self.width as usize * 3;
        if self.channels == 3 && self.row_stride == row { self.bytes.get(..row * self.height as usize) } else { None }
    }
}

/// The sides of a picture, if it has pixels.
pub(crate) fn checked_size(width: usize, height: usize) -> Result<(u32, u32), PreprocessError> {
    if width == 0 || height == 0 {
        return Err(PreprocessError::Empty { width, height });
    }
    let sides = u32::try_from(width).ok().zip(u32::try_from(height).ok());
    sides.ok_or(PreprocessError::TooLarge { width, height })
}

fn check_channels(channels: usize) -> Result<(), PreprocessError> {
    if CHANNELS.contains(&channels) { Ok(()) } else { Err(PreprocessError::Channels { found: channels }) }
}

/// Brightness as Pillow computes it: rounded, in fixed point.
#[inline]
pub(crate) fn grey([red, green, blue]: [u8; 3]) -> u8 {
    let sum = 19_595 * u32::from(red) + 38_470 * u32::from(green) + 7_471 * u32::from(blue);
    // The weights add up to 1 << 16, so every result fits in a byte.
    ((sum + (1 << 15)) >> 16) as u8
}
