//! The curves of activations.

use cnn_net::language::arguments;
use cnn_net::op::{Activation, Op, PreluPer, Shape as Extent};
use cnn_runtime::reference::{Tensor, activate, prelu, softmax};

use super::Figure;
use super::parts::{DIGITS, WIDTH, equals, heading, note, number};
use crate::layout::MARGIN;
use crate::sheet::{Shape, px};
use crate::text::wrap;
use crate::theme::{Kind, Paint};

/// The slope of the drawn `prelu`: PyTorch's initial one.
const SLOPE: f32 = 0.25;
/// The scores that softmax turns into probabilities.
const SCORES: [f32; 4] = [1.0, 3.0, 0.5, 2.0];

/// How many charts are side by side, and the size of each.
const COLUMNS: usize = 4;
const CELL: [f32; 2] = [(WIDTH - 2.0 * MARGIN) / COLUMNS as f32, 178.0];
/// The size of the chart itself, and its position in its cell.
const CHART: [f32; 2] = [132.0, 88.0];
const CORNER: [f32; 2] = [26.0, 46.0];
/// Points of a curve.
const POINTS: usize = 161;
/// No slope is as steep: what rises faster between two points is a jump.
const STEEPEST: f64 = 3.0;

/// The curve of every activation of the language, computed by its function, and an example of softmax.
///
#[doc = include_str!("../../figures/activations.svg")]
pub fn activations() -> Figure {
    let title = "Activations";
    let text =
        "Functions of a sum. Each chart shows the name in the language, the formula, and the values at −1 and 1.";
    let (mut shapes, top) = heading(title, text);
    let curves: Vec<Curve> = Activation::ALL.into_iter().map(Curve::of).chain([Curve::of_prelu()]).collect();
    let place = |index: usize| {
        let [column, row] = [index % COLUMNS, index / COLUMNS].map(|at| at as f32);
        [MARGIN + CELL[0] * column, top + CELL[1] * row]
    };
    shapes.extend(curves.iter().enumerate().map(|(index, curve)| curve.draw(place(index))));
    shapes.push(bars(place(curves.len())));
    let rows = (curves.len() + 2).div_ceil(COLUMNS);
    let about = "Without a function between them, two layers would do no more than one. The step of the perceptron has no slope to \
                 learn from; sigmoid and tanh have one that vanishes far from 0; ReLU and its relatives keep it on the positive \
                 side. Softmax, at the end, makes probabilities of scores."
        .to_owned();
    Figure { name: "activations", title, about, shapes, height: top + CELL[1] * rows as f32 }
}

/// A function as points.
struct Curve {
    name: String,
    formula: String,
    /// Where the chart ends.
    ends: [f64; 2],
    points: Vec<[f64; 2]>,
    /// The values at −1 and at 1.
    values: [f64; 2],
}

impl Curve {
    fn of(activation: Activation) -> Self {
        let name = match arguments(&Op::Activation(activation)).as_str() {
            "" => activation.name().to_owned(),
            arguments => format!("{}({arguments})", activation.name()),
        };
        // A limit is visible only beyond the bend where it begins.
        let reaches = activation.limits().is_some_and(|[_, largest]| largest > 4.0 && largest.is_finite());
        let right = if reaches { 8.0 } else { 4.0 };
        Self::new(name, activation.names().formula.to_owned(), right, |x| activate(activation, x))
    }

    fn of_prelu() -> Self {
        let formula = format!("x if x ≥ 0, else a learnt slope times x; here {}", number(SLOPE.into()));
        let slope = |x: f64| prelu(PreluPer::Channel, &Tensor::new(Extent::Vector(1), &[x as f32]), &[SLOPE]).data[0];
        Self::new("prelu".to_owned(), formula, 4.0, slope)
    }

    fn new(name: String, formula: String, right: f64, function: impl Fn(f64) -> f64) -> Self {
        let ends = [-4.0, right];
        let at = |index: usize| ends[0] + (ends[1] - ends[0]) * index as f64 / (POINTS - 1) as f64;
        let points = (0..POINTS).map(|index| [at(index), function(at(index))]).collect();
        Self { name, formula, ends, points, values: [function(-1.0), function(1.0)] }
    }

    /// The lowest and the highest tick: the whole numbers between which the curve lies.
    fn range(&self) -> [f64; 2] {
        let values = || self.points.iter().map(|[_, y]| *y);
        [values().fold(0.0, f64::min).floor(), values().fold(1.0, f64::max).ceil()]
    }

