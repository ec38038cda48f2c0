//! Erasing the lines of ruled and squared paper where they are as dark as ink and would connect a digit to the edge.
//!
//! In a column of the picture, a line is a short run of ink. Runs are erased if they lie on one straight, nearly level
//! line over at least half of the picture's width. A stroke that crosses the line makes longer runs, and stays.

use crate::plane::Plane;

/// The steepest line, as its rise over the picture's width.
const STEEPEST: f32 = 0.06;

/// The fraction of the picture's width over which a line must be visible.
const LEAST_SEEN: f32 = 0.5;

/// Runs longer than this fraction of the picture's longest side are not lines.
const THICKEST: f32 = 0.02;

/// A stretch of ink in a column: rows `start..end`.
struct Run {
    column: usize,
    start: usize,
    end: usize,
}

/// The plane without level and upright lines. Levels of at least `threshold` are ink.
pub(super) fn erased(ink: &Plane, threshold: f32) -> Plane {
    let mut plane = ink.clone();
    erase_level(&mut plane, threshold);
    let mut plane = plane.transposed();
    erase_level(&mut plane, threshold);
    plane.transposed()
}

fn erase_level(plane: &mut Plane, threshold: f32) {
    let mut runs = on_lines(runs(plane, threshold), plane);
    let mut lengths: Vec<usize> = runs.iter().map(|run| run.end - run.start).collect();
    lengths.sort_unstable();
    let Some(typical) = lengths.get(lengths.len() / 2) else { return };
    runs.retain(|run| 2 * (run.end - run.start) <= 3 * typical + 2);
    for run in runs {
        // A line's soft edge goes with it.
        for row in run.start.saturating_sub(1)..(run.end + 1).min(plane.height) {
            plane.levels[row * plane.width + run.column] = 0.0;
        }
    }
}

/// The runs short enough for a line.
fn runs(plane: &Plane, threshold: f32) -> Vec<Run> {
    let thickest = 2 + (THICKEST * plane.width.max(plane.height) as f32) as usize;
    let mut runs = Vec::new();
    for column in 0..plane.width {
        let mut start = None;
        for row in 0..=plane.height {
            let inked = row < plane.height && plane.levels[row * plane.width + column] >= threshold;
            match (start, inked) {
                (None, true) => start = Some(row),
                (Some(first), false) => {
                    if row - first <= thickest {
                        runs.push(Run { column, start: first, end: row });
                    }
                    start = None;
                }
                _ => {}
            }
        }
    }
    runs
}

/// The runs that lie on a line with enough others, at any slope that a line may have.
fn on_lines(runs: Vec<Run>, plane: &Plane) -> Vec<Run> {
    let steepest = (STEEPEST * plane.width as f32) as isize;
    let mut on_line = vec![false; runs.len()];
    for rise in -steepest..=steepest {
        // Where the line through a run's middle meets the left edge, offset so that it is never negative.
        let meets = |run: &Run| {
            let middle = ((run.start + run.end) / 2) as isize;
            (middle - rise * run.column as isize / plane.width as isize + steepest + 1) as usize
        };
        let mut seen = vec![0; plane.height + 2 * steepest as usize + 3];
        runs.iter().for_each(|run| seen[meets(run)] += 1);
        for (run, on_line) in runs.iter().zip(&mut on_line) {
            let here = meets(run);
            let count: usize = seen[here - 1..=here + 1].iter().sum();
            *on_line |= count as f32 >= LEAST_SEEN * plane.width as f32;
        }
    }
    runs.into_iter().zip(on_line).filter(|(_, on_line)| *on_line).map(|(run, _)| run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thick upright stroke, crossed by a line that rises a little.
    #[test]
    fn a_line_goes_and_the_stroke_across_it_stays() {
        let mut plane = Plane::filled(200, 100, 0.0);
        for y in 20..80 {
            plane.levels[y * 200 + 90..y * 200 + 105].fill(1.0);
        }
        for x in 0..200 {
            let y = 60 - x / 40;
            plane.levels[y * 200 + x] = 0.9;
            plane.levels[(y + 1) * 200 + x] = 0.9;
        }
        for (x, y, level) in erased(&plane, 0.5).points() {
            let stroke = (20..80).contains(&y) && (90..105).contains(&x);
            assert_eq!(level > 0.0, stroke, "at {x}, {y}");
        }
    }

    #[test]
    fn a_stroke_of_a_third_of_the_width_is_not_a_line() {
        let mut plane = Plane::filled(90, 60, 0.0);
        plane.levels[30 * 90 + 20..30 * 90 + 50].fill(1.0);
        assert_eq!(erased(&plane, 0.5), plane);
    }
}
