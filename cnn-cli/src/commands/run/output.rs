//! Collecting a net's results.

use cnn::graph::Graph;

use crate::tensors::Tensor;

/// The outputs and the taps of all passes.
pub(super) struct Outputs {
    /// The outputs, then the taps, each in their order.
    tensors: Vec<Tensor>,
    graph: &'static Graph<'static>,
}

impl Outputs {
    /// For `count` passes, or for a single one without a dimension for the count.
    pub(super) fn new(graph: &'static Graph<'static>, count: Option<usize>) -> Self {
        let outputs = graph.outputs.iter().enumerate().map(|(index, output)| (graph.output_name(index), output.value));
        let taps = graph.taps.iter().map(|tap| (tap.name, tap.value));
        let tensor = |(name, value)| Tensor::new(name, count, graph.shape(value));
        Self { tensors: outputs.chain(taps).map(tensor).collect(), graph }
    }

    /// Adds the outputs of a pass, which are one after another.
    pub(super) fn push_outputs(&mut self, mut values: &[f32]) {
        for (tensor, output) in self.tensors.iter_mut().zip(self.graph.outputs) {
            let (numbers, rest) = values.split_at(self.graph.shape(output.value).elements());
            tensor.push(numbers);
            values = rest;
        }
    }

    /// Adds the value of each tap, which `value` returns for its name.
    pub(super) fn push_taps<'a>(&mut self, value: impl Fn(&str) -> Option<&'a [f32]>) {
        for (tensor, tap) in self.tensors[self.graph.outputs.len()..].iter_mut().zip(self.graph.taps) {
            // Names come from the description that the net's `tap` was generated from.
            tensor.push(value(tap.name).unwrap_or_default());
        }
    }

    /// All of them.
    pub(super) fn into_tensors(self) -> Vec<Tensor> {
        self.tensors
    }
}
