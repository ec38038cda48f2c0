//! Pictures, and the digits in them.

use std::io::Cursor;

use image::ImageReader;

use crate::choose::{Choices, noise};
use crate::picture::{self as pictures, Picture};

/// Larger pictures are skipped, because they only take time: sizes are checked before anything else.
const MOST_PIXELS: u64 = 1 << 18;

/// Decodes a PNG or JPEG file, and reads the digit in it.
///
/// # Panics
///
/// If either does, or the number of pixels does not match the picture's size.
pub fn picture(bytes: &[u8]) {
    let size = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok().and_then(|it| it.into_dimensions().ok());
    if size.is_some_and(|(width, height)| u64::from(width) * u64::from(height) > MOST_PIXELS) {
        return;
    }
    match pictures::read(bytes) {
        Ok(picture) => read(&picture),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Draws strokes and noise, and reads the digit.
///
/// # Panics
///
/// If the reader does, or its result is not an input.
pub fn drawing(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let most = choices.pick(&[8, 30, 30, 100, 100, 700]);
    let (width, height) = (choices.between(1, most), choices.between(1, most));
    let paper = choices.bits().to_le_bytes();
    let mut picture = Picture { width, height, pixels: vec![[paper[0], paper[1], paper[2]]; width * height] };
    for _ in 0..choices.below(8) {
        stroke(&mut picture, &mut choices);
    }
    if choices.once_in(3) {
        let level = choices.between(1, 255) as f32;
        for (pixel, noise) in picture.pixels.iter_mut().zip(noise(choices.bits())) {
            *pixel = pixel.map(|channel| (f32::from(channel) + level * noise) as u8);
        }
    }
    read(&picture);
}

/// Fills a box, or points along a line.
fn stroke(picture: &mut Picture, choices: &mut Choices<'_>) {
    let [r, g, b, wide, ..] = choices.bits().to_le_bytes();
    let (x0, x1) = (choices.below(picture.width), choices.below(picture.width));
    let (y0, y1) = (choices.below(picture.height), choices.below(picture.height));
    if wide == 0 {
        for y in y0.min(y1)..=y0.max(y1) {
            picture.pixels[y * picture.width + x0.min(x1)..=y * picture.width + x0.max(x1)].fill([r, g, b]);
        }
        return;
    }
    let steps = x0.abs_diff(x1).max(y0.abs_diff(y1)).max(1);
    let at = |from: usize, to: usize, step: usize| (from * (steps - step) + to * step) / steps;
    for step in 0..=steps {
        let (x, y) = (at(x0, x1, step), at(y0, y1, step));
        let end = (x + usize::from(wide % 16)).min(picture.width - 1);
        picture.pixels[y * picture.width + x..=y * picture.width + end].fill([r, g, b]);
    }
}

fn read(picture: &Picture) {
    assert_eq!(picture.pixels.len(), picture.width * picture.height);
    let pixels = cnn_digits::Picture::new(picture.width, picture.height, &picture.pixels).expect("its size is right");
    if let Ok(input) = cnn_digits::read(&pixels) {
        assert!(input.iter().all(|level| (0.0..=1.0).contains(level)), "{input:?}");
    }
}
