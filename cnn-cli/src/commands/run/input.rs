//! Reading the inputs of a net from a safetensors file.

use std::fs;
use std::path::Path;

use cnn::graph::{Graph, Value};
use cnn::op::Shape;
use cnn::weights::{self, Problem, Source};
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::failure::{Failure, printable};
use crate::numbers::dimensions;
use crate::registry::Model;

/// The tensor that is read.
const NAME: &str = "input";

/// So many names of other tensors are told where [`NAME`] is not among them.
const NAMES_TOLD: usize = 5;

/// One or several inputs of a net.
#[derive(Debug)]
pub(super) struct Batch {
    /// How many, if the file has a dimension that says it.
    pub(super) count: Option<usize>,
    /// All of them, one after another.
    values: Vec<f32>,
    /// Numbers of one.
    length: usize,
}

impl Batch {
    /// Reads the inputs of a net.
    pub(super) fn read(path: &Path, model: &Model) -> Result<Self, Failure> {
        let bytes = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
        Self::parse(&bytes, model).map_err(|problem| Failure::of_file(path, problem))
    }

    /// The inputs of a net in a file; if there are none, what is wrong, beginning with a verb.
    fn parse(file: &[u8], model: &Model) -> Result<Self, String> {
        let unreadable = |why: &dyn ToString| format!("cannot be read: {}", why.to_string());
        check(file).map_err(|why| unreadable(&why))?;
        let tensors = SafeTensors::deserialize(file).map_err(|error| unreadable(&error))?;
        let tensor = tensors.tensor(NAME).map_err(|_| missing(&tensors))?;
        let shape = model.graph.input;
        let count = count(tensor.shape(), shape).ok_or_else(|| misshapen(tensor.shape(), model))?;
        let values = values(&tensor).ok_or_else(|| {
            format!(
                "has `{NAME}` as {}; accepted are F32, F16 and BF16 (in PyTorch, `.float()` gives F32)",
                tensor.dtype()
            )
        })?;
        Ok(Self { count, values, length: shape.elements() })
    }

    /// Each input.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.length)
    }
}

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

/// Whether a file can be read, as far as it is the same for weights: that code knows the other formats that people give
/// by mistake, and refuses headers that the `safetensors` crate would compute nonsense from.
fn check(file: &[u8]) -> Result<(), String> {
    match weights::read(&NO_NET, &Source::new(file)) {
        Err(error) => match error.problems.as_slice() {
            // What it advises for other formats is advice for weights.
            [Problem::Unreadable(why)] => Err(why.to_string().replace("model.state_dict()", r#"{"input": x}"#)),
            _ => Ok(()),
        },
        Ok(_) => Ok(()),
    }
}

/// How many inputs a tensor of these dimensions holds, `Some(None)` if it is one without a dimension for that; nothing
/// if the dimensions are others.
fn count(found: &[usize], shape: Shape) -> Option<Option<usize>> {
    let one = dimensions(shape);
    match found {
        [count, rest @ ..] if rest == one => Some(Some(*count)),
        _ if found == one => Some(None),
        _ => None,
    }
}

fn values(tensor: &TensorView<'_>) -> Option<Vec<f32>> {
    let bytes = tensor.data();
    let halves = |decode: fn([u8; 2]) -> f32| bytes.as_chunks().0.iter().map(|half| decode(*half)).collect();
    match tensor.dtype() {
        Dtype::F32 => Some(bytes.as_chunks().0.iter().map(|float| f32::from_le_bytes(*float)).collect()),
        Dtype::F16 => Some(halves(|half| f16::from_le_bytes(half).to_f32())),
        Dtype::BF16 => Some(halves(|half| bf16::from_le_bytes(half).to_f32())),
        _ => None,
    }
}

fn missing(tensors: &SafeTensors<'_>) -> String {
    let mut names = tensors.names();
    names.sort_unstable();
    let told: Vec<String> = names.iter().take(NAMES_TOLD).map(|name| format!("`{}`", printable(name))).collect();
    let told = match (told.len(), names.len()) {
        (0, _) => "none at all".to_owned(),
        (some, all) if some < all => format!("{} and {} more", told.join(", "), all - some),
        _ => told.join(", "),
    };
    format!("has no tensor `{NAME}`; it has {told}")
}

fn misshapen(found: &[usize], model: &Model) -> String {
    let one = dimensions(model.graph.input);
    let inside = one.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    format!("has `{NAME}` of shape {found:?}, but {} reads {one:?}, or N of them as [N, {inside}]", model.name)
}
