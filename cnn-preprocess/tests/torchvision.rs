//! On identical pixels, the results match torchvision's transforms, and letterboxes those of Pillow and OpenCV.
//!
//! The expected files come from `tools/make_preprocess_fixtures.py`, which explains their names.

use std::path::Path;

use cnn_preprocess::{Channels, Filter, Preprocess, Resize, Size};
use image::imageops::{crop_imm, rotate90};
use image::{DynamicImage, Rgb, RgbImage};

/// Levels, of 255. Two are promised. Weights are rounded differently than in Pillow, and occasionally a level is, too.
const TOLERANCE: f32 = 1.0;

/// The fraction of levels that may differ.
const FEW: f32 = 0.02;

/// Here, pictures are converted to grey after resizing; in torchvision, before.
const TOLERANCE_GREY: f32 = 2.0;

/// OpenCV rounds once, after rows and columns; here, rows are rounded first. The rest are the last digits of f32.
const TOLERANCE_OPENCV: f32 = 1.001;

const LEVELS: Channels = Channels::Rgb { mean: [0.0; 3], std: [1.0; 3] };
const LEVELS_OF_BYTES: Preprocess = Preprocess { white: 255.0, channels: LEVELS, ..Preprocess::TORCHVISION };
const GREY_LEVELS: Channels = Channels::Grey { mean: 0.0, std: 1.0 };

fn open(name: &str) -> DynamicImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
    image::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn photograph() -> RgbImage {
    open("chelsea.png").to_rgb8()
}

/// The prepared upper left corner of a picture, as levels of 0 to 255, and the name of the file that it should equal.
fn prepare(picture: &RgbImage, (width, height): (u32, u32), resize: Resize, crop: Size) -> (Vec<f32>, String) {
    let corner = crop_imm(picture, 0, 0, width, height).to_image();
    let levels = Preprocess { resize, crop, ..LEVELS_OF_BYTES }.apply(&corner);
    (levels, format!("{width}x{height}-{}-crop{}.png", name(resize), sides(crop)))
}

fn name(resize: Resize) -> String {
    match resize {
        Resize::ShortSide(side) => format!("short{side}"),
        Resize::Exactly(size) if size.height == size.width => format!("square{}", sides(size)),
        Resize::Exactly(size) => format!("exact{}", sides(size)),
        Resize::Cover => "cover".to_owned(),
        Resize::Letterbox { .. } => "letterbox".to_owned(),
        other => panic!("{other:?} has no files"),
    }
}

/// The side, or width and height.
fn sides(size: Size) -> String {
    if size.height == size.width { size.width.to_string() } else { format!("{}x{}", size.width, size.height) }
}

/// The levels of a picture, channel by channel.
fn planes(picture: &RgbImage) -> Vec<f32> {
    (0..3).flat_map(|channel| picture.pixels().map(move |pixel| f32::from(pixel[channel]))).collect()
}

