//! The static description of a net, from its shaped form: it is emitted as `GRAPH`, and weights are loaded by it.

use cnn_net::graph::{Aux, Call, Graph, Input, Node, Output, Tap, Tensor, Value};

use crate::graph::Source;
use crate::shapes::Shaped;

/// Builds the description and hands it to `read`; it borrows from `shaped` and from this function.
pub(crate) fn describe<R>(name: &str, doc: &str, shaped: &Shaped, read: impl FnOnce(&Graph<'_>) -> R) -> R {
    let graph = &shaped.graph;
    let tensors: Vec<Vec<Tensor<'_>>> = shaped
        .tensors
        .iter()
        .map(|tensors| tensors.iter().map(|t| Tensor { name: &t.name, role: t.role, shape: &t.shape }).collect())
        .collect();
    let read_by: Vec<Vec<Value>> = graph.nodes.iter().map(|node| node.inputs.iter().map(value).collect()).collect();
    let calls: Vec<Vec<Call<'_>>> = graph
        .nodes
        .iter()
        .map(|node| node.calls.iter().map(|frame| Call { block: &frame.block, name: &frame.name }).collect())
        .collect();
    let nodes: Vec<Node<'_>> = graph
        .nodes
        .iter()
        .enumerate()
        .map(|(index, node)| Node {
            name: &node.name,
            op: node.op,
            inputs: &read_by[index],
            output: shaped.shapes[index],
            tensors: &tensors[index],
            calls: &calls[index],
            aux: node.aux,
            again: node.again,
        })
        .collect();
    let taps: Vec<Tap<'_>> = graph.taps.iter().map(|tap| Tap { name: &tap.name, value: value(&tap.value) }).collect();
    let aux: Vec<Aux<'_>> =
        graph.aux.iter().map(|aux| Aux { name: &aux.name, weight: aux.weight, result: value(&aux.result) }).collect();
    let inputs: Vec<Input<'_>> =
        graph.inputs.iter().map(|input| Input { name: &input.name, shape: input.shape }).collect();
    let outputs: Vec<Output<'_>> =
        graph.outputs.iter().map(|output| Output { name: &output.name, value: value(&output.value) }).collect();
    read(&Graph { name, doc, inputs: &inputs, nodes: &nodes, outputs: &outputs, taps: &taps, aux: &aux })
}

fn value(source: &Source) -> Value {
    match source {
        Source::Node(index) => Value::Node(*index),
        Source::Input(index) => Value::Input(*index),
        // A shaped net has nothing broken.
        Source::None | Source::Broken => Value::Input(0),
    }
}
