//! Reading the inputs of a net from a safetensors file.

use std::fs;
use std::path::Path;

use cnn::op::Shape;
use safetensors::SafeTensors;

use crate::failure::{Failure, printable};
use crate::numbers::dimensions;
use crate::registry::Model;
use crate::tensors;

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
        let tensors = tensors::open(file, NAME)?;
        let tensor = tensors.tensor(NAME).map_err(|_| missing(&tensors))?;
        let shape = model.graph.input;
        let count = count(tensor.shape(), shape).ok_or_else(|| misshapen(tensor.shape(), model))?;
        let values = tensors::values(&tensor).map_err(|type_| format!("has `{NAME}` as {type_}"))?;
        Ok(Self { count, values, length: shape.elements() })
    }

    /// All inputs, one after another.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Each input.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.length)
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
