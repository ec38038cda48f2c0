//! Batch normalisation of a small batch, step by step.

use cnn_net::op::{BatchNorm, Shape as Extent};
use cnn_runtime::reference::{BatchNormSteps, RunningVariance, Statistics, Tensor, batch_norm_training};

use super::Figure;
use super::parts::{Grid, LINE, Patch, arrow, equals, factor, heading, note, number, sum, words};
use crate::layout::MARGIN;
use crate::sheet::Shape;
use crate::theme::{Kind, Paint};

/// A batch of four samples with two features each, normalised as in training.
///
#[doc = include_str!("../../figures/batch-norm.svg")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormalisation {
    /// The samples.
    pub batch: [[f32; FEATURES]; SAMPLES],
    /// The factors of normalised features, γ.
    pub weight: [f32; FEATURES],
    /// The terms added to them, β.
    pub bias: [f32; FEATURES],
    /// The layer.
    pub layer: BatchNorm,
}

const SAMPLES: usize = 4;
const FEATURES: usize = 2;
const CELL: [f32; 2] = [46.0, 28.0];
/// The positions and heights of grids.
const COLUMNS: [f32; 5] = [84.0, 222.0, 360.0, 498.0, 636.0];
const HIGH: f32 = CELL[1] * SAMPLES as f32;

impl Default for BatchNormalisation {
    fn default() -> Self {
        let layer = BatchNorm::new(1e-5, 0.1);
        Self { batch: [[2., 10.], [4., 30.], [6., 20.], [8., 60.]], weight: [2.0, 0.5], bias: [1.0, -1.0], layer }
    }
}

impl BatchNormalisation {
    /// All steps that the layer computes.
    #[must_use]
    pub fn steps(&self) -> BatchNormSteps {
        let batch = self.batch.map(|sample| Tensor::new(Extent::Vector(FEATURES), &sample));
        let (mean, var) = ([0.0; FEATURES], [1.0; FEATURES]);
        let statistics = Statistics { weight: Some(&self.weight), bias: Some(&self.bias), mean: &mean, var: &var };
        batch_norm_training(&self.layer, &batch, &statistics, RunningVariance::Unbiased)
    }

    /// The figure.
    pub fn figure(&self) -> Figure {
        let title = "Batch normalisation, step by step";
        let text = "Four samples of two features. Each feature gets the mean 0 and the variance 1 over the batch, and then a scale \
                    and a shift that are learnt.";
        let (mut shapes, top) = heading(title, text);
        let steps = self.steps();
        shapes.extend(self.grids(&steps, top + 24.0));
        let below = top + 24.0 + HIGH + 36.0;
        shapes.push(words(MARGIN, below, "Feature 1, and its first sample").bold());
        let mut y = below + 4.0;
        for (name, text) in self.worked(&steps) {
            y += LINE;
            shapes.push(note(MARGIN, y, name));
            shapes.push(words(MARGIN + 116.0, y, text));
        }
        let about = "While weights change, the distribution of what a layer reads changes too; this takes mean and variance of it out \
                     again. Nets learn faster with it. At inference there is no batch: the running mean and variance take its \
                     place, and the whole layer can go into the weights of the convolution before it."
            .to_owned();
        Figure { name: "batch-norm", title, about, shapes, height: y + LINE }
    }

    /// The batch and its results.
    fn grids(&self, steps: &BatchNormSteps, top: f32) -> Vec<Shape> {
        let all = |samples: &[Tensor]| samples.iter().flat_map(|sample| sample.data.clone()).collect::<Vec<f64>>();
        let whole = [
            (0, "x", "batch x", self.batch.as_flattened().iter().map(|x| f64::from(*x)).collect(), Kind::Port),
            (2, "normalised", "normalised x̂", all(&steps.normalised), Kind::BatchNorm),
            (4, "output", "output y", all(&steps.output), Kind::BatchNorm),
        ];
        let middle = top + HIGH / 2.0;
        let pairs = [
            (1, "mean", "mean μ", steps.mean.clone(), middle - 42.0),
            (1, "variance", "variance σ²", steps.var.clone(), middle + 22.0),
            (3, "scale", "scale γ", self.weight.map(f64::from).to_vec(), middle - 42.0),
            (3, "shift", "shift β", self.bias.map(f64::from).to_vec(), middle + 22.0),
        ];
        let mut shapes = Vec::new();
        for (column, id, name, values, kind) in whole {
            let first = Patch::tint(0..SAMPLES, 0..1, Paint::Kind(kind));
            shapes.extend(grid(id, name, [COLUMNS[column], top], &values, &[first]));
        }
        for (column, id, name, values, y) in pairs {
            let first = Patch::tint(0..1, 0..1, Paint::Kind(Kind::Flatten));
            shapes.extend(grid(id, name, [COLUMNS[column], y], &values, &[first]));
        }
        for sample in 0..SAMPLES {
            let y = top + CELL[1] * (sample as f32 + 0.5) + 4.0;
            shapes.push(note(COLUMNS[0] - 8.0, y, format!("sample {}", sample + 1)).ending());
        }
        let wide = CELL[0] * FEATURES as f32;
        let gaps = COLUMNS.windows(2).map(|pair| arrow([pair[0] + wide + 8.0, middle], [pair[1] - 8.0, middle]));
        shapes.extend(gaps);
        shapes
    }

    /// Every step of feature 1: its name, and the computation.
    fn worked(&self, steps: &BatchNormSteps) -> [(&'static str, String); 5] {
        let values = self.batch.map(|sample| f64::from(sample[0]));
        let [mean, var] = [steps.mean[0], steps.var[0]];
        let squares = values.map(|x| format!("({} − {})²", number(x), factor(mean))).join(" + ");
        let [normalised, output] = [&steps.normalised, &steps.output].map(|samples| samples[0].data[0]);
        let [weight, bias, momentum] = [self.weight[0], self.bias[0], self.layer.momentum].map(f64::from);
        let eps = format!("{:e}", self.layer.eps).replace('-', "−");
        [
            ("1 mean", format!("μ = ({}) / {SAMPLES} {}", sum(values), equals(mean))),
            ("2 variance", format!("σ² = ({squares}) / {SAMPLES} {}", equals(var))),
            (
                "3 normalise",
                format!(
                    "x̂ = (x − μ) / √(σ² + ε) = ({} − {}) / √({} + {eps}) {}",
                    number(values[0]),
                    factor(mean),
                    number(var),
                    equals(normalised)
                ),
            ),
            (
                "4 scale and shift",
                format!(
                    "y = γ x̂ + β = {} · {} + {} {}",
                    number(weight),
                    factor(normalised),
                    factor(bias),
                    equals(output)
                ),
            ),
            (
                "for inference",
                format!(
                    "running mean, 0 at first: {} · 0 + {} · {} {} (momentum {})",
                    number(1.0 - momentum),
                    number(momentum),
                    factor(mean),
                    equals(steps.running_mean[0]),
                    number(momentum)
                ),
            ),
        ]
    }
}

/// Numbers, one feature per column, with a name above.
fn grid(id: &str, name: &str, at: [f32; 2], values: &[f64], patches: &[Patch]) -> [Shape; 2] {
    let grid = Grid { id: format!("batch-norm-{id}"), tip: name.to_owned(), at, cell: CELL, columns: FEATURES, values };
    [grid.draw(patches), words(grid.centre()[0], at[1] - 8.0, name).centred()]
}
