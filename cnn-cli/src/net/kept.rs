//! Descriptions that live as long as the program, as those of compiled nets do.

use cnn::Step;
use cnn::graph::{Aux, Call, Graph, Input, Node, Output, Tap, Tensor};
use cnn::memory::{Buffer, Memory};

/// A slice of what becomes of each element.
pub(super) fn all<T, K>(of: &[T], keep: impl Fn(&T) -> K) -> &'static [K] {
    of.iter().map(keep).collect::<Vec<K>>().leak()
}

pub(super) fn text(of: &str) -> &'static str {
    of.to_owned().leak()
}

/// A net.
pub(super) fn graph(of: &Graph<'_>) -> &'static Graph<'static> {
    let Graph { name, doc, inputs, nodes, outputs, taps, aux } = *of;
    Box::leak(Box::new(Graph {
        name: text(name),
        doc: text(doc),
        inputs: all(inputs, |input| Input { name: text(input.name), ..*input }),
        nodes: all(nodes, node),
        outputs: all(outputs, |output| Output { name: text(output.name), ..*output }),
        taps: all(taps, |tap| Tap { name: text(tap.name), ..*tap }),
        aux: all(aux, |aux| Aux { name: text(aux.name), ..*aux }),
    }))
}

fn node(of: &Node<'_>) -> Node<'static> {
    let tensor = |it: &Tensor<'_>| Tensor { name: text(it.name), role: it.role, shape: all(it.shape, |size| *size) };
    Node {
        name: text(of.name),
        op: of.op,
        inputs: all(of.inputs, |value| *value),
        output: of.output,
        tensors: all(of.tensors, tensor),
        calls: all(of.calls, |call| Call { block: text(call.block), name: text(call.name) }),
        aux: of.aux,
        again: of.again,
    }
}

/// A step.
pub(super) fn step(of: &Step<'_>) -> Step<'static> {
    let Step { name, kernel, algorithm, nodes, serves, shared } = *of;
    let [name, kernel, algorithm] = [name, kernel, algorithm].map(text);
    Step { name, kernel, algorithm, nodes: all(nodes, |node| *node), serves, shared }
}

/// A workspace.
pub(super) fn memory(of: &Memory<'_>) -> &'static Memory<'static> {
    let Memory { floats, lower_bound, times, buffers } = *of;
    let times = all(times, |time| text(time));
    let buffers = all(buffers, |buffer| Buffer { name: text(buffer.name), ..*buffer });
    Box::leak(Box::new(Memory { floats, lower_bound, times, buffers }))
}
