//! Pictures and inputs of any size, against the definition of each filter in double precision.

use cnn_preprocess::{Channels, Filter, Picture, Placement, Preprocess, Resize, Size};

const LEVELS: Channels = Channels::Rgb { mean: [0.0; 3], std: [1.0; 3] };
const BORDER: [u8; 3] = [114, 7, 250];

/// Sizes as width, height.
const PICTURES: [(u32, u32); 10] =
    [(1, 1), (1, 1000), (1000, 1), (3, 2), (7, 5), (24, 33), (25, 32), (64, 48), (61, 47), (160, 35)];
const INPUTS: [Size; 7] = [
    Size::new(1, 1),
    Size::new(1, 9),
    Size::new(24, 33),
    Size::new(20, 20),
    Size::new(12, 61),
    Size::new(100, 3),
    Size::new(48, 64),
];
const RESIZES: [Resize; 7] = [
    Resize::ShortSide(24),
    Resize::ShortSide(41),
    Resize::Exactly(Size::new(24, 33)),
    Resize::Exactly(Size::new(40, 21)),
    Resize::Exactly(Size::new(7, 90)),
    Resize::Cover,
    Resize::Letterbox { border: BORDER },
];

/// Rows of pixels without structure.
struct Noise {
    width: u32,
    height: u32,
}

impl Picture for Noise {
    fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    fn rgb(&self, x: u32, y: u32) -> [u8; 3] {
        let mixed = (x * 0x9E37 + y * 0x85EB + 1).wrapping_mul(0x2C1B_3C6D);
        [(mixed >> 8) as u8, (mixed >> 16) as u8, (mixed >> 24) as u8]
    }
}

/// What is left of a side: its length after resizing, and where it begins in the input; less than 0 if it is cropped.
struct Side {
    length: u32,
    resized: f64,
    offset: i64,
}

/// Python's `round`.
fn round(number: f64) -> f64 {
    number.round_ties_even()
}

/// From the words of the documentation, in floating point.
fn sides(resize: Resize, (width, height): (u32, u32), input: Size) -> [Side; 2] {
    let [w, h] = [width, height].map(f64::from);
    let [across, down] = [input.width, input.height].map(|side| side as f64);
    let in_proportion = |scale: f64| [round(w * scale).max(1.0), round(h * scale).max(1.0)];
    let resized = match resize {
        Resize::ShortSide(side) => [(f64::from(side) * w / w.min(h)).floor(), (f64::from(side) * h / w.min(h)).floor()],
        Resize::Exactly(size) => [size.width as f64, size.height as f64],
        Resize::Cover => in_proportion((across / w).max(down / h)),
        Resize::Letterbox { .. } => in_proportion((across / w).min(down / h)),
        other => panic!("{other:?} is not tested"),
    };
    let side = |length, resized: f64, input: f64| {
        let free = input - resized;
        let offset = if free < 0.0 { -round(-free / 2.0) } else { (free / 2.0).floor() };
        Side { length, resized, offset: offset as i64 }
    };
    [side(width, resized[0], across), side(height, resized[1], down)]
}

/// The pixels that one of the input is made of, with weights that add up to 1; none on the border.
fn taps(side: &Side, at: usize, filter: Filter) -> Vec<(u32, f64)> {
    let at = at as i64 - side.offset;
    if at < 0 || at as f64 >= side.resized {
        return Vec::new();
    }
    let reduction = f64::from(side.length) / side.resized;
    let centre = (at as f64 + 0.5) * reduction - 0.5;
    let (scale, weight): (f64, fn(f64) -> f64) = match filter {
        Filter::Bilinear => (reduction.max(1.0), |x| (1.0 - x).max(0.0)),
        Filter::BilinearAliased => (1.0, |x| (1.0 - x).max(0.0)),
        Filter::Bicubic => (reduction.max(1.0), |x| match x {
            x if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
            x if x < 2.0 => ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0,
            _ => 0.0,
        }),
        other => panic!("{other:?} is not tested"),
    };
    let weights = (0..side.length).map(|i| (i, weight((f64::from(i) - centre).abs() / scale)));
    let taps: Vec<(u32, f64)> = weights.filter(|(_, weight)| *weight != 0.0).collect();
    let sum: f64 = taps.iter().map(|(_, weight)| weight).sum();
    taps.into_iter().map(|(i, weight)| (i, weight / sum)).collect()
}

