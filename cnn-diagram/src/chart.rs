//! Lines over a common axis: losses over epochs, norms over layers.

use std::fmt::Write as _;

use crate::sheet::{Shape, px};
use crate::text::width;
use crate::theme::{Kind, Paint};

/// Height of the lines' area, and the space around it: left, above, right, below.
const HEIGHT: f32 = 200.0;
const SPACE: [f32; 4] = [64.0, 30.0, 24.0, 44.0];
/// Sizes of text.
const TEXT: f32 = 12.0;
const SMALL: f32 = 10.0;
/// With more powers of ten, not every one is on the axis; with exponents beyond this, as powers.
const MOST_POWERS: i32 = 6;
const LARGEST_EXPONENT: i32 = 4;

/// A chart with two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart<'a> {
    /// What is above the vertical axis.
    pub name: &'a str,
    /// What is below the horizontal axis: `epochs →`.
    pub across: &'a str,
    /// Its upper end.
    pub top: f32,
    /// Its width, with all around it.
    pub width: f32,
    /// The first and the last number of the horizontal axis.
    pub columns: [usize; 2],
    /// The lowest and the highest number of the vertical axis.
    pub range: [f64; 2],
    /// Whether the vertical axis is logarithmic; its numbers are then greater than 0.
    pub is_logarithmic: bool,
}

/// A line of a chart. What is not finite is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Line<'a> {
    /// Its name in the key.
    pub name: &'a str,
    /// Its colour.
    pub paint: Paint,
    /// Its width in pixels.
    pub thick: f32,
    /// What its points are called in their tooltips, `epoch`; without one, there is only the line.
    pub point: Option<&'a str>,
    /// Where it is on each axis.
    pub points: Vec<[f64; 2]>,
}

impl Chart<'_> {
    /// The height of all charts, with all around them.
    pub const HEIGHT: f32 = HEIGHT + SPACE[1] + SPACE[3];

    /// Where a point of the axes is.
    #[must_use]
    pub fn at(&self, [across, value]: [f64; 2]) -> [f32; 2] {
        let [value, least, most] = if self.is_logarithmic {
            [value.max(self.range[0]), self.range[0], self.range[1]].map(f64::ln)
        } else {
            [value, self.range[0], self.range[1]]
        };
        let share = (value - least) / (most - least);
        let [first, last] = self.columns.map(|column| column as f64);
        let across = (across - first) / (last - first).max(1.0);
        let wide = self.width - SPACE[0] - SPACE[2];
        [SPACE[0] + wide * across as f32, self.top + SPACE[1] + HEIGHT * (1.0 - share.clamp(0.0, 1.0)) as f32]
    }

    /// The axes, the lines in their order, and a key.
    #[must_use]
    pub fn draw(&self, lines: &[Line<'_>]) -> Vec<Shape> {
        let mut shapes = self.axes();
        let mut right = self.width - SPACE[2];
        for line in lines {
            let Some(path) = self.path(&line.points) else { continue };
            shapes.push(path.stroke(line.paint, line.thick));
            if let Some(name) = line.point {
                shapes.extend(line.points.iter().filter(|[_, y]| y.is_finite()).map(|point| {
                    let [x, y] = self.at(*point);
                    let tip = format!("{}, {name} {}: {}", line.name, point[0].ceil(), readable(point[1]));
                    Shape::group().tip(tip).with(Shape::circle(x, y, 2.5).fill(line.paint))
                }));
            }
        }
        // From right to left.
        for line in lines.iter().rev().filter(|line| line.points.iter().any(|[_, y]| y.is_finite())) {
            right = key(&mut shapes, line, [right, self.top + 18.0]);
        }
        shapes
    }

    fn path(&self, points: &[[f64; 2]]) -> Option<Shape> {
        let mut path = String::new();
        for point in points.iter().filter(|point| point[1].is_finite()) {
            let [x, y] = self.at(*point);
            let _ = write!(path, "{}{} {}", if path.is_empty() { 'M' } else { 'L' }, px(x), px(y));
        }
        (!path.is_empty()).then(|| Shape::path(path))
    }

    /// Round numbers on the vertical axis, and how they are written.
    fn ticks(&self) -> Vec<(f64, String)> {
        let [least, most] = self.range;
        if self.is_logarithmic {
            return powers(least, most);
        }
        let step = tick(most - least, 5.0);
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        let first = (least / step).ceil() as i64;
        let values = (first..).map(|index| index as f64 * step).take_while(|value| *value <= most * (1.0 + 1e-9));
        values.map(|value| (value, format!("{value:.decimals$}"))).collect()
    }

    fn axes(&self) -> Vec<Shape> {
        let (left, right, bottom) = (SPACE[0], self.width - SPACE[2], self.top + SPACE[1] + HEIGHT);
        let mut shapes = vec![Shape::text(left, self.top + 18.0, TEXT, self.name).bold()];
        for (value, text) in self.ticks() {
            let [_, y] = self.at([0.0, value]);
            let line = Shape::path(format!("M{} {}H{}", px(left), px(y), px(right)));
            shapes.push(line.stroke(Paint::Kind(Kind::Dropout), 1.0));
            shapes.push(Shape::text(left - 7.0, y + 3.5, SMALL, text).ending().fill(Paint::Muted));
        }
        let frame = Shape::path(format!("M{0} {1}V{2}H{3}", px(left), px(self.top + SPACE[1]), px(bottom), px(right)));
        shapes.push(frame.stroke(Paint::Line, 1.0));
        let [first, last] = self.columns;
        let step = tick((last - first) as f64, 12.0).max(1.0) as usize;
        for column in (first.next_multiple_of(step)..=last).step_by(step) {
            let [x, _] = self.at([column as f64, self.range[0]]);
            shapes.push(Shape::path(format!("M{} {}v4", px(x), px(bottom))).stroke(Paint::Line, 1.0));
            shapes.push(Shape::text(x, bottom + 15.0, SMALL, column.to_string()).centred().fill(Paint::Muted));
        }
        shapes.push(Shape::text(left, bottom + 30.0, SMALL, self.across).fill(Paint::Muted));
        shapes
    }
}

