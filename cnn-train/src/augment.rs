//! Changes images a little each time they are seen, so that a net learns what matters in them (Simard, Steinkraus & Platt 2003).

mod level;
mod place;

use std::fmt;
use std::str::FromStr;

use cnn_net::op::Shape;
use serde::{Deserialize, Serialize};

use self::place::{Map, sample};
use crate::random::Draws;

/// How images are changed; by default, not at all. What happens to an image follows from the seed, the epoch and the image. Amounts are
/// drawn uniformly, from none to the limits given here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Augment {
    /// Moved by up to this many whole pixels in each direction.
    pub shift: u32,
    /// Mirrored left to right, every other time.
    pub flip: bool,
    /// Cropped to a part with at least this share of each side, and enlarged again; 0 for none.
    pub crop: f64,
    /// Rotated by up to this many degrees.
    pub rotate: f64,
    /// Each side enlarged or reduced by up to this share.
    pub scale: f64,
    /// Slanted to the left or to the right by up to this many degrees.
    pub shear: f64,
    /// Bent: a smooth displacement by up to this many pixels, in different directions for different parts of the image.
    pub bend: f64,
    /// Bright strokes made thicker or thinner: each level moves towards the largest or the smallest of its neighbours by up to this
    /// share.
    pub stroke: f64,
    /// Blurred: each level moves towards the mean of its neighbours by up to this share.
    pub blur: f64,
    /// Levels, from 0 to 1, raised to a power between e^-x and e^x, where x is this number.
    pub gamma: f64,
    /// Levels multiplied by a factor that differs from 1 by up to this much.
    pub brightness: f64,
    /// Nearly Gaussian noise, of up to this standard deviation, added to each level.
    pub noise: f64,
}

/// The smallest part of each side that `crop` alone keeps.
const CROP: f64 = 0.8;

/// An image that is about to be changed: how, and the random numbers of this time.
pub(crate) type Change<'a> = (&'a Augment, Draws);

impl Augment {
    /// Whether images stay as they are.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether pixels move.
    fn moves(&self) -> bool {
        let Self { shift, flip, crop, rotate, scale, shear, bend, .. } = *self;
        shift > 0 || flip || [crop, rotate, scale, shear, bend].iter().any(|amount| *amount > 0.0)
    }

    /// Whether levels change, which must be from 0 to 1.
    pub(crate) fn changes_levels(&self) -> bool {
        let Self { stroke, blur, gamma, brightness, noise, .. } = *self;
        [stroke, blur, gamma, brightness, noise].iter().any(|amount| *amount > 0.0)
    }

    /// Changes an image, in the order C, H, W. What comes from beyond its edges is 0.
    pub(crate) fn apply(&self, mut draws: Draws, shape: Shape, image: &mut [f32]) {
        let (size, area) = ([shape.size().width, shape.size().height], shape.size().area());
        if area < 2 {
            return;
        }
        if self.moves() {
            let from = image.to_vec();
            let map = Map::draw(self, &mut draws, size);
            let places = map.places();
            for (from, to) in from.chunks_exact(area).zip(image.chunks_exact_mut(area)) {
                to.iter_mut().zip(&places).for_each(|(to, at)| *to = sample(from, size, *at));
            }
        }
        if self.changes_levels() {
            level::change(self, &mut draws, size, image);
        }
    }
}

/// What [`Augment`] is written as: `shift=2,flip,crop,crop=0.7,rotate=10`
impl FromStr for Augment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut augment = Self::default();
        for part in text.split(',') {
            let (name, number) = part.split_once('=').map_or((part, None), |(name, number)| (name, Some(number)));
            let read = |most: f64, what: &str| {
                let number =
                    number.and_then(|number| number.parse().ok()).filter(|number| *number > 0.0 && *number <= most);
                number.ok_or_else(|| format!("expected `{name}={what}"))
            };
            match name {
                "shift" => {
                    let number = number.and_then(|number| number.parse().ok());
                    let number = number.filter(|pixels| (1..=1000).contains(pixels));
                    augment.shift = number.ok_or("expected `shift=2`, a number of pixels")?;
                }
                "flip" if number.is_none() => augment.flip = true,
                "crop" if number.is_none() => augment.crop = CROP,
                "crop" => augment.crop = read(1.0, "0.8`, the least share of each side that is kept")?,
                "rotate" => augment.rotate = read(180.0, "10`, a number of degrees up to 180")?,
                "scale" => augment.scale = read(0.9, "0.15`, a share of each side up to 0.9")?,
                "shear" => augment.shear = read(80.0, "10`, a number of degrees up to 80")?,
                "bend" => augment.bend = read(1000.0, "1.5`, a number of pixels")?,
                "stroke" => augment.stroke = read(1.0, "0.5`, a share up to 1")?,
                "blur" => augment.blur = read(1.0, "0.5`, a share up to 1")?,
                "gamma" => augment.gamma = read(3.0, "0.5`, the logarithm of a power, up to 3")?,
                "brightness" => augment.brightness = read(1.0, "0.3`, a share up to 1")?,
                "noise" => augment.noise = read(1.0, "0.05`, where white is 1")?,
                _ => {
                    return Err("expected some of `shift=2`, `flip`, `crop`, `rotate=10`, `scale=0.15`, `shear=10`, `bend=1.5`, \
                                `stroke=0.5`, `blur=0.5`, `gamma=0.5`, `brightness=0.3` and `noise=0.05`, with commas"
                        .to_owned());
                }
            }
        }
        Ok(augment)
    }
}