/// Checks that levels match a picture: nearly all exactly, and all within the tolerance.
#[track_caller]
fn assert_equal(levels: &[f32], file: &str) {
    let expected = planes(&open(file).to_rgb8());
    let difference = largest_difference(levels, &expected);
    assert!(difference <= TOLERANCE, "{file}: {difference}");
    let differ = levels.iter().zip(&expected).filter(|(a, b)| a != b).count();
    assert!(differ as f32 <= FEW * levels.len() as f32, "{file}: {differ} of {}", levels.len());
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn pictures_of_all_sizes_match_torchvision() {
    let photograph = photograph();
    let cases = [
        // Reduced and enlarged, as by torchvision's preset.
        ((451, 300), Resize::ShortSide(256), 224),
        ((100, 80), Resize::ShortSide(256), 224),
        ((224, 224), Resize::ShortSide(256), 224),
        // With half a pixel to round, up or down.
        ((333, 250), Resize::ShortSide(232), 64),
        ((451, 300), Resize::ShortSide(16), 15),
        // As narrow as possible.
        ((451, 9), Resize::ShortSide(61), 56),
        ((3, 300), Resize::ShortSide(61), 56),
        ((1, 1), Resize::ShortSide(61), 56),
        // Nothing to resize; distorted; smaller than the crop.
        ((64, 65), Resize::ShortSide(64), 56),
        ((451, 300), Resize::Exactly(Size::square(64)), 56),
        ((50, 40), Resize::ShortSide(20), 41),
    ];
    for (size, resize, crop) in cases {
        let (levels, file) = prepare(&photograph, size, resize, Size::square(crop));
        assert_equal(&levels, &file);
    }
}

const LETTERBOX: Resize = Resize::Letterbox { border: [114; 3] };

/// Width and height, as in the names of files.
const fn wide(width: usize, height: usize) -> Size {
    Size::new(height, width)
}

#[test]
fn inputs_that_are_not_square_match_torchvision_and_pillow() {
    let photograph = photograph();
    let cases = [
        ((451, 300), Resize::ShortSide(90), wide(160, 80)),
        ((451, 300), Resize::ShortSide(90), wide(80, 160)),
        ((1, 300), Resize::ShortSide(20), wide(31, 47)),
        ((451, 300), Resize::Exactly(wide(120, 90)), wide(100, 81)),
        ((1, 1), Resize::Exactly(wide(33, 8)), wide(33, 8)),
        ((30, 20), Resize::Exactly(wide(61, 13)), wide(40, 15)),
        ((451, 300), Resize::Cover, wide(120, 90)),
        ((451, 300), Resize::Cover, wide(61, 100)),
        ((40, 31), Resize::Cover, wide(120, 47)),
        ((451, 3), Resize::Cover, wide(32, 25)),
        ((1, 1), Resize::Cover, wide(9, 4)),
        ((451, 300), LETTERBOX, wide(120, 90)),
        ((451, 300), LETTERBOX, wide(61, 100)),
        ((40, 31), LETTERBOX, wide(100, 100)),
        ((451, 1), LETTERBOX, wide(64, 32)),
        ((1, 300), LETTERBOX, wide(64, 32)),
        ((1, 1), LETTERBOX, wide(9, 4)),
    ];
    for (size, resize, crop) in cases {
        let (levels, file) = prepare(&photograph, size, resize, crop);
        assert_equal(&levels, &file);
    }
    let upright = rotate90(&photograph);
    for (resize, crop) in [
        (Resize::ShortSide(90), wide(160, 81)),
        (Resize::Exactly(wide(119, 91)), wide(120, 90)),
        (Resize::Cover, wide(120, 90)),
        (LETTERBOX, wide(120, 90)),
    ] {
        let (levels, file) = prepare(&upright, (300, 451), resize, crop);
        assert_equal(&levels, &format!("turned-{file}"));
    }
}

/// Reduced without antialiasing, and enlarged.
#[test]
fn pictures_for_yolov5_match_those_of_opencv() {
    let photograph = photograph();
    for (picture, turned, (width, height), input) in [
        (&photograph, "", (451, 300), wide(120, 90)),
        (&rotate90(&photograph), "turned-", (300, 451), wide(160, 160)),
        (&photograph, "", (40, 31), wide(100, 120)),
        (&photograph, "", (451, 7), wide(64, 64)),
    ] {
        let corner = crop_imm(picture, 0, 0, width, height).to_image();
        let levels: Vec<f32> = Preprocess::yolov5(input).apply(&corner).iter().map(|number| number * 255.0).collect();
        let file = format!("{turned}{width}x{height}-opencv-letterbox-crop{}.png", sides(input));
        let difference = largest_difference(&levels, &planes(&open(&file).to_rgb8()));
        assert!(difference <= TOLERANCE_OPENCV, "{file}: {difference}");
    }
}

/// Reduced, enlarged, and a picture narrower than the filter.
#[test]
fn bicubic_pictures_match_torchvision() {
    for (side, resize, crop) in
        [((451, 300), 256, 224), ((100, 80), 256, 224), ((451, 300), 16, 15), ((3, 300), 61, 56)]
    {
        let corner = crop_imm(&photograph(), 0, 0, side.0, side.1).to_image();
        let bicubic = Preprocess {
            resize: Resize::ShortSide(resize),
            filter: Filter::Bicubic,
            crop: Size::square(crop),
            ..LEVELS_OF_BYTES
        };
        assert_equal(&bicubic.apply(&corner), &format!("{}x{}-bicubic{resize}-crop{crop}.png", side.0, side.1));
    }
}

#[test]
fn upright_pictures_match_torchvision() {
    let (levels, file) = prepare(&rotate90(&photograph()), (300, 451), Resize::ShortSide(97), Size::square(84));
    assert_equal(&levels, &format!("turned-{file}"));
}

#[test]
fn grey_matches_pillow() {
    let corner = crop_imm(&photograph(), 0, 0, 37, 23).to_image();
    let levels = Preprocess { white: 255.0, channels: GREY_LEVELS, ..Preprocess::LENET5 }.apply(&corner);
    let expected = open("37x23-grey-square28-crop32.png").to_luma8();
    let expected: Vec<f32> = expected.as_raw().iter().map(|&level| f32::from(level)).collect();
    let difference = largest_difference(&levels, &expected);
    assert!(difference <= TOLERANCE_GREY, "{difference}");
}

/// A digit of MNIST: a 2, 28x28, white on black.
fn two() -> RgbImage {
    open("2-test-digit.png").to_rgb8()
}

/// The digit's ink on paper, enlarged, with this much paper around it.
fn on_paper(ink: [f32; 3], paper: [f32; 3], enlarged: u32, [left, top, right, bottom]: [u32; 4]) -> RgbImage {
    let two = two();
    let side = 28 * enlarged;
    RgbImage::from_fn(left + side + right, top + side + bottom, |x, y| {
        let level = match (x.checked_sub(left), y.checked_sub(top)) {
            (Some(x), Some(y)) if x < side && y < side => {
                f32::from(two.get_pixel(x / enlarged, y / enlarged)[0]) / 255.0
            }
            _ => 0.0,
        };
        Rgb(std::array::from_fn(|channel| (paper[channel] + level * (ink[channel] - paper[channel])) as u8))
    })
}

#[test]
fn a_digit_of_the_right_size_keeps_its_place_and_becomes_white_on_black() {
    let two = two();
    let mut inverted = two.clone();
    inverted.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|level| 255 - level));
    let expected = Preprocess::LENET5.apply(&two);
    assert_eq!(Preprocess::LENET5.apply(&inverted), expected);
    let plain = Preprocess { channels: GREY_LEVELS, ..Preprocess::LENET5 };
    assert_eq!(plain.apply(&two), expected);
    assert_ne!(plain.apply(&inverted), expected);
}