/// The levels of an input, channel by channel; rows are rounded before columns, as in Pillow.
fn expected(picture: &Noise, way: &Preprocess) -> Vec<f64> {
    let border = if let Resize::Letterbox { border } = way.resize { border } else { [0; 3] };
    let [across, down] = sides(way.resize, picture.size(), way.crop);
    let columns: Vec<_> = (0..way.crop.width).map(|x| taps(&across, x, way.filter)).collect();
    let rows: Vec<_> = (0..way.crop.height).map(|y| taps(&down, y, way.filter)).collect();
    let level = |sum: f64| sum.round().clamp(0.0, 255.0);
    let mut levels = Vec::new();
    for (c, border) in border.into_iter().enumerate() {
        let across = |y| {
            let source = move |x| f64::from(picture.rgb(x, y)[c]);
            columns.iter().map(move |taps| level(taps.iter().map(|&(x, weight)| weight * source(x)).sum()))
        };
        let narrow: Vec<Vec<f64>> = (0..picture.height).map(|y| across(y).collect()).collect();
        for rows in &rows {
            levels.extend(columns.iter().enumerate().map(|(x, columns)| {
                let sum = || rows.iter().map(|&(y, weight)| weight * narrow[y as usize][x]).sum();
                if rows.is_empty() || columns.is_empty() { border.into() } else { level(sum()) }
            }));
        }
    }
    levels
}

/// Two levels are promised, and most are exact.
#[test]
fn every_input_is_what_the_definitions_say() {
    let (mut levels, mut inexact) = (0, 0);
    for (width, height) in PICTURES {
        let picture = Noise { width, height };
        for (crop, resize) in INPUTS.into_iter().flat_map(|crop| RESIZES.map(|resize| (crop, resize))) {
            for filter in [Filter::Bilinear, Filter::Bicubic, Filter::BilinearAliased] {
                let way = Preprocess { resize, filter, crop, white: 255.0, channels: LEVELS };
                let (found, expected) = (way.apply(&picture), expected(&picture, &way));
                assert_eq!(found.len(), expected.len());
                for (found, expected) in found.iter().zip(&expected) {
                    let difference = (f64::from(*found) - expected).abs();
                    assert!(difference <= 2.0, "{difference} of {width}x{height}, {way:?}");
                    inexact += usize::from(difference > 0.0);
                }
                levels += found.len();
            }
        }
    }
    // Where two numbers are equally far away, as often if half a picture is as large as the input, either one may be chosen.
    assert!(inexact * 50 < levels, "{inexact} of {levels}");
}

#[test]
fn a_placement_says_where_pixels_are() {
    for (width, height) in PICTURES {
        let picture = Noise { width, height };
        for (crop, resize) in INPUTS.into_iter().flat_map(|crop| RESIZES.map(|resize| (crop, resize))) {
            let way = Preprocess { resize, crop, ..Preprocess::TORCHVISION };
            let placement = way.placement(&picture).unwrap();
            let [across, down] = sides(resize, (width, height), crop);
            let corners = [[0.0, 0.0], [width as f32, height as f32], [width as f32 / 3.0, height as f32 / 5.0]];
            for [x, y] in corners {
                let expected = [(x, width, &across), (y, height, &down)]
                    .map(|(at, length, side)| f64::from(at) / f64::from(length) * side.resized + side.offset as f64);
                let found = placement.to_input([x, y]);
                let near = |a: f32, b: f64, most: f64| (f64::from(a) - b).abs() <= 1e-5 * most.max(1.0);
                let sides = [across.resized, down.resized];
                assert!((0..2).all(|i| near(found[i], expected[i], sides[i])), "{found:?} {expected:?} {way:?}");
                let back = placement.to_picture(found);
                assert!(near(back[0], x.into(), width.into()) && near(back[1], y.into(), height.into()), "{back:?}");
            }
        }
    }
}

