//! Safetensors files: reading those of users, and writing a net's results.

use std::io::{BufRead, Write};
use std::path::Path;

use cnn::op::Shape;
use cnn::weights::{Files, Problem, Tensors, Unreadable};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, serialize};
use serde_json::json;

use crate::args::Json;
use crate::failure::{Failure, printable};
use crate::output::Output;
use crate::replace::replace;
use crate::stdin::{self, is_dash};

/// Opens a file of tensors, without reading them yet, or reads standard input.
pub(crate) fn open(path: &Path) -> Result<Files, Failure> {
    if !is_dash(path) {
        return Files::open(path).map_err(|why| unreadable(path, &why));
    }
    let mut stdin = stdin::take().map_err(|error| Failure::unreadable(path, &error))?;
    if is_json(stdin.fill_buf().map_err(|error| Failure::unreadable(path, &error))?) {
        return Err(Failure::of_file(
            path,
            "is JSON: an index names files next to it, so give its path instead of `-`",
        ));
    }
    Files::from_reader("-", stdin).map_err(|why| unreadable(path, &why))
}

/// Whether a file that begins in this way is JSON. A safetensors file begins with the length of its header in eight bytes, of
/// which the last are 0.
fn is_json(begin: &[u8]) -> bool {
    matches!(begin, [b'{', _, _, _, rest @ ..] if rest.first().is_some_and(|byte| *byte != 0))
}

/// The tensors of a file. `name` is the one that the caller needs, for advice.
pub(crate) fn tensors<'f>(files: &'f Files, path: &Path, name: &str) -> Result<Tensors<'f>, Failure> {
    Tensors::open(&files.source()).map_err(|problem| match problem {
        Problem::Unreadable(why @ Unreadable::File { .. }) => unreadable(path, &why),
        // The advice for other formats is about weights.
        problem => {
            let why = problem.to_string().replace("model.state_dict()", &format!(r#"{{"{name}": x}}"#));
            Failure::of_file(path, format_args!("cannot be read: {why}"))
        }
    })
}

/// A file without readable tensors, or another one that it refers to.
pub(crate) fn unreadable(path: &Path, why: &Unreadable) -> Failure {
    match why {
        Unreadable::File { path, error } => {
            Failure::of_file(Path::new(path), format_args!("cannot be read: {}", printable(&error.to_string())))
        }
        why => Failure::of_file(path, format_args!("cannot be read: {why}")),
    }
}

/// The dimensions of a shape as in files: `[C, H, W]`, or `[F]` for a vector.
pub(crate) fn dimensions(shape: Shape) -> Vec<usize> {
    match shape {
        Shape::Map { channels, height, width } => vec![channels, height, width],
        Shape::Vector(features) => vec![features],
    }
}

/// Whether dimensions differ only by those of 1: `[1, 10, 1, 1]` and `[10]` have the same numbers in the same order.
pub(crate) fn same_but_ones(some: &[usize], others: &[usize]) -> bool {
    let more =
        |dimensions: &'_ [usize]| dimensions.iter().copied().filter(|dimension| *dimension != 1).collect::<Vec<_>>();
    more(some) == more(others)
}

/// A shape for people, with few dimensions.
pub(crate) fn shape(dimensions: &[usize]) -> String {
    match dimensions.split_at_checked(8) {
        Some((some, rest)) if !rest.is_empty() => {
            let some: Vec<String> = some.iter().map(usize::to_string).collect();
            format!("[{}, and {} more]", some.join(", "), rest.len())
        }
        _ => format!("{dimensions:?}"),
    }
}

/// What a tensor has instead of numbers that can be read.
pub(crate) fn misread(problem: &Problem) -> String {
    match problem {
        Problem::Mistyped { dtype, .. } => {
            format!("{dtype}; accepted are F32, F16 and BF16 (in PyTorch, `.float()` gives F32)")
        }
        problem => format!("numbers that cannot be read: {problem}"),
    }
}

/// A tensor to be written: the values of one or several passes.
pub(crate) struct Tensor {
    name: String,
    dimensions: Vec<usize>,
    /// Little-endian floats.
    bytes: Vec<u8>,
}

impl Tensor {
    /// A tensor for `count` passes, or for a single one without a dimension for the count.
    pub(crate) fn new(name: &str, count: Option<usize>, shape: Shape) -> Self {
        let dimensions = count.into_iter().chain(dimensions(shape)).collect();
        Self { name: name.to_owned(), dimensions, bytes: Vec::new() }
    }

    /// A tensor of any dimensions, with its numbers.
    pub(crate) fn of(name: &str, dimensions: &[usize], values: &[f32]) -> Self {
        let mut tensor = Self { name: name.to_owned(), dimensions: dimensions.to_vec(), bytes: Vec::new() };
        tensor.push(values);
        tensor
    }

    pub(crate) fn push(&mut self, values: &[f32]) {
        self.bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
}

/// A file that a command writes, or standard output.
pub(crate) struct Destination<'a> {
    path: &'a Path,
    /// Whether the command prints JSON.
    json: bool,
}

impl<'a> Destination<'a> {
    /// Both the file and the JSON cannot go to standard output.
    pub(crate) fn new(path: &'a Path, json: Json) -> Result<Self, Failure> {
        if json.json && is_dash(path) {
            let message = "--json prints to standard output, so `--output -` cannot: name a file";
            return Err(Failure::Message(message.to_owned()));
        }
        Ok(Self { path, json: json.json })
    }

    /// Writes complete tensors, the results of a net, and describes them if that is wanted.
    pub(crate) fn write(&self, net: &str, tensors: &[Tensor], out: &mut Output<impl Write>) -> Result<(), Failure> {
        let file = serialized(tensors)
            .map_err(|error| Failure::Message(format!("the results of {net} cannot be written: {error}")))?;
        if is_dash(self.path) {
            return out.binary(&file, "a safetensors file", "name a file, or pipe it into another program");
        }
        replace(self.path, &file)
            .map_err(|error| Failure::of_file(self.path, format_args!("cannot be written: {error}")))?;
        if !self.json {
            return Ok(());
        }
        let described = tensors.iter().map(|tensor| json!({ "name": tensor.name, "shape": tensor.dimensions }));
        out.json(&json!({
            "net": net,
            "output": self.path.to_string_lossy(),
            "tensors": described.collect::<Vec<_>>(),
        }))
    }
}

/// The content of a safetensors file.
pub(crate) fn serialized(tensors: &[Tensor]) -> Result<Vec<u8>, SafeTensorError> {
    let views = tensors
        .iter()
        .map(|tensor| Ok((&tensor.name, TensorView::new(Dtype::F32, tensor.dimensions.clone(), &tensor.bytes)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()?;
    serialize(views, None)
}
