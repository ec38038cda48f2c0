//! Descriptions of inputs, and pictures for them.

use cnn_preprocess::{Channels, Filter, Pixels, Preprocess, Resize, Size};
use image::{Rgb, RgbImage};

use crate::choose::Choices;

/// Turns a picture into a net's input.
///
/// # Panics
///
/// If that does, or the input has another size, or levels outside of the picture's range, or if the same pixels elsewhere in
/// memory give other numbers.
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
    // At an edge, a bicubic filter overshoots, up to black or white.
    let levels = if preprocess.filter == Filter::Bicubic { 0..=255 } else { dark..=bright };
    let plain = Preprocess { white: 255.0, channels: Channels::Grey { mean: 0.0, std: 1.0 }, ..preprocess };
    let border = if let Resize::Letterbox { border } = preprocess.resize { border[0].into() } else { 0.0 };
    for level in plain.apply(&picture) {
        let in_picture = width * height > 0 && (*levels.start() as f32..=*levels.end() as f32).contains(&level);
        assert!(level == border || in_picture, "{level} of {width}x{height} from {dark} to {bright} by {preprocess:?}");
    }
    let (channels, gap) = (choices.pick(&[1, 3, 4]), choices.below(5));
    let pixels = |y| (0..width as u32).flat_map(move |x| [level(x, y); 4].into_iter().take(channels));
    let bytes: Vec<u8> = (0..height as u32).flat_map(|y| pixels(y).chain(vec![seed as u8; gap])).collect();
    match Pixels::with_row_stride(&bytes, width, height, channels, width * channels + gap) {
        Ok(pixels) => same_bits(&preprocess.apply(&pixels), &input),
        Err(error) => assert!(width * height == 0, "{error}"),
    }
    let mut normalised = vec![0.0; input.len()];
    let is_whole = (height, width) == (preprocess.crop.height, preprocess.crop.width);
    if preprocess.normalise(&picture, &mut normalised).is_ok() && !is_whole {
        same_bits(&normalised, &input);
    }
}

fn same_bits(found: &[f32], expected: &[f32]) {
    assert!(found.iter().map(|number| number.to_bits()).eq(expected.iter().map(|number| number.to_bits())));
}

fn preprocess(choices: &mut Choices<'_>) -> Preprocess {
    let resize = match choices.below(4) {
        0 => Resize::ShortSide(side(choices)),
        1 => Resize::Exactly(Size::new(side(choices) as usize, side(choices) as usize)),
        2 => Resize::Cover,
        _ => Resize::Letterbox { border: [choices.below(256) as u8; 3] },
    };
    // The whole square of a digit is in memory, and not only what is kept of it.
    let is_small = match resize {
        Resize::ShortSide(side) => side < 400,
        Resize::Exactly(Size { height, width }) => height.max(width) < 400,
        _ => true,
    };
    Preprocess {
        resize,
        filter: choices.pick(&[Filter::Bilinear, Filter::Bicubic, Filter::BilinearAliased]),
        crop: Size::new(choices.below(300), choices.below(300)),
        white: choices.float(),
        channels: match choices.below(4) {
            0 => Channels::Grey { mean: choices.float(), std: choices.float() },
            1 => Channels::Rgb { mean: [choices.float(); 3], std: [choices.float(); 3] },
            2 if is_small => Channels::Ink,
            _ => Channels::Bgr { mean: [choices.float(); 3], std: [choices.float(); 3] },
        },
    }
}

fn side(choices: &mut Choices<'_>) -> u32 {
    match choices.below(4) {
        0 => choices.bits() as u32,
        1 => u32::MAX - choices.below(3) as u32,
        _ => choices.below(400) as u32,
    }
}
