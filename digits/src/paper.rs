//! The paper under the ink: its brightness at every point of a photograph.
//!
//! Light falls off slowly towards the corners and away from the lamp, so a quadratic surface can follow it. Ink covers
//! less of a picture than paper does, so the surface is fitted to the medians of a grid of cells, which thin strokes
//! and noise hardly change, and outlying cells lose weight in each round (Tukey's biweight). The fit starts from the edge
//! of the picture, where paper is most likely. Since a digit may fill a tight picture up to the edge, it also starts from
//! bright and from dark paper; the surface that the most cells lie on wins.

use crate::plane::{Area, Plane};

/// Cells of the grid along a side. Smaller cells may be covered by a thick stroke; larger ones follow the light less.
const CELLS: usize = 24;

/// Paper is flat if at least this fraction of the picture has exactly the same level. Noise alone would spread it over
/// more levels.
const FLAT: f32 = 0.15;

/// All pixels at the edge together have about as many votes as the picture has pixels, times 8 over this.
const EDGE_VOTES: usize = 8;

/// Where paper is patchy, it is estimated from this many cells on each side: together a third of the picture.
const REACH: usize = 4;

/// Rounds of the fit. The weights settle in fewer.
const ROUNDS: usize = 8;

/// The least spread of paper that the fit assumes: two of 255 levels, since there may be no noise at all.
const LEAST_SPREAD: f64 = 2.0 / 255.0;

/// The greatest: where ink covers much of the picture, the measured spread is the ink's.
const MOST_SPREAD: f64 = 0.06;

/// A cell within this distance of the surface lies on it.
const NEAR: f64 = 0.04;

/// The terms of the surface: 1, x, y, x², xy, y².
const TERMS: usize = 6;

type Surface = [f64; TERMS];

/// One cell of the grid: its terms, and the median of its levels.
struct Cell {
    terms: Surface,
    level: f64,
    at_edge: bool,
}

/// The brightness of the paper if it is the same everywhere, as in drawings made on a screen; `None` otherwise.
///
/// It is the most frequent level. Pixels at the edge count more, because a thick pen may leave less paper than ink.
pub(super) fn flat(grey: &Plane) -> Option<Plane> {
    const LEVELS: usize = 256;
    let (mut counts, mut votes) = ([0; LEVELS], [0; LEVELS]);
    for (x, y, level) in grey.points() {
        let level = (level * (LEVELS - 1) as f32).round() as usize;
        let at_edge = x == 0 || y == 0 || x + 1 == grey.width || y + 1 == grey.height;
        counts[level] += 1;
        votes[level] += if at_edge { (grey.width + grey.height) / EDGE_VOTES } else { 1 };
    }
    let level = (0..LEVELS).max_by_key(|&level| votes[level])?;
    let frequent = counts[level] as f32 >= FLAT * grey.levels.len() as f32;
    frequent.then(|| Plane::filled(grey.width, grey.height, level as f32 / (LEVELS - 1) as f32))
}

/// The brightness of the paper at each pixel, assuming that it changes slowly over the picture.
pub(super) fn smooth(grey: &Plane) -> Plane {
    let (cells, ..) = cells(grey);
    let levels = |cells: &[&Cell]| cells.iter().map(|cell| cell.level).collect::<Vec<_>>();
    let all: Vec<&Cell> = cells.iter().collect();
    let edge: Vec<&Cell> = cells.iter().filter(|cell| cell.at_edge).collect();
    let flat = |level| [level, 0.0, 0.0, 0.0, 0.0, 0.0];
    let from_edge = refine(&edge, flat(quantile(&mut levels(&edge), 0.5)));
    let starts = [from_edge, flat(quantile(&mut levels(&all), 0.85)), flat(quantile(&mut levels(&all), 0.15))];
    let fits = starts.map(|start| refine(&all, start));
    let [first, others @ ..] = &fits;
    let surface =
        others.iter().fold(first, |best, fit| if agreement(fit, &all) > agreement(best, &all) { fit } else { best });
    let mut paper = grey.clone();
    for y in 0..grey.height {
        for x in 0..grey.width {
            let terms = terms(x as f64 + 0.5, y as f64 + 0.5, grey);
            paper.levels[y * grey.width + x] = (dot(surface, &terms) as f32).clamp(0.0, 1.0);
        }
    }
    paper
}

