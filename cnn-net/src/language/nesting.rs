//! How a graph is nested: chains of layers, and merges whose branches begin at one value.

use alloc::vec::Vec;

use super::Unsayable;
use crate::graph::{Graph, Value};

/// A step of a chain.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A layer, by its node.
    Layer(usize),
    /// A merge, by its node, and its branches.
    Merge(usize, Vec<Vec<Item>>),
}

impl Item {
    /// The node whose output is the step's.
    pub(super) fn node(&self) -> usize {
        match self {
            Self::Layer(node) | Self::Merge(node, _) => *node,
        }
    }
}

/// A graph, and for each node the last value that all ways to it go through.
pub(super) struct Nesting<'g> {
    graph: &'g Graph<'g>,
    dominators: Vec<Value>,
}

impl<'g> Nesting<'g> {
    pub(super) fn new(graph: &'g Graph<'g>) -> Self {
        let mut nesting = Self { graph, dominators: Vec::with_capacity(graph.nodes.len()) };
        for node in graph.nodes {
            let common = node.inputs.iter().copied().reduce(|a, b| nesting.common(a, b));
            nesting.dominators.push(common.unwrap_or(Value::Input));
        }
        nesting
    }

    /// The last value that all ways to two others go through. Values are ordered as they are computed.
    fn common(&self, mut a: Value, mut b: Value) -> Value {
        while a != b {
            let later = if a > b { &mut a } else { &mut b };
            *later = self.dominator(*later);
        }
        a
    }

    fn dominator(&self, value: Value) -> Value {
        match value {
            Value::Input => Value::Input,
            Value::Node(node) => self.dominators.get(node).copied().unwrap_or(Value::Input),
        }
    }

    /// The steps from one value to another.
    pub(super) fn chain(&self, from: Value, to: Value) -> Result<Vec<Item>, Unsayable> {
        let mut items = Vec::new();
        let mut value = to;
        while value != from {
            let Value::Node(node) = value else { return Err(self.not_nested(to)) };
            let inputs = self.graph.nodes[node].inputs;
            value = match inputs {
                [input] => {
                    items.push(Item::Layer(node));
                    *input
                }
                _ => {
                    let begin = self.dominators[node];
                    let branches = inputs.iter().map(|input| self.chain(begin, *input)).collect::<Result<_, _>>()?;
                    items.push(Item::Merge(node, branches));
                    begin
                }
            };
        }
        items.reverse();
        Ok(items)
    }

    /// The steps of an auxiliary classifier, and the value that it leaves.
    pub(super) fn aux(&self, aux: usize) -> Result<(Value, Vec<Item>), Unsayable> {
        let result = self.graph.aux[aux].result;
        let mut begin = result;
        while let Value::Node(node) = begin
            && self.graph.nodes[node].aux == Some(aux)
        {
            begin = self.dominators[node];
        }
        Ok((begin, self.chain(begin, result)?))
    }

    /// Whether steps and auxiliary classifiers have every node once, and in an order in which a declaration gives them.
    pub(super) fn check(&self, items: &[Item], aux: &[(Value, Vec<Item>)]) -> Result<(), Unsayable> {
        let mut order = Vec::new();
        nodes_of(items, &mut order);
        let error = |node: usize, why| Err(Unsayable::new(self.graph.nodes[node].name, why));
        if let Some(pair) = order.windows(2).find(|pair| pair[0] >= pair[1]) {
            return error(pair[1], "it is read in several branches, or not in the order of the nodes");
        }
        aux.iter().for_each(|(_, items)| nodes_of(items, &mut order));
        order.sort_unstable();
        match (0..self.graph.nodes.len()).find(|node| order.get(*node) != Some(node)) {
            Some(node) => error(node, "nothing reads it, or it is read in several places"),
            None => Ok(()),
        }
    }

    fn not_nested(&self, value: Value) -> Unsayable {
        let name = match value {
            Value::Input => "input",
            Value::Node(node) => self.graph.nodes[node].name,
        };
        Unsayable::new(name, "it is read outside of the branch that computes it")
    }
}

/// The nodes of steps, in the order in which they are computed.
fn nodes_of(items: &[Item], order: &mut Vec<usize>) {
    for item in items {
        if let Item::Merge(_, branches) = item {
            branches.iter().for_each(|branch| nodes_of(branch, order));
        }
        order.push(item.node());
    }
}
