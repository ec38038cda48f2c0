//! Pictures of the crate `image`.

use core::ops::Deref;

use image::{DynamicImage, GenericImageView, ImageBuffer, Pixel};

use crate::Picture;

/// `RgbImage`, `RgbaImage`, `GrayImage`, `GrayAlphaImage`, and views of these in memory of any kind.
impl<P: Pixel<Subpixel = u8>, C: Deref<Target = [u8]>> Picture for ImageBuffer<P, C> {
    fn size(&self) -> (u32, u32) {
        self.dimensions()
    }

    #[inline]
    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        self.get_pixel(x, y).to_rgb().0
    }

    fn as_rgb(&self) -> Option<&[u8]> {
        let (width, height) = self.dimensions();
        // The container may be longer.
        let bytes = || self.as_raw().get(..3 * width as usize * height as usize);
        if P::COLOR_MODEL == "RGB" && P::CHANNEL_COUNT == 3 { bytes() } else { None }
    }
}

/// Any picture that `image` decodes; 16-bit and float levels are converted to bytes as by `to_rgb8`.
impl Picture for DynamicImage {
    fn size(&self) -> (u32, u32) {
        self.dimensions()
    }

    #[inline]
    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        let [rgb @ .., _alpha] = self.get_pixel(x, y).0;
        rgb
    }

    fn as_rgb(&self) -> Option<&[u8]> {
        self.as_rgb8().and_then(Picture::as_rgb)
    }
}
