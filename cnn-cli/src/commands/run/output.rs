//! Collecting what a net gives, as a safetensors file.

use cnn::graph::Graph;
use cnn::op::Shape;
use safetensors::{Dtype, SafeTensorError, serialize, tensor::TensorView};

use crate::numbers::dimensions;

/// The tensor of the net's output.
const NAME: &str = "output";

/// The output and the taps of all passes.
pub(super) struct Outputs {
    output: Tensor,
    taps: Vec<Tensor>,
}

/// The values of all passes at one place.
struct Tensor {
    name: &'static str,
    dimensions: Vec<usize>,
    /// Little-endian floats.
    bytes: Vec<u8>,
}

impl Outputs {
    /// For `count` passes, or for one whose values get no dimension for that.
    pub(super) fn new(graph: &'static Graph<'static>, count: Option<usize>) -> Self {
        let tensor = |name, shape: Shape| {
            let dimensions = count.into_iter().chain(dimensions(shape)).collect();
            Tensor { name, dimensions, bytes: Vec::new() }
        };
        let taps = graph.taps.iter().map(|tap| tensor(tap.name, graph.shape(tap.value))).collect();
        Self { output: tensor(NAME, graph.output), taps }
    }

    pub(super) fn push_output(&mut self, values: &[f32]) {
        self.output.push(values);
    }

    /// Adds what `value` gives for the name of each tap.
    pub(super) fn push_taps<'a>(&mut self, value: impl Fn(&str) -> Option<&'a [f32]>) {
        for tap in &mut self.taps {
            // Names come from the same description that the net's `tap` was made from.
            tap.push(value(tap.name).unwrap_or_default());
        }
    }

    /// The file.
    pub(super) fn into_file(self) -> Result<Vec<u8>, SafeTensorError> {
        let tensors: Vec<Tensor> = [self.output].into_iter().chain(self.taps).collect();
        let views = tensors
            .iter()
            .map(|tensor| Ok((tensor.name, TensorView::new(Dtype::F32, tensor.dimensions.clone(), &tensor.bytes)?)))
            .collect::<Result<Vec<_>, SafeTensorError>>()?;
        serialize(views, None)
    }
}

impl Tensor {
    fn push(&mut self, values: &[f32]) {
        self.bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
}
