//! From pixels to LeNet-5's input. Each test varies one thing that may differ between pictures, on a drawn digit.

use std::sync::LazyLock;

use flate2::read::GzDecoder;

use super::*;

/// A picture of a 7 drawn in code. A 7 has a corner, and looks different when it is mirrored or turned.
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

    /// Changes each pixel, given its position.
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

    fn read(&self) -> Result<Input, Blank> {
        let level = |level: f32| (level * 255.0).round().clamp(0.0, 255.0) as u8;
        let pixels: Vec<[u8; 3]> = self.pixels.iter().map(|pixel| pixel.map(level)).collect();
        read(&Picture::new(self.width, self.height, &pixels).unwrap())
    }
}

/// Reproducible noise, -1 to 1.
fn noise(x: usize, y: usize) -> f32 {
    let hash = (x as u32).wrapping_mul(0x9e37_79b1) ^ (y as u32).wrapping_mul(0x85eb_ca77);
    let hash = (hash ^ hash >> 15).wrapping_mul(0x2c1b_3c6d);
    (hash >> 8) as f32 / (1 << 23) as f32 - 1.0
}

/// How alike two inputs are, up to a shift by a pixel, since centring rounds: 1 if they are the same, 0 if they are
/// unrelated.
fn likeness(a: &Input, b: &Input) -> f32 {
    let shifts = (0..9).map(|i| (i / 3) * SIDE + i % 3);
    // A digit is at least two pixels from the edge, so nothing of it is lost.
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

/// Fails unless the input is close to that of the plain drawing.
#[track_caller]
fn assert_plain(input: &Input, least: f32) {
    static PLAIN_INPUT: LazyLock<Input> = LazyLock::new(|| Drawing::plain().read().unwrap());
    let likeness = likeness(input, &PLAIN_INPUT);
    assert!(likeness >= least, "likeness {likeness}");
}

#[test]
fn the_plain_seven_fills_its_box_and_is_centred() {
    let input = Drawing::plain().read().unwrap();
    let inked = |x: usize, y: usize| input[y * SIDE + x] > 0.3;
    let rows: Vec<usize> = (0..SIDE).filter(|&y| (0..SIDE).any(|x| inked(x, y))).collect();
    assert_eq!(rows.len(), 20);
    let mass: f32 = input.iter().sum();
    let centre = |coordinate: fn(usize) -> usize| {
        input.iter().enumerate().map(|(i, level)| level * (coordinate(i) as f32 + 0.5)).sum::<f32>() / mass
    };
    // As in MNIST, where it is between 16 and 17 as well.
    assert!((centre(|i| i % SIDE) - 16.5).abs() <= 0.5 && (centre(|i| i / SIDE) - 16.5).abs() <= 0.5);
    assert!(input.iter().all(|level| (0.0..=1.0).contains(level)) && input.contains(&1.0) && input[0] == 0.0);
}

#[test]
fn an_image_of_mnist_passes_unchanged_on_black_and_on_white() {
    let labels = GzDecoder::new(crate::mnist::TEST_LABELS);
    let images = GzDecoder::new(crate::mnist::TEST_IMAGES);
    let (labels, images) = (idx::labels(labels).unwrap(), idx::images(images).unwrap());
    assert_eq!((images.len(), &labels[..10]), (1000, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9][..]));
    for image in &images[..50] {
        let direct = from_mnist(image);
        let grey = |levels: idx::Image| read(&Picture::new(28, 28, &levels.map(|level| [level; 3])).unwrap()).unwrap();
        assert_eq!(grey(*image), direct);
        let inverted = grey(image.map(|level| 255 - level));
        assert!(inverted.iter().zip(&direct).all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

#[test]
fn a_picture_has_as_many_pixels_as_its_size_says() {
    let pixels = [[255; 3]; 6];
    assert!(Picture::new(2, 3, &pixels).is_some());
    assert!(Picture::new(2, 2, &pixels).is_none());
    assert!(Picture::new(usize::MAX, 6, &pixels).is_none());
    assert!(Picture::new(0, 5, &[]).is_none());
}

#[test]
fn light_ink_on_dark_paper_is_the_same() {
    let mut drawing = Drawing::plain();
    drawing.each(|_, _, pixel| pixel.map(|level| 0.95 - 0.9 * level));
    assert_plain(&drawing.read().unwrap(), 0.99);
}

#[test]
fn place_and_size_do_not_matter() {
    let mut corner = Drawing::new(500, 400, WHITE);
    corner.seven(Seven { left: 420.0, top: 20.0, height: 60.0, pen: 6.0 }, BLACK);
    assert_plain(&corner.read().unwrap(), 0.97);
    let mut page = Drawing::new(700, 900, WHITE);
    page.seven(Seven { left: 200.0, top: 700.0, height: 60.0, pen: 6.0 }, BLACK);
    assert_plain(&page.read().unwrap(), 0.97);
    let mut tight = Drawing::new(84, 132, WHITE);
    tight.seven(Seven { left: 6.0, top: 6.0, ..PLAIN }, BLACK);
    assert_plain(&tight.read().unwrap(), 0.97);
}

#[test]
fn pens_are_brought_to_the_same_width() {
    for (pen, least) in [(3.0, 0.8), (24.0, 0.8)] {
        let mut drawing = Drawing::new(200, 200, WHITE);
        drawing.seven(Seven { pen, ..PLAIN }, BLACK);
        assert_plain(&drawing.read().unwrap(), least);
    }
}

#[test]
fn a_few_pixels_are_enough() {
    let mut drawing = Drawing::new(8, 8, WHITE);
    drawing.seven(Seven { left: 2.0, top: 1.5, height: 5.0, pen: 1.0 }, BLACK);
    assert_plain(&drawing.read().unwrap(), 0.6);
}

#[test]
fn uneven_light_and_noise_are_taken_away() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| {
        let light = 0.85 - 0.002 * x as f32 - 0.000_008 * (y * y) as f32;
        pixel.map(|level| light * (0.3 + 0.7 * level) + 0.03 * noise(x, y))
    });
    assert_plain(&drawing.read().unwrap(), 0.97);
}

#[test]
fn the_edge_of_a_shadow_is_not_a_stroke() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| {
        let shadow = if x + y / 2 > 190 { 0.65 } else { 0.9 };
        pixel.map(|level| shadow * (0.2 + 0.8 * level) + 0.01 * noise(x, y))
    });
    assert_plain(&drawing.read().unwrap(), 0.95);
}

