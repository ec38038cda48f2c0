//! Where the pixels of a changed image come from.

use libm::{cos, floor, sin, tan};

use super::Augment;
use crate::random::Draws;

/// Cells on each side of the grid whose corners `bend` moves.
const CELLS: usize = 5;
/// The corners on a side.
const CORNERS: usize = CELLS + 1;

/// An affine map around the centre, after perhaps mirroring, and displacements.
pub(super) struct Map {
    centre: [f64; 2],
    /// Where the centre comes from.
    to: [f64; 2],
    /// What is multiplied by a distance from the centre: a row for x, and one for y.
    matrix: [[f64; 2]; 2],
    /// How far corners of a grid over the image are moved.
    bend: Option<[[[f64; 2]; CORNERS]; CORNERS]>,
    size: [usize; 2],
}

impl Map {
    /// The one that an image of this width and height happens to get.
    pub(super) fn draw(augment: &Augment, draws: &mut Draws, size: [usize; 2]) -> Self {
        let angle = draws.signed() * augment.rotate.to_radians();
        let places = f64::from(2 * augment.shift + 1);
        let shift = [(); 2].map(|()| floor(draws.unit() * places) - f64::from(augment.shift));
        let part = if augment.crop > 0.0 { augment.crop + (1.0 - augment.crop) * draws.unit() } else { 1.0 };
        let mirrored = if augment.flip && draws.unit() < 0.5 { -1.0 } else { 1.0 };
        let spare = [(); 2].map(|()| draws.signed() * (1.0 - part) / 2.0);
        let [wide, high] = [(); 2].map(|()| part / (1.0 + draws.signed() * augment.scale));
        let slant = tan(draws.signed() * augment.shear.to_radians());
        let strength = draws.unit() * augment.bend;
        let bend = (augment.bend > 0.0)
            .then(|| [(); CORNERS].map(|()| [(); CORNERS].map(|()| [(); 2].map(|()| strength * draws.signed()))));
        let centre = size.map(|side| (side as f64 - 1.0) / 2.0);
        let to = [0, 1].map(|side| centre[side] + spare[side] * size[side] as f64 - shift[side]);
        let [cos, sin] = if angle == 0.0 { [1.0, 0.0] } else { [cos(angle), sin(angle)] };
        let matrix =
            [[wide * cos * mirrored, wide * (slant * cos - sin)], [high * sin * mirrored, high * (slant * sin + cos)]];
        Self { centre, to, matrix, bend, size }
    }

    /// Where each pixel comes from, row by row.
    pub(super) fn places(&self) -> Vec<[f64; 2]> {
        let [width, height] = self.size;
        let mut places = Vec::with_capacity(width * height);
        for y in 0..height {
            let bent = self.bend.as_ref().map(|corners| {
                let (above, share) = cell(y, height);
                let column = |column: usize| mix(corners[above][column], corners[above + 1][column], share);
                std::array::from_fn(column)
            });
            places.extend((0..width).map(|x| self.place([x, y], bent.as_ref())));
        }
        places
    }

    /// Where a pixel comes from, in a row with these displacements.
    fn place(&self, [x, y]: [usize; 2], bent: Option<&[[f64; 2]; CORNERS]>) -> [f64; 2] {
        let [dx, dy] = [x as f64 - self.centre[0], y as f64 - self.centre[1]];
        let moved = bent.map_or([0.0; 2], |row| {
            let (left, share) = cell(x, self.size[0]);
            mix(row[left], row[left + 1], share)
        });
        [0, 1].map(|axis| self.to[axis] + self.matrix[axis][0] * dx + self.matrix[axis][1] * dy + moved[axis])
    }
}

/// The cell of the grid in which a pixel of a side is, and how much its end counts there: a smooth step, which has no slope at corners, so
/// that there are no creases.
fn cell(place: usize, side: usize) -> (usize, f64) {
    let place = (place as f64 + 0.5) * CELLS as f64 / side as f64;
    let cell = (place as usize).min(CELLS - 1);
    let share = place - cell as f64;
    (cell, share * share * (3.0 - 2.0 * share))
}

fn mix(a: [f64; 2], b: [f64; 2], share: f64) -> [f64; 2] {
    [0, 1].map(|axis| a[axis] + (b[axis] - a[axis]) * share)
}

/// A plane between its pixels, bilinearly; 0 outside.
pub(super) fn sample(plane: &[f32], [width, height]: [usize; 2], [x, y]: [f64; 2]) -> f32 {
    let (left, top) = (floor(x), floor(y));
    let [right, below] = [(x - left) as f32, (y - top) as f32];
    // Numbers that are too large for the type become its largest.
    let (left, top) = (left as i32, top as i32);
    let level = |x: i32, y: i32| {
        let [x, y] = [usize::try_from(x), usize::try_from(y)].map(|place| place.unwrap_or(usize::MAX));
        if x < width && y < height { plane[y * width + x] } else { 0.0 }
    };
    let row = |y: i32| level(left, y) * (1.0 - right) + level(left.saturating_add(1), y) * right;
    row(top) * (1.0 - below) + row(top.saturating_add(1)) * below
}
