//! From files to LeNet-5's input: what may be different from picture to picture, each on a drawn digit.

use std::sync::LazyLock;

use super::*;

/// Reads a digit from what a PNG or JPEG file holds.
fn from_bytes(bytes: &[u8]) -> Result<Input, DigitError> {
    from_picture(&picture::decode(bytes).map_err(DigitError::Picture)?)
}

/// A picture drawn in code, of a 7: it has a corner, and no mirroring or turning leaves it as it is.
struct Drawing {
    width: usize,
    height: usize,
    pixels: Vec<[f32; 3]>,
}

/// Where the 7 is drawn: its upper left corner, its height and the width of the pen.
#[derive(Clone, Copy)]
struct Seven {
    left: f32,
    top: f32,
    height: f32,
    pen: f32,
}

const WHITE: [f32; 3] = [1.0; 3];
const BLACK: [f32; 3] = [0.0; 3];
const PLAIN: Seven = Seven { left: 60.0, top: 40.0, height: 120.0, pen: 12.0 };

impl Drawing {
    fn new(width: usize, height: usize, paper: [f32; 3]) -> Self {
        Self { width, height, pixels: vec![paper; width * height] }
    }

    fn plain() -> Self {
        let mut drawing = Self::new(200, 200, WHITE);
        drawing.seven(PLAIN, BLACK);
        drawing
    }

    /// Changes each pixel, knowing where it is.
    fn each(&mut self, f: impl Fn(usize, usize, [f32; 3]) -> [f32; 3]) {
        for (i, pixel) in self.pixels.iter_mut().enumerate() {
            *pixel = f(i % self.width, i / self.width, *pixel);
        }
    }

