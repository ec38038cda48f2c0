//! Steps of training.

use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::{Graph, Node};

use super::{Forward, Losses, Mode, Parameters, Targets, TrainError, forward};
use crate::train::{Loss, Optimiser, Update};

/// A net that is trained: its parameters, and what its optimiser remembers of them.
#[derive(Clone, Debug)]
pub struct Trainer<'a, O> {
    /// Parameters and running statistics.
    pub parameters: Parameters,
    graph: &'a Graph<'a>,
    optimiser: O,
    loss: Loss,
    frozen: fn(&Node<'_>) -> bool,
    seed: u64,
    step: u64,
    states: Parameters,
}

impl<'a, O: Optimiser> Trainer<'a, O> {
    /// A net with these parameters and running statistics, before its first step.
    pub fn new(graph: &'a Graph<'a>, parameters: Parameters, optimiser: O, loss: Loss) -> Self {
        Self { parameters, graph, optimiser, loss, frozen: |_| false, seed: 0, step: 0, states: Parameters::new() }
    }

    /// With another seed of dropout's bits; it is 0 otherwise.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// With some layers as they are: these run as at inference.
    #[must_use]
    pub fn freezing(self, frozen: fn(&Node<'_>) -> bool) -> Self {
        Self { frozen, ..self }
    }

    /// The loss of a minibatch as in training, and all gradients; nothing changes.
    ///
    /// # Errors
    ///
    /// As of [`forward`], [`Forward::loss`] and [`Forward::backward`].
    pub fn gradients(&self, batch: &[&[f32]], targets: &Targets<'_>) -> Result<(Losses, Parameters), TrainError> {
        let pass = self.forward(batch)?;
        let losses = pass.loss(self.loss, targets)?;
        let gradients = pass.backward(&losses.gradients)?.parameters;
        Ok((losses, gradients))
    }

    /// One step: the loss of a minibatch, all gradients, new running statistics, and an update of every parameter.
    ///
    /// # Errors
    ///
    /// As of [`forward`], [`Forward::loss`] and [`Forward::backward`]; then nothing has changed.
    pub fn step(&mut self, batch: &[&[f32]], targets: &Targets<'_>, rate: f64) -> Result<Losses, TrainError> {
        let pass = self.forward(batch)?;
        let losses = pass.loss(self.loss, targets)?;
        let gradients = pass.backward(&losses.gradients)?.parameters;
        let running = pass.running().clone();
        self.step += 1;
        self.parameters.extend(running);
        self.update(&gradients, rate);
        Ok(losses)
    }

    fn forward(&self, batch: &[&[f32]]) -> Result<Forward<'_>, TrainError> {
        let mode = Mode { seed: self.seed, step: self.step, frozen: &self.frozen };
        forward(self.graph, &self.parameters, batch, mode)
    }

    /// Changes each parameter by its gradient; once, even if several layers share it.
    fn update(&mut self, gradients: &Parameters, rate: f64) {
        let tensors = self.graph.nodes.iter().flat_map(|node| node.tensors.iter().map(move |tensor| (node, tensor)));
        let tensors: Vec<_> = tensors.collect();
        for (name, gradient) in gradients {
            let tensor = tensors.iter().find(|(_, tensor)| tensor.name == name);
            let (Some((node, tensor)), Some(parameters)) = (tensor, self.parameters.get_mut(name)) else { continue };
            let decays = self.optimiser.decay().applies(&node.op, tensor.role);
            let states = self.states.entry(name.clone()).or_insert_with(|| vec![0.0; O::STATES * gradient.len()]);
            self.optimiser.update(&Update { rate, step: self.step, decays }, parameters, gradient, states);
        }
    }
}
