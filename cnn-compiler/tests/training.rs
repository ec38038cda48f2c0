//! Whole nets in training against PyTorch: the cases that `tools/torch_training.py` writes.

#[path = "support/digest.rs"]
mod digest;
mod planned;

use std::collections::BTreeMap;

use cnn_net::graph::Graph;
use cnn_runtime::reference::training::{Parameters, Targets, Trainer, double};
use cnn_runtime::train::{Adam, AdamW, Decay, Loss, Optimiser, Sgd};
use cnn_runtime::weights::{self, Source};
use models::seeded;

use digest::digest;

/// Both sides compute in double precision, but after some steps their rounding errors differ.
const GRADIENTS: f64 = 1e-10;
const AFTER: f64 = 1e-8;

/// A net, how it is trained, and PyTorch's numbers.
#[derive(Default)]
struct Case {
    net: String,
    images: usize,
    pixels: usize,
    loss: Option<Loss>,
    first: f64,
    hits: usize,
    /// Digests of gradients by the names of parameters.
    gradients: BTreeMap<String, Vec<f64>>,
    runs: Vec<Run>,
}

/// Some steps with one optimiser.
struct Run {
    optimiser: String,
    losses: Vec<f64>,
    /// Digests of all tensors after them.
    after: BTreeMap<String, Vec<f64>>,
}

fn loss(text: &str) -> Loss {
    match text.split_once(' ') {
        Some(("cross_entropy", smoothing)) => Loss::CrossEntropy { smoothing: smoothing.parse().expect("a share") },
        _ if text == "cross_entropy" => Loss::CROSS_ENTROPY,
        _ if text == "mean_squared" => Loss::MeanSquared,
        _ if text == "binary_cross_entropy" => Loss::BinaryCrossEntropy,
        _ => panic!("{text} is no loss"),
    }
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in include_str!("torch/training.txt").lines() {
        let (name, rest) = line.split_once(' ').expect("a name and what it names");
        if name == "net" {
            cases.push(Case { net: rest.to_owned(), ..Case::default() });
            continue;
        }
        let case = cases.last_mut().expect("a net comes first");
        let (first, more) = rest.split_once(' ').expect("two words");
        let numbers = || more.split(' ').map(|number| number.parse().expect("a number")).collect();
        match name {
            "case" => {
                let (pixels, kind) = more.split_once(' ').expect("a number and a loss");
                case.images = first.parse().expect("a number");
                case.pixels = pixels.parse().expect("a number");
                case.loss = Some(loss(kind));
            }
            "first" => {
                case.first = first.parse().expect("a number");
                case.hits = more.parse().expect("a number");
            }
            "gradient" => drop(case.gradients.insert(first.to_owned(), numbers())),
            "losses" => {
                let run = Run { optimiser: first.to_owned(), losses: numbers(), after: BTreeMap::new() };
                case.runs.push(run);
            }
            "after" => {
                let run = case.runs.last_mut().expect("losses come first");
                run.after.insert(first.to_owned(), numbers());
            }
            _ => panic!("{line}"),
        }
    }
    cases
}

#[track_caller]
fn close(what: &str, expected: &[f64], found: &[f64], tolerance: f64) {
    assert_eq!(expected.len(), found.len(), "{what}");
    let scale = expected.iter().fold(1e-30_f64, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
        let near = (expected - found).abs() <= tolerance * scale;
        assert!(near, "{what}\n[{index}]: {found}, expected {expected} (largest {scale})");
    }
}

/// A minibatch of a step.
struct Batch {
    images: Vec<Vec<f32>>,
    classes: Vec<u32>,
    numbers: Vec<f32>,
}

impl Case {
    fn name(&self) -> &str {
        self.net.split(':').next().expect("a name")
    }

    fn loss(&self) -> Loss {
        self.loss.expect("a loss")
    }

    fn batch(&self, graph: &Graph<'_>, step: usize) -> Batch {
        let name = format!("{} {step}", self.name());
        let image = |image| seeded::uniform(&format!("{name} image {image}"), graph.input().elements());
        let class = |index| ((step * 7 + index * 3) % graph.output().channels()) as u32;
        let numbers = seeded::uniform(&format!("{name} targets"), self.images * graph.output().elements());
        Batch {
            images: (0..self.images).map(image).collect(),
            classes: (0..self.images * self.pixels).map(class).collect(),
            numbers: numbers.into_iter().map(|x| x.midpoint(1.0)).collect(),
        }
    }

