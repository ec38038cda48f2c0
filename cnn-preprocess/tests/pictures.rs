//! The same picture gives the same numbers, wherever its pixels come from and however they lie in memory.

use cnn_preprocess::{Channels, Picture, PixelArray, Pixels, Preprocess, PreprocessError, Resize, Size};
use image::{DynamicImage, GrayImage, ImageBuffer, LumaA, Pixel, Rgb, Rgb32FImage, RgbImage, Rgba};
use ndarray::{Array3, s};

const RGB: Preprocess = Preprocess { resize: Resize::ShortSide(24), crop: Size::square(20), ..Preprocess::TORCHVISION };
const WAYS: [Preprocess; 8] = [
    RGB,
    Preprocess { channels: Channels::Bgr { mean: [104.0, 117.0, 123.0], std: [1.0; 3] }, white: 255.0, ..RGB },
    Preprocess { channels: Channels::Grey { mean: 0.5, std: 0.5 }, resize: Resize::Exactly(Size::square(18)), ..RGB },
    Preprocess { resize: Resize::Exactly(Size::new(25, 18)), crop: Size::new(17, 31), ..RGB },
    Preprocess { resize: Resize::Cover, crop: Size::new(12, 18), ..RGB },
    Preprocess::yolov5(Size::new(33, 24)),
    Preprocess::MNIST,
    Preprocess::LENET5,
];

/// Narrow, wide, smaller and larger than the input, and such that nothing is to be resized.
const SIZES: [(u32, u32); 11] =
    [(1, 1), (1, 9), (9, 1), (1, 300), (7, 5), (18, 18), (20, 20), (24, 24), (24, 33), (28, 28), (61, 40)];

fn coloured(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([(x * 37 + y * 11) as u8, (x * x + y) as u8, (200 + x * y) as u8]))
}

#[track_caller]
fn assert_same(found: &impl Picture, expected: &RgbImage) {
    assert_eq!(found.size(), expected.dimensions());
    for way in WAYS {
        let numbers = way.apply(expected);
        assert_eq!(way.apply(found), numbers, "{way:?}");
        let mut input = vec![f32::NAN; way.shape().elements()];
        way.apply_into(found, &mut input).unwrap();
        assert_eq!(input, numbers, "{way:?}");
    }
}

/// The picture's bytes with this many channels, in rows that are this much further apart; between them are other bytes.
fn bytes(picture: &RgbImage, channels: usize, gap: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in picture.rows() {
        for pixel in row {
            // With fewer channels than three, the picture is grey.
            bytes.extend([pixel[0], pixel[1], pixel[2], pixel[0] ^ pixel[1]].into_iter().take(channels));
        }
        bytes.extend((0..gap).map(|i| 255 - i as u8));
    }
    bytes
}

#[test]
fn bytes_are_read_with_and_without_gaps() {
    for (width, height) in SIZES {
        let picture = coloured(width, height);
        let grey = RgbImage::from_fn(width, height, |x, y| Rgb([(x * 37 + y * 11) as u8; 3]));
        let [w, h] = [width, height].map(|side| side as usize);
        for (channels, picture) in [(1, &grey), (3, &picture), (4, &picture)] {
            assert_same(&Pixels::new(&bytes(picture, channels, 0), w, h, channels).unwrap(), picture);
            for gap in [0, 1, 2, 3, 5, 64] {
                let bytes = bytes(picture, channels, gap);
                let stride = w * channels + gap;
                assert_same(&Pixels::with_row_stride(&bytes, w, h, channels, stride).unwrap(), picture);
                // The last row may lack its gap.
                let bytes = &bytes[..bytes.len() - gap];
                assert_same(&Pixels::with_row_stride(bytes, w, h, channels, stride).unwrap(), picture);
            }
        }
    }
}

#[test]
fn a_part_of_a_picture_is_a_picture() {
    let whole = coloured(40, 30);
    let part = image::imageops::crop_imm(&whole, 11, 7, 25, 19).to_image();
    let first = 3 * (7 * 40 + 11);
    let found = Pixels::with_row_stride(&whole.as_raw()[first..], 25, 19, 3, 3 * 40).unwrap();
    assert_same(&found, &part);
}

