//! A perceptron, and the line that it draws through a plane.

use cnn_net::op::{Activation, Linear, Shape as Extent, Store};
use cnn_runtime::reference::{Tensor, activate, linear};

use super::Figure;
use super::parts::{LINE, arrow, equals, factor, heading, label, note, number, subscript, words};
use crate::layout::MARGIN;
use crate::sheet::{Shape, px};
use crate::theme::{Kind, Paint};

/// Two inputs, their weighted sum, and a step.
///
#[doc = include_str!("../../figures/perceptron.svg")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perceptron {
    /// Its inputs.
    pub inputs: [f32; 2],
    /// The factors of the inputs.
    pub weights: [f32; 2],
    /// The added term.
    pub bias: f32,
}

impl Default for Perceptron {
    fn default() -> Self {
        Self { inputs: [0.5, 1.0], weights: [1.5, -1.0], bias: 0.5 }
    }
}

/// How far the plane extends to each side of 0, and its size in the drawing.
pub(super) const REACH: f32 = 2.0;
const PLANE: f32 = 210.0;
/// The radius of the sum.
const CELL: f32 = 26.0;

impl Perceptron {
    /// The weighted sum of any inputs.
    pub(super) fn sum(&self, inputs: [f32; 2]) -> f64 {
        let op = Linear { features: 1, bias: true, store: Store::F32 };
        let input = Tensor::new(Extent::Vector(2), &inputs);
        linear(&op, &input, &self.weights, Some(&[self.bias])).data[0]
    }

    /// The figure.
    pub fn figure(&self) -> Figure {
        let title = "Perceptron";
        let text =
            "A weighted sum and a step (Rosenblatt 1958): a line divides the plane of its inputs into two classes.";
        let (mut shapes, top) = heading(title, text);
        shapes.extend(self.cell(top));
        shapes.extend(self.plane([WIDE, top + 14.0]));
        let (more, height) = self.computation(top + PLANE + 58.0);
        shapes.extend(more);
        let about = "Inputs are multiplied by weights and added up, with a bias. The step gives 1 for a sum that is not negative, \
                     and 0 for others. The points where the sum is 0 form a straight line, where one class ends and the \
                     other begins."
            .to_owned();
        Figure { name: "perceptron", title, about, shapes, height }
    }

    /// Inputs, weights, sum and step.
    fn cell(&self, top: f32) -> Vec<Shape> {
        let sum = self.sum(self.inputs);
        let middle = top + 14.0 + PLANE / 2.0;
        let rows = [middle - 82.0, middle, middle + 82.0];
        let sources = [
            (format!("x₁ = {}", number(self.inputs[0].into())), format!("w₁ = {}", number(self.weights[0].into()))),
            (format!("x₂ = {}", number(self.inputs[1].into())), format!("w₂ = {}", number(self.weights[1].into()))),
            ("1".to_owned(), format!("b = {}", number(self.bias.into()))),
        ];
        let mut shapes = Vec::new();
        for (y, (source, weight)) in rows.into_iter().zip(&sources) {
            let start = [MARGIN + 74.0, y];
            let down = (y - middle) * 0.22;
            let end = [MARGIN + 240.0 - (CELL * CELL - down * down).sqrt(), middle + down];
            shapes.push(arrow(start, end));
            shapes.push(label((start[0] + end[0]) / 2.0 - 8.0, (start[1] + end[1]) / 2.0, weight));
            let input = Shape::rect(MARGIN, y - 14.0, 74.0, 28.0).rounded(14.0);
            shapes.push(input.fill(Paint::Kind(Kind::Port)).stroke(Paint::Ink, 1.0));
            shapes.push(words(MARGIN + 37.0, y + 4.0, source).centred());
        }
        let circle = Shape::circle(MARGIN + 240.0, middle, CELL).fill(Paint::Kind(Kind::FullyConnected));
        shapes.push(circle.stroke(Paint::Ink, 1.0));
        shapes.push(Shape::text(MARGIN + 240.0, middle + 7.0, 20.0, "Σ").centred());
        shapes.push(arrow([MARGIN + 240.0 + CELL, middle], [MARGIN + 338.0, middle]));
        shapes.push(words(MARGIN + 300.0, middle - 8.0, format!("z {}", equals(sum))).centred());
        let step = Shape::rect(MARGIN + 338.0, middle - 22.0, 44.0, 44.0).rounded(3.0);
        shapes.push(step.fill(Paint::Kind(Kind::Activation)).stroke(Paint::Ink, 1.0));
        let curve = format!("M{} {}h14v-22h14", px(MARGIN + 346.0), px(middle + 11.0));
        shapes.push(Shape::path(curve).stroke(Paint::Ink, 2.0));
        shapes.push(note(MARGIN + 360.0, middle + 38.0, "step").centred());
        shapes.push(note(MARGIN + 240.0, middle + 42.0, "sum").centred());
        shapes.push(arrow([MARGIN + 382.0, middle], [MARGIN + 450.0, middle]));
        let class = activate(Activation::Step, sum);
        shapes.push(words(MARGIN + 412.0, middle - 8.0, format!("y = {}", number(class))).centred());
        shapes
    }

