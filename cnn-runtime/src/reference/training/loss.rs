//! Losses and their gradients.

use alloc::vec::Vec;

use cnn_net::graph::{Graph, Value};

use super::super::activation::{sigmoid, softplus};
use super::super::{Tensor, log_softmax};
use super::{Forward, TrainError};
use crate::train::{Criterion, Loss};

/// What the outputs of a minibatch should be.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a> {
    /// A class for each image and, of maps, for each of its pixels, row by row.
    Classes(&'a [u32]),
    /// As many numbers as all outputs have, image by image.
    Numbers(&'a [f32]),
}

/// The loss of a minibatch, and its gradients.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Losses {
    /// The sum of the losses of the net's output and of all auxiliary classifiers, each times its weight.
    pub loss: f64,
    /// How many classes among the targets are the largest of their scores, the first one if there are several.
    pub hits: usize,
    /// By how much the loss changes with each logit, for [`Forward::backward`].
    pub gradients: Vec<(Value, Vec<Tensor>)>,
}

impl Forward<'_> {
    /// The loss, and the gradients of the logits, of a net with one output.
    ///
    /// # Errors
    ///
    /// If the targets are not what the loss needs, or the net has several outputs.
    pub fn loss(&self, loss: Loss, targets: &Targets<'_>) -> Result<Losses, TrainError> {
        self.losses(&[(loss.into(), *targets)])
    }

    /// The loss of all outputs together, and the gradients of the logits. Each output has a criterion and targets, in the order of the
    /// outputs. Auxiliary classifiers have those of the [output that they help](Graph::aux_output).
    ///
    /// # Errors
    ///
    /// If the targets are not what a loss needs, or there are not as many as outputs.
    pub fn losses(&self, outputs: &[(Criterion, Targets<'_>)]) -> Result<Losses, TrainError> {
        let graph = self.graph;
        if outputs.len() != graph.outputs.len() {
            return Err(TrainError::Outputs { expected: graph.outputs.len(), found: outputs.len() });
        }
        let mut all = Losses { loss: 0.0, hits: 0, gradients: Vec::new() };
        let results = graph.outputs.iter().zip(outputs).map(|(output, of)| (output.value, 1.0, of, true));
        let mut heads: Vec<_> = results.collect();
        for aux in graph.aux {
            let output = graph.aux_output(aux).ok_or(TrainError::Aux)?;
            heads.push((aux.result, f64::from(aux.weight), &outputs[output], false));
        }
        for (value, weight, (Criterion { loss, weight: of_output }, targets), is_result) in heads {
            let (logits, weight) = (logits(graph, *loss, value), weight * f64::from(*of_output));
            let (number, gradients) = of_logits(*loss, self.value(logits), targets)?;
            all.loss += weight * number;
            let scaled = gradients.into_iter().map(|gradient| gradient.map(|slope| weight * slope));
            all.gradients.push((logits, scaled.collect()));
            if let (Targets::Classes(classes), true) = (targets, is_result) {
                all.hits += hits(self.value(logits), classes);
            }
        }
        Ok(all)
    }
}

/// What a loss is computed from, in the place of an output.
fn logits(graph: &Graph<'_>, loss: Loss, output: Value) -> Value {
    match output {
        Value::Node(index) if loss.replaces(&graph.nodes[index].op) => graph.nodes[index].inputs[0],
        output => output,
    }
}

/// The loss of the logits of all images, and their gradients.
fn of_logits(loss: Loss, logits: &[Tensor], targets: &Targets<'_>) -> Result<(f64, Vec<Tensor>), TrainError> {
    match (loss, targets) {
        (Loss::CrossEntropy { smoothing }, Targets::Classes(classes)) => cross_entropy(smoothing, logits, classes),
        // The derivative of `(x - t)^2`.
        (Loss::MeanSquared, Targets::Numbers(numbers)) => {
            each(logits, numbers, |x, target| [(x - target) * (x - target), 2.0 * (x - target)])
        }
        // `-t ln(sigmoid(x)) - (1 - t) ln(1 - sigmoid(x))`, in a form that cannot overflow.
        (Loss::BinaryCrossEntropy, Targets::Numbers(numbers)) => {
            each(logits, numbers, |x, target| [softplus(x) - target * x, sigmoid(x) - target])
        }
        (loss, _) => Err(TrainError::Kind { classes: loss.is_of_classes() }),
    }
}

/// Cross entropy by log-sum-exp. A target is `1 - smoothing` of its class, and `smoothing / classes` of all; the gradient is softmax
/// minus that.
fn cross_entropy(smoothing: f64, logits: &[Tensor], targets: &[u32]) -> Result<(f64, Vec<Tensor>), TrainError> {
    let shape = logits[0].shape;
    let (classes, size) = (shape.channels(), shape.size());
    let count = logits.len() * size.area();
    check_count(count, targets.len())?;
    if let Some((index, class)) = targets.iter().enumerate().find(|(_, class)| **class as usize >= classes) {
        return Err(TrainError::Class { index, class: *class, classes });
    }
    let mut loss = 0.0;
    let of_image = |(image, targets): (&Tensor, &[u32])| {
        let logarithms = log_softmax(image);
        Tensor::from_fn(shape, |class, y, x| {
            let is_target = targets[y * size.width + x] as usize == class;
            let target = if is_target { 1.0 - smoothing } else { 0.0 } + smoothing / classes as f64;
            // Not for targets of 0, where a logarithm may be infinite.
            if target != 0.0 {
                loss -= target * logarithms.at(class, y, x) / count as f64;
            }
            (libm::exp(logarithms.at(class, y, x)) - target) / count as f64
        })
    };
    let gradients = logits.iter().zip(targets.chunks_exact(size.area())).map(of_image).collect();
    Ok((loss, gradients))
}

/// The mean of a function of an output and its target, which returns its slope too.
fn each(
    logits: &[Tensor],
    targets: &[f32],
    function: impl Fn(f64, f64) -> [f64; 2],
) -> Result<(f64, Vec<Tensor>), TrainError> {
    let elements = logits[0].data.len();
    let count = logits.len() * elements;
    check_count(count, targets.len())?;
    let mut loss = 0.0;
    let of_image = |(image, targets): (&Tensor, &[f32])| {
        let slope = |(x, target): (&f64, &f32)| {
            let [number, slope] = function(*x, f64::from(*target));
            loss += number / count as f64;
            slope / count as f64
        };
        Tensor { shape: image.shape, data: image.data.iter().zip(targets).map(slope).collect() }
    };
    let gradients = logits.iter().zip(targets.chunks_exact(elements)).map(of_image).collect();
    Ok((loss, gradients))
}

fn check_count(expected: usize, found: usize) -> Result<(), TrainError> {
    if expected == found { Ok(()) } else { Err(TrainError::Targets { expected, found }) }
}

/// How many targets are the first of the largest logits of their pixel.
fn hits(logits: &[Tensor], targets: &[u32]) -> usize {
    let shape = logits[0].shape;
    let width = shape.size().width;
    let is_hit = |image: &Tensor, pixel: usize, target: u32| {
        let at = |class| image.at(class, pixel / width, pixel % width);
        let largest = (1..shape.channels()).fold(0, |best, class| if at(class) > at(best) { class } else { best });
        largest == target as usize
    };
    let images = logits.iter().zip(targets.chunks_exact(shape.size().area()));
    let hits = |(image, targets): (&Tensor, &[u32])| {
        targets.iter().enumerate().filter(|(pixel, target)| is_hit(image, *pixel, **target)).count()
    };
    images.map(hits).sum()
}
