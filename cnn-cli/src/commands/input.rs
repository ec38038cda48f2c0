//! Reading the inputs of a net from a safetensors file.

use std::path::{Path, PathBuf};

use cnn::op::Shape;
use cnn::weights::Tensors;

use super::preparation::Preparation;
use crate::failure::{Failure, printable};
use crate::picture;
use crate::recorded::INPUT;
use crate::registry::Model;
use crate::tensors::{self, dimensions, misread, same_but_ones};

/// The most names of other tensors that are listed if one is missing.
const MOST_NAMES: usize = 5;

/// What a net reads in one or several passes.
#[derive(Debug)]
pub(super) struct Batch {
    /// How many passes there are, if the file has a dimension for that.
    pub(super) count: Option<usize>,
    /// The inputs of each pass, in order.
    values: Vec<f32>,
    /// Numbers of a pass.
    length: usize,
}

/// One of a net's inputs, for all passes.
struct Read {
    count: Option<usize>,
    values: Vec<f32>,
    /// Numbers of a pass.
    length: usize,
}

impl Batch {
    /// Reads the inputs of a net.
    pub(super) fn read(path: &Path, model: &Model) -> Result<Self, Failure> {
        let files = tensors::open(path)?;
        let tensors = tensors::tensors(&files, path, model.graph.input_name(0))?;
        Self::find(&tensors, model).map_err(|problem| Failure::of_file(path, problem))
    }

    /// The inputs of a net among the tensors of a file. The error is a problem that begins with a verb.
    pub(super) fn find(tensors: &Tensors<'_>, model: &Model) -> Result<Self, String> {
        let length = model.graph.input().elements();
        let read = (0..model.graph.inputs.len()).map(|index| read(tensors, model, index));
        let mut read: Vec<Read> = read.collect::<Result<_, _>>()?;
        let count = read[0].count;
        if let Some(other) = read.iter().position(|input| input.count != count) {
            let of = |index: usize| {
                let (name, count) = (model.graph.input_name(index), read[index].count);
                count.map_or(format!("`{name}` of a single pass"), |count| format!("`{name}` of {count} passes"))
            };
            return Err(format!("has {}, but {}", of(0), of(other)));
        }
        if let [only] = &mut read[..] {
            return Ok(Self { count, values: std::mem::take(&mut only.values), length });
        }
        let of_pass =
            |pass: usize| read.iter().flat_map(move |input| &input.values[pass * input.length..][..input.length]);
        let values = (0..count.unwrap_or(1)).flat_map(of_pass).copied().collect();
        Ok(Self { count, values, length })
    }

    /// Pictures as inputs; a single one is a single pass.
    pub(super) fn of_pictures(pictures: &[PathBuf], preparation: &Preparation, model: &Model) -> Result<Self, Failure> {
        let mut values = Vec::new();
        for path in pictures {
            let picture = picture::read(path).map_err(|error| Failure::of_file(path, error))?;
            values.extend(preparation.input(picture));
        }
        let count = (pictures.len() > 1).then_some(pictures.len());
        Ok(Self { count, values, length: model.graph.input().elements() })
    }

    /// All numbers, in order.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// The inputs of each pass, one after another.
    pub(super) fn inputs(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.length)
    }
}

/// One of a net's inputs.
fn read(tensors: &Tensors<'_>, model: &Model, index: usize) -> Result<Read, String> {
    let (name, shape) = (model.graph.input_name(index), model.graph.inputs[index].shape);
    let recorded = format!("{INPUT}{name}");
    let is_recorded = tensors.shape(name).is_none() && tensors.shape(&recorded).is_some();
    let name = if is_recorded { &recorded } else { name };
    let found = tensors.shape(name).ok_or_else(|| missing(name, tensors))?;
    let count = if is_recorded { count_recorded(found, shape) } else { count(found, shape) };
    let count = count.ok_or_else(|| misshapen(name, found, shape, model))?;
    let values = tensors.read(name).map_err(|problem| format!("has `{name}` as {}", misread(&problem)))?;
    Ok(Read { count, values: values.unwrap_or_default(), length: shape.elements() })
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

/// The same for a recorded input, which may be flat, or have other dimensions of 1: a sequence is C x L elsewhere, and C x 1 x L here.
fn count_recorded(found: &[usize], shape: Shape) -> Option<Option<usize>> {
    let one = dimensions(shape);
    let fits = |found: &[usize]| same_but_ones(found, &one) || same_but_ones(found, &[shape.elements()]);
    match found {
        _ if found == one => Some(None),
        [count, rest @ ..] if fits(rest) => Some(Some(*count)),
        _ if fits(found) => Some(None),
        _ => None,
    }
}

fn missing(name: &str, tensors: &Tensors<'_>) -> String {
    let names = tensors.names();
    let all = names.len();
    let listed: Vec<String> = names.take(MOST_NAMES).map(|name| format!("`{}`", printable(name))).collect();
    let listed = match (listed.len(), all) {
        (0, _) => "none at all".to_owned(),
        (some, all) if some < all => format!("{} and {} more", listed.join(", "), all - some),
        _ => listed.join(", "),
    };
    format!("has no tensor `{name}`; it has {listed}")
}

fn misshapen(tensor: &str, found: &[usize], shape: Shape, model: &Model) -> String {
    let one = dimensions(shape);
    let inside = one.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let (found, name) = (tensors::shape(found), model.name);
    format!("has `{tensor}` of shape {found}, but {name} reads {one:?}, or N of them as [N, {inside}]")
}
