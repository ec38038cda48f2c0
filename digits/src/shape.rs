//! Giving a digit the size and the position of MNIST's digits.
//!
//! MNIST's makers scaled each digit to fit 20x20, keeping its aspect ratio, and put its centre of mass in the middle of
//! 28x28. Here strokes are first brought closer to the width of MNIST's pens: a hairline would nearly vanish when it is
//! reduced, and a brush would fill the loops.

use crate::Picture;
use crate::idx::SIDE;
use crate::ink::{Digit, EDGE};
use crate::plane::{Area, Plane};

/// The longest side of a digit.
const BOX: usize = 20;

/// Where the centre of mass goes, in pixels from the edge. In MNIST it is between 14 and 15, in the pixel after the
/// middle.
const MIDDLE: f32 = 14.5;

/// Strokes are made thinner or thicker at this longest side, where a pixel is a quarter of a final one.
const FINE: usize = 4 * BOX;

/// Stroke widths between these fractions of the longest side are kept. Nine in ten of MNIST's digits are in between.
const THINNEST: f32 = 0.09;
const THICKEST: f32 = 0.22;

/// The digit on 28x28, ink 1 on background 0.
pub(super) fn normalise(digit: &Digit) -> Option<Plane> {
    let width = digit.stroke_width();
    let change = width.clamp(THINNEST, THICKEST) - width;
    let small = if change == 0.0 {
        fit(&digit.ink, &digit.area, BOX)
    } else {
        let fine = fit(&digit.ink, &digit.area, FINE);
        let thickened = thickened(&fine, 0.5 * change * FINE as f32);
        let area = Area::around(thickened.points().filter(|&(.., level)| level > EDGE).map(|(x, y, _)| (x, y)))?;
        fit(&thickened, &area, BOX)
    };
    Some(centred(&brightened(small)))
}

/// The picture itself if it is a digit of MNIST or made like one: on plain black or white, as large as the box and
/// centred. Normalising it would change little more than its faintest pixels.
pub(super) fn already_normal(picture: &Picture<'_>) -> Option<Plane> {
    if (picture.width, picture.height) != (SIDE, SIDE) || picture.pixels.iter().any(|&[r, g, b]| r != g || g != b) {
        return None;
    }
    let levels = picture.pixels.iter().map(|&[grey, ..]| f32::from(grey) / 255.0).collect();
    let plane = Plane { width: SIDE, height: SIDE, levels };
    let corners = [(0, 0), (SIDE - 1, 0), (0, SIDE - 1), (SIDE - 1, SIDE - 1)].map(|(x, y)| plane.levels[y * SIDE + x]);
    let plane = match corners {
        [0.0, 0.0, 0.0, 0.0] => plane,
        [1.0, 1.0, 1.0, 1.0] => plane.map(|level| 1.0 - level),
        _ => return None,
    };
    let area = Area::around(plane.points().filter(|&(.., level)| level > 0.1).map(|(x, y, _)| (x, y)))?;
    let (x, y) = centre_of_mass(&plane)?;
    let in_place = |centre: f32| (centre - MIDDLE).abs() <= 1.0;
    (area.longest() == BOX && in_place(x) && in_place(y)).then_some(plane)
}

/// Scales an area so that its longest side becomes `longest`.
fn fit(plane: &Plane, area: &Area, longest: usize) -> Plane {
    let scale = longest as f32 / area.longest() as f32;
    let side = |length: usize| ((length as f32 * scale).round() as usize).max(1);
    plane.resized(area, side(area.columns.len()), side(area.rows.len())).map(|level| level.clamp(0.0, 1.0))
}

/// Moves the edges of the strokes outwards by `reach` pixels, or inwards if `reach` is negative.
fn thickened(plane: &Plane, reach: f32) -> Plane {
    let margin = reach.max(0.0).ceil() as usize + 1;
    let (width, height) = (plane.width + 2 * margin, plane.height + 2 * margin);
    let rim = reach.abs().ceil() as isize;
    // A pixel on the disc's rim counts in proportion to its coverage.
    let disc: Vec<(isize, isize, f32)> = (-rim..=rim)
        .flat_map(|dy| {
            (-rim..=rim).map(move |dx| (dx, dy, (reach.abs() + 1.0 - (dx as f32).hypot(dy as f32)).min(1.0)))
        })
        .filter(|&(.., cover)| cover > 0.0)
        .collect();
    let mut out = Plane::filled(width, height, 0.0);
    for (i, level) in out.levels.iter_mut().enumerate() {
        let (x, y) = ((i % width) as isize - margin as isize, (i / width) as isize - margin as isize);
        let ink = |dx, dy| plane.ink_at(x + dx, y + dy);
        *level = if reach >= 0.0 {
            disc.iter().map(|&(dx, dy, cover)| cover * ink(dx, dy)).fold(0.0, f32::max)
        } else {
            1.0 - disc.iter().map(|&(dx, dy, cover)| cover * (1.0 - ink(dx, dy))).fold(0.0, f32::max)
        };
    }
    out
}

/// Scales the levels so that the strongest is full ink. Averaging may have left none.
fn brightened(plane: Plane) -> Plane {
    let strongest = plane.levels.iter().copied().fold(0.0, f32::max);
    if strongest > 0.0 { plane.map(|level| level / strongest) } else { plane }
}

/// Puts the digit on 28x28, with its centre of mass as close to the middle as whole pixels and the edges allow.
fn centred(small: &Plane) -> Plane {
    let (x, y) = centre_of_mass(small).unwrap_or_default();
    let start = |centre: f32, length: usize| {
        let free = SIDE.saturating_sub(length) as f32;
        (MIDDLE - centre).round().clamp(0.0, free) as usize
    };
    let (left, top) = (start(x, small.width), start(y, small.height));
    let mut out = Plane::filled(SIDE, SIDE, 0.0);
    for (x, y, level) in small.points() {
        out.levels[(top + y) * SIDE + left + x] = level;
    }
    out
}

/// In pixels from the upper left corner, where a pixel's centre is at a half; `None` if there is no ink.
fn centre_of_mass(plane: &Plane) -> Option<(f32, f32)> {
    let (mut sum, mut xs, mut ys) = (0.0, 0.0, 0.0);
    for (x, y, level) in plane.points() {
        sum += level;
        xs += level * (x as f32 + 0.5);
        ys += level * (y as f32 + 0.5);
    }
    (sum > 0.0).then(|| (xs / sum, ys / sum))
}
