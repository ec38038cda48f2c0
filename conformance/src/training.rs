//! What compiled nets don't do: the mathematics of training.

use cnn::graph::{Graph, Input, Node, Output, Value};
use cnn::op::{Activation, BatchNorm, Op, Shape};
use cnn::reference::training::{Mode, Parameters, Targets, forward};
use cnn::reference::{RunningVariance, Statistics, Tensor, batch_norm_training};
use cnn::train::{Adam, Loss, Optimiser, Sgd, Update};

use super::{Case, flat};

/// What a loss makes of those of all samples.
#[derive(Clone, Copy, Debug)]
pub enum Reduction {
    /// Their mean.
    Mean,
    /// Nothing.
    None,
    /// Their sum.
    Sum,
}

impl Case {
    /// Normalises the batch as in training, which a compiled net does not do.
    ///
    /// ONNX's momentum is 1 minus ours and PyTorch's, and its running variance is updated with the batch's biased one.
    ///
    /// # Panics
    ///
    /// If an element of the output or of the running statistics differs from the expected one.
    pub fn check_batch_norm_training(&self, epsilon: f32, momentum: f32) {
        let input = self.tensor("input");
        let &[_, channels, height, width] = input.shape() else { panic!("{}: input {:?}", self.name, input.shape()) };
        let shape = Shape::map(channels, height, width);
        let batch: Vec<Tensor> =
            input.outer_iter().map(|sample| Tensor::new(shape, &flat(&sample.to_owned()))).collect();
        let [weight, bias, mean, var] = ["scale", "bias", "mean", "var"].map(|name| flat(self.tensor(name)));
        let statistics = Statistics { weight: Some(&weight), bias: Some(&bias), mean: &mean, var: &var };
        let op = BatchNorm::new(epsilon, 1.0 - momentum);
        let steps = batch_norm_training(&op, &batch, &statistics, RunningVariance::Biased);
        let output: Vec<f32> = steps.output.iter().flat_map(Tensor::to_f32).collect();
        self.compare("output", &output);
        let single = |numbers: &[f64]| numbers.iter().map(|number| *number as f32).collect::<Vec<_>>();
        self.compare("output_mean", &single(&steps.running_mean));
        self.compare("output_var", &single(&steps.running_var));
    }

    /// Updates tensors by Adam. ONNX adds epsilon before it corrects the bias, PyTorch after that, so only its first step is the same,
    /// which ONNX doesn't correct: as if there had been very many.
    ///
    /// # Panics
    ///
    /// If it is a later step, or an element of a parameter or of what is remembered differs from the expected one.
    pub fn check_adam(&self, betas: [f64; 2], epsilon: f64, norm_coefficient: f64) {
        self.check_optimiser(Adam::DEFAULT.betas(betas).eps(epsilon).weight_decay(norm_coefficient), &["v", "h"]);
    }

    /// Updates tensors by gradient descent with momentum. In the first step, ONNX weighs gradients as PyTorch always does.
    ///
    /// # Panics
    ///
    /// If it is a later step, or an element of a parameter or of what is remembered differs from the expected one.
    pub fn check_momentum(&self, alpha: f64, norm_coefficient: f64, nesterov: bool) {
        let sgd = Sgd::new(alpha).weight_decay(norm_coefficient);
        self.check_optimiser(if nesterov { sgd.nesterov() } else { sgd }, &["v"]);
    }

    fn check_optimiser(&self, optimiser: impl Optimiser, remembered: &[&str]) {
        assert_eq!(flat(self.tensor("step")), [0.0], "{}: a first step", self.name);
        let update = Update { rate: f64::from(flat(self.tensor("rate"))[0]), step: u64::MAX, decays: true };
        for (index, (_, input)) in self.inputs().into_iter().enumerate() {
            let suffix = if index == 0 { String::new() } else { (index + 1).to_string() };
            let of = |name: &str| flat(self.tensor(&format!("{name}{suffix}")));
            let mut parameters = flat(input);
            let mut states: Vec<f32> = remembered.iter().flat_map(|name| of(name)).collect();
            optimiser.update(&update, &mut parameters, &of("gradient"), &mut states);
            self.compare(&format!("output{suffix}"), &parameters);
            for (name, state) in remembered.iter().zip(states.chunks_exact(parameters.len())) {
                self.compare(&format!("output_{name}{suffix}"), state);
            }
        }
    }

    /// Computes a loss of classes: of one sample after the other, or of all together.
    ///
    /// # Panics
    ///
    /// If the loss, or an element of the logarithm of softmax, differs from the expected one.
    pub fn check_cross_entropy(&self, reduction: Reduction) {
        let input = self.tensor("input");
        let shape = match *input.shape() {
            [_, classes] => Shape::Vector(classes),
            [_, classes, positions] => Shape::map(classes, 1, positions),
            ref other => panic!("{}: input {other:?}", self.name),
        };
        let samples: Vec<Vec<f32>> = input.outer_iter().map(|sample| flat(&sample.to_owned())).collect();
        let labels: Vec<u32> = self.tensor("labels").iter().map(|label| *label as u32).collect();
        let samples: Vec<&[f32]> = samples.iter().map(Vec::as_slice).collect();
        let (mean, logarithms) = cross_entropy(shape, &samples, &labels);
        let found = match reduction {
            Reduction::Mean => vec![mean],
            Reduction::Sum => vec![mean * labels.len() as f32],
            Reduction::None => {
                let each = samples.chunks(1).zip(labels.chunks_exact(shape.size().area()));
                each.map(|(sample, labels)| cross_entropy(shape, sample, labels).0).collect()
            }
        };
        self.compare("output", &found);
        if self.tensors.contains_key("log_prob") {
            self.compare("log_prob", &logarithms);
        }
    }
}

/// The loss of a net that ends in the logarithm of softmax, and its output.
fn cross_entropy(shape: Shape, samples: &[&[f32]], labels: &[u32]) -> (f32, Vec<f32>) {
    let nodes = [
        Node::new("logits", Op::Activation(Activation::Identity), &[Value::Input(0)], shape),
        Node::new("end", Op::LogSoftmax, &[Value::Node(0)], shape),
    ];
    let (inputs, outputs) = ([Input::new("", shape)], [Output::new("", Value::Node(1))]);
    let (graph, parameters) = (Graph::new("Net", &inputs, &nodes, &outputs), Parameters::new());
    let pass = forward(&graph, &parameters, samples, Mode::new(0, 0)).unwrap_or_else(|error| panic!("{error}"));
    let losses = pass.loss(Loss::CROSS_ENTROPY, &Targets::Classes(labels)).unwrap_or_else(|error| panic!("{error}"));
    (losses.loss as f32, pass.value(Value::Node(1)).iter().flat_map(Tensor::to_f32).collect())
}
