//! What a net read and gave: recorded here, or by another implementation.

use std::collections::BTreeMap;
use std::path::Path;

use cnn::graph::Value;
use cnn::reference::Params;
use cnn::trace::Trace;
use cnn::weights::Tensors;
use models::seeded;

use super::unwritable;
use crate::commands::input::Batch;
use crate::failure::Failure;
use crate::progress::Bar;
use crate::recorded::{self, INPUT, OUTPUT};
use crate::registry::Model;
use crate::tensors::{self, Tensor, misread, serialized};

/// Passes that are recorded here.
const PASSES: usize = 2;

/// Inputs and outputs of several passes.
pub(super) struct Recording {
    passes: usize,
    /// All inputs of a pass, one after another, and those of the next.
    inputs: Vec<f32>,
    /// Of each output, those of all passes.
    outputs: Vec<Vec<f32>>,
}

impl Recording {
    /// Runs the layers one by one, on random inputs.
    pub(super) fn run(model: &Model, params: &Params) -> Result<Self, Failure> {
        let graph = model.graph;
        let inputs = seeded::uniform("input", PASSES * graph.input().elements());
        let mut values: BTreeMap<Value, Vec<f32>> = BTreeMap::new();
        let bar = Bar::new("recording");
        let each = |value: Value, numbers: &[f32]| {
            if let Value::Node(index) = value {
                bar.show(index as u64 + 1, graph.nodes.len() as u64);
            }
            if graph.outputs.iter().any(|output| output.value == value) {
                values.insert(value, numbers.to_vec());
            }
        };
        Trace::new(graph, params).run(&inputs, each).map_err(|why| Failure::Message(why.to_string()))?;
        drop(bar);
        let outputs: Vec<Vec<f32>> =
            graph.outputs.iter().filter_map(|output| values.get(&output.value).cloned()).collect();
        if outputs.iter().flatten().all(|number| number.is_finite()) {
            return Ok(Self { passes: PASSES, inputs, outputs });
        }
        let advice = "record those of inputs that it is made for, and give them with --recorded";
        Err(Failure::Message(format!("{} gives numbers that are not finite for random inputs; {advice}", model.name)))
    }

    /// Reads those of another implementation.
    pub(super) fn read(path: &Path, model: &Model) -> Result<Self, Failure> {
        let files = recorded::open(path, model.graph)?;
        let file = tensors::tensors(&files, path, &format!("{OUTPUT}output"))?;
        let batch = Batch::find(&file, model).map_err(|problem| Failure::of_file(path, problem))?;
        let passes = batch.inputs().len();
        if passes == 0 {
            return Err(Failure::of_file(path, "has no inputs: its batch size is 0"));
        }
        let output = |index| output(&file, model, index, passes).map_err(|problem| Failure::of_file(path, problem));
        let outputs = (0..model.graph.outputs.len()).map(output).collect::<Result<_, _>>()?;
        Ok(Self { passes, inputs: batch.values().to_vec(), outputs })
    }

    /// A recorded file.
    pub(super) fn file(&self, model: &Model) -> Result<Vec<u8>, Failure> {
        let (graph, length) = (model.graph, model.graph.input().elements());
        let mut first = 0;
        let inputs = graph.inputs.iter().enumerate().map(|(index, input)| {
            let part = first..first + input.shape.elements();
            first = part.end;
            let name = format!("{INPUT}{}", graph.input_name(index));
            let mut tensor = Tensor::new(&name, Some(self.passes), input.shape);
            self.inputs.chunks_exact(length).for_each(|pass| tensor.push(&pass[part.clone()]));
            tensor
        });
        let outputs = graph.outputs.iter().zip(&self.outputs).enumerate().map(|(index, (output, numbers))| {
            let name = format!("{OUTPUT}{}", graph.output_name(index));
            let mut tensor = Tensor::new(&name, Some(self.passes), graph.shape(output.value));
            tensor.push(numbers);
            tensor
        });
        let mut all: Vec<Tensor> = inputs.collect();
        all.extend(outputs);
        serialized(&all).map_err(unwritable)
    }
}

/// The numbers of an output. The error is a problem that begins with a verb.
fn output(file: &Tensors<'_>, model: &Model, index: usize, passes: usize) -> Result<Vec<f32>, String> {
    let name = model.graph.output_name(index);
    let recorded = format!("{OUTPUT}{name}");
    let tensor = if file.shape(&recorded).is_some() { &recorded } else { name };
    let numbers = file.read(tensor).map_err(|problem| format!("has `{tensor}` as {}", misread(&problem)))?;
    let numbers = numbers.ok_or_else(|| format!("has no tensor `{recorded}`"))?;
    let shape = model.graph.shape(model.graph.outputs[index].value);
    if numbers.len() == passes * shape.elements() {
        return Ok(numbers);
    }
    let found = tensors::shape(file.shape(tensor).unwrap_or_default());
    Err(format!("has `{tensor}` of shape {found}, but {} gives {shape} for each of {passes} inputs", model.name))
}
