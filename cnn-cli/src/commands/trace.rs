//! `cnn trace`

use std::collections::BTreeSet;
use std::io::Write;

use cnn::graph::{Graph, Value};
use cnn::trace::{Trace, module};

use super::input::Batch;
use super::weights::WeightsFile;
use crate::args::WeightedArgs;
use crate::args::trace::TraceArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::registry::Model;
use crate::replace::refuse_overwriting;
use crate::tensors::{Destination, Tensor};

/// The prefix of a layer's name.
pub(super) const LAYER: &str = "act.";

/// Runs a net layer by layer and writes the output of every layer.
pub(super) fn trace(args: &TraceArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let (WeightedArgs { net, weights, rename }, input) = (&args.weighted, &args.input);
    let model = Model::given(net)?;
    let destination = Destination::new(&args.output, args.json)?;
    for read in weights.iter().chain([input]) {
        refuse_overwriting(read, &args.output)?;
    }
    let batch = Batch::read(input, model)?;
    let params = WeightsFile::of(model, weights.as_deref(), rename)?.params(model)?;
    let graph = model.graph;
    let wanted = wanted(graph);
    let mut written = Vec::new();
    let bar = Bar::new("running layers");
    let each = |value: Value, numbers: &[f32]| {
        bar.show(computed(value), graph.nodes.len() as u64);
        for (name, _) in wanted.iter().filter(|(_, wanted)| *wanted == value) {
            let mut tensor = Tensor::new(name, batch.count, graph.shape(value));
            tensor.push(numbers);
            written.push(tensor);
        }
    };
    let traced = Trace::new(graph, &params).with_aux().run(batch.values(), each);
    traced.map_err(|error| Failure::of_file(input, format_args!("does not fit {}: {error}", model.name)))?;
    drop(bar);
    destination.write(model.name, &written, out)
}

/// How many layers have run when a value is known.
pub(super) fn computed(value: Value) -> u64 {
    match value {
        Value::Input(_) => 0,
        Value::Node(index) => index as u64 + 1,
    }
}

/// What is written: the values that leave the net, and the output of each layer under its name.
fn wanted(graph: &Graph<'_>) -> Vec<(String, Value)> {
    let outputs = graph.outputs.iter().enumerate().map(|(index, output)| (graph.output_name(index), output.value));
    let taps = graph.taps.iter().map(|tap| (tap.name, tap.value));
    let aux = graph.aux.iter().map(|aux| (aux.name, aux.result));
    let layers = graph.nodes.iter().enumerate().map(|(index, node)| (node.name, Value::Node(index)));
    let layers = layers.filter(|(name, value)| module(graph, name) == Some(*value));
    let mut names = BTreeSet::new();
    outputs
        .chain(taps)
        .chain(aux)
        .map(|(name, value)| (name.to_owned(), value))
        .chain(layers.map(|(name, value)| (format!("{LAYER}{name}"), value)))
        .filter(|(name, _)| names.insert(name.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    #[test]
    fn every_layer_and_every_output_has_a_name() {
        let wanted = wanted(BRANCHED.graph);
        let names: Vec<&str> = wanted.iter().map(|(name, _)| name.as_str()).collect();
        let expected =
            ["output", "sum", "head", "act.same", "act.0", "act.1", "act.head.0", "act.head.fc", "act.2", "act.fc"];
        assert_eq!(names, expected);
    }
}
