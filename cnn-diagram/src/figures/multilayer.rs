//! A net of fully connected layers, with all its connections.

use cnn_net::graph::{Graph, Node, Value};
use cnn_net::op::{self, Op};
use cnn_net::text::{count, thousands};

use super::Figure;
use super::parts::{LINE, WIDTH, heading, note, number, subscript, words};
use crate::layout::MARGIN;
use crate::sheet::{Shape, px};
use crate::text::width;
use crate::theme::{Kind, Paint};

/// A net of fully connected layers, each followed by functions.
///
#[doc = include_str!("../../figures/mlp.svg")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultilayerPerceptron {
    name: String,
    inputs: usize,
    layers: Vec<Layer>,
}

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Layer {
    name: String,
    features: usize,
    parameters: u64,
    /// The functions after it.
    functions: Vec<&'static str>,
}

/// A layer with more units is drawn with its first and last ones only.
const MOST: usize = 10;
const FIRST: usize = 5;
const LAST: usize = 3;
/// The radius of a unit, and the distance between units.
const RADIUS: f32 = 9.0;
const STEP: f32 = 27.0;
/// Room for the names of inputs and outputs.
const SIDE: f32 = 60.0;

impl MultilayerPerceptron {
    /// Reads a description: fully connected layers, one after the other, with element-wise functions between them. `None` for
    /// other nets. Auxiliary classifiers are left out.
    #[must_use]
    pub fn of(graph: &Graph<'_>) -> Option<Self> {
        let mut layers: Vec<Layer> = Vec::new();
        let mut before = Value::Input(0);
        for (index, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.aux.is_none()) {
            if node.inputs != [before] {
                return None;
            }
            before = Value::Node(index);
            if let Op::Linear(linear) = node.op {
                layers.push(Layer::of(node, linear.features));
                continue;
            }
            match node.op.facts().kind.closed() {
                op::LayerKind::Activation | op::LayerKind::Softmax => layers.last_mut()?.functions.push(node.op.name()),
                op::LayerKind::Reordering | op::LayerKind::Regularisation => {}
                op::LayerKind::Convolution
                | op::LayerKind::Rearrangement
                | op::LayerKind::Resampling
                | op::LayerKind::FullyConnected
                | op::LayerKind::MaxPooling
                | op::LayerKind::AveragePooling
                | op::LayerKind::ResponseNormalisation
                | op::LayerKind::BatchNormalisation
                | op::LayerKind::Normalisation
                | op::LayerKind::Scaling
                | op::LayerKind::Gating
                | op::LayerKind::Concatenation
                | op::LayerKind::Addition
                | op::LayerKind::Multiplication
                | op::LayerKind::Maximum
                | op::LayerKind::Custom => return None,
            }
        }
        let inputs = graph.input().elements();
        (!layers.is_empty()).then(|| Self { name: graph.name.to_owned(), inputs, layers })
    }

    /// The figure.
    pub fn figure(&self) -> Figure {
        let title = "Multilayer perceptron";
        let parameters: u64 = self.layers.iter().map(|layer| layer.parameters).sum();
        let text = format!(
            "{}: perceptrons side by side form a layer, and every unit reads all units of the layer before. {}.",
            self.name,
            count(parameters, "parameter")
        );
        let (mut shapes, top) = heading(title, &text);
        let widths: Vec<usize> = std::iter::once(self.inputs).chain(self.layers.iter().map(|l| l.features)).collect();
        let middle = top + 52.0 + STEP * (MOST - 1) as f32 / 2.0;
        let apart = (WIDTH - 2.0 * (MARGIN + SIDE)) / self.layers.len() as f32;
        let columns: Vec<Column> = widths
            .iter()
            .enumerate()
            .map(|(index, units)| Column::new(*units, MARGIN + SIDE + apart * index as f32, middle))
            .collect();
        shapes.extend(columns.windows(2).map(|pair| edges(&pair[0], &pair[1])));
        shapes.extend(self.captions(&columns, top));
        shapes.extend(columns.iter().enumerate().map(|(index, column)| self.units(index, column)));
        let (formulas, height) = self.formulas(middle + STEP * MOST as f32 / 2.0 + 24.0);
        shapes.extend(formulas);
        let about = "A layer computes a = g(W x + b): a matrix of weights times the output of the layer before, plus a bias, then \
                     an activation of each sum. Layers with many units are drawn with their first and last ones."
            .to_owned();
        Figure { name: "mlp", title, about, shapes, height }
    }

