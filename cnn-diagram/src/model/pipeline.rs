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
    /// A value that begins here: a node's that is drawn elsewhere, or one of several inputs.
    From(Value),
}

impl Part {
    /// The node that is drawn here.
    pub(super) fn node(&self) -> Option<usize> {
        match self {
            Self::Layer(node) | Self::Merge(node, _) => Some(*node),
            Self::From(_) => None,
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
    /// An output next to that of the trunk, by its index.
    Output(usize),
    /// An auxiliary classifier, by its index.
    Aux(usize),
    /// A value that is drawn here, and read elsewhere, by its node.
    Kept(usize),
}

/// A net's values, each with its dominator: the nearest value on all paths from the inputs to it, if there is one.
pub(super) struct Pipelines<'a> {
    graph: &'a Graph<'a>,
    dominators: Vec<Option<Value>>,
    /// The output at the end of the trunk, by its index: the one that is computed last.
    pub(super) end: usize,
    /// For each node, whether that output depends on it.
    on_trunk: Vec<bool>,
    /// From the inputs to that output.
    pub(super) trunk: Vec<Part>,
    /// For each output, the steps that lead to it from the trunk.
    pub(super) to_outputs: Vec<Vec<Part>>,
    /// For each tap, the steps that lead to it from the trunk.
    pub(super) to_taps: Vec<Vec<Part>>,
}

impl<'a> Pipelines<'a> {
    pub(super) fn new(graph: &'a Graph<'a>) -> Self {
        let count = graph.nodes.len();
        let values = graph.outputs.iter().map(|output| output.value).enumerate();
        let end = values.max_by_key(|(index, value)| (*value, std::cmp::Reverse(*index))).map_or(0, |(index, _)| index);
        let (dominators, on_trunk) = (Vec::with_capacity(count), on_trunk(graph, graph.outputs[end].value));
        let (trunk, to_outputs, to_taps) = (Vec::new(), Vec::new(), Vec::new());
        let mut this = Self { graph, dominators, end, on_trunk, trunk, to_outputs, to_taps };
        for node in graph.nodes {
            let inputs = node.inputs.iter().map(|input| Some(*input));
            this.dominators.push(inputs.reduce(|a, b| this.common(a, b)).flatten());
        }
        let mut seen = vec![false; count];
        this.trunk = this.steps(begin(graph), graph.outputs[end].value, &mut seen);
        let mut to = |value: Value| this.steps(this.leaves(value), value, &mut seen);
        let to_outputs = graph.outputs.iter().enumerate();
        let to_outputs = to_outputs.map(|(index, output)| if index == end { Vec::new() } else { to(output.value) });
        let to_outputs = to_outputs.collect();
        let to_taps = graph.taps.iter().map(|tap| to(tap.value)).collect();
        Self { to_outputs, to_taps, ..this }
    }

    fn dominator(&self, value: Value) -> Option<Value> {
        match value {
            Value::Input(_) => None,
            Value::Node(index) => self.dominators[index],
        }
    }

    /// The nearest value that dominates both. Dominators come before what they dominate.
    fn common(&self, mut a: Option<Value>, mut b: Option<Value>) -> Option<Value> {
        while a != b {
            let later = if a > b { &mut a } else { &mut b };
            *later = later.and_then(|value| self.dominator(value));
        }
        a
    }

    /// The steps from one value to another that it dominates.
    pub(super) fn between(&self, start: Option<Value>, end: Value) -> Vec<Part> {
        self.steps(start, end, &mut vec![false; self.graph.nodes.len()])
    }

    /// The same, but for those that were seen. The branches of a merge begin at the merge's dominator. A value that is read across
    /// branches is drawn in one of them. Without a dominator, they begin at inputs.
    fn steps(&self, start: Option<Value>, end: Value, seen: &mut [bool]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut next = Some(end);
        while let Some(at) = next
            && next != start
        {
            let Value::Node(index) = at else {
                parts.push(Part::From(at));
                break;
            };
            if std::mem::replace(&mut seen[index], true) {
                parts.push(Part::From(at));
                break;
            }
            let fork = self.dominators[index];
            parts.push(match self.graph.nodes[index].inputs {
                [] | [_] => Part::Layer(index),
                inputs => Part::Merge(index, inputs.iter().map(|input| self.steps(fork, *input, seen)).collect()),
            });
            next = fork;
        }
        parts.reverse();
        parts
    }

    /// What leaves at each value: values that are read elsewhere first, then outputs, taps and auxiliary classifiers, each in the
    /// order of the declaration. What begins at an input of its own is put at the first one.
    pub(super) fn leavers(&self) -> BTreeMap<Option<Value>, Vec<Leaver>> {
        let mut leavers: BTreeMap<Option<Value>, Vec<Leaver>> = BTreeMap::new();
        for node in self.read_elsewhere() {
            leavers.entry(Some(Value::Node(node))).or_default().push(Leaver::Kept(node));
        }
        for (index, output) in self.graph.outputs.iter().enumerate().filter(|(index, _)| *index != self.end) {
            leavers.entry(self.leaves(output.value)).or_default().push(Leaver::Output(index));
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
        open.extend(self.to_taps.iter().chain(&self.to_outputs).map(|parts| &**parts));
        while let Some(parts) = open.pop() {
            for part in parts {
                match part {
                    Part::From(Value::Node(node)) => drop(nodes.insert(*node)),
                    Part::From(Value::Input(_)) => {}
                    Part::Merge(_, branches) => open.extend(branches.iter().map(|branch| &**branch)),
                    Part::Layer(_) => {}
                }
            }
        }
        nodes
    }

    /// The value of the trunk where the steps to another one leave it: that one itself, if the output depends on it.
    fn leaves(&self, value: Value) -> Option<Value> {
        let mut at = Some(value);
        while let Some(Value::Node(index)) = at
            && !self.on_trunk[index]
        {
            at = self.dominators[index];
        }
        // Of several inputs, each begins where it is read.
        at.filter(|at| matches!(at, Value::Node(_)) || begin(self.graph) == Some(*at))
    }

    /// The value of the trunk that an auxiliary classifier reads.
    pub(super) fn fork(&self, result: Value) -> Option<Value> {
        let mut at = Some(result);
        while let Some(Value::Node(index)) = at
            && self.graph.nodes[index].aux.is_some()
        {
            at = self.dominators[index];
        }
        at
    }
}

/// The value that a net begins with: its input, if there is only one.
pub(super) fn begin(graph: &Graph<'_>) -> Option<Value> {
    (graph.inputs.len() == 1).then_some(Value::Input(0))
}

/// For each node, whether an output depends on it.
fn on_trunk(graph: &Graph<'_>, output: Value) -> Vec<bool> {
    let (mut found, mut open) = (vec![false; graph.nodes.len()], vec![output]);
    while let Some(value) = open.pop() {
        if let Value::Node(index) = value
            && !std::mem::replace(&mut found[index], true)
        {
            open.extend(graph.nodes[index].inputs);
        }
    }
    found
}
