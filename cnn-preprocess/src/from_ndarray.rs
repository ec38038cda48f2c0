//! Arrays of the crate `ndarray`.

use ndarray::ArrayView3;

use crate::error::{CHANNELS, PreprocessError};
use crate::picture::{Picture, checked_size};

/// A picture in an array with the axes rows, columns, channels (HWC), in any layout in memory.
#[derive(Clone, Copy, Debug)]
pub struct PixelArray<'a> {
    array: ArrayView3<'a, u8>,
    width: u32,
    height: u32,
}

impl<'a> PixelArray<'a> {
    /// The picture in a view: `array.view()`. There is 1 channel for grey, 3 for RGB, and 4 for RGBA, whose alpha is
    /// ignored.
    ///
    /// # Errors
    ///
    /// If the last axis does not have 1, 3 or 4 channels, or the picture has no pixels.
    pub fn new(array: ArrayView3<'a, u8>) -> Result<Self, PreprocessError> {
        let (rows, columns, channels) = array.dim();
        let (width, height) = checked_size(columns, rows)?;
        if !CHANNELS.contains(&channels) {
            return Err(PreprocessError::Axes { found: [rows, columns, channels] });
        }
        Ok(Self { array, width, height })
    }
}

impl Picture for PixelArray<'_> {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    #[inline]
    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        let level = |channel| self.array[[y as usize, x as usize, channel]];
        if self.array.dim().2 == 1 { [level(0); 3] } else { [level(0), level(1), level(2)] }
    }

    fn as_rgb(&self) -> Option<&[u8]> {
        if self.array.dim().2 == 3 { self.array.to_slice() } else { None }
    }
}
