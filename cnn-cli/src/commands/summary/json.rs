//! A summary for other programs. Keys may be added; existing ones keep their name and meaning.

use std::io::{self, Write};

use cnn::graph::{self, Graph, Node, Value};
use cnn_net::language::arguments;
use serde::Serialize;

use super::Costs;
use crate::registry::Model;
use crate::tensors::dimensions;

#[derive(Serialize)]
struct Summary {
    net: &'static str,
    input: Vec<usize>,
    output: Vec<usize>,
    layers: Vec<Layer>,
    aux: Vec<Aux>,
    taps: Vec<Tap>,
    depth: Depth,
    parameters: u64,
    macs: u64,
    weights_bytes: u64,
    workspace_bytes: usize,
}

#[derive(Serialize)]
struct Layer {
    name: &'static str,
    kind: &'static str,
    arguments: String,
    inputs: Vec<&'static str>,
    output: Vec<usize>,
    parameters: u64,
    macs: u64,
    aux: Option<&'static str>,
}

/// An auxiliary classifier.
#[derive(Serialize)]
struct Aux {
    name: &'static str,
    weight: f32,
    parameters: u64,
    macs: u64,
}

#[derive(Serialize)]
struct Tap {
    name: &'static str,
    layer: &'static str,
    output: Vec<usize>,
}

/// Layers on the longest path.
#[derive(Serialize)]
struct Depth {
    convolutions: usize,
    fully_connected: usize,
}

/// Writes the summary of a net.
pub(super) fn json(model: &Model, out: &mut impl Write) -> io::Result<()> {
    let graph = model.graph;
    let summary = Summary {
        net: model.name,
        input: dimensions(graph.input),
        output: dimensions(graph.output),
        layers: graph.nodes.iter().map(|node| layer(graph, node)).collect(),
        aux: (0..graph.aux.len()).map(|index| aux(graph, index)).collect(),
        taps: graph.taps.iter().map(|tap| self::tap(graph, tap)).collect(),
        depth: depth(graph),
        parameters: graph.parameters(),
        macs: graph.macs(),
        weights_bytes: graph.weights_bytes(),
        workspace_bytes: model.workspace_bytes,
    };
    serde_json::to_writer_pretty(&mut *out, &summary)?;
    writeln!(out)
}

fn depth(graph: &Graph<'_>) -> Depth {
    let graph::Depth { convolutions, fully_connected } = graph.depth();
    Depth { convolutions, fully_connected }
}

fn layer(graph: &Graph<'static>, node: &'static Node<'static>) -> Layer {
    Layer {
        name: node.name,
        kind: node.op.name(),
        arguments: arguments(&node.op),
        inputs: node.inputs.iter().map(|input| name(graph, *input)).collect(),
        output: dimensions(node.output),
        parameters: node.parameters(),
        macs: node.macs(),
        aux: node.aux.map(|aux| graph.aux[aux].name),
    }
}

fn aux(graph: &Graph<'static>, index: usize) -> Aux {
    let Costs { parameters, macs } = Costs::of_aux(graph, index);
    Aux { name: graph.aux[index].name, weight: graph.aux[index].weight, parameters, macs }
}

fn tap(graph: &Graph<'static>, tap: &cnn::graph::Tap<'static>) -> Tap {
    Tap { name: tap.name, layer: name(graph, tap.value), output: dimensions(graph.shape(tap.value)) }
}

/// The name of the layer that computes a value.
fn name(graph: &Graph<'static>, value: Value) -> &'static str {
    match value {
        Value::Input => "input",
        Value::Node(index) => graph.nodes[index].name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::registry::tests::BRANCHED;

    #[test]
    fn branches_and_auxiliary_classifiers_can_be_followed() {
        let mut out = Vec::new();
        super::json(&BRANCHED, &mut out).unwrap();
        let summary: Value = serde_json::from_slice(&out).unwrap();
        let layer = |name: &str| {
            let layers = summary["layers"].as_array().unwrap();
            layers.iter().find(|layer| layer["name"] == name).unwrap_or_else(|| panic!("{summary}"))
        };
        assert_eq!(summary["aux"], json!([{ "name": "head", "weight": 0.3, "parameters": 9, "macs": 6 }]));
        assert_eq!(layer("0")["inputs"], json!(["same", "input"]));
        assert_eq!([&layer("head.fc")["aux"], &layer("fc")["aux"]], [&json!("head"), &Value::Null]);
    }
}
