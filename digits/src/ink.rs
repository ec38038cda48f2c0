//! Finding the ink: from grey levels to how much each pixel belongs to the digit's strokes.
//!
//! The paper's brightness is subtracted (see [`paper`](crate::paper)). Ink is what differs from it, darker or lighter,
//! whichever stands out more. Its typical strength separates it from weaker differences: noise, ruled lines, shadows.

use crate::plane::{Area, Plane};
use crate::{lines, paper, parts};

/// Ink is nowhere weaker than this, six of 255 levels. Anything weaker is paper.
const LEAST_CONTRAST: f32 = 0.025;

/// A digit's longest side is at least this fraction of the picture's. Anything smaller is a speck.
const LEAST_SIZE: f32 = 0.02;

/// The mean width of the strokes is at most this fraction of the digit's longest side. Anything wider is a shadow or a
/// blot.
const WIDEST_STROKE: f32 = 0.35;

/// Ink is at least this many times as strong as the noise of the paper.
const LEAST_CLARITY: f32 = 5.0;

/// A pixel is in a stroke from this fraction of the typical strength on; from less in a small picture, where strokes may
/// be narrower than a pixel and paler accordingly.
const STROKE: f32 = 0.4;
const NARROW_STROKE: f32 = 0.25;

/// The longest side of a small picture.
const SMALL: usize = 48;

/// The fractions of the typical strength that count as no ink and as full ink. Blurred edges and JPEG's artefacts around
/// strokes are below the former; the grain of paper and pencil is above the latter.
const NO_INK: f32 = 0.15;
const FULL_INK: f32 = 0.9;

/// The least ink of a pixel on a digit's outline.
pub(super) const EDGE: f32 = 0.3;

/// A digit found in a picture.
#[derive(Debug)]
pub(super) struct Digit {
    /// How much of each pixel is ink, 0 to 1. The plane holds nothing but the digit.
    pub(super) ink: Plane,
    /// The rectangle around the strokes.
    pub(super) area: Area,
    /// Whether the strokes touch the edge of the picture.
    pub(super) at_edge: bool,
}

impl Digit {
    /// The mean width of the strokes, as a fraction of the digit's longest side.
    ///
    /// A long stroke of width w and length l has the area w·l and the outline 2·l. Summing slopes gives the outline for
    /// soft edges as well.
    pub(super) fn stroke_width(&self) -> f32 {
        let ink = &self.ink;
        let (mut inked, mut outline) = (0.0, 0.0);
        for y in -1..=ink.height as isize {
            for x in -1..=ink.width as isize {
                let level = |dx, dy| ink.ink_at(x + dx, y + dy);
                inked += level(0, 0);
                let across = level(1, 0) + level(1, 1) - level(0, 0) - level(0, 1);
                let down = level(0, 1) + level(1, 1) - level(0, 0) - level(1, 0);
                outline += 0.5 * across.hypot(down);
            }
        }
        2.0 * inked / outline.max(1.0) / self.area.longest() as f32
    }

    fn rank(&self) -> Rank {
        let (right, bottom) = (self.ink.width as isize - 1, self.ink.height as isize - 1);
        let corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)];
        if self.stroke_width() > WIDEST_STROKE {
            Rank::Blob
        } else if corners.into_iter().any(|(x, y)| self.ink.at(x, y) > EDGE) {
            Rank::InCorner
        } else if self.at_edge {
            Rank::AtEdge
        } else {
            Rank::Free
        }
    }
}

/// How likely something is a digit, in rising order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// Too wide for strokes: a shadow, or the whole sheet.
    Blob,
    /// It fills a corner of the picture, as shadows and tables do, but few digits.
    InCorner,
    /// It may extend beyond the picture.
    AtEdge,
    /// Strokes that touch nothing else.
    Free,
}

/// Finds the digit; `None` if the picture is blank.
///
/// The paper is assumed to be flat, then smooth, then patchy, each without and with ruled lines, until some digit touches
/// nothing else. A digit at the edge ends the search too: the picture is then cropped tightly, and a later attempt might
/// mistake parts of the digit for paper.
pub(super) fn find(grey: &Plane) -> Option<Digit> {
    let papers = [paper::flat, |grey: &Plane| Some(paper::smooth(grey)), |grey: &Plane| Some(paper::patchy(grey))];
    let mut best: Option<(Rank, Digit)> = None;
    for contrast in papers.iter().filter_map(|paper| Some(contrast(grey, &paper(grey)?))) {
        // In a small picture, strokes are as thin as lines.
        let ruled: &[bool] = if is_small(grey) { &[false] } else { &[false, true] };
        for digit in ruled.iter().filter_map(|&ruled| trace(&contrast, ruled)) {
            let rank = digit.rank();
            if rank == Rank::Free {
                return Some(digit);
            }
            if best.as_ref().is_none_or(|(least, _)| *least < rank) {
                best = Some((rank, digit));
            }
        }
        if best.as_ref().is_some_and(|(rank, _)| *rank == Rank::AtEdge) {
            break;
        }
    }
    best.map(|(_, digit)| digit)
}