    /// The text above the columns: names and numbers of units.
    fn captions(&self, columns: &[Column], top: f32) -> Vec<Shape> {
        let names = std::iter::once("input").chain(self.layers.iter().map(|layer| layer.name.as_str()));
        let mut shapes = Vec::new();
        for (index, (name, column)) in names.zip(columns).enumerate() {
            shapes.push(words(column.x, top + 6.0, name).bold().centred());
            let what = if index == 0 { "numbers" } else { "units" };
            shapes.push(note(column.x, top + 22.0, format!("{} {what}", thousands(column.units as u64))).centred());
        }
        shapes
    }

    /// The units of a column, with names in the first and the last one.
    fn units(&self, index: usize, column: &Column) -> Shape {
        let is_input = index == 0;
        let kind = if is_input { Kind::Port } else { Kind::FullyConnected };
        let name = if is_input { "input" } else { self.layers[index - 1].name.as_str() };
        let mut group = Shape::group()
            .set("id", format!("mlp-{name}"))
            .set("class", "n")
            .tip(format!("{name}: {}", count(column.units as u64, "unit")));
        for (unit, y) in column.shown() {
            group = group.with(Shape::circle(column.x, y, RADIUS).fill(Paint::Kind(kind)).stroke(Paint::Ink, 1.0));
            let number = subscript(unit + 1);
            if is_input {
                group = group.with(note(column.x - RADIUS - 6.0, y + 4.0, format!("x{number}")).ending());
            } else if index == self.layers.len() {
                group = group.with(note(column.x + RADIUS + 6.0, y + 4.0, format!("y{number}")));
            }
        }
        if let Some(y) = column.gap() {
            let dots = [-7.0, 0.0, 7.0].map(|off| Shape::circle(column.x, y + off, 1.8).fill(Paint::Line));
            group = group.with_all(dots);
        }
        group
    }

    /// What each layer computes.
    fn formulas(&self, mut y: f32) -> (Vec<Shape>, f32) {
        let mut shapes = Vec::new();
        let (mut value, mut inputs) = ("x".to_owned(), self.inputs);
        for (index, layer) in self.layers.iter().enumerate() {
            let number_of = subscript(index + 1);
            let sum = format!("W{number_of} {value} + b{number_of}");
            let call = layer.functions.iter().fold(sum.clone(), |inner, function| format!("{function}({inner})"));
            value = if index + 1 == self.layers.len() { "y".to_owned() } else { format!("a{number_of}") };
            let formula = format!("{value} = {call}");
            let sizes = format!(
                "W{number_of}: {} × {}, b{number_of}: {}; {}",
                number(layer.features as f64),
                number(inputs as f64),
                number(layer.features as f64),
                count(layer.parameters, "parameter")
            );
            shapes.push(words(MARGIN, y, formula.as_str()));
            shapes.push(note((MARGIN + width(&formula, 12.0) + 24.0).max(260.0), y, sizes));
            inputs = layer.features;
            y += LINE;
        }
        (shapes, y)
    }
}

impl Layer {
    fn of(node: &Node<'_>, features: usize) -> Self {
        let parameters = node.tensors.iter().filter(|tensor| tensor.role.is_parameter());
        let parameters = parameters.map(|tensor| tensor.elements() as u64).sum();
        Self { name: node.name.to_owned(), features, parameters, functions: Vec::new() }
    }
}

/// The units of a layer, one below the other.
struct Column {
    units: usize,
    x: f32,
    middle: f32,
}

impl Column {
    fn new(units: usize, x: f32, middle: f32) -> Self {
        Self { units, x, middle }
    }

    fn is_folded(&self) -> bool {
        self.units > MOST
    }

    /// The number of places, including the gap.
    fn places(&self) -> usize {
        if self.is_folded() { FIRST + 1 + LAST } else { self.units }
    }

    fn y(&self, place: usize) -> f32 {
        self.middle + STEP * (place as f32 - (self.places() - 1) as f32 / 2.0)
    }

    /// The drawn units, and where they are.
    fn shown(&self) -> Vec<(usize, f32)> {
        let unit = |place: usize| match place.cmp(&FIRST) {
            _ if !self.is_folded() => Some(place),
            std::cmp::Ordering::Less => Some(place),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(self.units - self.places() + place),
        };
        (0..self.places()).filter_map(|place| Some((unit(place)?, self.y(place)))).collect()
    }

    /// Where units are left out.
    fn gap(&self) -> Option<f32> {
        self.is_folded().then(|| self.y(FIRST))
    }
}

/// The connections of all units with all.
fn edges(from: &Column, to: &Column) -> Shape {
    let ends = to.shown();
    let lines = from.shown().into_iter().flat_map(|(_, y)| ends.iter().map(move |(_, to_y)| (y, *to_y)));
    let line = |(y, to_y)| format!("M{} {}L{} {}", px(from.x + RADIUS), px(y), px(to.x - RADIUS), px(to_y));
    Shape::path(lines.map(line).collect::<String>()).stroke(Paint::Line, 0.5)
}
