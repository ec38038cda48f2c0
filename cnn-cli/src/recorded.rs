//! Recorded results: what a net read, and what it gave, in another framework.
//!
//! They are in a safetensors file with the tensors `input.NAME` and `output.NAME`, of a net's inputs and outputs by their names in
//! the declaration; `input.input` and `output.output` if the net doesn't name its only one. Each has the shape of the value,
//! [C, H, W] or [F], or is flat, and dimensions of 1 do not matter; for N inputs, N comes first. ONNX's test data are such a file in parts: a folder with
//! `input_0.pb`, `output_0.pb` and so on, in the order of the model's inputs and outputs.

use std::fs;
use std::path::{Path, PathBuf};

use cnn::graph::{Graph, Value};
use cnn::op::Shape;
use cnn::weights::Files;
use cnn_import::Recorded;

use crate::failure::{Failure, shown};
use crate::limited;
use crate::tensors::{self, Tensor, serialized, unreadable};

/// Before the name of an input.
pub(crate) const INPUT: &str = "input.";
/// Before the name of an output.
pub(crate) const OUTPUT: &str = "output.";

/// The folder of a model's first test data.
pub(crate) const TEST_DATA: &str = "test_data_set_0";

/// The largest tensor of a folder that is read.
const MOST: usize = 1 << 30;

/// Opens a file of recorded results, or a folder of ONNX's test data as one.
pub(crate) fn open(path: &Path, graph: &Graph<'_>) -> Result<Files, Failure> {
    if !path.is_dir() {
        return tensors::open(path);
    }
    let file = of_folder(path, graph)?;
    Files::from_reader("recorded", file.as_slice()).map_err(|why| unreadable(path, &why))
}

/// The value of a recorded tensor.
pub(crate) fn value(graph: &Graph<'_>, tensor: &str) -> Option<Value> {
    if let Some(name) = tensor.strip_prefix(INPUT) {
        return (0..graph.inputs.len()).find(|index| graph.input_name(*index) == name).map(Value::Input);
    }
    let name = tensor.strip_prefix(OUTPUT)?;
    let output = (0..graph.outputs.len()).find(|index| graph.output_name(*index) == name)?;
    Some(graph.outputs[output].value)
}

/// The folder's tensors as a safetensors file.
fn of_folder(folder: &Path, graph: &Graph<'_>) -> Result<Vec<u8>, Failure> {
    let inside = folder.join(TEST_DATA);
    let folder = if inside.is_dir() { &inside } else { folder };
    let inputs =
        (0..graph.inputs.len()).map(|index| (INPUT, "input", graph.input_name(index), graph.inputs[index].shape));
    let outputs = graph
        .outputs
        .iter()
        .enumerate()
        .map(|(index, output)| (OUTPUT, "output", graph.output_name(index), graph.shape(output.value)));
    let mut written = Vec::new();
    for (part, all) in [inputs.collect::<Vec<_>>(), outputs.collect()].into_iter().enumerate() {
        for (index, (prefix, file, name, shape)) in all.iter().enumerate() {
            written.push(tensor(&folder.join(format!("{file}_{index}.pb")), &format!("{prefix}{name}"), *shape)?);
        }
        let more = folder.join(format!("{}_{}.pb", ["input", "output"][part], all.len()));
        if more.exists() {
            let side = ["inputs", "outputs"][part];
            return Err(Failure::of_file(
                &more,
                format_args!("is one too many: {} has {} {side}", graph.name, all.len()),
            ));
        }
    }
    serialized(&written).map_err(|why| Failure::of_file(folder, format_args!("cannot be read: {why}")))
}

/// A tensor of a file of its own, flat: what matters is the order of its numbers.
fn tensor(path: &Path, name: &str, shape: Shape) -> Result<Tensor, Failure> {
    let bytes = limited::read(path, MOST).map_err(|error| Failure::unreadable(path, &error))?;
    let bytes = bytes.ok_or_else(|| Failure::of_file(path, format_args!("has more than {} MiB", MOST >> 20)))?;
    let Recorded { dims, numbers, .. } =
        Recorded::read(&bytes).map_err(|why| Failure::of_file(path, format_args!("cannot be read: {why}")))?;
    let elements = shape.elements();
    let count = match numbers.len() / elements.max(1) {
        count if count == 0 || count * elements != numbers.len() => {
            let found = tensors::shape(&dims);
            return Err(Failure::of_file(path, format_args!("has the shape {found}, but `{name}` is {shape}")));
        }
        1 => None,
        count => Some(count),
    };
    let mut tensor = Tensor::new(name, count, Shape::Vector(elements));
    tensor.push(&numbers);
    Ok(tensor)
}

/// Recorded results next to a model: `model.recorded.safetensors`, or ONNX's test data.
pub(crate) fn next_to(model: &Path) -> Result<PathBuf, Failure> {
    let file = model.with_extension("recorded.safetensors");
    let folder = model.with_file_name(TEST_DATA);
    if fs::exists(&file).unwrap_or(false) {
        return Ok(file);
    }
    if folder.is_dir() {
        return Ok(folder);
    }
    let (file, folder) = (shown(&file), shown(&folder));
    Err(Failure::of_file(
        model,
        format_args!(
            "has no recorded results next to it: there is neither {file} nor {folder}; name them, `--verify FILE`"
        ),
    ))
}
