//! The pass from the loss to all gradients.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::{Node, Role, Value};
use cnn_net::op::Op;

use super::super::gradient::{self, Gradients};
use super::super::{Tensor, layer};
use super::forward::masked;
use super::{Forward, Parameters, TrainError};

/// All gradients of a minibatch.
#[derive(Clone, Debug)]
pub struct Backward {
    /// Those of the parameters by name, without frozen layers and running statistics. A parameter that the loss does not depend on has
    /// zeros.
    pub parameters: Parameters,
    inputs: Vec<Option<Vec<Tensor>>>,
    nodes: Vec<Option<Vec<Tensor>>>,
}

impl Backward {
    /// The gradient of a value for each image, unless the loss does not depend on it.
    #[must_use]
    pub fn value(&self, value: Value) -> Option<&[Tensor]> {
        match value {
            Value::Input(index) => self.inputs.get(index)?.as_deref(),
            Value::Node(index) => self.nodes.get(index)?.as_deref(),
        }
    }

    /// Adds to the gradient of a value.
    fn add(&mut self, value: Value, gradients: Vec<Tensor>) {
        let of_value = match value {
            Value::Input(index) => &mut self.inputs[index],
            Value::Node(index) => &mut self.nodes[index],
        };
        match of_value {
            None => *of_value = Some(gradients),
            Some(sums) => {
                for (sum, gradient) in sums.iter_mut().zip(gradients) {
                    add(&mut sum.data, &gradient.data);
                }
            }
        }
    }
}

impl Forward<'_> {
    /// All gradients, from those of some values: of a net's output, and of those of auxiliary classifiers.
    ///
    /// Nodes are visited from the last to the first, and images from the first to the last; that is the order in which gradients of
    /// one value, or of one tensor, are added up.
    ///
    /// # Errors
    ///
    /// If the gradient of a parameter would have to pass a layer that it cannot pass.
    ///
    /// # Panics
    ///
    /// If there is no such value, or there are not as many gradients, or numbers in one, as the value has.
    pub fn backward(&self, of: &[(Value, Vec<Tensor>)]) -> Result<Backward, TrainError> {
        let nodes = self.graph.nodes;
        let inputs = vec![None; self.graph.inputs.len()];
        let mut all = Backward { parameters: self.zeros(), inputs, nodes: vec![None; nodes.len()] };
        for (value, gradients) in of {
            let shapes = |tensors: &[Tensor]| tensors.iter().map(|tensor| tensor.shape).collect::<Vec<_>>();
            assert_eq!(shapes(self.value(*value)), shapes(gradients), "gradients of {value:?}");
            all.add(*value, gradients.clone());
        }
        let learning = self.learning();
        for (index, node) in nodes.iter().enumerate().rev() {
            let Some(upstream) = all.nodes[index].take() else { continue };
            match node.op.differentiable() {
                Ok(()) => self.node(node, index, &upstream, &mut all)?,
                Err(why) if reads(node, &learning) => {
                    return Err(TrainError::NoGradient { node: node.name.to_string(), why });
                }
                // Nothing before it needs a gradient.
                Err(_) => {}
            }
            all.nodes[index] = Some(upstream);
        }
        Ok(all)
    }

    /// Adds the gradients of a node's inputs and tensors.
    fn node(&self, node: &Node<'_>, index: usize, upstream: &[Tensor], all: &mut Backward) -> Result<(), TrainError> {
        if let (Some(steps), Op::BatchNorm(op)) = (self.batch_norms.get(&index), &node.op) {
            let weight = layer::perhaps(node, self.parameters, Role::Weight)?;
            let gradients = gradient::batch_norm_training(op, steps, weight, upstream);
            self.add_tensors(node, &gradients, all);
            all.add(node.inputs[0], gradients.inputs);
            return Ok(());
        }
        let mask = self.dropout(node, index);
        let mut of_inputs = vec![Vec::new(); node.inputs.len()];
        for (image, upstream) in upstream.iter().enumerate() {
            let upstream = mask.map_or_else(|| upstream.clone(), |mask| masked(&mask, image, upstream));
            let gradients = layer::backward(node, self.parameters, &self.inputs(node, image), &upstream)?;
            self.add_tensors(node, &gradients, all);
            for (of_input, gradient) in of_inputs.iter_mut().zip(gradients.inputs) {
                of_input.push(gradient);
            }
        }
        for (value, gradients) in node.inputs.iter().zip(of_inputs) {
            all.add(*value, gradients);
        }
        Ok(())
    }

    fn add_tensors(&self, node: &Node<'_>, gradients: &Gradients, all: &mut Backward) {
        for (index, tensor) in node.tensors.iter().enumerate() {
            let gradient = match tensor.role {
                _ if !gradients.user.is_empty() => &gradients.user[index],
                Role::Weight => &gradients.weight,
                Role::Bias => &gradients.bias,
                _ => continue,
            };
            // Those of frozen layers have no place.
            if let Some(sum) = all.parameters.get_mut(tensor.name) {
                add(sum, gradient);
            }
        }
    }

    /// For each node, whether its output depends on parameters that are trained.
    fn learning(&self) -> Vec<bool> {
        let mut learning: Vec<bool> = Vec::new();
        for node in self.graph.nodes {
            let is_trained = !(self.mode.frozen)(node) && node.tensors.iter().any(|tensor| tensor.role.is_parameter());
            learning.push(is_trained || reads(node, &learning));
        }
        learning
    }

    /// A zero for each parameter that is trained.
    fn zeros(&self) -> Parameters {
        let trained = self.graph.nodes.iter().filter(|node| !(self.mode.frozen)(node));
        let tensors = trained.flat_map(Node::own_tensors).filter(|tensor| tensor.role.is_parameter());
        // As many as there are in the parameters: all slopes of a `prelu` may be one.
        let zeros = |name: &str| Some((name.to_string(), vec![0.0; self.parameters.get(name)?.len()]));
        tensors.filter_map(|tensor| zeros(tensor.name)).collect()
    }
}

/// Whether a node reads the output of one of these.
fn reads(node: &Node<'_>, these: &[bool]) -> bool {
    node.inputs.iter().any(|value| matches!(value, Value::Node(index) if these[*index]))
}

fn add(sums: &mut [f64], summands: &[f64]) {
    assert_eq!(sums.len(), summands.len(), "gradients of one size");
    sums.iter_mut().zip(summands).for_each(|(sum, summand)| *sum += summand);
}
