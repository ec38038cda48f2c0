//! From a list of nodes back to what the language nests: pipelines of layers, and merges whose branches are pipelines.

use std::collections::{BTreeMap, BTreeSet};

use cnn_net::graph::{Graph, Value};

/// A step of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A layer, by its index.
    Layer(usize),
    /// A merge, by its index, and its branches. A branch that only skips is empty.
    Merge(usize, Vec<Vec<Part>>),
    /// The value of a node that is drawn elsewhere.
    From(usize),
}

impl Part {
    /// The node with its result.
    pub(super) fn node(&self) -> usize {
        match self {
            Self::Layer(node) | Self::Merge(node, _) | Self::From(node) => *node,
        }
    }

    /// All its nodes.
    pub(super) fn nodes(&self) -> Vec<usize> {
        match self {
            Self::Layer(node) => vec![*node],
            Self::From(_) => Vec::new(),
            Self::Merge(node, branches) => branches.iter().flatten().flat_map(Self::nodes).chain([*node]).collect(),
        }
    }
}

/// What leaves a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaver {
    /// A tap, by its index.
    Tap(usize),
    /// An auxiliary classifier, by its index.
    Aux(usize),
    /// A value that is drawn here, and read elsewhere, by its node.
    Kept(usize),
}

/// A net's values, each with its dominator: the nearest value on all paths from the input to it.
pub(super) struct Pipelines<'a> {
    graph: &'a Graph<'a>,
    dominators: Vec<Value>,
    /// For each node, whether the output depends on it.
    on_trunk: Vec<bool>,
    /// From the input to the output.
    pub(super) trunk: Vec<Part>,
    /// For each tap, the steps that lead to it from the trunk.
    pub(super) to_taps: Vec<Vec<Part>>,
}

impl<'a> Pipelines<'a> {
    pub(super) fn new(graph: &'a Graph<'a>) -> Self {
        let count = graph.nodes.len();
        let (dominators, on_trunk) = (Vec::with_capacity(count), on_trunk(graph));
        let mut this = Self { graph, dominators, on_trunk, trunk: Vec::new(), to_taps: Vec::new() };
        for node in graph.nodes {
            let dominator = node.inputs.iter().copied().reduce(|a, b| this.common(a, b)).unwrap_or(Value::Input);
            this.dominators.push(dominator);
        }
        let mut seen = vec![false; count];
        this.trunk = this.steps(Value::Input, graph.result, &mut seen);
        this.to_taps = graph.taps.iter().map(|tap| this.steps(this.leaves(tap.value), tap.value, &mut seen)).collect();
        this
    }

    fn dominator(&self, value: Value) -> Value {
        match value {
            Value::Input => Value::Input,
            Value::Node(index) => self.dominators[index],
        }
    }

    /// The nearest value that dominates both. Dominators come before what they dominate.
    fn common(&self, mut a: Value, mut b: Value) -> Value {
        while a != b {
            if a > b {
                a = self.dominator(a);
            } else {
                b = self.dominator(b);
            }
        }
        a
    }

    /// The steps from one value to another that it dominates.
    pub(super) fn between(&self, start: Value, end: Value) -> Vec<Part> {
        self.steps(start, end, &mut vec![false; self.graph.nodes.len()])
    }

    /// The same, but for those that were seen. The branches of a merge begin at the merge's dominator. A value that is read across
    /// branches is drawn in one of them.
    fn steps(&self, start: Value, end: Value, seen: &mut [bool]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut at = end;
        while let Value::Node(index) = at
            && at != start
        {
            if std::mem::replace(&mut seen[index], true) {
                parts.push(Part::From(index));
                break;
            }
            let fork = self.dominators[index];
            parts.push(match self.graph.nodes[index].inputs {
                [] | [_] => Part::Layer(index),
                inputs => Part::Merge(index, inputs.iter().map(|input| self.steps(fork, *input, seen)).collect()),
            });
            at = fork;
        }
        parts.reverse();
        parts
    }

    /// What leaves at each value: values that are read elsewhere first, then taps, then auxiliary classifiers, each in the order of
    /// the declaration.
    pub(super) fn leavers(&self) -> BTreeMap<Value, Vec<Leaver>> {
        let mut leavers: BTreeMap<Value, Vec<Leaver>> = BTreeMap::new();
        for node in self.read_elsewhere() {
            leavers.entry(Value::Node(node)).or_default().push(Leaver::Kept(node));
        }
        for (index, tap) in self.graph.taps.iter().enumerate() {
            leavers.entry(self.leaves(tap.value)).or_default().push(Leaver::Tap(index));
        }
        for (index, aux) in self.graph.aux.iter().enumerate() {
            leavers.entry(self.fork(aux.result)).or_default().push(Leaver::Aux(index));
        }
        leavers
    }

    /// The nodes of the trunk that are drawn once, and read in other places.
    fn read_elsewhere(&self) -> BTreeSet<usize> {
        let (mut open, mut nodes): (Vec<&[Part]>, _) = (vec![&self.trunk], BTreeSet::new());
        open.extend(self.to_taps.iter().map(|parts| &**parts));
        while let Some(parts) = open.pop() {
            for part in parts {
                match part {
                    Part::From(node) => drop(nodes.insert(*node)),
                    Part::Merge(_, branches) => open.extend(branches.iter().map(|branch| &**branch)),
                    Part::Layer(_) => {}
                }
            }
        }
        nodes
    }

    /// The value of the trunk where the steps to another one leave it: that one itself, if the output depends on it.
    fn leaves(&self, value: Value) -> Value {
        let mut at = value;
        while let Value::Node(index) = at
            && !self.on_trunk[index]
        {
            at = self.dominators[index];
        }
        at
    }

    /// The value of the trunk that an auxiliary classifier reads.
    pub(super) fn fork(&self, result: Value) -> Value {
        let mut at = result;
        while let Value::Node(index) = at
            && self.graph.nodes[index].aux.is_some()
        {
            at = self.dominators[index];
        }
        at
    }
}

/// For each node, whether the output depends on it.
fn on_trunk(graph: &Graph<'_>) -> Vec<bool> {
    let (mut found, mut open) = (vec![false; graph.nodes.len()], vec![graph.result]);
    while let Some(value) = open.pop() {
        if let Value::Node(index) = value
            && !std::mem::replace(&mut found[index], true)
        {
            open.extend(graph.nodes[index].inputs);
        }
    }
    found
}
