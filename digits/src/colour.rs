//! From colours to the grey levels in which the ink stands out most.
//!
//! Brightness alone would nearly lose a yellow pen on white paper or a red one on black. Instead, red, green and blue
//! are mixed so that neighbouring pixels differ most. They differ across the edges of strokes, while the light on the
//! paper changes slowly and counts for little.

use crate::Picture;
use crate::plane::{Area, Plane, resize};

/// The distance between compared pixels, enough to reach across the blurred edge of a stroke.
const STEP: usize = 3;

/// Rounds of the power iteration. Few are enough: any mix near the best one will do.
const ROUNDS: usize = 20;

/// The grey levels of an area, 0 to 1, reduced so that no side is longer than `longest`, and the factor of the reduction.
pub(super) fn grey(picture: &Picture<'_>, area: &Area, longest: usize) -> (Plane, f32) {
    let scale = (area.longest() as f32 / longest as f32).max(1.0);
    let side = |length: usize| ((length as f32 / scale).round() as usize).max(1);
    let (width, height) = (side(area.columns.len()), side(area.rows.len()));
    let pixel = |x: usize, y: usize| picture.pixels[y * picture.width + x].map(f32::from);
    let colours = resize(pixel, area, width, height);
    let mix = mix(&colours, width).map(|weight| weight / 255.0);
    let levels = colours.iter().map(|colour| mix.iter().zip(colour).map(|(weight, level)| weight * level).sum());
    (Plane { width, height, levels: levels.collect() }, scale)
}

/// The shares of red, green and blue, none negative, in the mix that changes most.
fn mix(colours: &[[f32; 3]], width: usize) -> [f32; 3] {
    let mut products = [[0.0; 3]; 3];
    let steps = [STEP, STEP * width].into_iter().flat_map(|step| colours.iter().zip(colours.iter().skip(step)));
    for (a, b) in steps {
        let change: [f32; 3] = std::array::from_fn(|channel| a[channel] - b[channel]);
        for (row, x) in products.iter_mut().zip(change) {
            row.iter_mut().zip(change).for_each(|(sum, y)| *sum += x * y);
        }
    }
    // Power iteration: repeated multiplication turns a vector towards the direction of the greatest change.
    let mut mix = [1.0 / 3.0; 3];
    for _ in 0..ROUNDS {
        let next =
            products.map(|row| row.iter().zip(mix).map(|(product, weight)| product * weight).sum::<f32>().max(0.0));
        let sum: f32 = next.iter().sum();
        if sum <= 0.0 {
            break;
        }
        mix = next.map(|weight| weight / sum);
    }
    mix
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripes(a: [u8; 3], b: [u8; 3]) -> Plane {
        let pixels: Vec<_> = (0..400).map(|i| if i / 20 % 8 < 4 { a } else { b }).collect();
        grey(&Picture { width: 20, height: 20, pixels: &pixels }, &Area::whole(20, 20), 512).0
    }

    #[test]
    fn yellow_stands_out_from_white_and_red_from_black() {
        let plane = stripes([255, 255, 0], [255; 3]);
        assert!(plane.levels[0] < 0.1 && plane.levels[80] > 0.9, "{} {}", plane.levels[0], plane.levels[80]);
        let plane = stripes([200, 0, 0], [0; 3]);
        assert!(plane.levels[0] > 0.7 && plane.levels[80] == 0.0);
    }

    #[test]
    fn grey_stays_grey() {
        let plane = stripes([51; 3], [204; 3]);
        assert!((plane.levels[0] - 0.2).abs() < 1e-5 && (plane.levels[80] - 0.8).abs() < 1e-5);
    }
}
