//! Reading the inputs of a net from a safetensors file.

use std::path::Path;

use cnn::op::Shape;
use cnn::weights::Tensors;

use crate::failure::{Failure, printable};
use crate::registry::Model;
use crate::tensors::{self, dimensions, misread};

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
        let files = tensors::open(path)?;
        let tensors = tensors::tensors(&files, path, NAME)?;
        Self::find(&tensors, model).map_err(|problem| Failure::of_file(path, problem))
    }

    /// The inputs of a net among the tensors of a file; if there are none, what is wrong, beginning with a verb.
    fn find(tensors: &Tensors<'_>, model: &Model) -> Result<Self, String> {
        let found = tensors.shape(NAME).ok_or_else(|| missing(tensors))?;
        let shape = model.graph.input;
        let count = count(found, shape).ok_or_else(|| misshapen(found, model))?;
        let values = tensors.read(NAME).map_err(|problem| format!("has `{NAME}` as {}", misread(&problem)))?;
        Ok(Self { count, values: values.unwrap_or_default(), length: shape.elements() })
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

fn missing(tensors: &Tensors<'_>) -> String {
    let names = tensors.names();
    let all = names.len();
    let told: Vec<String> = names.take(NAMES_TOLD).map(|name| format!("`{}`", printable(name))).collect();
    let told = match (told.len(), all) {
        (0, _) => "none at all".to_owned(),
        (some, all) if some < all => format!("{} and {} more", told.join(", "), all - some),
        _ => told.join(", "),
    };
    format!("has no tensor `{NAME}`; it has {told}")
}

fn misshapen(found: &[usize], model: &Model) -> String {
    let one = dimensions(model.graph.input);
    let inside = one.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let (found, name) = (tensors::shape(found), model.name);
    format!("has `{NAME}` of shape {found}, but {name} reads {one:?}, or N of them as [N, {inside}]")
}
