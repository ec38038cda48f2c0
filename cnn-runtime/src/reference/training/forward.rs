//! The pass from the input to all values.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use cnn_net::graph::{Graph, Node, Role, Value};
use cnn_net::op::{BatchNorm, Op};

use super::super::{
    BatchNormSteps, RunError, RunningVariance, Statistics, Tensor, batch_norm_training, layer, positions,
};
use super::{Mode, Parameters, TrainError};
use crate::train::Dropout;

/// All values of a net, for each image of a minibatch, and what [`backward`](Forward::backward) needs besides.
pub struct Forward<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) parameters: &'a Parameters,
    pub(super) mode: Mode<'a>,
    /// Images of the minibatch.
    images: usize,
    /// Of each input, for each image.
    inputs: Vec<Vec<Tensor>>,
    nodes: Vec<Vec<Tensor>>,
    /// By the index of the node.
    pub(super) batch_norms: BTreeMap<usize, BatchNormSteps>,
    /// Running statistics after the nodes so far, by name.
    running: Parameters,
}

/// Runs a net on a minibatch as in training, auxiliary classifiers included. An image is all inputs of the net, one after another.
///
/// # Errors
///
/// If an input or a tensor has the wrong number of elements, a tensor is missing, there are no images, or a batch normalisation has only
/// one number per channel.
///
/// # Panics
///
/// If a shape in the graph is not that of the layer's output.
pub fn forward<'a>(
    graph: &'a Graph<'a>,
    parameters: &'a Parameters,
    batch: &[&[f32]],
    mode: Mode<'a>,
) -> Result<Forward<'a>, TrainError> {
    if batch.is_empty() {
        return Err(TrainError::NoImages);
    }
    let expected = graph.input().elements();
    if let Some(image) = batch.iter().find(|image| image.len() != expected) {
        return Err(RunError::Input { expected, found: image.len() }.into());
    }
    let mut first = 0;
    let inputs = graph.inputs.iter().map(|input| {
        let part = first..first + input.shape.elements();
        first = part.end;
        batch.iter().map(|image| Tensor::new(input.shape, &image[part.clone()])).collect()
    });
    let (images, inputs, nodes) = (batch.len(), inputs.collect(), Vec::new());
    let (batch_norms, running) = (BTreeMap::new(), Parameters::new());
    let mut pass = Forward { graph, parameters, mode, images, inputs, nodes, batch_norms, running };
    for node in graph.nodes {
        let output = pass.run(node)?;
        assert!(output.iter().all(|output| output.shape == node.output), "shape of `{}`", node.name);
        pass.nodes.push(output);
    }
    Ok(pass)
}

impl Forward<'_> {
    /// A value, for each image.
    ///
    /// # Panics
    ///
    /// If the graph has no such value.
    #[must_use]
    pub fn value(&self, value: Value) -> &[Tensor] {
        match value {
            Value::Input(index) => &self.inputs[index],
            Value::Node(index) => &self.nodes[index],
        }
    }

    /// How many images the minibatch has.
    #[must_use]
    pub fn images(&self) -> usize {
        self.images
    }

    /// The inputs of a node, for one image.
    pub(super) fn inputs(&self, node: &Node<'_>, image: usize) -> Vec<&Tensor> {
        node.inputs.iter().map(|value| &self.value(*value)[image]).collect()
    }

    /// The mask of a node that drops numbers.
    pub(super) fn dropout(&self, node: &Node<'_>, index: usize) -> Option<Dropout> {
        match node.op {
            Op::Dropout { p } if !(self.mode.frozen)(node) => {
                Some(Dropout::new(p, self.mode.seed, self.mode.step, index as u32))
            }
            _ => None,
        }
    }

    /// Running statistics after this minibatch, by name. A layer that is there again updates them once more.
    #[must_use]
    pub fn running(&self) -> &Parameters {
        &self.running
    }

    /// The output of the next node.
    fn run(&mut self, node: &Node<'_>) -> Result<Vec<Tensor>, TrainError> {
        let index = self.nodes.len();
        if let Op::BatchNorm(op) = node.op
            && !(self.mode.frozen)(node)
        {
            return self.batch_norm(&op, node, index);
        }
        let mask = self.dropout(node, index);
        let outputs = (0..self.images()).map(|image| {
            let output = layer::forward(node, self.parameters, &self.inputs(node, image))?;
            Ok(mask.map_or_else(|| output.clone(), |mask| masked(&mask, image, &output)))
        });
        outputs.collect()
    }

    fn batch_norm(&mut self, op: &BatchNorm, node: &Node<'_>, index: usize) -> Result<Vec<Tensor>, TrainError> {
        let input = self.value(node.inputs[0]);
        if input.len() * node.output.size().area() == 1 {
            return Err(TrainError::OneNumber { node: node.name.to_string() });
        }
        let given = layer::statistics(node, self.parameters)?;
        let name = |role| node.op.tensor_name(node.name, role);
        let [mean, var] = [name(Role::RunningMean), name(Role::RunningVar)];
        let statistics = Statistics {
            mean: self.running.get(&mean).map_or(given.mean, |mean| mean),
            var: self.running.get(&var).map_or(given.var, |var| var),
            ..given
        };
        let steps = batch_norm_training(op, input, &statistics, RunningVariance::Unbiased);
        self.running.insert(mean, steps.running_mean.clone());
        self.running.insert(var, steps.running_var.clone());
        let output = steps.output.clone();
        self.batch_norms.insert(index, steps);
        Ok(output)
    }
}

/// What dropout leaves of an image's numbers, or of their gradients.
pub(super) fn masked(mask: &Dropout, image: usize, values: &Tensor) -> Tensor {
    let (channels, width) = (values.shape.channels(), values.shape.size().width);
    let data = positions(values.shape).zip(&values.data).map(|([channel, y, x], value)| {
        let element = (y * width + x) * channels + channel;
        if mask.keeps(image as u32, element as u32) { value * mask.scale() } else { 0.0 }
    });
    Tensor { shape: values.shape, data: data.collect() }
}
