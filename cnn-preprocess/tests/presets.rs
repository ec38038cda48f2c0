//! What the included descriptions make of colours, digits and sizes.

use cnn_preprocess::{Preprocess, Resize, Size};
use image::{Rgb, RgbImage};

const ALL: [Preprocess; 14] = [
    Preprocess::TORCHVISION,
    Preprocess::TORCHVISION_V2,
    Preprocess::TORCHVISION_BICUBIC,
    Preprocess::TORCHVISION_CONVNEXT,
    Preprocess::TORCHVISION_GOOGLENET,
    Preprocess::TORCHVISION_INCEPTION_V3,
    Preprocess::CAFFE,
    Preprocess::CAFFE_VGG,
    Preprocess::CIFAR10,
    Preprocess::VISUAL_WAKE_WORDS,
    Preprocess::MNIST,
    Preprocess::LENET5,
    Preprocess::yolov5(Size::new(64, 96)),
    Preprocess { resize: Resize::Cover, crop: Size::new(99, 64), ..Preprocess::CAFFE },
];

fn plain(width: u32, height: u32, colour: [u8; 3]) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb(colour))
}

/// The numbers of the central pixel, one per channel.
fn middle(preprocess: &Preprocess, colour: [u8; 3]) -> Vec<f32> {
    let input = preprocess.apply(&plain(300, 280, colour));
    let area = input.len() / preprocess.shape().channels();
    input.iter().skip(area / 2 + preprocess.crop.width / 2).step_by(area).copied().collect()
}

fn assert_near(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
}

#[test]
fn colours_become_the_numbers_of_pytorch() {
    let colour = [255, 128, 0];
    // `normalize(convert_image_dtype(colour))`, then `GoogLeNet._transform_input`.
    let torchvision = [2.248_908_3, 0.205_182_12, -1.804_444_4];
    assert_near(&middle(&Preprocess::TORCHVISION, colour), &torchvision);
    for preprocess in [Preprocess::TORCHVISION_V2, Preprocess::TORCHVISION_BICUBIC, Preprocess::TORCHVISION_CONVNEXT] {
        assert_near(&middle(&preprocess, colour), &torchvision);
    }
    for preprocess in [Preprocess::TORCHVISION_GOOGLENET, Preprocess::TORCHVISION_INCEPTION_V3] {
        assert_near(&middle(&preprocess, colour), &[1.0, 0.003_921_569, -1.0]);
    }
}

#[test]
fn caffe_has_blue_first_and_whole_levels() {
    assert_near(&middle(&Preprocess::CAFFE, [255, 128, 1]), &[1.0 - 104.0, 128.0 - 117.0, 255.0 - 123.0]);
    assert_near(&middle(&Preprocess::CAFFE_VGG, [255, 128, 1]), &[1.0 - 103.939, 128.0 - 116.779, 255.0 - 123.68]);
}

#[test]
fn brightness_is_that_of_pillow() {
    // `Image.new("RGB", (1, 1), colour).convert("L")`
    for (colour, level) in [([255; 3], 255), ([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29)] {
        assert_near(&middle(&Preprocess::MNIST, colour), &[level as f32 / 255.0]);
    }
}

#[test]
fn every_size_gives_a_whole_input() {
    for (width, height) in [(0, 0), (0, 7), (1, 1), (1, 3000), (3000, 1), (2, 3), (31, 33), (256, 256), (640, 481)] {
        for preprocess in ALL {
            let input = preprocess.apply(&plain(width, height, [9, 99, 199]));
            assert_eq!(input.len(), preprocess.shape().elements(), "{width}x{height}");
            assert!(input.iter().all(|number| number.is_finite()));
        }
    }
    let nothing = Preprocess { resize: Resize::Exactly(Size::square(0)), ..Preprocess::LENET5 };
    assert_eq!(nothing.apply(&plain(3, 3, [255; 3])), vec![0.0; 32 * 32]);
}

#[test]
fn one_colour_stays_one_colour() {
    for (width, height) in [(1, 1), (7, 5), (400, 300), (224, 225)] {
        let input = Preprocess::CAFFE_VGG.apply(&plain(width, height, [10, 20, 30]));
        for (plane, level) in input.chunks_exact(224 * 224).zip([30.0 - 103.939, 20.0 - 116.779, 10.0 - 123.68]) {
            assert!(plane.iter().all(|&number| number == level), "{width}x{height}");
        }
    }
}

#[test]
fn lenet5_reads_a_digit_of_mnist_as_it_is_with_two_pixels_of_border() {
    let on_border = |x, y| x == 0 || y == 0 || x == 27 || y == 27;
    let level = |x: u32, y: u32| if on_border(x, y) { 0 } else { (x * 8 + y) as u8 };
    let digit = RgbImage::from_fn(28, 28, |x, y| Rgb([level(x, y); 3]));
    let input = Preprocess::LENET5.apply(&digit);
    for (i, &number) in input.iter().enumerate() {
        let pixel = (i % 32).checked_sub(2).zip((i / 32).checked_sub(2)).filter(|&(x, y)| x < 28 && y < 28);
        let level = pixel.map_or(0, |(x, y)| level(x as u32, y as u32));
        assert_eq!(number, f32::from(level) / 255.0);
    }
}

#[test]
fn a_mirrored_picture_gives_a_mirrored_input() {
    let picture = RgbImage::from_fn(400, 300, |x, y| Rgb([(x * 7 % 256) as u8, (y % 256) as u8, (x * y % 251) as u8]));
    let mirrored = Preprocess::CAFFE.apply(&image::imageops::flip_horizontal(&picture));
    for (row, mirrored) in Preprocess::CAFFE.apply(&picture).chunks(224).zip(mirrored.chunks(224)) {
        assert!(row.iter().zip(mirrored.iter().rev()).all(|(a, b)| (a - b).abs() <= 1.0));
    }
}
