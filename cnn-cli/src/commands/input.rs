//! Reading the inputs of a net from a safetensors file.

use std::path::Path;

use cnn::op::Shape;
use cnn::weights::Tensors;

use crate::failure::{Failure, printable};
use crate::registry::Model;
use crate::tensors::{self, dimensions, misread};

/// The name of the tensor.
const NAME: &str = "input";

/// The most names of other tensors that are listed if [`NAME`] is missing.
const MOST_NAMES: usize = 5;

/// One or several inputs of a net.
#[derive(Debug)]
pub(super) struct Batch {
    /// How many there are, if the file has a dimension for that.
    pub(super) count: Option<usize>,
    /// All of them, in order.
    values: Vec<f32>,
    /// Numbers in one input.
    length: usize,
}

impl Batch {
    /// Reads the inputs of a net.
    pub(super) fn read(path: &Path, model: &Model) -> Result<Self, Failure> {
        let files = tensors::open(path)?;
        let tensors = tensors::tensors(&files, path, NAME)?;
        Self::find(&tensors, model).map_err(|problem| Failure::of_file(path, problem))
    }

    /// The inputs of a net among the tensors of a file. The error is a problem that begins with a verb.
    fn find(tensors: &Tensors<'_>, model: &Model) -> Result<Self, String> {
        let found = tensors.shape(NAME).ok_or_else(|| missing(tensors))?;
        let shape = model.graph.input;
        let count = count(found, shape).ok_or_else(|| misshapen(found, model))?;
        let values = tensors.read(NAME).map_err(|problem| format!("has `{NAME}` as {}", misread(&problem)))?;
        Ok(Self { count, values: values.unwrap_or_default(), length: shape.elements() })
    }

    /// All inputs, in order.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// Each input.
    pub(super) fn inputs(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.length)
    }
}

/// How many inputs a tensor of these dimensions holds: `Some(None)` for one without a dimension for the count, and `None` if the
/// dimensions do not fit.
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
    let listed: Vec<String> = names.take(MOST_NAMES).map(|name| format!("`{}`", printable(name))).collect();
    let listed = match (listed.len(), all) {
        (0, _) => "none at all".to_owned(),
        (some, all) if some < all => format!("{} and {} more", listed.join(", "), all - some),
        _ => listed.join(", "),
    };
    format!("has no tensor `{NAME}`; it has {listed}")
}

fn misshapen(found: &[usize], model: &Model) -> String {
    let one = dimensions(model.graph.input);
    let inside = one.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let (found, name) = (tensors::shape(found), model.name);
    format!("has `{NAME}` of shape {found}, but {name} reads {one:?}, or N of them as [N, {inside}]")
}
