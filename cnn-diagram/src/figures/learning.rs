//! How a perceptron's line moves while it learns.

use cnn_net::graph::{Graph, Input, Node, Output, Role, Tensor, Value};
use cnn_net::op::{Linear, Op, Shape as Extent};
use cnn_runtime::reference::training::{Parameters, Targets, Trainer};
use cnn_runtime::train::{Loss, Sgd};

use super::Figure;
use super::parts::{WIDTH, heading, note, number, words};
use super::perceptron::{Perceptron, REACH};
use crate::layout::MARGIN;
use crate::sheet::{Shape, px};
use crate::theme::{Kind, Paint};

/// A perceptron that learns to tell points apart, by steps of one point each, whose target is 1 or −1.
///
#[doc = include_str!("../../figures/perceptron-learning.svg")]
#[derive(Clone, Debug, PartialEq)]
pub struct LearningPerceptron {
    /// Points of the plane, and whether the answer is to be 1. They are shown in this order, again and again.
    pub points: Vec<([f32; 2], bool)>,
    /// The weights and the bias before the first step.
    pub first: [f64; 3],
    /// The learning rate.
    pub rate: f64,
    /// After how many steps it is drawn, in ascending order.
    pub times: [usize; 6],
}

impl Default for LearningPerceptron {
    fn default() -> Self {
        let above =
            [[-1.5, -0.4], [0.3, 1.6], [-0.4, 0.6], [1.3, 1.7], [-1.7, 1.2], [-0.9, 1.5], [0.7, 0.9], [-1.1, 0.3]];
        let below =
            [[0.2, -0.7], [1.6, 0.3], [-1.4, -1.6], [0.9, -1.2], [-0.5, -1.1], [1.7, -0.6], [0.9, -0.1], [0.1, -1.7]];
        let points = above.into_iter().zip(below).flat_map(|(above, below)| [(above, true), (below, false)]);
        Self { points: points.collect(), first: [1.0, -0.5, 0.3], rate: 0.05, times: [0, 2, 5, 8, 12, 160] }
    }
}

/// The size of a plane in the drawing, and the distance from one to the next.
const PLANE: f32 = 196.0;
const NEXT: [f32; 2] = [(WIDTH - 2.0 * MARGIN - PLANE) / 2.0, PLANE + 74.0];
/// Planes side by side.
const COLUMNS: usize = 3;

impl LearningPerceptron {
    /// The perceptron after each of the times, by steps of stochastic gradient descent in double precision.
    fn learn(&self) -> Vec<Perceptron> {
        let tensors = [Tensor::new("fc.weight", Role::Weight, &[1, 2]), Tensor::new("fc.bias", Role::Bias, &[1])];
        let layer = Op::Linear(Linear::new(1));
        let nodes = [Node::new("fc", layer, &[Value::Input(0)], Extent::Vector(1)).tensors(&tensors)];
        let (inputs, outputs) = ([Input::new("", Extent::Vector(2))], [Output::new("", Value::Node(0))]);
        let graph = Graph::new("Perceptron", &inputs, &nodes, &outputs);
        let [across, up, bias] = self.first;
        let first = [("fc.weight", vec![across, up]), ("fc.bias", vec![bias])];
        let first: Parameters = first.into_iter().map(|(name, numbers)| (name.to_owned(), numbers)).collect();
        let mut trainer = Trainer::new(&graph, first, Sgd::new(0.0), Loss::MeanSquared);
        let (mut shown, mut learnt) = (self.points.iter().cycle(), 0_usize);
        let mut after = |steps: usize| {
            for (point, is_one) in shown.by_ref().take(steps.saturating_sub(learnt)) {
                let target = [if *is_one { 1.0 } else { -1.0 }];
                let step = trainer.step(&[&point[..]], &Targets::Numbers(&target), self.rate);
                debug_assert!(step.is_ok(), "a linear layer trains");
            }
            learnt = learnt.max(steps);
            let [weights, bias] = ["fc.weight", "fc.bias"].map(|name| &trainer.parameters[name]);
            Perceptron {
                weights: [weights[0] as f32, weights[1] as f32],
                bias: bias[0] as f32,
                ..Perceptron::default()
            }
        };
        self.times.iter().map(|time| after(*time)).collect()
    }

