//! The static descriptions of a net: what weights are loaded by, and what is emitted as `GRAPH` and `MEMORY`.

use cnn_net::graph::{Aux, Call, Graph, Node, Tap, Tensor, Value};

use cnn_net::memory::{Buffer, Memory};

use crate::graph::Source;
use crate::plan::Plan;
use crate::shapes::Shaped;

/// Builds the description and hands it to `read`; it borrows from `shaped` and from this function.
pub(crate) fn describe<R>(name: &str, doc: &str, shaped: &Shaped, read: impl FnOnce(&Graph<'_>) -> R) -> R {
    let graph = &shaped.graph;
    let tensors: Vec<Vec<Tensor<'_>>> = shaped
        .tensors
        .iter()
        .map(|tensors| tensors.iter().map(|t| Tensor { name: &t.name, role: t.role, shape: &t.shape }).collect())
        .collect();
    let inputs: Vec<Vec<Value>> = graph.nodes.iter().map(|node| node.inputs.iter().map(value).collect()).collect();
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
            inputs: &inputs[index],
            output: shaped.shapes[index],
            tensors: &tensors[index],
            calls: &calls[index],
            aux: node.aux,
        })
        .collect();
    let taps: Vec<Tap<'_>> = graph.taps.iter().map(|tap| Tap { name: &tap.name, value: value(&tap.value) }).collect();
    let aux: Vec<Aux<'_>> =
        graph.aux.iter().map(|aux| Aux { name: &aux.name, weight: aux.weight, result: value(&aux.result) }).collect();
    read(&Graph {
        name,
        doc,
        input: graph.input,
        output: shaped.shape(graph.result),
        nodes: &nodes,
        result: value(&graph.result),
        taps: &taps,
        aux: &aux,
    })
}

fn value(source: &Source) -> Value {
    match source {
        Source::Node(index) => Value::Node(*index),
        // A shaped net has nothing broken.
        Source::Input | Source::Broken => Value::Input,
    }
}

/// Builds the description of a workspace over time and hands it to `read`.
pub(crate) fn describe_memory<R>(plan: &Plan, read: impl FnOnce(&Memory<'_>) -> R) -> R {
    let nodes = &plan.net.shaped.graph.nodes;
    let layers = plan.net.steps.iter().map(|step| nodes[step.node()].name.as_str());
    let times: Vec<&str> = ["input"].into_iter().chain(layers).chain(["output"]).collect();
    let mut sorted: Vec<_> = plan.buffers.iter().collect();
    sorted.sort_by_key(|buffer| (buffer.first, buffer.offset));
    let described = sorted.into_iter().map(|buffer| {
        // A concat's branches write into its buffer before it runs.
        let owner = plan.net.steps.iter().position(|step| Some(step.output) == buffer.value);
        let name = owner.map_or(times[buffer.first], |step| times[step + 1]);
        Buffer::new(name, buffer.holds, buffer.offset, buffer.len, buffer.first, buffer.last)
    });
    let buffers: Vec<Buffer<'_>> = described.collect();
    read(&Memory::new(plan.workspace_len, plan.lower_bound, &times, &buffers))
}
