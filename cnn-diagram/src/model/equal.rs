//! When calls of a block, copies of a group and layers are equal, so that one drawing is right for all of them.

use std::collections::BTreeMap;

use cnn_net::graph::{Graph, Value};

use crate::options::Detail;

/// A key that is equal for nodes that may be drawn as one: their layers with all arguments, their connections and, if shapes are
/// drawn, their shapes. The nodes read at most one value from outside.
pub(super) fn exact(graph: &Graph<'_>, nodes: &[usize], detail: Detail) -> String {
    let places: BTreeMap<usize, usize> = nodes.iter().enumerate().map(|(place, node)| (*node, place)).collect();
    let layer = |index: &usize| {
        let node = &graph.nodes[*index];
        let reads: Vec<Option<usize>> = node
            .inputs
            .iter()
            .map(|input| match input {
                Value::Input(_) => None,
                Value::Node(input) => places.get(input).copied(),
            })
            .collect();
        let shapes = (detail == Detail::Full).then(|| {
            (node.inputs.iter().map(|input| graph.shape(*input).to_string()).collect::<Vec<_>>(), node.output)
        });
        format!("{:?} {reads:?} {shapes:?}", node.op)
    };
    nodes.iter().map(layer).collect::<Vec<_>>().join("; ")
}
