//! Images that are changed a little each time that they are seen, so that a net learns what matters in them (Simard, Steinkraus & Platt
//! 2003).

use std::fmt;
use std::str::FromStr;

use cnn_net::op::Shape;
use libm::{cos, floor, sin};
use serde::{Deserialize, Serialize};

use crate::random::unit;

/// How images are changed; by default, not at all. What happens to an image follows from the seed, the epoch and the image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Augment {
    /// Moved by up to this many whole pixels in each direction.
    pub shift: u32,
    /// Mirrored, every other time: left is right.
    pub flip: bool,
    /// Reduced to a part, enlarged again, that has at least this share of each side; 0 for none.
    pub crop: f64,
    /// Rotated by up to this many degrees.
    pub rotate: f64,
}

/// The smallest part of each side that `crop` alone keeps.
const CROP: f64 = 0.8;

impl Augment {
    /// Whether images stay as they are.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Changes an image, in the order C, H, W. What comes from beyond its edges is 0.
    pub(crate) fn apply(&self, bits: [u32; 4], shape: Shape, image: &mut [f32]) {
        let (size, area) = (shape.size(), shape.size().area());
        if area < 2 || self.is_none() {
            return;
        }
        let from = image.to_vec();
        let map = self.map(bits, [size.width, size.height]);
        let planes = from.chunks_exact(area).zip(image.chunks_exact_mut(area));
        for (from, to) in planes {
            for (index, to) in to.iter_mut().enumerate() {
                let at = map.at([(index % size.width) as f64, (index / size.width) as f64]);
                *to = sample(from, [size.width, size.height], at);
            }
        }
    }

    /// Where the pixels of the changed image come from.
    fn map(&self, bits: [u32; 4], size: [usize; 2]) -> Map {
        // Two independent halves of each word.
        let halves = |word: u32| [word >> 16, word << 16].map(|half| unit(half & 0xffff_0000 | half << 16));
        let signed = |share: f64| 2.0 * share - 1.0;
        let [angle, _] = [bits[0], 0].map(|word| signed(unit(word)) * self.rotate.to_radians());
        let places = f64::from(2 * self.shift + 1);
        let shift = halves(bits[1]).map(|share| floor(share * places) - f64::from(self.shift));
        let scale = if self.crop > 0.0 { self.crop + (1.0 - self.crop) * unit(bits[2] << 8) } else { 1.0 };
        let mirrored = self.flip && bits[2] >> 31 == 1;
        let spare = halves(bits[3]).map(|share| signed(share) * (1.0 - scale) / 2.0);
        let centre = size.map(|side| (side as f64 - 1.0) / 2.0);
        let to = [0, 1].map(|side| centre[side] + spare[side] * size[side] as f64 - shift[side]);
        let turn = if angle == 0.0 { [1.0, 0.0] } else { [cos(angle), sin(angle)] };
        Map { centre, to, turn: turn.map(|part| part * scale), mirrored }
    }
}

/// A rotation and a scaling around the centre, after perhaps mirroring.
struct Map {
    centre: [f64; 2],
    /// Where the centre comes from.
    to: [f64; 2],
    turn: [f64; 2],
    mirrored: bool,
}

impl Map {
    fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [dx, dy] = [x - self.centre[0], y - self.centre[1]];
        let dx = if self.mirrored { -dx } else { dx };
        let [cos, sin] = self.turn;
        [self.to[0] + cos * dx - sin * dy, self.to[1] + sin * dx + cos * dy]
    }
}

/// A plane between its pixels, bilinearly; 0 outside.
fn sample(plane: &[f32], [width, height]: [usize; 2], [x, y]: [f64; 2]) -> f32 {
    let (left, top) = (floor(x), floor(y));
    let [right, below] = [(x - left) as f32, (y - top) as f32];
    let level = |x: f64, y: f64| {
        let inside = x >= 0.0 && y >= 0.0 && x < width as f64 && y < height as f64;
        if inside { plane[y as usize * width + x as usize] } else { 0.0 }
    };
    let row = |y: f64| match right {
        0.0 => level(left, y),
        _ => level(left, y) * (1.0 - right) + level(left + 1.0, y) * right,
    };
    if below == 0.0 { row(top) } else { row(top) * (1.0 - below) + row(top + 1.0) * below }
}