    fn line(&mut self, (x0, y0): (f32, f32), (x1, y1): (f32, f32), pen: f32, ink: [f32; 3]) {
        let (dx, dy) = (x1 - x0, y1 - y0);
        self.each(|x, y, pixel| {
            let (x, y) = (x as f32 + 0.5 - x0, y as f32 + 0.5 - y0);
            let along = ((x * dx + y * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
            let cover = (0.5 + 0.5 * pen - (x - along * dx).hypot(y - along * dy)).clamp(0.0, 1.0);
            std::array::from_fn(|channel| pixel[channel] + cover * (ink[channel] - pixel[channel]))
        });
    }

    fn seven(&mut self, Seven { left, top, height, pen }: Seven, ink: [f32; 3]) {
        let corner = (left + 0.6 * height, top);
        self.line((left, top), corner, pen, ink);
        self.line(corner, (left + 0.2 * height, top + height), pen, ink);
    }

    fn png(&self) -> Vec<u8> {
        let bytes = self.pixels.iter().flatten().map(|level| (level * 255.0).round().clamp(0.0, 255.0) as u8);
        encode(self.width, self.height, png::ColorType::Rgb, png::BitDepth::Eight, &bytes.collect::<Vec<_>>())
    }

    fn read(&self) -> Input {
        from_bytes(&self.png()).unwrap()
    }
}

fn encode(width: usize, height: usize, colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    bytes
}

/// Noise that is the same each time, -1 to 1.
fn noise(x: usize, y: usize) -> f32 {
    let hash = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    let hash = (hash ^ hash >> 15).wrapping_mul(0x2c1b_3c6d);
    (hash >> 8) as f32 / (1 << 23) as f32 - 1.0
}

/// How like two inputs are, wherever whole pixels put the centre of mass: 1 if they are the same, 0 if they have
/// nothing to do with one another.
fn likeness(a: &Input, b: &Input) -> f32 {
    let shifts = (0..9).map(|i| (i / 3) * SIDE + i % 3);
    // A digit is at least two pixels from the edge, so none of it is lost.
    let shifted = |shift: usize| {
        std::array::from_fn(|i| if i < SIDE + 1 { 0.0 } else { *a.get(i - SIDE - 1 + shift).unwrap_or(&0.0) })
    };
    shifts.map(|shift| correlation(&shifted(shift), b)).fold(0.0, f32::max)
}

fn correlation(a: &Input, b: &Input) -> f32 {
    let mean = |input: &Input| input.iter().sum::<f32>() / input.len() as f32;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |a: &Input, mean_a: f32, b: &Input, mean_b: f32| -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
    };
    product(a, mean_a, b, mean_b) / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

/// Fails if the input is not nearly that of the plain drawing.
#[track_caller]
fn assert_plain(input: &Input, least: f32) {
    static PLAIN_INPUT: LazyLock<Input> = LazyLock::new(|| Drawing::plain().read());
    let likeness = likeness(input, &PLAIN_INPUT);
    assert!(likeness >= least, "likeness {likeness}");
}

#[test]
fn the_plain_seven_fills_its_box_and_is_centred() {
    let input = Drawing::plain().read();
    let inked = |x: usize, y: usize| input[y * SIDE + x] > 0.3;
    let rows: Vec<usize> = (0..SIDE).filter(|&y| (0..SIDE).any(|x| inked(x, y))).collect();
    assert_eq!(rows.len(), 20);
    let mass: f32 = input.iter().sum();
    let centre = |coordinate: fn(usize) -> usize| {
        input.iter().enumerate().map(|(i, level)| level * (coordinate(i) as f32 + 0.5)).sum::<f32>() / mass
    };
    // MNIST's digits have it between 16 and 17 as well.
    assert!((centre(|i| i % SIDE) - 16.5).abs() <= 0.5 && (centre(|i| i / SIDE) - 16.5).abs() <= 0.5);
    assert!(input.iter().all(|level| (0.0..=1.0).contains(level)) && input.contains(&1.0) && input[0] == 0.0);
}

#[test]
fn an_image_of_mnist_passes_unchanged_on_black_and_on_white() {
    let labels = idx::labels(include_bytes!("../../../digits/test-labels-idx1-ubyte.gz")).unwrap();
    let images = idx::images(include_bytes!("../../../digits/test-images-idx3-ubyte.gz")).unwrap();
    assert_eq!((images.len(), &labels[..10]), (1000, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..]));
    for image in &images[..50] {
        let direct = from_mnist(image);
        let grey = |data: &[u8]| encode(28, 28, png::ColorType::Grayscale, png::BitDepth::Eight, data);
        assert_eq!(from_bytes(&grey(image)).unwrap(), direct);
        let inverted = from_bytes(&grey(&image.map(|level| 255 - level))).unwrap();
        assert!(inverted.iter().zip(&direct).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

#[test]
fn light_ink_on_dark_paper_is_the_same() {
    let mut drawing = Drawing::plain();
    drawing.each(|_, _, pixel| pixel.map(|level| 0.95 - 0.9 * level));
    assert_plain(&drawing.read(), 0.99);
}

#[test]
fn place_and_size_do_not_matter() {
    let mut corner = Drawing::new(500, 400, WHITE);
    corner.seven(Seven { left: 420.0, top: 20.0, height: 60.0, pen: 6.0 }, BLACK);
    assert_plain(&corner.read(), 0.97);
    let mut page = Drawing::new(700, 900, WHITE);
    page.seven(Seven { left: 200.0, top: 700.0, height: 60.0, pen: 6.0 }, BLACK);
    assert_plain(&page.read(), 0.97);
    let mut tight = Drawing::new(84, 132, WHITE);
    tight.seven(Seven { left: 6.0, top: 6.0, ..PLAIN }, BLACK);
    assert_plain(&tight.read(), 0.97);
}

#[test]
fn pens_are_brought_to_the_same_width() {
    for (pen, least) in [(3.0, 0.8), (24.0, 0.8)] {
        let mut drawing = Drawing::new(200, 200, WHITE);
        drawing.seven(Seven { pen, ..PLAIN }, BLACK);
        assert_plain(&drawing.read(), least);
    }
}

#[test]
fn a_few_pixels_are_enough() {
    let mut drawing = Drawing::new(8, 8, WHITE);
    drawing.seven(Seven { left: 2.0, top: 1.5, height: 5.0, pen: 1.0 }, BLACK);
    assert_plain(&drawing.read(), 0.6);
}

#[test]
fn uneven_light_and_noise_are_taken_away() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| {
        let light = 0.85 - 0.002 * x as f32 - 0.000_008 * (y * y) as f32;
        pixel.map(|level| light * (0.3 + 0.7 * level) + 0.03 * noise(x, y))
    });
    assert_plain(&drawing.read(), 0.97);
}

#[test]
fn the_edge_of_a_shadow_is_no_stroke() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| {
        let shadow = if x + y / 2 > 190 { 0.65 } else { 0.9 };
        pixel.map(|level| shadow * (0.2 + 0.8 * level) + 0.01 * noise(x, y))
    });
    assert_plain(&drawing.read(), 0.95);
}

#[test]
fn specks_and_a_frame_are_dropped() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| {
        let speck = [(20, 20), (170, 150), (60, 100)].iter().any(|&(left, top)| x / 3 == left / 3 && y / 3 == top / 3);
        let frame = x < 4 || y < 3 || x >= 195;
        if speck || frame { BLACK } else { pixel }
    });
    assert_plain(&drawing.read(), 0.99);
}

#[test]
fn ruled_lines_as_dark_as_ink_are_dropped() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| if (y + x / 60) % 45 < 2 { [0.2; 3] } else { pixel });
    assert_plain(&drawing.read(), 0.95);
}

