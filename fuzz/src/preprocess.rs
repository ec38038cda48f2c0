//! Descriptions of inputs, and pictures for them.

use image::{Rgb, RgbImage};

use crate::choose::Choices;
use crate::models::preprocess::{Channels, Preprocess, Resize};

/// Turns a picture into a net's input.
///
/// # Panics
///
/// If that does, or the input has another size, or levels outside of the picture's range.
pub fn apply(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let preprocess = preprocess(&mut choices);
    let most = choices.pick(&[4, 40, 40, 300]);
    let (width, height) = match choices.below(8) {
        0 => (choices.below(3), choices.below(10_000)),
        1 => (choices.below(10_000), choices.below(3)),
        _ => (choices.below(most), choices.below(most)),
    };
    let seed = choices.bits() as u32;
    let (dark, bright) = (choices.below(256) as u32, choices.below(256) as u32);
    let (dark, bright) = (dark.min(bright), dark.max(bright));
    let level = |x: u32, y: u32| (dark + (x * x + y).wrapping_mul(seed | 1) % (bright - dark + 1)) as u8;
    let picture = RgbImage::from_fn(width as u32, height as u32, |x, y| Rgb([level(x, y); 3]));
    let input = preprocess.apply(&picture);
    assert_eq!(input.len(), preprocess.shape().elements());
    let plain = Preprocess { white: 255.0, channels: Channels::Grey { mean: 0.0, std: 1.0 }, ..preprocess };
    for level in plain.apply(&picture) {
        let in_picture = width * height > 0 && (dark as f32..=bright as f32).contains(&level);
        assert!(level == 0.0 || in_picture, "{level} of {width}x{height} from {dark} to {bright} by {preprocess:?}");
    }
}

fn preprocess(choices: &mut Choices<'_>) -> Preprocess {
    let side = match choices.below(4) {
        0 => choices.bits() as u32,
        1 => u32::MAX - choices.below(3) as u32,
        _ => choices.below(400) as u32,
    };
    Preprocess {
        resize: if choices.once_in(2) { Resize::ShortSide(side) } else { Resize::Square(side) },
        crop: choices.below(300) as u32,
        white: choices.float(),
        channels: match choices.below(3) {
            0 => Channels::Grey { mean: choices.float(), std: choices.float() },
            1 => Channels::Rgb { mean: [choices.float(); 3], std: [choices.float(); 3] },
            _ => Channels::Bgr { mean: [choices.float(); 3], std: [choices.float(); 3] },
        },
    }
}