/// The brightness of the paper at each pixel, assuming that it jumps at the edges of shadows and sheets.
///
/// It is the median of a cell and its neighbours, which follows such an edge where a surface or an average cannot, but
/// needs more paper than ink around each point.
pub(super) fn patchy(grey: &Plane) -> Plane {
    let (cells, across, down) = cells(grey);
    let medians = Plane { width: across, height: down, levels: cells.iter().map(|cell| cell.level as f32).collect() };
    let around = |i: usize, cells: usize| i.saturating_sub(REACH)..(i + REACH + 1).min(cells);
    let mut paper = medians.clone();
    for (x, y, _) in medians.points() {
        let near = around(y, down).flat_map(|row| &medians.levels[row * across..][around(x, across)]);
        paper.levels[y * across + x] = median(&mut near.map(|&level| f64::from(level)).collect::<Vec<_>>()) as f32;
    }
    paper.resized(&Area::whole(across, down), grey.width, grey.height)
}

/// The cells of the grid, and how many there are across and down.
fn cells(grey: &Plane) -> (Vec<Cell>, usize, usize) {
    let (across, down) = (CELLS.min(grey.width), CELLS.min(grey.height));
    let bounds = |i: usize, cells: usize, length: usize| i * length / cells..(i + 1) * length / cells;
    let mut cells = Vec::with_capacity(across * down);
    for row in 0..down {
        for column in 0..across {
            let (xs, ys) = (bounds(column, across, grey.width), bounds(row, down, grey.height));
            let (middle_x, middle_y) = ((xs.start + xs.end) as f64 / 2.0, (ys.start + ys.end) as f64 / 2.0);
            let mut levels: Vec<f64> =
                ys.flat_map(|y| &grey.levels[y * grey.width..][xs.clone()]).map(|&level| f64::from(level)).collect();
            // The outermost two rings: a frame around the picture covers at most one of them.
            let ring = row.min(column).min(down - 1 - row).min(across - 1 - column);
            cells.push(Cell { terms: terms(middle_x, middle_y, grey), level: median(&mut levels), at_edge: ring < 2 });
        }
    }
    (cells, across, down)
}

fn terms(x: f64, y: f64, grey: &Plane) -> Surface {
    let (x, y) = (2.0 * x / grey.width as f64 - 1.0, 2.0 * y / grey.height as f64 - 1.0);
    [1.0, x, y, x * x, x * y, y * y]
}