#[test]
fn colours_of_equal_brightness_are_told_apart() {
    let mut drawing = Drawing::new(200, 200, WHITE);
    drawing.seven(PLAIN, [1.0, 1.0, 0.3]);
    assert_plain(&drawing.read(), 0.98);
    let mut drawing = Drawing::new(200, 200, [0.0, 0.5, 0.0]);
    drawing.seven(PLAIN, [0.9, 0.1, 0.0]);
    assert_plain(&drawing.read(), 0.98);
}

#[test]
fn what_is_transparent_is_paper_for_any_ink() {
    for ink in [BLACK, WHITE, [1.0, 0.9, 0.2]] {
        let plain = Drawing::plain();
        let [r, g, b] = ink.map(|level| (level * 255.0) as u8);
        let data: Vec<u8> = plain.pixels.iter().flat_map(|pixel| [r, g, b, (255.0 - pixel[0] * 255.0) as u8]).collect();
        let bytes = encode(200, 200, png::ColorType::Rgba, png::BitDepth::Eight, &data);
        assert_plain(&from_bytes(&bytes).unwrap(), 0.99);
    }
}

#[test]
fn every_kind_of_png_is_read() {
    let grey: Vec<u8> = Drawing::plain().pixels.iter().map(|pixel| (pixel[0] * 255.0) as u8).collect();
    let wide: Vec<u8> = grey.iter().flat_map(|&level| [level, 17]).collect();
    assert_plain(
        &from_bytes(&encode(200, 200, png::ColorType::Grayscale, png::BitDepth::Sixteen, &wide)).unwrap(),
        0.99,
    );
    let opaque: Vec<u8> = grey.iter().flat_map(|&level| [level, 255]).collect();
    let bytes = encode(200, 200, png::ColorType::GrayscaleAlpha, png::BitDepth::Eight, &opaque);
    assert_plain(&from_bytes(&bytes).unwrap(), 0.99);
    let bits: Vec<u8> = grey.chunks(8).map(|row| row.iter().fold(0, |bits, &level| bits << 1 | level >> 7)).collect();
    assert_plain(&from_bytes(&encode(200, 200, png::ColorType::Grayscale, png::BitDepth::One, &bits)).unwrap(), 0.97);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 200, 200);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::One);
    encoder.set_palette(vec![20, 20, 120, 250, 250, 240]);
    encoder.write_header().unwrap().write_image_data(&bits).unwrap();
    assert_plain(&from_bytes(&bytes).unwrap(), 0.97);
}

#[test]
fn a_turned_picture_is_turned_back() {
    let plain = Drawing::plain();
    let mut turned = Drawing::new(200, 200, WHITE);
    // Stored as a camera on its side does: its first column is the upper row.
    turned.each(|x, y, _| plain.pixels[(199 - x) * 200 + y]);
    let exif = |tag: u8| [b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[tag][..], b"\0\0\0\0\0\0"].concat();
    // Orientation 8 turns anticlockwise.
    let bytes = with_exif(&turned, exif(8));
    assert_plain(&from_bytes(&bytes).unwrap(), 0.99);
    assert!(likeness(&from_bytes(&with_exif(&turned, exif(1))).unwrap(), &plain.read()) < 0.6);
}

fn with_exif(drawing: &Drawing, exif: Vec<u8>) -> Vec<u8> {
    let mut info = png::Info::with_size(drawing.width as u32, drawing.height as u32);
    info.color_type = png::ColorType::Rgb;
    info.bit_depth = png::BitDepth::Eight;
    info.exif_metadata = Some(exif.into());
    let data: Vec<u8> = drawing.pixels.iter().flatten().map(|level| (level * 255.0) as u8).collect();
    let mut bytes = Vec::new();
    let encoder = png::Encoder::with_info(&mut bytes, info).unwrap();
    encoder.write_header().unwrap().write_image_data(&data).unwrap();
    bytes
}

#[test]
fn a_photograph_is_read() {
    let input = from_bytes(include_bytes!("../../../digits/samples/3-photo.jpg")).unwrap();
    let mass: f32 = input.iter().sum();
    // Strokes, not a shadow: MNIST's digits have 30 to 200.
    assert!((30.0..200.0).contains(&mass), "{mass}");
}

#[test]
fn blank_paper_shows_no_digit() {
    let mut drawing = Drawing::new(120, 90, WHITE);
    assert!(matches!(from_bytes(&drawing.png()), Err(DigitError::Blank)));
    drawing.each(|x, y, _| [0.7 - 0.001 * x as f32 + 0.02 * noise(x, y); 3]);
    assert!(matches!(from_bytes(&drawing.png()), Err(DigitError::Blank)));
}
