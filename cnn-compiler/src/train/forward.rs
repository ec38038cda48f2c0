//! The layers of a step, up to the losses.

use cnn_net::graph::{Graph, Value as Source};
use cnn_net::op::{Activation, Op, Shape};
use cnn_runtime::kernels::gradient::activation::from_output;
use cnn_runtime::kernels::plain::has_epilogue;
use cnn_runtime::train::Criterion;

use super::Spec;
use super::program::{Head, Program, ValueId, Work};

/// What is known of the nodes before their tasks are made.
pub(super) struct Nodes<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) spec: &'a Spec,
    /// What has a loss: the outputs, then the auxiliary classifiers.
    pub(super) heads: Vec<Ending>,
    /// Whether a loss depends on a node.
    pub(super) needed: Vec<bool>,
    /// Whether a node depends on tensors that are trained.
    pub(super) learning: Vec<bool>,
    /// Whether a node has tensors, none of which is trained, and reads nothing that depends on those that are. So does every node that has
    /// the same tensors.
    pub(super) trunk: Vec<bool>,
    /// The function that each node applies to its results, a node of its own.
    pub(super) function: Vec<Option<usize>>,
    /// The batch normalisation that is folded into the weights of each node: neither changes, nor does anything before them.
    pub(super) norm: Vec<Option<usize>>,
}

/// What has a loss.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// An output, or that of an auxiliary classifier.
    pub(super) result: Source,
    /// What the loss is computed from, in its place.
    pub(super) logits: Source,
    /// The output whose targets it has.
    pub(super) output: usize,
    /// The loss, and what it is multiplied by.
    pub(super) criterion: Criterion,
}

/// What has a loss: the outputs, then the auxiliary classifiers that have the shape of one.
fn heads(graph: &Graph<'_>, spec: &Spec) -> Vec<Ending> {
    let outputs = graph.outputs.iter().enumerate().map(|(output, of)| (of.value, output, 1.0));
    let aux = graph.aux.iter().filter_map(|aux| Some((aux.result, graph.aux_output(aux)?, aux.weight)));
    let head = |(result, output, by): (Source, usize, f32)| {
        let Criterion { loss, weight } = spec.criteria[output];
        let logits = match result {
            Source::Node(node) if loss.replaces(&graph.nodes[node].op) => graph.nodes[node].inputs[0],
            value => value,
        };
        Ending { result, logits, output, criterion: Criterion { loss, weight: weight * by } }
    };
    outputs.chain(aux).map(head).collect()
}

impl<'a> Nodes<'a> {
    pub(super) fn of(graph: &'a Graph<'a>, spec: &'a Spec) -> Self {
        let count = graph.nodes.len();
        let (function, norm) = (vec![None; count], vec![None; count]);
        let (needed, learning, trunk) = (vec![false; count], Vec::new(), Vec::new());
        let mut nodes = Self { graph, spec, heads: heads(graph, spec), needed, learning, trunk, function, norm };
        nodes.find_needed();
        for (index, node) in graph.nodes.iter().enumerate() {
            let learns = nodes.trains(index) || node.inputs.iter().any(|input| nodes.learns(*input));
            nodes.learning.push(learns && nodes.needed[index]);
        }
        nodes.trunk = (0..count).map(|node| nodes.is_in_trunk(node)).collect();
        nodes.find_norms();
        nodes.find_functions();
        nodes
    }

    /// Whether tensors of a node are trained.
    pub(super) fn trains(&self, node: usize) -> bool {
        let has = self.graph.nodes[node].tensors.iter().any(|tensor| tensor.role.is_parameter());
        has && !self.spec.frozen[node]
    }

    /// Whether a value depends on tensors that are trained.
    pub(super) fn learns(&self, value: Source) -> bool {
        matches!(value, Source::Node(node) if self.learning[node])
    }

    fn find_needed(&mut self) {
        let mut open: Vec<Source> = self.heads.iter().map(|head| head.logits).collect();
        while let Some(value) = open.pop() {
            let Source::Node(node) = value else { continue };
            if !self.needed[node] {
                self.needed[node] = true;
                open.extend(self.graph.nodes[node].inputs);
            }
        }
    }

    /// How often a value is read by what runs, counting losses.
    fn uses(&self, value: Source) -> usize {
        let nodes = self.graph.nodes.iter().zip(&self.needed).filter(|(_, needed)| **needed).map(|(node, _)| node);
        let reads: usize = nodes.map(|node| node.inputs.iter().filter(|input| **input == value).count()).sum();
        reads + self.heads.iter().filter(|head| head.logits == value).count()
    }

    fn is_in_trunk(&self, node: usize) -> bool {
        let owner = |node: usize| self.graph.nodes[node].again.unwrap_or(node);
        let mut same = (0..self.graph.nodes.len()).filter(|other| owner(*other) == owner(node));
        !self.graph.nodes[node].tensors.is_empty() && same.all(|node| self.spec.frozen[node] && !self.learning[node])
    }