    fn parameters(&self, graph: &Graph<'_>) -> Parameters {
        let file = seeded::weights(graph, &format!("{}.", self.name()));
        double(&weights::read(graph, &Source::new(&file)).unwrap_or_else(|error| panic!("{}\n{error}", self.net)))
    }

    /// The gradients of the first minibatch.
    fn check_gradients(&self, graph: &Graph<'_>) {
        let net = self.name();
        let trainer = Trainer::new(graph, self.parameters(graph), Sgd::new(0.0), self.loss());
        let batch = self.batch(graph, 0);
        let (losses, gradients) = trainer.gradients(&batch.images(), &self.targets(&batch)).expect("a minibatch");
        close(&format!("{net}: loss"), &[self.first], &[losses.loss], GRADIENTS);
        assert_eq!(losses.hits, self.hits, "{net}: hits");
        assert!(gradients.keys().eq(self.gradients.keys()), "{net}: parameters");
        for (name, gradient) in &gradients {
            close(&format!("{net}: {name}"), &self.gradients[name], &digest(name, gradient), GRADIENTS);
        }
    }

    fn check_steps<O: Optimiser>(&self, graph: &Graph<'_>, run: &Run, optimiser: O, rate: f64) {
        let what = format!("{}, {}", self.name(), run.optimiser);
        let mut trainer = Trainer::new(graph, self.parameters(graph), optimiser, self.loss());
        let step = |step| {
            let batch = self.batch(graph, step);
            trainer.step(&batch.images(), &self.targets(&batch), rate).expect("a minibatch").loss
        };
        let losses: Vec<f64> = (0..run.losses.len()).map(step).collect();
        close(&format!("{what}: losses"), &run.losses, &losses, AFTER);
        assert!(trainer.parameters.keys().eq(run.after.keys()), "{what}: tensors");
        for (name, numbers) in &trainer.parameters {
            close(&format!("{what}: {name} after it"), &run.after[name], &digest(name, numbers), AFTER);
        }
    }

    fn targets<'b>(&self, batch: &'b Batch) -> Targets<'b> {
        if self.loss().is_of_classes() { Targets::Classes(&batch.classes) } else { Targets::Numbers(&batch.numbers) }
    }

    fn with_graph(&self, check: impl FnOnce(&Graph<'_>)) {
        let plan = planned::plan(&self.net).unwrap_or_else(|error| panic!("{}\n{error}", self.net));
        plan.describe("Net", "", |graph| check(graph));
    }
}

impl Batch {
    fn images(&self) -> Vec<&[f32]> {
        self.images.iter().map(Vec::as_slice).collect()
    }
}

#[test]
fn gradients_of_nets_agree_with_pytorch() {
    let cases = cases();
    assert_eq!(cases.len(), 7);
    for case in cases {
        case.with_graph(|graph| case.check_gradients(graph));
    }
}

#[test]
fn steps_agree_with_pytorch() {
    for case in cases() {
        assert_eq!(case.runs.len(), 4, "{}", case.net);
        case.with_graph(|graph| {
            for run in &case.runs {
                assert_eq!(run.losses.len(), 20, "{}", case.net);
                match run.optimiser.as_str() {
                    "sgd" => case.check_steps(graph, run, Sgd::new(0.9), 0.03),
                    "nesterov" => case.check_steps(graph, run, Sgd::new(0.9).nesterov().weight_decay(0.01), 0.03),
                    "adam" => case.check_steps(graph, run, Adam::DEFAULT.weight_decay(0.02), 0.003),
                    "adamw" => {
                        let adam = Adam::DEFAULT.betas([0.8, 0.99]).weight_decay(0.1).decaying(Decay::Weights);
                        case.check_steps(graph, run, AdamW(adam), 0.003);
                    }
                    other => panic!("{other} is no optimiser"),
                }
            }
        });
    }
}
