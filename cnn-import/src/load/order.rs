//! An order in which nodes can be computed: that of the file, where it is one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::graph::Node;

/// The nodes so that each comes after those that it reads from; or one that depends on itself.
pub(super) fn ordered(nodes: Vec<Node<'_>>, values: usize) -> Result<Vec<Node<'_>>, Box<Node<'_>>> {
    let mut producers = vec![None; values];
    for (index, node) in nodes.iter().enumerate() {
        node.outputs.iter().flatten().for_each(|id| producers[*id] = Some(index));
    }
    let mut readers = vec![Vec::new(); nodes.len()];
    let mut missing = vec![0_usize; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for producer in node.inputs.iter().flatten().filter_map(|id| producers[*id]) {
            readers[producer].push(index);
            missing[index] += 1;
        }
    }
    let ready = (0..nodes.len()).filter(|index| missing[*index] == 0).map(Reverse);
    let mut ready: BinaryHeap<Reverse<usize>> = ready.collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for reader in &readers[index] {
            missing[*reader] -= 1;
            if missing[*reader] == 0 {
                ready.push(Reverse(*reader));
            }
        }
    }
    let mut nodes: Vec<Option<Node<'_>>> = nodes.into_iter().map(Some).collect();
    let ordered: Vec<Node<'_>> = order.into_iter().filter_map(|index| nodes[index].take()).collect();
    match nodes.into_iter().flatten().next() {
        Some(left) => Err(Box::new(left)),
        None => Ok(ordered),
    }
}