    /// Finds the normalisations that are folded into the convolutions before them.
    fn find_norms(&mut self) {
        for (index, node) in self.graph.nodes.iter().enumerate() {
            if let (Op::BatchNorm(_), [input @ Source::Node(before)]) = (&node.op, node.inputs)
                && matches!(self.graph.nodes[*before].op, Op::Conv(_))
                && self.needed[index]
                && self.spec.frozen[index]
                && !self.learning[index]
                && !shares_tensors(self.graph, *before)
                && !shares_tensors(self.graph, index)
                && self.uses(*input) == 1
            {
                self.norm[*before] = Some(index);
            }
        }
    }

    /// The node whose kernel gives a node's value: that of the convolution that a normalisation is folded into, or the node itself.
    fn kernel_of(&self, node: usize) -> usize {
        self.norm.iter().position(|norm| *norm == Some(node)).unwrap_or(node)
    }

    /// Finds the functions that the kernel before can apply, whose gradients follow from what they return.
    fn find_functions(&mut self) {
        for (index, node) in self.graph.nodes.iter().enumerate() {
            if let (Op::Activation(activation), [input @ Source::Node(before)]) = (&node.op, node.inputs)
                && self.needed[index]
                && *activation != Activation::Identity
                && from_output(*activation)
                && has_epilogue(&self.graph.nodes[*before].op)
                && self.uses(*input) == 1
            {
                let kernel = self.kernel_of(*before);
                self.function[kernel] = Some(index);
            }
        }
    }

    /// The function that a node applies to its results.
    pub(super) fn activation(&self, node: usize) -> Activation {
        match self.function[node].map(|function| self.graph.nodes[function].op) {
            Some(Op::Activation(activation)) => activation,
            _ => Activation::Identity,
        }
    }

    /// Whether a node is the function of the one before it.
    pub(super) fn is_fused(&self, node: usize) -> bool {
        self.function.contains(&Some(node))
    }

    /// Whether a node's value is that of its input.
    pub(super) fn passes_on(&self, index: usize) -> bool {
        let node = &self.graph.nodes[index];
        match node.op {
            Op::Activation(Activation::Identity) => true,
            Op::Dropout { p } => p == 0.0 || self.spec.frozen[index],
            Op::Flatten => self.graph.shape(node.inputs[0]).size().area() == 1 || self.only_linear_reads(index),
            Op::BatchNorm(_) => self.kernel_of(index) != index,
            _ => self.is_fused(index),
        }
    }

    /// Whether a node is read by fully connected layers alone, which read maps as they lie in memory.
    fn only_linear_reads(&self, index: usize) -> bool {
        let value = Source::Node(index);
        let mut readers = self.graph.nodes.iter().filter(|node| node.inputs.contains(&value));
        self.heads.iter().all(|head| head.logits != value) && readers.all(|node| matches!(node.op, Op::Linear(_)))
    }
}

/// Whether other nodes have the tensors of a node.
pub(super) fn shares_tensors(graph: &Graph<'_>, node: usize) -> bool {
    graph.nodes[node].again.is_some() || graph.nodes.iter().any(|other| other.again == Some(node))
}

impl Program {
    /// The value of a node's output, or of an input.
    pub(super) fn of(&self, source: Source) -> ValueId {
        match source {
            Source::Input(index) => index,
            Source::Node(node) => self.outputs[node],
        }
    }

    /// The values that a node reads.
    pub(super) fn inputs(&self, graph: &Graph<'_>, node: usize) -> Vec<ValueId> {
        graph.nodes[node].inputs.iter().map(|input| self.of(*input)).collect()
    }

    /// Adds the tasks of the layers, and those of the losses.
    pub(super) fn run_forward(&mut self, nodes: &Nodes<'_>) {
        let graph = nodes.graph;
        for (index, input) in graph.inputs.iter().enumerate() {
            let value = self.value(input.shape);
            self.task(Work::Load(index), None, Vec::new(), vec![value]);
        }
        for index in 0..graph.nodes.len() {
            let output = self.run_node(nodes, index);
            self.outputs.push(output);
        }
        for Ending { logits, output, criterion, .. } in nodes.heads.iter().copied() {
            let (logits, shape) = (self.of(logits), graph.shape(logits));
            // For classes, the loss of each pixel, and whether it is right; else one loss.
            let losses = if criterion.loss.is_of_classes() { 2 * shape.size().area() } else { 1 };
            let losses = self.value(Shape::Vector(losses));
            self.heads.push(Head { logits, output, criterion, losses });
        }
    }

    /// Adds the tasks of a node, and returns its value.
    fn run_node(&mut self, nodes: &Nodes<'_>, index: usize) -> ValueId {
        let node = &nodes.graph.nodes[index];
        let inputs = self.inputs(nodes.graph, index);
        // The value of what does not run is never read.
        if !nodes.needed[index] || nodes.passes_on(index) {
            return inputs[0];
        }
        let output = self.value(node.output);
        if matches!(node.op, Op::BatchNorm(_)) && !nodes.spec.frozen[index] {
            self.task(Work::Statistics, Some(index), inputs.clone(), Vec::new());
        }
        let work = match node.op {
            Op::Dropout { .. } => Work::Dropout,
            _ => Work::Forward(nodes.activation(index)),
        };
        self.task(work, Some(index), inputs, vec![output]);
        output
    }
}
