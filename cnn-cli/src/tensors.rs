//! Safetensors files: reading those of users, and writing what a net gives.

use std::path::Path;

use cnn::graph::{Graph, Value};
use cnn::op::Shape;
use cnn::weights::{self, Problem, Source};
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors, serialize};

use crate::failure::Failure;
use crate::numbers::dimensions;
use crate::replace::replace;

/// A net without layers, to which every file that can be read at all fits as well as any other.
const NO_NET: Graph<'static> = Graph {
    name: "",
    doc: "",
    input: Shape::Vector(1),
    output: Shape::Vector(1),
    nodes: &[],
    result: Value::Input,
    taps: &[],
    aux: &[],
};

/// Opens a file of tensors such as `name`; if it is none, what is wrong, beginning with a verb.
pub(crate) fn open<'f>(file: &'f [u8], name: &str) -> Result<SafeTensors<'f>, String> {
    let tensors = check(file, name).and_then(|()| SafeTensors::deserialize(file).map_err(|error| error.to_string()));
    tensors.map_err(|why| format!("cannot be read: {why}"))
}

/// Whether a file can be read, as far as it is the same for weights: that code knows the other formats that people give
/// by mistake, and refuses headers that the `safetensors` crate would compute nonsense from.
fn check(file: &[u8], name: &str) -> Result<(), String> {
    match weights::read(&NO_NET, &Source::new(file)) {
        Err(error) => match error.problems.as_slice() {
            // What it advises for other formats is advice for weights.
            [Problem::Unreadable(why)] => {
                Err(why.to_string().replace("model.state_dict()", &format!(r#"{{"{name}": x}}"#)))
            }
            _ => Ok(()),
        },
        Ok(_) => Ok(()),
    }
}

/// The numbers of a tensor; if they are of a type that is not accepted, what is.
pub(crate) fn values(tensor: &TensorView<'_>) -> Result<Vec<f32>, String> {
    let bytes = tensor.data();
    let halves = |decode: fn([u8; 2]) -> f32| bytes.as_chunks().0.iter().map(|half| decode(*half)).collect();
    match tensor.dtype() {
        Dtype::F32 => Ok(bytes.as_chunks().0.iter().map(|float| f32::from_le_bytes(*float)).collect()),
        Dtype::F16 => Ok(halves(|half| f16::from_le_bytes(half).to_f32())),
        Dtype::BF16 => Ok(halves(|half| bf16::from_le_bytes(half).to_f32())),
        other => Err(format!("{other}; accepted are F32, F16 and BF16 (in PyTorch, `.float()` gives F32)")),
    }
}

/// The values of one or several passes at one place, to be written.
pub(crate) struct Tensor {
    name: String,
    dimensions: Vec<usize>,
    /// Little-endian floats.
    bytes: Vec<u8>,
}

impl Tensor {
    /// A tensor for `count` passes, or for one whose values get no dimension for that.
    pub(crate) fn new(name: &str, count: Option<usize>, shape: Shape) -> Self {
        let dimensions = count.into_iter().chain(dimensions(shape)).collect();
        Self { name: name.to_owned(), dimensions, bytes: Vec::new() }
    }

    pub(crate) fn push(&mut self, values: &[f32]) {
        self.bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
}

/// Writes a file of tensors that are complete.
pub(crate) fn write(path: &Path, tensors: &[Tensor]) -> Result<(), Failure> {
    let written = serialized(tensors)
        .map_err(|error| error.to_string())
        .and_then(|file| replace(path, &file).map_err(|error| error.to_string()));
    written.map_err(|error| Failure::of_file(path, format_args!("cannot be written: {error}")))
}

fn serialized(tensors: &[Tensor]) -> Result<Vec<u8>, SafeTensorError> {
    let views = tensors
        .iter()
        .map(|tensor| Ok((&tensor.name, TensorView::new(Dtype::F32, tensor.dimensions.clone(), &tensor.bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    serialize(views, None)
}