    /// The perceptron's answers at points of the plane; the line is where its sum is 0.
    fn plane(&self, [left, top]: [f32; 2]) -> Vec<Shape> {
        let scale = PLANE / (2.0 * REACH);
        let at = |[x, y]: [f32; 2]| [left + (x + REACH) * scale, top + (REACH - y) * scale];
        let [middle_x, middle_y] = at([0.0, 0.0]);
        let axes = format!("M{} {}h{PLANE}M{} {}v{PLANE}", px(left), px(middle_y), px(middle_x), px(top));
        let mut shapes = vec![
            Shape::rect(left, top, PLANE, PLANE).stroke(Paint::Frame, 1.0),
            Shape::path(axes).stroke(Paint::Frame, 1.0),
            note(left, top + PLANE + 15.0, number((-REACH).into())).centred(),
            note(left + PLANE, top + PLANE + 15.0, number(REACH.into())).centred(),
            note(middle_x, top + PLANE + 15.0, "x₁").centred(),
            note(left - 6.0, top + 8.0, number(REACH.into())).ending(),
            note(left - 6.0, middle_y + 4.0, "x₂").ending(),
            note(left - 6.0, top + PLANE, number((-REACH).into())).ending(),
        ];
        let steps = (0..8).map(|step| (step as f32 - 3.5) * REACH / 4.0);
        for point in steps.clone().flat_map(|y| steps.clone().map(move |x| [x, y])) {
            let [x, y] = at(point);
            let class = activate(Activation::Step, self.sum(point));
            let dot = Shape::circle(x, y, 3.5).set("class", format!("class-{class}")).stroke(Paint::Line, 1.0);
            let paint = if class == 1.0 { Paint::Kind(Kind::FullyConnected) } else { Paint::Paper };
            shapes.push(dot.fill(paint));
        }
        if let Some([from, to]) = self.line() {
            let [[x, y], [to_x, to_y]] = [at(from), at(to)];
            let data = format!("M{} {}L{} {}", px(x), px(y), px(to_x), px(to_y));
            shapes.push(Shape::path(data).stroke(Paint::Accent, 2.0));
        }
        let [x, y] = at(self.inputs.map(|input| input.clamp(-REACH, REACH)));
        shapes.push(Shape::circle(x, y, 5.0).fill(Paint::Accent));
        shapes.push(note(left, top + PLANE + 33.0, "filled: y = 1; the large point: x"));
        shapes
    }

    /// Where the line of sum 0 meets the edges of the plane.
    pub(super) fn line(&self) -> Option<[[f32; 2]; 2]> {
        let [across, down] = self.weights;
        let mut ends: Vec<[f32; 2]> = Vec::new();
        for edge in [-REACH, REACH] {
            ends.push([edge, -(self.bias + across * edge) / down]);
            ends.push([-(self.bias + down * edge) / across, edge]);
        }
        ends.retain(|end| end.iter().all(|place| place.is_finite() && place.abs() <= REACH + 1e-4));
        let far = |end: &[f32; 2]| (end[0] - ends[0][0]).abs().max((end[1] - ends[0][1]).abs());
        let last = *ends.iter().max_by(|a, b| far(a).total_cmp(&far(b)))?;
        Some([ends[0], last])
    }

    fn computation(&self, mut y: f32) -> (Vec<Shape>, f32) {
        let sum = self.sum(self.inputs);
        let terms = (0..2).map(|index| {
            let [weight, input] = [self.weights[index], self.inputs[index]].map(f64::from);
            format!("{} · {}", factor(weight), factor(input))
        });
        let terms: Vec<String> = terms.collect();
        let class = activate(Activation::Step, sum);
        let names: Vec<String> = [1, 2].map(subscript).map(|i| format!("w{i} x{i}")).to_vec();
        let why = if class == 1.0 { "since z ≥ 0" } else { "since z < 0" };
        let sigmoid = equals(activate(Activation::Sigmoid, sum));
        let lines = [
            format!(
                "z = {} + b = {} + {} {}",
                names.join(" + "),
                terms.join(" + "),
                factor(self.bias.into()),
                equals(sum)
            ),
            format!("y = step(z) = {}, {why}", number(class)),
            format!("With a sigmoid instead of the step it is logistic regression: 1 / (1 + exp(−z)) {sigmoid}"),
        ];
        let mut shapes = Vec::new();
        for line in lines {
            shapes.push(words(MARGIN, y, line));
            y += LINE;
        }
        (shapes, y)
    }
}

/// Where the plane begins.
const WIDE: f32 = super::parts::WIDTH - MARGIN - PLANE - 4.0;