    fn draw(&self, [x, y]: [f32; 2]) -> Shape {
        let [left, top] = [x + CORNER[0], y + CORNER[1]];
        let [low, high] = self.range();
        let at = |[px_x, px_y]: [f64; 2]| {
            let [across, up] = [(px_x - self.ends[0]) / (self.ends[1] - self.ends[0]), (px_y - low) / (high - low)];
            [left + CHART[0] * across as f32, top + CHART[1] * (1.0 - up as f32)]
        };
        let [zero_x, zero_y] = at([0.0, 0.0]);
        let axes = format!("M{} {}h{}M{} {}v{}", px(left), px(zero_y), CHART[0], px(zero_x), px(top), CHART[1]);
        let mut group = Shape::group()
            .set("id", format!("activation-{}", self.id()))
            .set("class", "n")
            .tip(format!("{}: {}", self.name, self.formula))
            .with_all(header([x, y], &self.name, &self.formula, CELL[0]))
            .with(Shape::rect(left, top, CHART[0], CHART[1]).fill(Paint::Kind(Kind::Activation)))
            .with(Shape::path(axes).stroke(Paint::Frame, 1.0))
            .with(Shape::path(self.path(at)).stroke(Paint::Accent, 2.0));
        for tick in self.ends {
            group = group.with(small(at([tick, 0.0])[0], top + CHART[1] + 13.0, number(tick)).centred());
        }
        for (tick, down) in [(low, 0.0), (high, 8.0)] {
            group = group.with(small(left - 4.0, at([0.0, tick])[1] + down, number(tick)).ending());
        }
        let [negative, positive] = self.values.map(equals);
        let values = format!("f(−1) {negative}, f(1) {positive}");
        group.with(small(left + CHART[0] / 2.0, top + CHART[1] + 27.0, values).centred())
    }

    /// The name as part of an identifier.
    fn id(&self) -> String {
        let words = self.name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    }

    /// The points as a line, broken where the function jumps.
    fn path(&self, at: impl Fn([f64; 2]) -> [f32; 2]) -> String {
        let mut data = String::new();
        let mut before: Option<[f64; 2]> = None;
        for point in &self.points {
            let goes_on = before.is_some_and(|[x, y]| (point[1] - y).abs() < STEEPEST * (point[0] - x));
            let [x, y] = at(*point);
            data.push_str(&format!("{}{} {}", if goes_on { 'L' } else { 'M' }, px(x), px(y)));
            before = Some(*point);
        }
        data
    }
}

/// Name and formula.
fn header([x, y]: [f32; 2], name: &str, formula: &str, most: f32) -> Vec<Shape> {
    let left = x + 4.0;
    let lines = wrap(formula, 9.5, most - 10.0);
    let lines = lines.into_iter().enumerate().map(|(index, line)| small(left, y + 26.0 + 11.5 * index as f32, line));
    std::iter::once(Shape::text(left, y + 13.0, DIGITS, name).bold()).chain(lines).collect()
}

fn small(x: f32, y: f32, text: impl Into<String>) -> Shape {
    Shape::text(x, y, 9.5, text).fill(Paint::Muted)
}

/// Scores, and the probabilities that softmax turns them into.
fn bars([x, y]: [f32; 2]) -> Shape {
    let shares = softmax(&Tensor::new(Extent::Vector(SCORES.len()), &SCORES)).data;
    let scores = SCORES.map(f64::from);
    let largest = scores.iter().copied().fold(1.0, f64::max);
    let mut group = Shape::group()
        .set("id", "activation-softmax")
        .set("class", "n")
        .tip("softmax: scores become probabilities, which add up to 1")
        .with_all(header([x, y], "softmax", "exp(xᵢ) / Σ exp(xⱼ): scores become probabilities", 2.0 * CELL[0]));
    let sides = [("scores", &scores[..], largest), ("probabilities", &shares[..], 1.0)];
    for (side, (name, values, top)) in sides.into_iter().enumerate() {
        let left = x + CORNER[0] + CELL[0] * side as f32;
        let bottom = y + CORNER[1] + CHART[1];
        group = group.with(note(left + CHART[0] / 2.0, bottom + 27.0, name).centred());
        for (index, value) in values.iter().enumerate() {
            let high = (value / top) as f32 * (CHART[1] - 14.0);
            let bar = Shape::rect(left + 4.0 + 33.0 * index as f32, bottom - high, 24.0, high);
            group = group.with(bar.fill(Paint::Kind(Kind::Softmax)).stroke(Paint::Ink, 0.8));
            let middle = left + 16.0 + 33.0 * index as f32;
            group = group.with(small(middle, bottom - high - 4.0, number(*value)).centred());
        }
        let axis = format!("M{} {}h{}", px(left), px(bottom), CHART[0]);
        group = group.with(Shape::path(axis).stroke(Paint::Line, 1.0));
    }
    group
}