/// A line and its name, ending at a point; where the next one may end.
fn key(shapes: &mut Vec<Shape>, line: &Line<'_>, [right, y]: [f32; 2]) -> f32 {
    let left = right - width(line.name, TEXT);
    shapes.push(Shape::text(left, y, TEXT, line.name).fill(Paint::Muted));
    shapes.push(Shape::path(format!("M{} {}h18", px(left - 24.0), px(y - 4.0))).stroke(line.paint, line.thick));
    left - 40.0
}

/// A number in a tooltip.
fn readable(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:.2e}").replace('-', "−") } else { format!("{value:.4}") }
}

/// Powers of ten between two numbers, with their multiples where there are few.
fn powers(least: f64, most: f64) -> Vec<(f64, String)> {
    let [first, last] = [least, most].map(|value| value.log10().floor() as i32);
    let digits: &[f64] = if most / least > 500.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
    let every = (last - first).div_euclid(MOST_POWERS) + 1;
    let text = |digit: f64, power: i32| {
        if first.abs().max(last.abs()) > LARGEST_EXPONENT {
            return format!("10{}", superscript(power));
        }
        let decimals = usize::try_from(-power).unwrap_or_default();
        format!("{:.decimals$}", digit * 10_f64.powi(power))
    };
    let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
    let all =
        powers.flat_map(|power| digits.iter().map(move |digit| (digit * 10_f64.powi(power), text(*digit, power))));
    all.filter(|(value, _)| (least..=most).contains(value)).collect()
}

/// `⁻¹²`
fn superscript(power: i32) -> String {
    let sign = if power < 0 { "⁻" } else { "" };
    let digits = power.unsigned_abs().to_string();
    let digit = |digit: char| char::to_digit(digit, 10).and_then(|digit| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit as usize));
    sign.chars().chain(digits.chars().filter_map(digit)).collect()
}

/// A distance between ticks, 1, 2 or 5 times a power of ten, of which about `most` are in a range.
fn tick(range: f64, most: f64) -> f64 {
    let least = range / most;
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|tick| *tick >= least).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHART: Chart<'static> = Chart {
        name: "loss",
        across: "epochs →",
        top: 0.0,
        width: 720.0,
        columns: [0, 6],
        range: [0.0, 2.0],
        is_logarithmic: false,
    };

    fn texts(chart: &Chart<'_>) -> Vec<String> {
        chart.ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!([tick(2.3, 5.0), tick(100.0, 5.0), tick(3.0, 12.0)], [0.5, 20.0, 0.5]);
        assert_eq!(texts(&CHART), ["0.0", "0.5", "1.0", "1.5", "2.0"]);
        let logarithmic = |range| texts(&Chart { range, is_logarithmic: true, ..CHART });
        assert_eq!(logarithmic([0.02, 2.0]), ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(logarithmic([1e-3, 3.0]), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(logarithmic([1e-12, 1.0]), ["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
    }

    #[test]
    fn points_are_within_the_axes() {
        let [left, bottom] = CHART.at([0.0, -1.0]);
        let [right, top] = CHART.at([6.0, 5.0]);
        assert_eq!([left, bottom, right, top], [SPACE[0], SPACE[1] + HEIGHT, 720.0 - SPACE[2], SPACE[1]]);
        let logarithmic = Chart { range: [0.02, 2.0], is_logarithmic: true, ..CHART };
        assert!((logarithmic.at([1.0, 0.2])[1] - SPACE[1] - HEIGHT / 2.0).abs() < 0.01);
        assert_eq!(logarithmic.at([1.0, 0.0]), logarithmic.at([1.0, 0.02]));
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let line = |points: &[f64]| Line {
            name: "training",
            paint: Paint::Ink,
            thick: 2.0,
            point: Some("epoch"),
            points: points.iter().map(|loss| [1.0, *loss]).collect(),
        };
        let axes = CHART.axes().len();
        assert_eq!(CHART.draw(&[line(&[f64::NAN])]).len(), axes);
        // A path, a point, and two shapes of the key.
        assert_eq!(CHART.draw(&[line(&[f64::NAN, 1.0])]).len(), axes + 4);
    }
}
