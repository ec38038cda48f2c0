//! Planes of grey levels, and resizing them.
//!
//! Reducing averages over exactly the area that becomes a pixel. MNIST's grey levels came about in the same way: its
//! digits were black and white before they were scaled to 20x20. Enlarging interpolates by Catmull-Rom, which is sharp
//! enough to preserve the width of strokes.

use std::ops::Range;

/// Grey levels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) levels: Vec<f32>,
}

/// A rectangle of pixels, without its right and lower ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) columns: Range<usize>,
    pub(super) rows: Range<usize>,
}

impl Area {
    /// All of a picture of this size.
    pub(super) fn whole(width: usize, height: usize) -> Self {
        Self { columns: 0..width, rows: 0..height }
    }

    /// The smallest rectangle around all these points; `None` if there are none.
    pub(super) fn around(points: impl Iterator<Item = (usize, usize)>) -> Option<Self> {
        points.map(|(x, y)| Self { columns: x..x + 1, rows: y..y + 1 }).reduce(|a, b| a.union(&b))
    }

    /// The smallest rectangle around both.
    pub(super) fn union(&self, other: &Self) -> Self {
        let union = |a: &Range<usize>, b: &Range<usize>| a.start.min(b.start)..a.end.max(b.end);
        Self { columns: union(&self.columns, &other.columns), rows: union(&self.rows, &other.rows) }
    }

    /// How many pixels lie between the two, horizontally or vertically, whichever is more.
    pub(super) fn gap(&self, other: &Self) -> usize {
        let gap = |a: &Range<usize>, b: &Range<usize>| a.start.max(b.start).saturating_sub(a.end.min(b.end));
        gap(&self.columns, &other.columns).max(gap(&self.rows, &other.rows))
    }

    /// The longer side.
    pub(super) fn longest(&self) -> usize {
        self.columns.len().max(self.rows.len())
    }
}

impl Plane {
    pub(super) fn filled(width: usize, height: usize, level: f32) -> Self {
        Self { width, height, levels: vec![level; width * height] }
    }

    /// The same size with other levels.
    pub(super) fn map(&self, f: impl Fn(f32) -> f32) -> Self {
        Self { levels: self.levels.iter().map(|&level| f(level)).collect(), ..*self }
    }

    /// The level of a pixel; beyond the edge, that of the nearest pixel.
    pub(super) fn at(&self, x: isize, y: isize) -> f32 {
        let inside = |i: isize, length: usize| i.clamp(0, length as isize - 1) as usize;
        self.levels[inside(y, self.height) * self.width + inside(x, self.width)]
    }

    /// The level of a pixel; 0 beyond the edge, where there is no ink.
    pub(super) fn ink_at(&self, x: isize, y: isize) -> f32 {
        let inside = (0..self.width as isize).contains(&x) && (0..self.height as isize).contains(&y);
        if inside { self.levels[y as usize * self.width + x as usize] } else { 0.0 }
    }

    /// The positions and levels of all pixels.
    pub(super) fn points(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        let width = self.width;
        self.levels.iter().enumerate().map(move |(i, &level)| (i % width, i / width, level))
    }

    /// A rectangle of the plane in another size.
    pub(super) fn resized(&self, area: &Area, width: usize, height: usize) -> Self {
        let levels = resize(|x, y| [self.levels[y * self.width + x]], area, width, height);
        Self { width, height, levels: levels.into_iter().map(|[level]| level).collect() }
    }

    /// Columns as rows.
    pub(super) fn transposed(&self) -> Self {
        let columns = (0..self.width).flat_map(|x| self.levels[x..].iter().step_by(self.width));
        Self { width: self.height, height: self.width, levels: columns.copied().collect() }
    }

    /// Each pixel averaged with its eight neighbours, nearer ones weighing more.
    pub(super) fn smoothed(&self) -> Self {
        let mix = |a: f32, b: f32, c: f32| 0.25 * a + 0.5 * b + 0.25 * c;
        let positions = || (0..self.height as isize).flat_map(|y| (0..self.width as isize).map(move |x| (x, y)));
        let levels = positions().map(|(x, y)| mix(self.at(x - 1, y), self.at(x, y), self.at(x + 1, y))).collect();
        let across = Self { levels, ..*self };
        let levels = positions().map(|(x, y)| mix(across.at(x, y - 1), across.at(x, y), across.at(x, y + 1))).collect();
        Self { levels, ..*self }
    }
}