#[test]
fn arrays_are_read_in_any_layout() {
    for (width, height) in SIZES {
        let picture = coloured(width, height);
        let [w, h] = [width, height].map(|side| side as usize);
        let array = Array3::from_shape_vec((h, w, 3), picture.as_raw().clone()).unwrap();
        let same = |array: &Array3<u8>| assert_same(&PixelArray::new(array.view()).unwrap(), &picture);
        same(&array);
        // Planes of colours, columns of pixels, and an alpha channel.
        same(&array.view().permuted_axes([2, 0, 1]).as_standard_layout().into_owned().permuted_axes([1, 2, 0]));
        same(&array.view().permuted_axes([1, 0, 2]).as_standard_layout().into_owned().permuted_axes([1, 0, 2]));
        same(&Array3::from_shape_fn((h, w, 4), |(y, x, c)| if c < 3 { array[[y, x, c]] } else { (x ^ y) as u8 }));
        // Every second row and third column, backwards.
        let sparse = Array3::from_shape_fn((2 * h, 3 * w, 3), |(y, x, c)| array[[h - 1 - y / 2, w - 1 - x / 3, c]]);
        let view = sparse.slice(s![..;-2, ..;-3, ..]);
        assert_same(&PixelArray::new(view).unwrap(), &picture);
        // One row and one grey level for all.
        let column = Array3::from_shape_fn((h, 1, 1), |(y, _, _)| y as u8);
        let grey = RgbImage::from_fn(width, height, |_, y| Rgb([y as u8; 3]));
        assert_same(&PixelArray::new(column.broadcast((h, w, 1)).unwrap()).unwrap(), &grey);
        assert_same(&PixelArray::new(column.broadcast((h, w, 3)).unwrap()).unwrap(), &grey);
    }
}

#[test]
fn pictures_of_the_crate_image_are_read_as_to_rgb8_converts_them() {
    let level = |x: u32, y: u32| (x * 997 + y * 13_007) as u16;
    let kinds: [DynamicImage; 8] = [
        coloured(30, 21).into(),
        GrayImage::from_fn(30, 21, |x, y| [level(x, y) as u8].into()).into(),
        ImageBuffer::from_fn(30, 21, |x, y| LumaA([level(x, y) as u8, x as u8])).into(),
        ImageBuffer::from_fn(30, 21, |x, y| Rgba([x as u8, y as u8, level(x, y) as u8, x as u8])).into(),
        ImageBuffer::from_fn(30, 21, |x, y| image::Luma([level(x, y)])).into(),
        ImageBuffer::from_fn(30, 21, |x, y| Rgb([level(x, y), level(y, x), 65_535])).into(),
        ImageBuffer::from_fn(30, 21, |x, y| Rgba([level(x, y), level(y, x), 128, level(x, x)])).into(),
        Rgb32FImage::from_fn(30, 21, |x, y| Rgb([x as f32 / 30.0, y as f32 / 10.0 - 0.5, 0.3])).into(),
    ];
    for kind in kinds {
        assert_same(&kind, &kind.to_rgb8());
    }
    let rgba = ImageBuffer::from_fn(9, 8, |x, y| Rgba([x as u8, y as u8, level(x, y) as u8, 0]));
    assert_same(&rgba, &ImageBuffer::from_fn(9, 8, |x, y| rgba.get_pixel(x, y).to_rgb()));
    // In memory of somebody else, with more of it than pixels.
    let bytes: Vec<u8> = (0..255).collect();
    let borrowed: ImageBuffer<Rgb<u8>, &[u8]> = ImageBuffer::from_raw(7, 8, &bytes[..]).unwrap();
    assert_same(&borrowed, &RgbImage::from_raw(7, 8, bytes[..168].to_vec()).unwrap());
}

/// Says something wrong about its bytes.
struct Careless<'a>(&'a RgbImage, &'a [u8]);

impl Picture for Careless<'_> {
    fn size(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        self.0.get_pixel(x, y).0
    }

    fn as_rgb(&self) -> Option<&[u8]> {
        Some(self.1)
    }
}

#[test]
fn bytes_of_the_wrong_length_are_not_used() {
    let picture = coloured(31, 22);
    for wrong in [&[][..], &[7; 100], &[7; 3 * 31 * 22 + 1]] {
        assert_same(&Careless(&picture, wrong), &picture);
    }
}

#[test]
fn a_picture_that_is_resized_already_is_normalised_to_the_same_numbers() {
    for way in WAYS {
        let sizes: &[(u32, u32)] = match way.resize {
            Resize::ShortSide(side) => &[(side, side), (side, side + 17), (2 * side + 1, side)],
            Resize::Exactly(Size { height, width }) => &[(width as u32, height as u32)],
            Resize::Cover => &[(18, 12), (18, 13), (18, 50), (19, 12), (300, 12)],
            Resize::Letterbox { .. } => &[(24, 33), (24, 32), (24, 1), (23, 33), (1, 33)],
            other => panic!("{other:?} has no sizes"),
        };
        for &(width, height) in sizes {
            let picture = coloured(width, height);
            let mut input = vec![f32::NAN; way.shape().elements()];
            way.normalise(&picture, &mut input).unwrap();
            assert_eq!(input, way.apply(&picture), "{width}x{height} {way:?}");
        }
    }
}