    /// The figure.
    pub fn figure(&self) -> Figure {
        let title = "A perceptron learns";
        let text = "Each step looks at one point and moves the weights a little towards the answer that is wanted there; the line moves \
                    with them. Points on the wrong side have a ring.";
        let (mut shapes, top) = heading(title, text);
        for (index, (perceptron, steps)) in self.learn().iter().zip(self.times).enumerate() {
            let place = [index % COLUMNS, index / COLUMNS];
            let [left, top] = [MARGIN + NEXT[0] * place[0] as f32, top + 6.0 + NEXT[1] * place[1] as f32];
            shapes.extend(self.plane(perceptron, steps, [left, top]));
        }
        let rows = self.times.len().div_ceil(COLUMNS) as f32;
        let about = format!(
            "Training of a perceptron on {} points, with a rate of {}: each step computes the gradient of the squared difference \
             between the weighted sum and 1 or −1, and subtracts it from the weights, times the rate (Widrow & Hoff 1960). The step \
             function is left out while it learns, since it has no slope.",
            self.points.len(),
            number(self.rate)
        );
        Figure { name: "perceptron-learning", title, about, shapes, height: top + rows * NEXT[1] }
    }

    /// The points and the line after some steps.
    fn plane(&self, perceptron: &Perceptron, steps: usize, [left, top]: [f32; 2]) -> Vec<Shape> {
        let scale = PLANE / (2.0 * REACH);
        let at = |[x, y]: [f32; 2]| [left + (x + REACH) * scale, top + 8.0 + (REACH - y) * scale];
        let [middle_x, middle_y] = at([0.0, 0.0]);
        let axes = format!("M{} {}h{PLANE}M{} {}v{PLANE}", px(left), px(middle_y), px(middle_x), px(top + 8.0));
        let mut shapes = vec![
            words(left, top, if steps == 1 { "after 1 step".to_owned() } else { format!("after {steps} steps") }),
            Shape::rect(left, top + 8.0, PLANE, PLANE).stroke(Paint::Frame, 1.0),
            Shape::path(axes).stroke(Paint::Frame, 1.0),
        ];
        if let Some([from, to]) = perceptron.line() {
            let [[x, y], [to_x, to_y]] = [at(from), at(to)];
            shapes.push(
                Shape::path(format!("M{} {}L{} {}", px(x), px(y), px(to_x), px(to_y))).stroke(Paint::Accent, 2.0),
            );
        }
        let mut wrong = 0;
        for (point, is_one) in &self.points {
            let [x, y] = at(*point);
            let paint = if *is_one { Paint::Kind(Kind::FullyConnected) } else { Paint::Paper };
            shapes.push(Shape::circle(x, y, 4.0).fill(paint).stroke(Paint::Line, 1.0));
            if (perceptron.sum(*point) >= 0.0) != *is_one {
                wrong += 1;
                shapes.push(Shape::circle(x, y, 7.5).stroke(Paint::Accent, 1.5));
            }
        }
        let [w, v] = perceptron.weights.map(|weight| number(weight.into()));
        let sum = format!("w₁ = {w}, w₂ = {v}, b = {}", number(perceptron.bias.into()));
        shapes.push(note(left, top + PLANE + 24.0, sum));
        let right = self.points.len() - wrong;
        shapes.push(note(left, top + PLANE + 40.0, format!("{right} of {} right", self.points.len())));
        shapes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(example: &LearningPerceptron, perceptron: &Perceptron) -> usize {
        example.points.iter().filter(|(point, is_one)| (perceptron.sum(*point) >= 0.0) == *is_one).count()
    }

    #[test]
    fn it_learns_what_a_line_can_tell_apart() {
        let example = LearningPerceptron::default();
        let learnt = example.learn();
        let counts: Vec<usize> = learnt.iter().map(|perceptron| right(&example, perceptron)).collect();
        assert!(counts[0] <= 8 && counts[5] == 16, "{counts:?}");
        assert_eq!((learnt[0].weights, learnt[0].bias), ([1.0, -0.5], 0.3));
        // One step by hand: the gradient is twice the difference, times each input.
        let one = LearningPerceptron { times: [1; 6], ..example.clone() }.learn()[5];
        let ([x, y], _) = example.points[0];
        let difference = f64::from(x) - 0.5 * f64::from(y) + 0.3 - 1.0;
        let expected = [(x, 1.0), (y, -0.5)].map(|(x, weight)| weight - 0.05 * 2.0 * difference * f64::from(x));
        assert!(expected.iter().zip(one.weights).all(|(a, b)| (a - f64::from(b)).abs() < 1e-6), "{one:?} {expected:?}");
        // What no line can.
        let corners = [[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]];
        let points = corners.into_iter().map(|point| (point, point[0] == point[1])).collect();
        let apart = LearningPerceptron { points, ..example };
        assert!(right(&apart, &apart.learn()[5]) < 4);
    }
}