/// Resizes a rectangle of a picture of `C` channels to `width` x `height`.
pub(super) fn resize<const C: usize>(
    pixel: impl Fn(usize, usize) -> [f32; C],
    area: &Area,
    width: usize,
    height: usize,
) -> Vec<[f32; C]> {
    let columns = taps(&area.columns, width);
    let mut out = vec![[0.0; C]; width * height];
    let mut row = vec![[0.0; C]; width];
    let mut row_in_place = None;
    for (line, tap) in out.chunks_exact_mut(width.max(1)).zip(taps(&area.rows, height)) {
        for (weight, y) in tap.weights.iter().zip(tap.first..) {
            // In a reduction, a row is used at most twice, and then consecutively.
            if row_in_place != Some(y) {
                resize_row(|x| pixel(x, y), &columns, &mut row);
                row_in_place = Some(y);
            }
            line.iter_mut().zip(&row).for_each(|(sum, level)| add(sum, *weight, level));
        }
    }
    out
}

fn resize_row<const C: usize>(pixel: impl Fn(usize) -> [f32; C], taps: &[Taps], row: &mut [[f32; C]]) {
    for (sum, tap) in row.iter_mut().zip(taps) {
        *sum = [0.0; C];
        for (weight, x) in tap.weights.iter().zip(tap.first..) {
            add(sum, *weight, &pixel(x));
        }
    }
}

fn add<const C: usize>(sum: &mut [f32; C], weight: f32, level: &[f32; C]) {
    sum.iter_mut().zip(level).for_each(|(sum, level)| *sum += weight * level);
}

/// The neighbouring pixels that make up one pixel, and the weight of each.
struct Taps {
    first: usize,
    weights: Vec<f32>,
}

/// What makes up each of `length` pixels, from a range of pixels.
fn taps(range: &Range<usize>, length: usize) -> Vec<Taps> {
    let step = range.len() as f32 / length as f32;
    (0..length)
        .map(|i| {
            let start = i as f32 * step;
            if step >= 1.0 { average(range, start, start + step) } else { interpolate(range, start + 0.5 * step - 0.5) }
        })
        .collect()
}

/// The average from `start` to `end`, relative to the range's start.
fn average(range: &Range<usize>, start: f32, end: f32) -> Taps {
    let first = (start as usize).min(range.len() - 1);
    let last = (end.ceil() as usize).clamp(first + 1, range.len());
    let covered = |i: usize| (end.min((i + 1) as f32) - start.max(i as f32)).max(0.0);
    let weights = (first..last).map(|i| covered(i) / (end - start)).collect();
    Taps { first: range.start + first, weights }
}

/// Catmull-Rom at a place between pixel centres. Weights beyond the range are added to its first or last pixel.
fn interpolate(range: &Range<usize>, place: f32) -> Taps {
    let left = place.floor();
    let t = place - left;
    let curve = [
        t * (-0.5 + t * (1.0 - 0.5 * t)),
        1.0 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2.0 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
    ];
    let inside = |i: isize| (left as isize - 1 + i).clamp(0, range.len() as isize - 1) as usize;
    let first = inside(0);
    let mut weights = vec![0.0; inside(3) - first + 1];
    for (i, weight) in curve.into_iter().enumerate() {
        weights[inside(i as isize) - first] += weight;
    }
    Taps { first: range.start + first, weights }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: usize, height: usize) -> Plane {
        let levels = (0..width * height).map(|i| (i % width) as f32 + 10.0 * (i / width) as f32).collect();
        Plane { width, height, levels }
    }

    #[test]
    fn the_same_size_changes_nothing() {
        assert_eq!(ramp(5, 4).resized(&Area::whole(5, 4), 5, 4), ramp(5, 4));
    }

    #[test]
    fn reducing_averages_areas() {
        let reduced = ramp(4, 3).resized(&Area::whole(4, 3), 2, 1);
        assert_eq!(reduced.levels.iter().map(|level| level.round()).collect::<Vec<_>>(), [11.0, 13.0]);
        assert!((reduced.levels[0] - 10.5).abs() < 1e-5);
    }

    #[test]
    fn enlarging_keeps_levels_between_pixels() {
        let enlarged = ramp(6, 1).resized(&Area { columns: 1..5, rows: 0..1 }, 8, 1);
        // A cubic through a straight line is that line, away from the ends.
        for (i, level) in enlarged.levels.iter().enumerate().take(5).skip(3) {
            assert!((level - (0.75 + 0.5 * i as f32)).abs() < 1e-5, "{i}: {level}");
        }
    }

    #[test]
    fn areas_have_unions_and_gaps() {
        let a = Area { columns: 0..3, rows: 0..3 };
        let b = Area { columns: 7..9, rows: 1..6 };
        assert_eq!((a.gap(&b), a.gap(&a)), (4, 0));
        assert_eq!(a.union(&b), Area { columns: 0..9, rows: 0..6 });
        assert_eq!(Area::around([(4, 2), (1, 3)].into_iter()), Some(Area { columns: 1..5, rows: 2..4 }));
        assert_eq!(Area::around([].into_iter()), None);
    }
}
