//! Where the pixels of a picture lie in an input: sizes, and the parts that are kept.

use cnn_net::op::Size;

use crate::{Channels, Picture, Preprocess, Resize};

/// Where a picture lies in an input. Coordinates are in pixels and count from the pixels' left and upper edges: the pixel in the
/// corner is the square from (0, 0) to (1, 1).
///
/// A point (x, y) of the picture is at (`scale[0]` x + `offset[0]`, `scale[1]` y + `offset[1]`) in the input. Points outside the
/// picture, such as those in a border, have coordinates below 0, or above its width or height.
///
/// ```
/// use cnn_preprocess::{Pixels, Preprocess, Size};
///
/// let detector = Preprocess::yolov5(Size::square(640));
/// let frame = vec![0; 1280 * 720 * 3];
/// let picture = Pixels::new(&frame, 1280, 720, 3)?;
/// let placement = detector.placement(&picture).expect("a picture with pixels, and no digit");
/// assert_eq!((placement.scale, placement.offset), ([0.5; 2], [0.0, 140.0]));
///
/// // A box that the net has found, by its corners.
/// let [left, top] = placement.to_picture([100.0, 200.0]);
/// let [right, bottom] = placement.to_picture([300.0, 260.0]);
/// assert_eq!([left, top, right, bottom], [200.0, 120.0, 600.0, 240.0]);
/// # Ok::<(), cnn_preprocess::PreprocessError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Pixels of the input per pixel of the picture: horizontally, vertically. If the picture is resized in proportion, they differ
    /// only because sizes are rounded to whole pixels.
    pub scale: [f32; 2],
    /// The picture's left and upper edges in the input: the width of a border, or less than 0 if the picture is cropped.
    pub offset: [f32; 2],
}

impl Placement {
    /// Maps a point of the input to the picture; x, y.
    #[must_use]
    pub fn to_picture(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [(x - self.offset[0]) / self.scale[0], (y - self.offset[1]) / self.scale[1]]
    }

    /// Maps a point of the picture to the input; x, y.
    #[must_use]
    pub fn to_input(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [x * self.scale[0] + self.offset[0], y * self.scale[1] + self.offset[1]]
    }
}

impl Preprocess {
    /// Where `apply` puts a picture, for boxes and points that a net finds. `None` if the picture has no pixels or none are left after
    /// resizing, and for [`Channels::Ink`], which places a digit by its content.
    ///
    /// `normalise` puts it in the same place, except that a picture of the input's size is used as it is.
    #[must_use]
    pub fn placement(&self, picture: &impl Picture) -> Option<Placement> {
        let (width, height) = picture.size();
        let resized = self.resized(width, height);
        if resized.contains(&0) || self.channels == Channels::Ink {
            return None;
        }
        let spans = self.spans(resized);
        Some(Placement {
            scale: [resized[0] as f32 / width as f32, resized[1] as f32 / height as f32],
            offset: spans.map(|span| span.border as f32 - span.skipped as f32),
        })
    }

    /// The width and height that a picture is resized to; 0 for one without pixels.
    pub(crate) fn resized(&self, width: u32, height: u32) -> [u64; 2] {
        if width == 0 || height == 0 { [0, 0] } else { self.resize.size(width, height, self.crop) }
    }

    /// The size that digits are placed on.
    pub(crate) fn frame(&self) -> Size {
        match self.resize {
            Resize::ShortSide(side) => Size::square(side as usize),
            Resize::Exactly(size) => size,
            Resize::Cover | Resize::Letterbox { .. } => self.crop,
        }
    }

    /// Whether resizing would leave a picture of this size unchanged.
    pub(crate) fn is_resized(&self, width: u32, height: u32) -> bool {
        let resized = match self.channels {
            Channels::Ink => sides(self.frame()),
            Channels::Grey { .. } | Channels::Rgb { .. } | Channels::Bgr { .. } => self.resized(width, height),
        };
        resized == [width.into(), height.into()]
    }

    /// The columns and rows of a resized picture that are kept.
    pub(crate) fn spans(&self, [width, height]: [u64; 2]) -> [Span; 2] {
        [Span::of(width, self.crop.width), Span::of(height, self.crop.height)]
    }

    /// How many numbers an input has, if its sides have 32 bits and memory can have as many.
    pub(crate) fn numbers(&self) -> Option<usize> {
        let Size { height, width } = self.crop;
        u32::try_from(height).ok().zip(u32::try_from(width).ok())?;
        height.checked_mul(width)?.checked_mul(self.shape().channels())
    }
}

/// Width and height.
fn sides(size: Size) -> [u64; 2] {
    [size.width as u64, size.height as u64]
}

impl Resize {
    /// The resized width and height of a picture with pixels.
    pub(crate) fn size(self, width: u32, height: u32, input: Size) -> [u64; 2] {
        match self {
            Self::Exactly(size) => sides(size),
            Self::ShortSide(side) => {
                let long = |long: u32, short: u32| u64::from(side) * u64::from(long) / u64::from(short.max(1));
                if width <= height { [side.into(), long(height, width)] } else { [long(width, height), side.into()] }
            }
            Self::Cover => {
                let [across, down] = sides(input);
                let [w, h] = scaled([width, height], input, f64::max);
                [w.max(across), h.max(down)]
            }
            Self::Letterbox { .. } => {
                let [across, down] = sides(input);
                let [w, h] = scaled([width, height], input, f64::min);
                // Of a long thin picture, at least a line is left.
                [w.max(1).min(across), h.max(1).min(down)]
            }
        }
    }
}

