//! What names in another implementation mean here.
//!
//! PyTorch names modules by their place in the model: a layer, or a module with layers in it, whose output is that of the
//! last of these. Names of nodes have the same parts, so a module is a node, or all nodes whose names begin with its name.
//! What a module applies to its own result, such as the ReLU at the end of a residual block, is part of it; what follows the
//! module is not: `conv1` is a convolution without the ReLU that follows, and without its normalisation.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use cnn_net::graph::{Graph, Node, Value};

/// The value of this name: an input (`input` if it has no name), an output (`output`), a tap, the result of an auxiliary classifier, or a [`module`]'s output.
pub fn resolve(graph: &Graph<'_>, name: &str) -> Option<Value> {
    let tap = || graph.taps.iter().find(|tap| tap.name == name).map(|tap| tap.value);
    let aux = || graph.aux.iter().find(|aux| aux.name == name).map(|aux| aux.result);
    let input = (0..graph.inputs.len()).find(|index| graph.input_name(*index) == name).map(Value::Input);
    let output = || (0..graph.outputs.len()).find(|index| graph.output_name(*index) == name);
    let output = || output().map(|index| graph.outputs[index].value);
    input.or_else(output).or_else(tap).or_else(aux).or_else(|| module(graph, name))
}

/// The output of a module, by its name in PyTorch: a node (`layer1.0.conv1`), or a group, a block call or a repeat
/// (`layer1.0`, `inception3a`, `features`).
///
/// Layers without tensors may have the name of something else, if they are in branches and have none of their own. So a name
/// means the layer with tensors, if there is one, and else the last of several layers, as if one module were called that often.
#[must_use]
pub fn module(graph: &Graph<'_>, name: &str) -> Option<Value> {
    let is = |node: &Node<'_>| node.name == name;
    let is_inside = |node: &Node<'_>| node.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    let has_tensors = |node: &Node<'_>| !node.tensors.is_empty();
    let group = || last(graph, is_inside);
    last(graph, |node| is(node) && has_tensors(node))
        .or_else(|| group().filter(|_| graph.nodes.iter().any(|node| is_inside(node) && has_tensors(node))))
        .or_else(|| last(graph, is))
        .or_else(group)
}

/// All names that [`resolve`] knows; modules come last, in the order in which they begin to run.
#[must_use]
pub fn names<'g>(graph: &Graph<'g>) -> Vec<&'g str> {
    let taps = graph.taps.iter().map(|tap| tap.name);
    let aux = graph.aux.iter().map(|aux| aux.name);
    let modules = graph.nodes.iter().flat_map(|node| {
        let dots = node.name.match_indices('.').map(|(dot, _)| &node.name[..dot]);
        dots.chain([node.name])
    });
    let mut seen = BTreeSet::new();
    let inputs = (0..graph.inputs.len()).map(|index| graph.input_name(index));
    let outputs = (0..graph.outputs.len()).map(|index| graph.output_name(index));
    inputs.chain(outputs).chain(taps).chain(aux).chain(modules).filter(|name| seen.insert(*name)).collect()
}

/// The last running node that fits; one of an auxiliary classifier, which hangs on the trunk, only if no other fits.
fn last(graph: &Graph<'_>, fits: impl Fn(&Node<'_>) -> bool) -> Option<Value> {
    let nodes = || graph.nodes.iter().enumerate().filter(|(_, node)| fits(node));
    let trunk = nodes().filter(|(_, node)| node.aux.is_none()).last();
    trunk.or_else(|| nodes().last()).map(|(index, _)| Value::Node(index))
}