#[test]
fn a_picture_of_the_inputs_size_is_taken_whole() {
    let picture = coloured(20, 20);
    let mut input = [f32::NAN; 3 * 20 * 20];
    RGB.normalise(&picture, &mut input).unwrap();
    let Channels::Rgb { mean, std } = RGB.channels else { unreachable!() };
    for (c, plane) in input.chunks_exact(400).enumerate() {
        for (number, pixel) in plane.iter().zip(picture.pixels()) {
            assert_eq!(*number, (f32::from(pixel[c]) / 255.0 - mean[c]) / std[c]);
        }
    }
    // 32x32 already: nothing is moved, but dark ink becomes white.
    let stroke =
        |ink: u8, paper: u8| GrayImage::from_fn(32, 32, |x, y| [if x == 3 && y < 9 { ink } else { paper }].into());
    let (mut white, mut black) = ([f32::NAN; 1024], [f32::NAN; 1024]);
    Preprocess::LENET5.normalise(&stroke(255, 0), &mut white).unwrap();
    Preprocess::LENET5.normalise(&stroke(0, 255), &mut black).unwrap();
    assert_eq!(white, black);
    assert_eq!((white[3], white[4], white.iter().sum()), (1.0, 0.0, 9.0));
}

#[track_caller]
fn assert_error<T: std::fmt::Debug>(result: Result<T, PreprocessError>, text: &str) {
    assert_eq!(result.unwrap_err().to_string(), text);
}

#[test]
fn unsuitable_bytes_are_refused() {
    let bytes = [0; 60];
    assert_error(
        Pixels::new(&[], 0, 5, 3),
        "a picture of 0x5 has no pixels; check that it was decoded, and its width and height",
    );
    assert_error(
        Pixels::with_row_stride(&bytes, 5, 0, 3, 15),
        "a picture of 5x0 has no pixels; check that it was decoded, and its width and height",
    );
    for channels in [0, 2, 5] {
        let text = format!(
            "pixels have 1, 3 or 4 channels (grey, RGB, RGBA), not {channels}; convert the picture to one of these"
        );
        assert_error(Pixels::new(&bytes, 5, 4, channels), &text);
        assert_error(Pixels::with_row_stride(&bytes, 5, 4, channels, 15), &text);
    }
    assert_error(
        Pixels::new(&bytes, 5, 3, 3),
        "5x3 pixels of 3 bytes do not take 60 bytes; with 4 bytes each, they would",
    );
    assert_error(
        Pixels::new(&bytes, 4, 4, 3),
        "4x4 pixels of 3 bytes do not take 60 bytes; if rows are padded: `Pixels::with_row_stride`, perhaps with 15",
    );
    assert_error(
        Pixels::new(&bytes, 7, 4, 3),
        "7x4 pixels of 3 bytes do not take 60 bytes; check width, height and channels",
    );
    assert_error(
        Pixels::with_row_stride(&bytes, 5, 4, 3, 14),
        "a row takes 15 bytes, so the next cannot begin after 14; the row stride counts bytes, not pixels",
    );
    assert_error(
        Pixels::with_row_stride(&bytes, 5, 4, 3, 16),
        "the rows end after 63 bytes, but there are 60; check height and row stride",
    );
}

#[test]
fn sizes_beyond_memory_are_refused() {
    let huge = [1, 3, usize::MAX / 4, usize::MAX / 3, usize::MAX - 1, usize::MAX];
    let bytes = [0; 64];
    for width in huge {
        for height in huge {
            for channels in [1, 3, 4] {
                // Of the sizes without strides, only 1x1 to 3x3 could have 64 bytes, and none has.
                assert!(Pixels::new(&bytes, width, height, channels).is_err(), "{width}x{height}x{channels}");
                for stride in huge {
                    let picture = Pixels::with_row_stride(&bytes, width, height, channels, stride);
                    let fits = width.max(height) == 3 || width.max(height) == 1;
                    assert!(fits || picture.is_err(), "{width}x{height}x{channels}, {stride}");
                    if let Ok(picture) = picture {
                        picture.rgb(width as u32 - 1, height as u32 - 1);
                    }
                }
            }
        }
    }
}