/// `shift=2,flip,crop,crop=0.7,rotate=10`
impl FromStr for Augment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut augment = Self::default();
        for part in text.split(',') {
            let (name, number) = part.split_once('=').map_or((part, None), |(name, number)| (name, Some(number)));
            let read = |most: f64, what: &str| {
                let number =
                    number.and_then(|number| number.parse().ok()).filter(|number| *number > 0.0 && *number <= most);
                number.ok_or_else(|| format!("expected `{name}={what}`"))
            };
            match (name, number) {
                ("shift", Some(number)) => {
                    let number = number.parse().ok().filter(|pixels| (1..=1000).contains(pixels));
                    augment.shift = number.ok_or("expected `shift=2`, a number of pixels")?;
                }
                ("flip", None) => augment.flip = true,
                ("crop", None) => augment.crop = CROP,
                ("crop", Some(_)) => augment.crop = read(1.0, "0.8`, the least share of each side that is kept")?,
                ("rotate", Some(_)) => augment.rotate = read(180.0, "10`, a number of degrees")?,
                _ => {
                    return Err("expected some of `shift=2`, `flip`, `crop`, `crop=0.8` and `rotate=10`, with commas"
                        .to_owned());
                }
            }
        }
        Ok(augment)
    }
}

impl fmt::Display for Augment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shift, flip, crop, rotate } = self;
        write!(f, "shift={shift},flip={flip},crop={crop},rotate={rotate}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, bits};

    fn changed(augment: &str, image: &[f32], shape: Shape, index: u32) -> Vec<f32> {
        let augment: Augment = augment.parse().unwrap_or_else(|error| panic!("{error}"));
        let mut image = image.to_vec();
        augment.apply(bits(3, Purpose::Augment, 0, index, 0), shape, &mut image);
        image
    }

    #[test]
    fn images_are_moved_by_whole_pixels() {
        let mut image = vec![0.0; 2 * 49];
        (image[24], image[49 + 24]) = (1.0, 0.5);
        let mut seen = std::collections::BTreeSet::new();
        for index in 0..300 {
            let moved = changed("shift=2", &image, Shape::map(2, 7, 7), index);
            let at = moved.iter().position(|x| *x == 1.0).unwrap_or_else(|| panic!("it is there"));
            assert_eq!(moved[49 + at], 0.5);
            assert_eq!(moved.iter().filter(|x| **x != 0.0).count(), 2);
            seen.insert((at % 7, at / 7));
        }
        let all = (1..=5).flat_map(|x| (1..=5).map(move |y| (x, y)));
        assert_eq!(seen, all.collect());
    }

    #[test]
    fn half_of_the_images_are_mirrored() {
        let flipped = (0..400).filter(|index| {
            let found = changed("flip", &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], Shape::map(1, 2, 3), *index);
            assert!(found == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] || found == [3.0, 2.0, 1.0, 6.0, 5.0, 4.0], "{found:?}");
            found[0] == 3.0
        });
        assert!((150..250).contains(&flipped.count()));
    }

    #[test]
    fn parts_and_rotations_keep_the_middle() {
        // A disc looks the same however it is turned.
        let disc = |radius: f64| -> Vec<f32> {
            let inside = |index: usize| {
                let [x, y] = [(index % 21) as f64 - 10.0, (index / 21) as f64 - 10.0];
                (radius - (x * x + y * y).sqrt()).clamp(0.0, 1.0) as f32
            };
            (0..441).map(inside).collect()
        };
        let sum = |image: &[f32]| image.iter().sum::<f32>();
        let image = disc(6.0);
        for index in 0..50 {
            let turned = changed("rotate=90", &image, Shape::map(1, 21, 21), index);
            assert!(turned.iter().zip(&image).all(|(a, b)| (a - b).abs() < 0.25), "{index}");
            let larger = sum(&changed("crop=0.5", &image, Shape::map(1, 21, 21), index));
            assert!(larger > 0.9 * sum(&image) && larger < 4.2 * sum(&image), "{larger}");
        }
        assert_ne!(changed("rotate=90", &[1.0, 2.0, 3.0, 4.0], Shape::map(1, 2, 2), 0), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(changed("rotate=90,shift=1,flip", &[1.0, 2.0], Shape::Vector(2), 0), [1.0, 2.0]);
    }

    #[test]
    fn mistakes_are_explained() {
        let all: Augment = "shift=2,flip,crop,rotate=10".parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(all, Augment { shift: 2, flip: true, crop: 0.8, rotate: 10.0 });
        for wrong in ["", "flip=1", "shift", "shift=-1", "crop=0", "crop=2", "rotate=nan", "rotate", "zoom"] {
            let error = wrong.parse::<Augment>().expect_err(wrong);
            assert!(error.starts_with("expected "), "{wrong}: {error}");
        }
    }
}
