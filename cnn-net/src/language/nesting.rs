//! How a graph is nested: chains of layers, and merges whose branches begin at one value.
//!
//! The branches of a merge begin at its dominator, the last value that all ways to it go through. A value that several branches
//! read inside of that has no place in the language; it is found here, before it is followed twice.

use alloc::vec;
use alloc::vec::Vec;

use super::Unsayable;
use crate::graph::{Graph, Value};
use crate::op::{Kind, Op};

/// Steps nested more deeply than this are an error of the language.
pub(super) const DEEPEST: usize = 99;
pub(super) const TOO_DEEP: &str = "it is nested too deeply";

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

/// The steps of a graph.
pub(super) struct Nested {
    /// From the input to the output.
    pub(super) trunk: Vec<Item>,
    /// For each auxiliary classifier, the value that it reads, and its steps.
    pub(super) aux: Vec<(Value, Vec<Item>)>,
}

/// Finds the steps of a graph, each node in one place. The values in it were checked to be there.
pub(super) fn nested(graph: &Graph<'_>) -> Result<Nested, Unsayable> {
    let mut nesting =
        Nesting { graph, dominators: Vec::with_capacity(graph.nodes.len()), seen: vec![false; graph.nodes.len()] };
    for node in graph.nodes {
        let common = node.inputs.iter().copied().reduce(|a, b| nesting.common(a, b));
        nesting.dominators.push(common.unwrap_or(Value::Input));
    }
    let trunk = nesting.chain(Value::Input, graph.result, 0)?;
    let mut aux = Vec::new();
    for (index, classifier) in graph.aux.iter().enumerate() {
        let mut begin = classifier.result;
        while let Value::Node(node) = begin
            && graph.nodes[node].aux == Some(index)
        {
            begin = nesting.dominators[node];
        }
        aux.push((begin, nesting.chain(begin, classifier.result, 0)?));
    }
    match graph.nodes.iter().zip(&nesting.seen).find(|(_, seen)| !**seen) {
        Some((node, _)) => Err(Unsayable::new(node.name, "the output doesn't depend on it")),
        None => Ok(Nested { trunk, aux }),
    }
}

/// Whether a layer joins branches.
pub(super) fn is_merge(op: &Op) -> bool {
    matches!(op.facts().kind, Kind::Concatenation | Kind::Addition | Kind::Multiplication)
}

struct Nesting<'g> {
    graph: &'g Graph<'g>,
    /// For each node, the last value that all ways to it go through.
    dominators: Vec<Value>,
    /// The nodes that have a place.
    seen: Vec<bool>,
}

impl Nesting<'_> {
    /// The last value that all ways to two others go through. Values are ordered as they are computed.
    fn common(&self, mut a: Value, mut b: Value) -> Value {
        while a != b {
            let later = if a > b { &mut a } else { &mut b };
            *later = match *later {
                Value::Input => Value::Input,
                Value::Node(node) => self.dominators[node],
            };
        }
        a
    }

    /// The steps from one value to another.
    fn chain(&mut self, from: Value, to: Value, depth: usize) -> Result<Vec<Item>, Unsayable> {
        let mut items = Vec::new();
        let mut value = to;
        while let Value::Node(index) = value
            && value > from
        {
            let node = &self.graph.nodes[index];
            if core::mem::replace(&mut self.seen[index], true) {
                return Err(Unsayable::new(node.name, "it is read in more than one branch"));
            }
            if depth > DEEPEST {
                return Err(Unsayable::new(node.name, TOO_DEEP));
            }
            value = self.dominators[index];
            if is_merge(&node.op) {
                let branches = node.inputs.iter().map(|input| self.chain(value, *input, depth + 1));
                items.push(Item::Merge(index, branches.collect::<Result<_, _>>()?));
            } else {
                items.push(Item::Layer(index));
            }
        }
        items.reverse();
        if value == from {
            Ok(items)
        } else {
            Err(Unsayable::value(self.graph, to, "it is read outside of its branch"))
        }
    }
}