#[test]
fn specks_and_a_frame_are_dropped() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| {
        let speck = [(20, 20), (170, 150), (60, 100)].iter().any(|&(left, top)| x / 3 == left / 3 && y / 3 == top / 3);
        let frame = x < 4 || y < 3 || x >= 195;
        if speck || frame { BLACK } else { pixel }
    });
    assert_plain(&drawing.read().unwrap(), 0.99);
}

#[test]
fn ruled_lines_as_dark_as_ink_are_dropped() {
    let mut drawing = Drawing::plain();
    drawing.each(|x, y, pixel| if (y + x / 60) % 45 < 2 { [0.2; 3] } else { pixel });
    assert_plain(&drawing.read().unwrap(), 0.95);
}

#[test]
fn colours_of_equal_brightness_are_distinguished() {
    let mut drawing = Drawing::new(200, 200, WHITE);
    drawing.seven(PLAIN, [1.0, 1.0, 0.3]);
    assert_plain(&drawing.read().unwrap(), 0.98);
    let mut drawing = Drawing::new(200, 200, [0.0, 0.5, 0.0]);
    drawing.seven(PLAIN, [0.9, 0.1, 0.0]);
    assert_plain(&drawing.read().unwrap(), 0.98);
}

#[test]
fn blank_paper_shows_no_digit() {
    let mut drawing = Drawing::new(120, 90, WHITE);
    assert_eq!(drawing.read(), Err(Blank));
    drawing.each(|x, y, _| [0.7 - 0.001 * x as f32 + 0.02 * noise(x, y); 3]);
    assert_eq!(drawing.read(), Err(Blank));
}
