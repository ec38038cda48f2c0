//! Collecting a net's results.

use cnn::graph::Graph;

use crate::tensors::Tensor;

/// The tensor of the net's output.
const NAME: &str = "output";

/// The output and the taps of all passes.
pub(super) struct Outputs {
    /// The output, then the taps in their order.
    tensors: Vec<Tensor>,
    graph: &'static Graph<'static>,
}

impl Outputs {
    /// For `count` passes, or for a single one without a dimension for the count.
    pub(super) fn new(graph: &'static Graph<'static>, count: Option<usize>) -> Self {
        let taps = graph.taps.iter().map(|tap| Tensor::new(tap.name, count, graph.shape(tap.value)));
        Self { tensors: [Tensor::new(NAME, count, graph.output)].into_iter().chain(taps).collect(), graph }
    }

    pub(super) fn push_output(&mut self, values: &[f32]) {
        self.tensors[0].push(values);
    }

    /// Adds the value of each tap, which `value` returns for its name.
    pub(super) fn push_taps<'a>(&mut self, value: impl Fn(&str) -> Option<&'a [f32]>) {
        for (tensor, tap) in self.tensors[1..].iter_mut().zip(self.graph.taps) {
            // Names come from the description that the net's `tap` was generated from.
            tensor.push(value(tap.name).unwrap_or_default());
        }
    }

    /// All of them.
    pub(super) fn into_tensors(self) -> Vec<Tensor> {
        self.tensors
    }
}