/// A picture's width and height times one of the two scales that would bring it to the input's.
///
/// Computed and rounded in the order of YOLOv5's `letterbox`, so that sizes are the same where half a pixel is left.
fn scaled(picture: [u32; 2], input: Size, choose: fn(f64, f64) -> f64) -> [u64; 2] {
    let [width, height] = picture.map(f64::from);
    let scale = choose(input.height as f64 / height, input.width as f64 / width);
    [width, height].map(|side| round(side * scale))
}

/// Rounds a number, which is not negative, as Python's `round` does: halves to even.
fn round(number: f64) -> u64 {
    let floor = number as u64;
    let rest = number - floor as f64;
    if rest > 0.5 || (rest == 0.5 && floor % 2 == 1) { floor.saturating_add(1) } else { floor }
}

/// The part of one side of a resized picture that is kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Span {
    /// Pixels before it.
    pub(crate) skipped: u64,
    /// Its length.
    pub(crate) kept: u32,
    /// Pixels of border before it, if it is shorter than the crop.
    pub(crate) border: usize,
}

impl Span {
    /// For a side that was resized to `resized`, of which the middle `crop` are kept.
    pub(crate) fn of(resized: u64, crop: usize) -> Self {
        // `Preprocess::numbers` has seen that a crop has 32 bits.
        let crop = crop as u32;
        let kept = u64::from(crop).min(resized) as u32;
        Self { skipped: half_to_even(resized - u64::from(kept)), kept, border: (crop - kept) as usize / 2 }
    }
}

/// Half of a number, rounded as Python's `round` does.
fn half_to_even(number: u64) -> u64 {
    let half = number / 2;
    if number % 2 == 1 && half % 2 == 1 { half + 1 } else { half }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: Size = Size::new(240, 320);

    fn size(resize: Resize, width: u32, height: u32) -> [u64; 2] {
        resize.size(width, height, INPUT)
    }

    #[test]
    fn the_shorter_side_is_met_and_the_longer_one_rounded_down() {
        let size = |width, height| size(Resize::ShortSide(256), width, height);
        assert_eq!([size(500, 333), size(333, 500), size(300, 300)], [[384, 256], [256, 384], [256, 256]]);
        assert_eq!(size(1, u32::MAX), [256, 256 * u64::from(u32::MAX)]);
    }

    #[test]
    fn exact_sizes_do_not_depend_on_the_picture() {
        assert_eq!(size(Resize::Exactly(Size::new(7, 9)), 500, 333), [9, 7]);
    }

    #[test]
    fn a_letterbox_is_filled_in_one_direction_and_never_empty() {
        let size = |width, height| size(Resize::Letterbox { border: [0; 3] }, width, height);
        assert_eq!(
            [size(640, 480), size(640, 400), size(300, 480), size(32, 24)],
            [[320, 240], [320, 200], [150, 240], [320, 240]]
        );
        assert_eq!([size(1, 1), size(1, 1000), size(1000, 1)], [[240, 240], [1, 240], [320, 1]]);
        assert_eq!([size(1, u32::MAX), size(u32::MAX, 1), size(u32::MAX, u32::MAX)], [[1, 240], [320, 1], [240, 240]]);
        // `[round(side * min(240 / height, 320 / width)) for side in (width, height)]`, with halves that are rounded to even.
        assert_eq!([size(641, 1), size(128, 1), size(64, 9), size(128, 3)], [[320, 1], [320, 2], [320, 45], [320, 8]]);
    }

    #[test]
    fn what_covers_is_met_in_one_direction_and_not_less_in_the_other() {
        let size = |width, height| size(Resize::Cover, width, height);
        assert_eq!(
            [size(640, 480), size(640, 400), size(300, 480), size(32, 24)],
            [[320, 240], [384, 240], [320, 512], [320, 240]]
        );
        assert_eq!([size(1, 1), size(1, 1000), size(1000, 1)], [[320, 320], [320, 320_000], [240_000, 240]]);
        assert_eq!(size(u32::MAX, 1), [240 * u64::from(u32::MAX), 240]);
    }

    #[test]
    fn the_middle_is_rounded_as_in_python() {
        // `[round(n / 2.0) for n in range(9)]`
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8].map(half_to_even), [0, 0, 1, 2, 2, 2, 3, 4, 4]);
        assert_eq!([0.0, 0.5, 0.51, 1.49, 1.5, 2.5, 2.6].map(round), [0, 0, 1, 1, 2, 2, 3]);
        assert_eq!(Span::of(10, 7), Span { skipped: 2, kept: 7, border: 0 });
        assert_eq!(Span::of(10, 13), Span { skipped: 0, kept: 10, border: 1 });
    }
}
