//! A summary for other programs. Keys may be added; existing ones keep their name and meaning.

use cnn::graph::{self, Graph, Value};
use cnn::receptive::ReceptiveField;
use cnn_net::language::arguments;
use serde::Serialize;

use super::cost::{Cost, Facts, share};
use super::nesting::{Block, Row, rows};
use crate::tensors::dimensions;

#[derive(Serialize)]
pub(super) struct Summary {
    net: &'static str,
    input: Vec<usize>,
    output: Vec<usize>,
    /// Those with names, which are one after another in `input`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<Port>,
    /// Those with names, which are one after another in `output`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<Port>,
    layers: Vec<LayerRow>,
    blocks: Vec<BlockRow>,
    aux: Vec<Aux>,
    taps: Vec<Tap>,
    depth: Depth,
    #[serde(flatten)]
    cost: Costs,
    weights_bytes: u64,
    workspace_bytes: usize,
}

/// A named input or output.
#[derive(Serialize)]
struct Port {
    name: &'static str,
    /// The layer that computes an output.
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<&'static str>,
    shape: Vec<usize>,
}

#[derive(Serialize)]
struct LayerRow {
    name: &'static str,
    kind: &'static str,
    arguments: String,
    inputs: Vec<&'static str>,
    #[serde(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct BlockRow {
    name: &'static str,
    block: Option<&'static str>,
    layers: usize,
    #[serde(flatten)]
    common: Common,
}

/// What layers and blocks have.
#[derive(Serialize)]
struct Common {
    output: Vec<usize>,
    #[serde(flatten)]
    cost: Costs,
    parameters_share: Option<f64>,
    macs_share: Option<f64>,
    receptive_field: Option<[u64; 2]>,
    receptive_jump: Option<[u64; 2]>,
    level: usize,
    aux: Option<&'static str>,
}

#[derive(Serialize)]
struct Costs {
    parameters: u64,
    macs: u64,
    activation_bytes: u64,
}