/// What is not 0, as it is read.
impl fmt::Display for Augment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shift, flip, crop, rotate, scale, shear, bend, stroke, blur, gamma, brightness, noise } = *self;
        let amounts = [
            ("shift", f64::from(shift)),
            ("crop", crop),
            ("rotate", rotate),
            ("scale", scale),
            ("shear", shear),
            ("bend", bend),
            ("stroke", stroke),
            ("blur", blur),
            ("gamma", gamma),
            ("brightness", brightness),
            ("noise", noise),
        ];
        let given = amounts.iter().filter(|(_, amount)| *amount > 0.0).map(|(name, amount)| format!("{name}={amount}"));
        let parts: Vec<String> = flip.then(|| "flip".to_owned()).into_iter().chain(given).collect();
        f.write_str(if parts.is_empty() { "none" } else { "" })?;
        f.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    fn changed(augment: &str, image: &[f32], shape: Shape, index: u32) -> Vec<f32> {
        let augment: Augment = augment.parse().unwrap_or_else(|error| panic!("{error}"));
        let mut image = image.to_vec();
        augment.apply(Draws::new(3, 0, index), shape, &mut image);
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
    fn sides_are_stretched_and_rows_are_slanted() {
        // A square of 9 x 9, and what its rows and columns have.
        let square: Vec<f32> = (0..441)
            .map(|index| f32::from((6..15).contains(&(index % 21)) && (6..15).contains(&(index / 21))))
            .collect();
        let width = |image: &[f32]| image[10 * 21..11 * 21].iter().sum::<f32>();
        let height = |image: &[f32]| image.iter().skip(10).step_by(21).sum::<f32>();
        let mut differ = 0;
        for index in 0..50 {
            let found = changed("scale=0.2", &square, Shape::map(1, 21, 21), index);
            let sides = [width(&found), height(&found)];
            assert!(sides.iter().all(|side| (7.0..=11.0).contains(side)), "{sides:?}");
            differ += usize::from((sides[0] - sides[1]).abs() > 0.2);
            // The middle row stays; the others move in proportion to their distance.
            let found = changed("shear=30", &square, Shape::map(1, 21, 21), index);
            assert_eq!(found[10 * 21..11 * 21], square[10 * 21..11 * 21]);
            let centre = |row: usize| {
                let row = &found[row * 21..][..21];
                row.iter().enumerate().map(|(x, level)| x as f32 * level).sum::<f32>() / row.iter().sum::<f32>()
            };
            let [above, below] = [centre(7) - 10.0, centre(13) - 10.0];
            assert!((above + below).abs() < 1e-4 && above.abs() <= 3.0 * 30_f32.to_radians().tan(), "{above} {below}");
            let bent = changed("bend=2", &square, Shape::map(1, 21, 21), index);
            let edge = |image: &[f32], inner: bool| {
                let far = |at: usize| at.abs_diff(10);
                let parts = image.iter().enumerate().filter(|(at, _)| {
                    let far = far(at % 21).max(far(at / 21));
                    if inner { far <= 2 } else { far >= 8 }
                });
                parts.map(|(_, level)| *level).sum::<f32>()
            };
            assert!(bent != square && edge(&bent, true) > 24.999 && edge(&bent, false) == 0.0, "{index}");
        }
        assert!(differ > 30, "{differ}");
    }

    #[test]
    fn levels_change_as_they_are_told() {
        let shape = Shape::map(2, 5, 4);
        let mut image = [0.25; 40];
        image[9] = 0.75;
        let (mut thicker, mut thinner) = (0, 0);
        for index in 0..60 {
            let found = changed("stroke=1", &image, shape, index);
            assert!(found[20..] == image[20..] && found.iter().all(|level| (0.25..=0.75).contains(level)));
            thicker += usize::from(found[4] > 0.25 && found[9] == 0.75);
            thinner += usize::from(found[4] == 0.25 && found[9] < 0.75);
            let found = changed("blur=1", &image, shape, index);
            assert!(found[9] < 0.75 && found[4] > 0.25 && found[0] == 0.25, "{found:?}");
            let found = changed("gamma=0.5", &image, shape, index);
            let power = f64::from(found[0]).ln() / 0.25_f64.ln();
            assert!(power.ln().abs() <= 0.5 && (f64::from(found[9]) - 0.75_f64.powf(power)).abs() < 1e-6);
            let found = changed("brightness=1", &image, shape, index);
            assert!(found[0] <= 0.5 && (found[9] - (3.0 * found[0]).min(1.0)).abs() < 1e-6, "{found:?}");
            let found = changed("noise=0.2", &image, shape, index);
            let mean = found.iter().sum::<f32>() / 40.0;
            assert!(
                found != image && (mean - 0.2625).abs() < 0.15 && found.iter().all(|level| (0.0..=1.0).contains(level))
            );
        }
        assert!(thicker > 20 && thinner > 20 && thicker + thinner == 60, "{thicker} {thinner}");
    }

    #[test]
    fn mistakes_are_explained() {
        let read = |text: &str| text.parse::<Augment>().unwrap_or_else(|error| panic!("{error}"));
        let some = Augment { shift: 2, flip: true, crop: 0.8, rotate: 10.0, ..Augment::default() };
        assert_eq!(read("shift=2,flip,crop,rotate=10"), some);
        let all = "flip,shift=1,crop=0.5,rotate=2,scale=0.1,shear=3,bend=1.5,stroke=0.4,blur=0.6,gamma=0.7,brightness=0.9,noise=0.05";
        assert_eq!((read(all).to_string().as_str(), Augment::default().to_string().as_str()), (all, "none"));
        let wrong =
            ["", "flip=1", "shift", "shift=-1", "crop=0", "crop=2", "rotate=nan", "rotate", "zoom", "scale=1", "blur"];
        for wrong in wrong {
            let error = wrong.parse::<Augment>().expect_err(wrong);
            assert!(error.starts_with("expected "), "{wrong}: {error}");
        }
    }
}