fn is_small(plane: &Plane) -> bool {
    plane.width.max(plane.height) <= SMALL
}

/// Separates the strokes of the digit from everything else that differs from the paper, lines included if it is `ruled`.
fn trace(raw: &Plane, ruled: bool) -> Option<Digit> {
    // Small pictures have little noise, and a blur would cost them detail.
    let mut ink = if raw.width.min(raw.height) > 100 { raw.smoothed() } else { raw.clone() };
    let noise = noise(&ink);
    let least = (LEAST_CLARITY * noise).max(LEAST_CONTRAST);
    let stroke = if is_small(raw) { NARROW_STROKE } else { STROKE };
    let guess = typical_strength(&ink, least)?;
    if ruled {
        ink = lines::erased(&ink, (stroke * guess).max(least));
    }
    let strokes = parts::digit(&ink, (stroke * guess).max(least))?;
    let strength = upper_quartile(&ink, &strokes.pixels);
    let strokes = parts::digit(&ink, (stroke * strength).max(least))?;
    let around = spread(&strokes.pixels, &ink);
    let (none, full) = ((NO_INK * strength).max(2.0 * noise), FULL_INK * strength);
    let levels = raw.levels.iter().zip(&ink.levels).zip(around).map(|((&level, &kept), near)| {
        let erased = ruled && kept == 0.0;
        if near && !erased { ((level - none) / (full - none)).clamp(0.0, 1.0) } else { 0.0 }
    });
    let ink = Plane { levels: levels.collect(), ..*raw };
    let area = Area::around(ink.points().filter(|&(.., level)| level > EDGE).map(|(x, y, _)| (x, y)))?;
    if (area.longest() as f32) < LEAST_SIZE * ink.width.max(ink.height) as f32 {
        return None;
    }
    Some(Digit { ink, area, at_edge: strokes.at_edge })
}

/// How much each pixel differs from the paper, positive in the direction of the ink.
///
/// Dark ink absorbs the same fraction of the light in bright and in dark corners, so it is measured as a fraction of the
/// paper's brightness.
fn contrast(grey: &Plane, paper: &Plane) -> Plane {
    let difference = grey.levels.iter().zip(&paper.levels).map(|(level, paper)| level - paper);
    let difference = Plane { levels: difference.collect(), ..*grey };
    let (mut lighter, mut darker) = (0.0, 0.0);
    for (x, y, level) in difference.points() {
        // Cubes let a few clear pixels outweigh a lot of noise.
        let cube = centrality(x, grey.width) * centrality(y, grey.height) * level.powi(3);
        if level > 0.0 { lighter += cube } else { darker -= cube }
    }
    if lighter > darker {
        return difference;
    }
    let levels = difference.levels.iter().zip(&paper.levels).map(|(level, paper)| -level / paper.max(0.1));
    Plane { levels: levels.collect(), ..*grey }
}

/// 1 in the middle of a side and small at its ends, where a frame or a shadow may be.
fn centrality(i: usize, length: usize) -> f32 {
    let distance = (2 * i + 1) as f32 / length as f32 - 1.0;
    1.05 - distance.powi(2)
}

/// The standard deviation of the paper, as if its noise were Gaussian. It is estimated from the pixels that differ in the
/// direction opposite to ink, so the amount of ink does not matter.
fn noise(ink: &Plane) -> f32 {
    let beyond = ink.levels.iter().filter(|&&level| level <= 0.0);
    1.4826 * paper::median(&mut beyond.map(|&level| f64::from(-level)).collect::<Vec<_>>()) as f32
}

/// The mean strength of the pixels of at least `least`, strong ones weighing more; `None` if there are none.
fn typical_strength(ink: &Plane, least: f32) -> Option<f32> {
    let (mut squares, mut cubes) = (0.0, 0.0);
    for (x, y, level) in ink.points().filter(|&(.., level)| level >= least) {
        let weight = centrality(x, ink.width) * centrality(y, ink.height);
        squares += weight * level.powi(2);
        cubes += weight * level.powi(3);
    }
    (squares > 0.0).then(|| cubes / squares)
}

fn upper_quartile(ink: &Plane, pixels: &[usize]) -> f32 {
    let mut levels: Vec<f32> = pixels.iter().map(|&pixel| ink.levels[pixel]).collect();
    levels.sort_unstable_by(f32::total_cmp);
    levels.get(levels.len() * 3 / 4).copied().unwrap_or(0.0)
}

/// Which pixels are in a stroke or at its soft edge.
fn spread(strokes: &[usize], plane: &Plane) -> Vec<bool> {
    let (width, height) = (plane.width, plane.height);
    let reach = 1 + width.max(height) / 100;
    let mut near = vec![false; width * height];
    for &pixel in strokes {
        let (x, y) = (pixel % width, pixel / width);
        let columns = x.saturating_sub(reach)..(x + reach + 1).min(width);
        for row in y.saturating_sub(reach)..(y + reach + 1).min(height) {
            near[row * width..][columns.clone()].fill(true);
        }
    }
    near
}