/// An auxiliary classifier.
#[derive(Serialize)]
struct Aux {
    name: &'static str,
    weight: f32,
    #[serde(flatten)]
    cost: Costs,
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

/// The summary of a net, without what is nested more deeply than this.
pub(super) fn of(facts: &Facts, depth: usize) -> Summary {
    let graph = facts.graph;
    let (mut layers, mut blocks) = (Vec::new(), Vec::new());
    for aux in [None].into_iter().chain((0..graph.aux.len()).map(Some)) {
        for row in rows(facts, &facts.layers(aux), depth) {
            match row {
                Row::Layer { node, level } => layers.push((node, layer(facts, node, level))),
                Row::Block(row) => blocks.push(block(facts, &row)),
            }
        }
    }
    // Layers of auxiliary classifiers are where they would run.
    layers.sort_by_key(|(node, _)| *node);
    Summary {
        net: facts.model.name,
        input: dimensions(graph.input()),
        output: dimensions(graph.output()),
        inputs: graph.inputs.iter().filter(|_| graph.names_inputs()).map(self::input).collect(),
        outputs: graph
            .outputs
            .iter()
            .filter(|_| graph.names_outputs())
            .map(|output| self::output(graph, output))
            .collect(),
        layers: layers.into_iter().map(|(_, layer)| layer).collect(),
        blocks,
        aux: graph.aux.iter().enumerate().map(|(index, aux)| self::aux(facts, index, aux)).collect(),
        taps: graph.taps.iter().map(|tap| self::tap(graph, tap)).collect(),
        depth: self::depth(graph),
        cost: costs(facts.total),
        weights_bytes: graph.weights_bytes(),
        workspace_bytes: facts.model.workspace_bytes,
    }
}

fn input(input: &graph::Input<'static>) -> Port {
    Port { name: input.name, layer: None, shape: dimensions(input.shape) }
}

fn output(graph: &Graph<'static>, output: &graph::Output<'static>) -> Port {
    let shape = dimensions(graph.shape(output.value));
    Port { name: output.name, layer: Some(name(graph, output.value)), shape }
}

fn depth(graph: &Graph<'_>) -> Depth {
    let graph::Depth { convolutions, fully_connected } = graph.depth();
    Depth { convolutions, fully_connected }
}

fn costs(cost: Cost) -> Costs {
    let Cost { parameters, macs, activation_bytes } = cost;
    Costs { parameters, macs, activation_bytes }
}

fn layer(facts: &Facts, node: usize, level: usize) -> LayerRow {
    let common = common(facts, &[node], node, level);
    let node = facts.node(node);
    LayerRow {
        name: node.name,
        kind: node.op.name(),
        arguments: arguments(&node.op),
        inputs: node.inputs.iter().map(|input| name(facts.graph, *input)).collect(),
        common,
    }
}

fn block(facts: &Facts, row: &Block) -> BlockRow {
    BlockRow {
        name: row.name,
        block: row.block,
        layers: row.layers.len(),
        common: common(facts, &row.layers, row.last(), row.level),
    }
}

/// Of some layers with the output of this one.
fn common(facts: &Facts, layers: &[usize], output: usize, level: usize) -> Common {
    let (cost, total, node) = (facts.cost(layers), facts.total, facts.node(output));
    let field = facts.field(output);
    let share = |part, total| share(part, total).filter(|_| node.aux.is_none());
    Common {
        output: dimensions(node.output),
        parameters_share: share(cost.parameters, total.parameters),
        macs_share: share(cost.macs, total.macs),
        cost: costs(cost),
        receptive_field: field.size(),
        receptive_jump: match field {
            ReceptiveField::Window(window) => Some(window.map(|extent| extent.jump)),
            ReceptiveField::Whole => None,
        },
        level,
        aux: node.aux.map(|aux| facts.graph.aux[aux].name),
    }
}

fn aux(facts: &Facts, index: usize, aux: &graph::Aux<'static>) -> Aux {
    Aux { name: aux.name, weight: aux.weight, cost: costs(facts.cost(&facts.layers(Some(index)))) }
}

fn tap(graph: &Graph<'static>, tap: &graph::Tap<'static>) -> Tap {
    Tap { name: tap.name, layer: name(graph, tap.value), output: dimensions(graph.shape(tap.value)) }
}

/// The name of the layer that computes a value.
fn name(graph: &Graph<'static>, value: Value) -> &'static str {
    match value {
        Value::Input(index) => graph.input_name(index),
        Value::Node(index) => graph.nodes[index].name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::registry::tests::BRANCHED;

    #[test]
    fn branches_and_auxiliary_classifiers_can_be_followed() {
        let summary = serde_json::to_value(of(&Facts::new(&BRANCHED), usize::MAX)).unwrap();
        let layer = |name: &str| {
            let layers = summary["layers"].as_array().unwrap();
            layers.iter().find(|layer| layer["name"] == name).unwrap_or_else(|| panic!("{summary}"))
        };
        let head = json!([{ "name": "head", "weight": 0.3_f32, "parameters": 9, "macs": 6, "activation_bytes": 20 }]);
        assert_eq!(summary["aux"], head);
        assert_eq!(layer("0")["inputs"], json!(["same", "input"]));
        assert_eq!([&layer("head.fc")["aux"], &layer("fc")["aux"]], [&json!("head"), &Value::Null]);
        assert_eq!([&layer("head.fc")["macs_share"], &layer("fc")["macs_share"]], [&Value::Null, &json!(6.0 / 582.0)]);
        assert_eq!(
            [&layer("same")["receptive_field"], &layer("fc")["receptive_field"]],
            [&json!([3, 3]), &Value::Null]
        );
        let names: Vec<&Value> = summary["layers"].as_array().unwrap().iter().map(|layer| &layer["name"]).collect();
        assert_eq!(names, ["same", "0", "1", "head.0", "head.fc", "2", "fc"]);
        assert_eq!([&summary["blocks"][0]["name"], &summary["blocks"][0]["layers"]], [&json!("head"), &json!(2)]);
    }
}