#[test]
fn a_letterbox_maps_boxes_as_yolov5_does() {
    // `ratio` and `(dw, dh)` of `letterbox(im, (240, 320), auto=False)`; its borders are rounded down.
    for ((width, height), ratio, [dw, dh]) in
        [((640, 480), 0.5, [0.0, 0.0]), ((640, 360), 0.5, [0.0, 30.0]), ((100, 160), 1.5, [85.0, 0.0])]
    {
        let placement = Preprocess::yolov5(Size::new(240, 320)).placement(&Noise { width, height }).unwrap();
        assert_eq!(placement, Placement { scale: [ratio; 2], offset: [dw, dh] });
        assert_eq!(placement.to_picture([dw, dh]), [0.0, 0.0]);
        assert_eq!(placement.to_picture([320.0 - dw, 240.0 - dh]), [width as f32, height as f32]);
    }
}

#[test]
fn what_is_not_in_the_input_has_no_placement() {
    let picture = Noise { width: 5, height: 4 };
    let placement = |way: Preprocess, picture: &Noise| way.placement(picture);
    assert_eq!(placement(Preprocess::LENET5, &picture), None);
    for (width, height) in [(0, 0), (0, 5), (5, 0)] {
        assert_eq!(placement(Preprocess::yolov5(Size::new(8, 8)), &Noise { width, height }), None);
    }
    for input in [Size::new(0, 8), Size::new(8, 0), Size::new(0, 0)] {
        assert_eq!(placement(Preprocess::yolov5(input), &picture), None);
        assert_eq!(Preprocess::yolov5(input).apply(&picture), [0.0; 0]);
    }
    assert_eq!(placement(Preprocess { resize: Resize::ShortSide(0), ..Preprocess::TORCHVISION }, &picture), None);
}

/// All sizes that a net may have, and others: whole inputs of levels that are in the picture, or of the border.
#[test]
fn extreme_sizes_give_whole_inputs() {
    let huge = u32::MAX as usize;
    let resizes = [
        Resize::ShortSide(1),
        Resize::ShortSide(u32::MAX),
        Resize::Exactly(Size::new(huge, 1)),
        Resize::Exactly(Size::new(1, huge)),
        Resize::Exactly(Size::new(0, 7)),
        Resize::Cover,
        Resize::Letterbox { border: [9; 3] },
    ];
    for (width, height) in [(1, 1), (1, 30_000), (30_000, 1), (3, 2)] {
        let plain: Vec<u8> = vec![200; 3 * width * height];
        let picture = cnn_preprocess::Pixels::new(&plain, width, height, 3).unwrap();
        for (crop, resize) in INPUTS.into_iter().flat_map(|crop| resizes.map(|resize| (crop, resize))) {
            let way = Preprocess { resize, crop, white: 255.0, channels: LEVELS, ..Preprocess::TORCHVISION };
            let input = way.apply(&picture);
            assert_eq!(input.len(), 3 * crop.height * crop.width);
            let border = if matches!(resize, Resize::Letterbox { .. }) { 9.0 } else { 0.0 };
            assert!(input.iter().all(|&level| level == 200.0 || level == border), "{width}x{height} {way:?}");
            let some = !matches!(resize, Resize::Exactly(Size { height: 0, .. }));
            assert_eq!(input.contains(&200.0), some, "{width}x{height} {way:?}");
            assert!(resize != Resize::Cover || !input.contains(&0.0));
        }
    }
}