#[test]
fn ink_is_brought_to_the_place_and_size_of_mnist() {
    let expected = Preprocess::MNIST.apply(&two());
    let (black, white) = ([0.0; 3], [255.0; 3]);
    for (ink, paper) in [
        (black, white),
        (white, black),
        ([30.0, 30.0, 160.0], [240.0, 230.0, 200.0]),
        ([250.0, 230.0, 60.0], [20.0; 3]),
    ] {
        for margins in [[0; 4], [300, 20, 50, 10], [10, 400, 3, 90]] {
            let found = Preprocess::MNIST.apply(&on_paper(ink, paper, 9, margins));
            // Faint pixels are not ink, so sides and the centre may differ by a pixel; the mean hardly does.
            let difference = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).sum::<f32>() / 784.0;
            let ink_of = |input: &[f32]| input.iter().sum::<f32>();
            let ratio = ink_of(&found) / ink_of(&expected);
            assert!(difference < 0.1 && (0.6..1.4).contains(&ratio), "{ink:?} on {paper:?}: {difference} {ratio}");
            assert!(found.contains(&1.0) && found.iter().all(|level| (0.0..=1.0).contains(level)));
        }
    }
}

#[test]
fn paper_alone_is_taken_as_it_is() {
    for (size, level) in [((40, 30), 255), ((28, 28), 255), ((100, 3), 130)] {
        let paper = RgbImage::from_pixel(size.0, size.1, Rgb([level; 3]));
        assert_eq!(Preprocess::MNIST.apply(&paper), vec![f32::from(level) / 255.0; 784]);
    }
    let nothing = Preprocess { resize: Resize::Exactly(Size::square(0)), ..Preprocess::MNIST };
    assert_eq!(nothing.apply(&on_paper([0.0; 3], [255.0; 3], 2, [1; 4])), vec![0.0; 784]);
}
