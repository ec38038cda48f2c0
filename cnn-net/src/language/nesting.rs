//! Finds the nesting of a graph: chains of layers, and merges whose branches begin at one value.
//!
//! The branches of a merge begin at its dominator, the last value that all paths to it go through. A value after that which several
//! branches read is *kept*: it is computed before them, on the trunk, and branches begin with it. These values are found by trial:
//! a value that would be in two places is kept in the next attempt.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::Unsayable;
use crate::graph::{Graph, Value};
use crate::op::{Kind, Op};

/// The language rejects steps nested more deeply.
pub(super) const DEEPEST: usize = 99;
pub(super) const TOO_DEEP: &str = "it is nested too deeply";

/// A step of a chain.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A layer, by its node.
    Layer(usize),
    /// A merge, by its node, and its branches.
    Merge(usize, Vec<Vec<Item>>),
    /// A value that was kept, or an input.
    From(Value),
}

impl Item {
    /// The node that is declared here.
    pub(super) fn node(&self) -> Option<usize> {
        match self {
            Self::Layer(node) | Self::Merge(node, _) => Some(*node),
            Self::From(_) => None,
        }
    }

    /// The value after it.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Layer(node) | Self::Merge(node, _) => Value::Node(*node),
            Self::From(value) => *value,
        }
    }
}

/// The steps of a graph.
pub(super) struct Nested {
    /// From the inputs to the outputs.
    pub(super) trunk: Vec<Item>,
    /// For each auxiliary classifier, the value that it reads, and its steps.
    pub(super) aux: Vec<(Value, Vec<Item>)>,
}

/// Finds the steps of a graph, each node in one place; the given nodes are statements in any case. The graph's values must exist.
pub(super) fn nested(graph: &Graph<'_>, kept: BTreeSet<usize>) -> Result<Nested, Unsayable> {
    found(graph, kept, true)
}

/// The same for a graph whose nodes need not be in the order of a declaration.
pub(super) fn nested_in_any_order(graph: &Graph<'_>, kept: BTreeSet<usize>) -> Result<Nested, Unsayable> {
    found(graph, kept, false)
}

fn found(graph: &Graph<'_>, mut kept: BTreeSet<usize>, is_ordered: bool) -> Result<Nested, Unsayable> {
    // An output has no place in a branch.
    for output in graph.outputs.iter().filter(|_| graph.names_outputs()) {
        if let Value::Node(node) = output.value {
            kept.insert(node);
        }
    }
    loop {
        match Nesting::new(graph, &kept).all(is_ordered) {
            Ok(nested) => return Ok(nested),
            Err(Fault::Unsayable(why)) => return Err(why),
            Err(Fault::Twice(node)) if kept.insert(node) => {}
            Err(Fault::Twice(node)) => {
                return Err(Unsayable::new(graph.nodes[node].name, "it is read in more than one branch"));
            }
        }
    }
}

/// Why steps were not found.
enum Fault {
    Unsayable(Unsayable),
    /// A node would be in two places.
    Twice(usize),
}

/// The nodes of steps, in the order in which a declaration computes them.
pub(super) fn emitted(items: &[Item], order: &mut Vec<usize>) {
    for item in items {
        if let Item::Merge(_, branches) = item {
            branches.iter().for_each(|branch| emitted(branch, order));
        }
        order.extend(item.node());
    }
}

/// Whether a layer joins branches.
pub(super) fn is_merge(op: &Op) -> bool {
    let kind = op.facts().kind;
    matches!(kind, Kind::Concatenation | Kind::Addition | Kind::Multiplication | Kind::Maximum)
        || matches!(op, Op::Custom(layer) if layer.inputs > 1)
}

struct Nesting<'g> {
    graph: &'g Graph<'g>,
    /// The nodes whose values are kept. Paths begin at these and at the inputs.
    kept: &'g BTreeSet<usize>,
    /// For each node, the last value that all paths to it go through, if they begin at the same one.
    dominators: Vec<Option<Value>>,
    /// The nodes that have a place.
    seen: Vec<bool>,
}

impl<'g> Nesting<'g> {
    fn new(graph: &'g Graph<'g>, kept: &'g BTreeSet<usize>) -> Self {
        let count = graph.nodes.len();
        let mut nesting = Self { graph, kept, dominators: Vec::with_capacity(count), seen: vec![false; count] };
        for node in graph.nodes {
            let inputs = node.inputs.iter().map(|input| Some(*input));
            let common = inputs.reduce(|a, b| nesting.common(a, b));
            nesting.dominators.push(common.unwrap_or_default());
        }
        nesting
    }

