//! Connected parts of a drawing, and which of them are the digit.
//!
//! A picture may hold more than its digit: specks, the edge of the table, the dark frame of a scan. Conversely, a digit
//! may fall into parts: the hat of a 5, strokes of a 4 that do not meet, chalk that skips. The heaviest part is the
//! digit, where parts that run along the edge of the picture weigh little. Nearby parts belong to it unless they are
//! tiny.

use crate::plane::{Area, Plane};

/// A part that runs along the edge of the picture counts with this fraction of its weight.
const ALONG_EDGE: f32 = 0.02;

/// A part belongs to the digit if it weighs at least this fraction of the heaviest one,
const LEAST_WEIGHT: f32 = 0.03;

/// and its distance is at most this fraction of the digit's longest side, or this fraction of the picture's where a
/// stroke has fallen into dashes.
const FARTHEST: f32 = 0.3;
const FARTHEST_DASH: f32 = 0.05;

/// Pixels that are connected, diagonals included.
#[derive(Debug)]
struct Part {
    pixels: Vec<usize>,
    area: Area,
    weight: f32,
    /// How many of the pixels are at the edge of the picture.
    at_edge: usize,
}

impl Part {
    /// How likely it is to be the digit, or most of it. A digit in a tight picture touches the edge here and there; the
    /// edge of a table runs along it.
    fn rank(&self) -> f32 {
        let free = 1.0 - self.at_edge as f32 / self.area.longest() as f32;
        self.weight * free.max(0.0).powi(2).max(ALONG_EDGE)
    }
}

/// The pixels of a digit.
#[derive(Debug, PartialEq)]
pub(super) struct Strokes {
    pub(super) pixels: Vec<usize>,
    /// Whether the digit touches the edge of the picture.
    pub(super) at_edge: bool,
}

/// The digit among the pixels of at least `threshold`; `None` if there are no such pixels.
pub(super) fn digit(ink: &Plane, threshold: f32) -> Option<Strokes> {
    let mut parts = parts(ink, threshold);
    let main = (0..parts.len()).max_by(|&a, &b| parts[a].rank().total_cmp(&parts[b].rank()))?;
    let main = parts.swap_remove(main);
    parts.retain(|part| part.weight >= LEAST_WEIGHT * main.weight && (main.at_edge > 0 || part.at_edge == 0));
    let (mut pixels, mut area) = (main.pixels, main.area);
    // Each part that joins brings others within reach.
    let dash = FARTHEST_DASH * ink.width.max(ink.height) as f32;
    let reach = |area: &Area| dash.max(FARTHEST * area.longest() as f32);
    while let Some(near) = parts.iter().position(|part| part.area.gap(&area) as f32 <= reach(&area)) {
        let part = parts.swap_remove(near);
        area = area.union(&part.area);
        pixels.extend(part.pixels);
    }
    Some(Strokes { pixels, at_edge: main.at_edge > 0 })
}

fn parts(ink: &Plane, threshold: f32) -> Vec<Part> {
    let mut open: Vec<bool> = ink.levels.iter().map(|&level| level >= threshold).collect();
    let mut parts = Vec::new();
    for start in 0..open.len() {
        if open[start] {
            let pixels = flood(&mut open, ink.width, start);
            parts.extend(measure(ink, pixels));
        }
    }
    parts
}

/// Removes the part around `start` from the open pixels, and returns its pixels.
fn flood(open: &mut [bool], width: usize, start: usize) -> Vec<usize> {
    let height = open.len() / width;
    let mut pixels = vec![start];
    open[start] = false;
    let mut next = 0;
    while let Some(&pixel) = pixels.get(next) {
        next += 1;
        let (x, y) = (pixel % width, pixel / width);
        for row in y.saturating_sub(1)..(y + 2).min(height) {
            let neighbours = row * width + x.saturating_sub(1)..row * width + (x + 2).min(width);
            for (neighbour, open) in neighbours.clone().zip(&mut open[neighbours]) {
                if std::mem::take(open) {
                    pixels.push(neighbour);
                }
            }
        }
    }
    pixels
}

fn measure(ink: &Plane, pixels: Vec<usize>) -> Option<Part> {
    let area = Area::around(pixels.iter().map(|&pixel| (pixel % ink.width, pixel / ink.width)))?;
    let weight = pixels.iter().map(|&pixel| ink.levels[pixel]).sum();
    let is_at_edge = |pixel: usize| {
        let (x, y) = (pixel % ink.width, pixel / ink.width);
        x == 0 || y == 0 || x + 1 == ink.width || y + 1 == ink.height
    };
    let at_edge = pixels.iter().filter(|&&pixel| is_at_edge(pixel)).count();
    Some(Part { pixels, area, weight, at_edge })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes the rows of a drawing, with `#` for ink; returns rows with `#` for the pixels of the digit.
    fn digit_of(rows: &[&str]) -> Vec<String> {
        let width = rows[0].len();
        let levels = rows.concat().bytes().map(|byte| if byte == b'#' { 1.0 } else { 0.0 }).collect();
        let ink = Plane { width, height: rows.len(), levels };
        let pixels = digit(&ink, 0.5).map(|strokes| strokes.pixels).unwrap_or_default();
        let mark = |pixel| if pixels.contains(&pixel) { '#' } else { '.' };
        (0..rows.len()).map(|y| (0..width).map(|x| mark(y * width + x)).collect()).collect()
    }

    #[test]
    fn a_hat_belongs_to_its_five_and_a_far_stroke_does_not() {
        let drawing = [
            "....................",
            "..##.####...........",
            "..#.................",
            "..####..........##..",
            ".....#..............",
            "..###...............",
            "....................",
        ];
        let digit = [
            "....................",
            "..##.####...........",
            "..#.................",
            "..####..............",
            ".....#..............",
            "..###...............",
            "....................",
        ];
        assert_eq!(digit_of(&drawing), digit);
    }

    #[test]
    fn a_frame_is_not_a_digit_unless_alone() {
        let framed = ["#########", "#.......#", "#...#...#", "#...#...#", "#...#...#", "#.......#", "#########"];
        let alone = [".........", ".........", "....#....", "....#....", "....#....", ".........", "........."];
        assert_eq!(digit_of(&framed), alone);
        let tight = ["###", "..#", "..#"];
        assert_eq!(digit_of(&tight), tight);
    }

    #[test]
    fn an_empty_drawing_has_no_digit() {
        assert_eq!(digit(&Plane::filled(4, 4, 0.0), 0.5), None);
    }
}