fn dot(a: &Surface, b: &Surface) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The middle value; 0 if there are none.
pub(super) fn median(values: &mut [f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value that this fraction of the values is below; 0 if there are none.
fn quantile(values: &mut [f64], part: f64) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let index = (part * values.len() as f64) as usize;
    *values.select_nth_unstable_by(index, f64::total_cmp).1
}

/// How many cells lie on the surface; those at the edge count twice.
fn agreement(surface: &Surface, cells: &[&Cell]) -> usize {
    let near = |cell: &&&Cell| (cell.level - dot(surface, &cell.terms)).abs() <= NEAR;
    cells.iter().filter(near).map(|cell| 1 + usize::from(cell.at_edge)).sum()
}

/// Fits the surface to the cells, in rounds, starting from the weights that `surface` gives them.
fn refine(cells: &[&Cell], mut surface: Surface) -> Surface {
    for _ in 0..ROUNDS {
        let distances: Vec<f64> = cells.iter().map(|cell| cell.level - dot(&surface, &cell.terms)).collect();
        let spread = 1.4826 * median(&mut distances.iter().map(|distance| distance.abs()).collect::<Vec<_>>());
        let reach = 4.685 * spread.clamp(LEAST_SPREAD, MOST_SPREAD);
        let mut equations = [[0.0; TERMS + 1]; TERMS];
        for (cell, distance) in cells.iter().zip(distances) {
            let weight = (1.0 - (distance / reach).powi(2)).max(0.0).powi(2);
            for (row, term) in equations.iter_mut().zip(cell.terms) {
                row.iter_mut().zip(cell.terms).for_each(|(sum, other)| *sum += weight * term * other);
                row[TERMS] += weight * term * cell.level;
            }
        }
        // The edge of a picture a few pixels wide does not determine all six terms.
        let Some(next) = solve(equations) else { break };
        surface = next;
    }
    surface
}

/// Gaussian elimination with the largest pivot; `None` if the equations do not determine all unknowns.
fn solve(mut rows: [[f64; TERMS + 1]; TERMS]) -> Option<Surface> {
    for step in 0..TERMS {
        let pivot = (step..TERMS).max_by(|&a, &b| rows[a][step].abs().total_cmp(&rows[b][step].abs()))?;
        rows.swap(step, pivot);
        let top = rows[step];
        if top[step].abs() < 1e-9 {
            return None;
        }
        for row in &mut rows[step + 1..] {
            let factor = row[step] / top[step];
            row.iter_mut().zip(top).for_each(|(value, above)| *value -= factor * above);
        }
    }
    let mut solution = [0.0; TERMS];
    for (i, row) in rows.iter().enumerate().rev() {
        let known: f64 = row[..TERMS].iter().zip(solution).map(|(factor, value)| factor * value).sum();
        solution[i] = (row[TERMS] - known) / row[i];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paper that darkens to one corner, with a dark cross on it.
    #[test]
    fn a_cross_does_not_change_the_light_around_it() {
        let light = |x: usize, y: usize| 0.9 - 0.002 * x as f32 - 0.00001 * (y * y) as f32;
        let mut grey = Plane::filled(160, 120, 0.0);
        for y in 0..120 {
            for x in 0..160 {
                let ink = (70..90).contains(&x) && (20..100).contains(&y) || (50..65).contains(&y) && x > 30 && x < 130;
                grey.levels[y * 160 + x] = if ink { 0.1 } else { light(x, y) };
            }
        }
        let paper = smooth(&grey);
        for (x, y, level) in paper.points() {
            assert!((level - light(x, y)).abs() < 0.005, "{level} at {x}, {y}");
        }
    }

    #[test]
    fn only_paper_without_noise_is_flat() {
        let mut grey = Plane::filled(20, 20, 1.0);
        (4..16).for_each(|y| grey.levels[y * 20 + 2..][..14].fill(0.0));
        assert_eq!(flat(&grey), Some(Plane::filled(20, 20, 1.0)));
        grey.levels.iter_mut().enumerate().for_each(|(i, level)| *level = 0.8 + 0.004 * (i % 37) as f32);
        assert_eq!(flat(&grey), None);
    }

    #[test]
    fn the_edge_of_a_shadow_is_followed() {
        let light = |x: usize| if x < 120 { 0.8 } else { 0.5 };
        let mut grey = Plane::filled(240, 240, 0.0);
        grey.levels.iter_mut().enumerate().for_each(|(i, level)| *level = light(i % 240));
        (80..160).for_each(|y| grey.levels[y * 240 + 110..][..16].fill(0.1));
        for (x, y, level) in patchy(&grey).points().filter(|(x, ..)| !(100..140).contains(x)) {
            assert!((level - light(x)).abs() < 0.03, "{level} at {x}, {y}");
        }
    }

    #[test]
    fn a_picture_of_a_few_pixels_has_flat_paper() {
        let grey = Plane { width: 2, height: 2, levels: vec![0.5, 0.5, 0.5, 0.1] };
        assert!(smooth(&grey).levels.iter().all(|level| (level - 0.5).abs() < 1e-6));
    }
}