    fn all(mut self, is_ordered: bool) -> Result<Nested, Fault> {
        let graph = self.graph;
        let mut trunk = self.passed();
        for node in self.kept {
            trunk.extend(self.ending(Value::Node(*node))?);
        }
        if let ([output], false) = (graph.outputs, graph.names_outputs()) {
            trunk.extend(self.ending(output.value)?);
        }
        if is_ordered && let Some(node) = self.out_of_order(&trunk) {
            return Err(Fault::Twice(node));
        }
        let mut aux = Vec::new();
        for (index, classifier) in graph.aux.iter().enumerate() {
            let mut begin = Some(classifier.result);
            while let Some(Value::Node(node)) = begin
                && graph.nodes[node].aux == Some(index)
            {
                begin = self.dominators[node];
            }
            let why = || Unsayable::new(classifier.name, "it reads more than one value");
            let begin = begin.ok_or_else(|| Fault::Unsayable(why()))?;
            aux.push((begin, self.chain(Some(begin), classifier.result, 0)?));
        }
        // A value that only a tap reads is computed in an earlier statement.
        let read_by_tap = graph.taps.iter().find_map(|tap| match tap.value {
            Value::Node(node) if !self.seen[node] => Some(node),
            Value::Node(_) | Value::Input(_) => None,
        });
        match (read_by_tap, graph.nodes.iter().zip(&self.seen).find(|(_, seen)| !**seen)) {
            (Some(node), _) => Err(Fault::Twice(node)),
            (None, Some((node, _))) => {
                Err(Fault::Unsayable(Unsayable::new(node.name, "the output doesn't depend on it")))
            }
            (None, None) => Ok(Nested { trunk, aux }),
        }
    }

    /// The node to keep where a trunk would compute another one too early: the one before that.
    fn out_of_order(&self, trunk: &[Item]) -> Option<usize> {
        let mut order = Vec::new();
        emitted(trunk, &mut order);
        let is_there = |node: &usize| self.seen[*node];
        let expected = (0..self.seen.len()).filter(is_there);
        let early = order.iter().zip(expected).find(|(found, expected)| **found != *expected)?;
        let before = (0..*early.0).rev().find(is_there)?;
        (!self.kept.contains(&before)).then_some(before)
    }

    /// Whether paths begin at a value.
    fn is_source(&self, value: Value) -> bool {
        match value {
            Value::Input(_) => true,
            Value::Node(node) => self.kept.contains(&node),
        }
    }

    /// The last value before another one that all paths to it go through.
    fn before(&self, value: Value) -> Option<Value> {
        match value {
            Value::Node(node) if !self.is_source(value) => self.dominators[node],
            Value::Node(_) | Value::Input(_) => None,
        }
    }

    /// The last value that all paths to two others go through. Values are ordered as they are computed.
    fn common(&self, mut a: Option<Value>, mut b: Option<Value>) -> Option<Value> {
        while a != b {
            let later = if a > b { &mut a } else { &mut b };
            *later = later.and_then(|value| self.before(value));
        }
        a
    }

    /// The inputs that are named outputs, too.
    fn passed(&self) -> Vec<Item> {
        let values = self.graph.outputs.iter().filter(|_| self.graph.names_outputs()).map(|output| output.value);
        let inputs: BTreeSet<Value> = values.filter(|value| matches!(value, Value::Input(_))).collect();
        inputs.into_iter().map(Item::From).collect()
    }

    /// The steps to a value on the trunk, from wherever paths to it begin.
    fn ending(&mut self, to: Value) -> Result<Vec<Item>, Fault> {
        match to {
            Value::Node(node) => {
                let mut items = vec![self.item(node, 0)?];
                if let Some(from) = self.dominators[node] {
                    items.splice(0..0, self.chain(None, from, 0)?);
                }
                Ok(items)
            }
            Value::Input(_) => Ok(vec![Item::From(to)]),
        }
    }

    /// The steps from one value, or from where paths begin, to another.
    fn chain(&mut self, from: Option<Value>, to: Value, depth: usize) -> Result<Vec<Item>, Fault> {
        let mut items = Vec::new();
        let mut value = Some(to);
        while value != from
            && let Some(at) = value
        {
            value = self.before(at);
            items.push(match at {
                Value::Node(node) if !self.is_source(at) => self.item(node, depth)?,
                Value::Node(_) | Value::Input(_) => Item::From(at),
            });
        }
        items.reverse();
        if value == from {
            Ok(items)
        } else {
            Err(Fault::Unsayable(Unsayable::value(self.graph, to, "it is read outside of its branch")))
        }
    }

    /// Puts a node in its only place.
    fn item(&mut self, index: usize, depth: usize) -> Result<Item, Fault> {
        let node = &self.graph.nodes[index];
        if core::mem::replace(&mut self.seen[index], true) {
            return Err(Fault::Twice(index));
        }
        if depth > DEEPEST {
            return Err(Fault::Unsayable(Unsayable::new(node.name, TOO_DEEP)));
        }
        if !is_merge(&node.op) {
            return Ok(Item::Layer(index));
        }
        let from = self.dominators[index];
        let branches = node.inputs.iter().map(|input| self.chain(from, *input, depth + 1));
        Ok(Item::Merge(index, branches.collect::<Result<_, _>>()?))
    }
}