#[test]
fn unsuitable_arrays_are_refused() {
    let array = |shape: (usize, usize, usize)| Array3::<u8>::zeros(shape);
    assert_error(
        PixelArray::new(array((3, 22, 24)).view()),
        "an array of 3x22x24 is read as rows, columns and channels, and pixels have 1, 3 or 4 channels (grey, RGB, RGBA), \
         not 24; if its channels come first: `.permuted_axes([1, 2, 0])`",
    );
    assert_error(
        PixelArray::new(array((22, 24, 2)).view()),
        "an array of 22x24x2 is read as rows, columns and channels, and pixels have 1, 3 or 4 channels (grey, RGB, RGBA), not 2",
    );
    assert_error(
        PixelArray::new(array((0, 24, 3)).view()),
        "a picture of 24x0 has no pixels; check that it was decoded, and its width and height",
    );
}

#[test]
fn unsuitable_inputs_are_refused() {
    let picture = coloured(24, 24);
    for length in [0, 400, 1199, 1201] {
        let mut input = vec![7.0; length];
        let text = format!("the input is 3x20x20, 1200 numbers, but the slice has {length}");
        assert_error(RGB.apply_into(&picture, &mut input), &text);
        assert_error(RGB.normalise(&picture, &mut input), &text);
        assert!(input.iter().all(|&number| number == 7.0));
    }
    let vast = Preprocess { crop: Size::square(u32::MAX as usize), ..RGB };
    assert_error(
        vast.apply_into(&picture, &mut []),
        &format!("the input is 3x4294967295x4294967295, {} numbers, but the slice has 0", usize::MAX),
    );
    #[cfg(target_pointer_width = "64")]
    assert_error(
        Preprocess { crop: Size::new(1, 1 << 32), ..RGB }.apply_into(&picture, &mut []),
        "a picture of 4294967296x1 is too large; the limit is 4294967295 per side",
    );
}

#[test]
fn a_picture_that_must_be_resized_is_not_normalised() {
    let refused = |way: Preprocess, width, height, text: &str| {
        let mut input = vec![0.0; way.shape().elements()];
        assert_error(way.normalise(&coloured(width, height), &mut input), text);
    };
    let fix = "`apply` and `apply_into` do that, with the feature `resize`";
    for (width, height) in [(640, 480), (20, 21), (23, 24)] {
        let text = format!(
            "a picture of {width}x{height} must be resized first, to 20x20, or a shorter side of 24 to be cropped; {fix}"
        );
        refused(RGB, width, height, &text);
    }
    refused(
        Preprocess::LENET5,
        28,
        30,
        &format!("a picture of 28x30 must be resized first, to 32x32, or 28x28 to be cropped; {fix}"),
    );
    refused(Preprocess::MNIST, 27, 28, &format!("a picture of 27x28 must be resized first, to 28x28; {fix}"));
    let digits = Preprocess { resize: Resize::ShortSide(28), ..Preprocess::MNIST };
    refused(
        digits,
        28,
        30,
        &format!("a picture of 28x30 must be resized first, to 28x28, or a shorter side of 28 to be cropped; {fix}"),
    );
    let input = Size::new(240, 320);
    let wide = |resize| Preprocess { resize, crop: input, ..RGB };
    for (resize, way) in [
        (Resize::ShortSide(256), ", or a shorter side of 256 to be cropped"),
        (Resize::Exactly(input), ""),
        (Resize::Exactly(Size::new(250, 321)), ", or 321x250 to be cropped"),
        (Resize::Cover, ", or 427x240 to be cropped"),
        (Resize::Letterbox { border: [0; 3] }, ", or 320x180 to get a border"),
    ] {
        refused(wide(resize), 64, 36, &format!("a picture of 64x36 must be resized first, to 320x240{way}; {fix}"));
    }
    // In the input's proportions.
    for resize in [Resize::Cover, Resize::Letterbox { border: [0; 3] }] {
        refused(wide(resize), 640, 480, &format!("a picture of 640x480 must be resized first, to 320x240; {fix}"));
    }
    // Width and height are not exchanged.
    refused(
        wide(Resize::Exactly(input)),
        240,
        320,
        &format!("a picture of 240x320 must be resized first, to 320x240; {fix}"),
    );
}

#[test]
fn a_picture_without_pixels_is_all_border_or_an_error() {
    for size in [(0, 0), (0, 9), (9, 0)] {
        for way in WAYS {
            let border = if let Resize::Letterbox { border } = way.resize { border } else { [0; 3] };
            let border = way.apply(&RgbImage::from_pixel(1, 1, Rgb(border)));
            let empty = RgbImage::new(size.0, size.1);
            assert_eq!(way.apply(&empty), border);
            let mut input = vec![7.0; way.shape().elements()];
            for refused in [way.apply_into(&empty, &mut input), way.normalise(&empty, &mut input)] {
                assert!(matches!(refused, Err(PreprocessError::Empty { .. })), "{refused:?}");
            }
            assert!(input.iter().all(|&number| number == 7.0));
        }
    }
}
