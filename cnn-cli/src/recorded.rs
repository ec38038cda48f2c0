//! Recorded results: what a net read, and what it gave, in another framework.
//!
//! They are in a safetensors file with the tensors `input.NAME` and `output.NAME`, of a net's inputs and outputs by their names in
//! the declaration; `input.input` and `output.output` if the net doesn't name its only one. Each has the shape of the value,
//! [C, H, W] or [F], or is flat, and dimensions of 1 do not matter; for N inputs, N comes first. Of a model whose maps have their channels
//! last, they are [H, W, C], and put in the order of the net. ONNX's test data are such a file in parts: a folder with
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
    let file = if path.is_dir() {
        of_folder(path, graph)?
    } else {
        let files = tensors::open(path)?;
        match in_order(&files, path, graph)? {
            Some(file) => file,
            None => return Ok(files),
        }
    };
    Files::from_reader("recorded", file.as_slice()).map_err(|why| unreadable(path, &why))
}

/// The file with all of its numbers in the order of the net's values, if some are in another.
fn in_order(files: &Files, path: &Path, graph: &Graph<'_>) -> Result<Option<Vec<u8>>, Failure> {
    // Whatever is wrong with the file is said where it is read.
    let Ok(tensors) = tensors::tensors(files, path, "input") else { return Ok(None) };
    let shape = |name: &str| value(graph, name).map(|value| graph.shape(value));
    let order = |name: &str| Order::of(tensors.shape(name).unwrap_or_default(), shape(name)?);
    if tensors.names().all(|name| order(name).is_none_or(|order| order == Order::Own)) {
        return Ok(None);
    }
    let mut all = Vec::new();
    for name in tensors.names() {
        let Ok(Some(numbers)) = tensors.read(name) else { return Ok(None) };
        let dims = tensors.shape(name).unwrap_or_default();
        all.push(match (order(name), shape(name)) {
            (Some(order @ (Order::ChannelsLast | Order::Flat)), Some(shape)) => {
                let count = numbers.len() / shape.elements().max(1);
                let mut tensor = Tensor::new(name, Some(count), Shape::Vector(shape.elements()));
                tensor.push(&order.put(&numbers, shape));
                tensor
            }
            _ => Tensor::of(name, dims, &numbers),
        });
    }
    let file = serialized(&all).map_err(|why| Failure::of_file(path, format_args!("cannot be read: {why}")))?;
    Ok(Some(file))
}

/// The order of the numbers of one or several values of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// That of the shape.
    Own,
    /// [H, W, C]
    ChannelsLast,
    /// That of the shape, but in more dimensions than values have.
    Flat,
}

impl Order {
    /// The order that dimensions say, unless they don't fit.
    fn of(dims: &[usize], shape: Shape) -> Option<Self> {
        let elements = shape.elements().max(1);
        if dims.iter().product::<usize>() % elements != 0 {
            return None;
        }
        if let (Shape::Map { channels, height, width }, Some(last)) = (shape, dims.last_chunk())
            && *last == [height, width, channels]
            && *last != [channels, height, width]
        {
            return Some(Self::ChannelsLast);
        }
        Some(if dims.len() > 4 { Self::Flat } else { Self::Own })
    }

    /// Numbers as the net has them.
    fn put(self, numbers: &[f32], shape: Shape) -> Vec<f32> {
        let (Self::ChannelsLast, Shape::Map { channels, .. }) = (self, shape) else { return numbers.to_vec() };
        let of_one = |one: &[f32]| -> Vec<f32> {
            (0..channels).flat_map(|channel| one.iter().skip(channel).step_by(channels).copied()).collect()
        };
        numbers.chunks(shape.elements()).flat_map(of_one).collect()
    }
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

/// A tensor of a file of its own, flat, in the order of the net.
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
    tensor.push(&Order::of(&dims, shape).map_or_else(|| numbers.clone(), |order| order.put(&numbers, shape)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_with_their_channels_last_are_put_in_order() {
        let shape = Shape::map(2, 1, 3);
        assert_eq!(Order::of(&[1, 2, 1, 3], shape), Some(Order::Own));
        assert_eq!(Order::of(&[4, 6], shape), Some(Order::Own));
        assert_eq!(Order::of(&[5, 1, 3, 2], shape), Some(Order::ChannelsLast));
        assert_eq!(Order::of(&[1, 2, 1, 1, 3], shape), Some(Order::Flat));
        assert_eq!(Order::of(&[5], shape), None);
        let pixels: Vec<f32> = (0..12_u8).map(f32::from).collect();
        let planes = [0.0, 2.0, 4.0, 1.0, 3.0, 5.0, 6.0, 8.0, 10.0, 7.0, 9.0, 11.0];
        assert_eq!(Order::ChannelsLast.put(&pixels, shape), planes);
    }
}
