//! The gradients of a step: from those of the logits to those of all tensors that are trained.
//!
//! Nodes are visited from the last to the first. By then, all readers of a node's value have contributed to its
//! gradient.

use std::collections::BTreeMap;

use cnn_net::op::{Activation, Op, Shape, UserLayer};
use cnn_runtime::kernels::gradient::plain::reads;
use cnn_runtime::kernels::gradient::user::CustomGradient;

use super::forward::Nodes;
use super::program::{Host, Program, ValueId, Work};

/// The gradients that add up to that of a value.
type Parts = BTreeMap<ValueId, Vec<ValueId>>;

impl Program {
    /// Adds the tasks of the losses, and those of all gradients.
    pub(super) fn run_backward(&mut self, nodes: &Nodes<'_>) {
        let mut parts = Parts::new();
        for (index, head) in self.heads.clone().into_iter().enumerate() {
            let gradient = self.value(self.values[head.logits].shape);
            self.task(Work::Loss(index), None, vec![head.logits], vec![gradient, head.losses]);
            parts.entry(head.logits).or_default().push(gradient);
        }
        self.forward = self.tasks.len();
        for index in (0..nodes.graph.nodes.len()).rev() {
            if nodes.learning[index] && !self.is_passed_on(nodes, index) {
                self.differentiate(nodes, index, &mut parts);
            }
        }
    }

    /// Whether the gradient of a node's output is that of its input, the same value. That of a function that was fused
    /// is not, unless the gradient of a batch normalisation includes it.
    fn is_passed_on(&self, nodes: &Nodes<'_>, index: usize) -> bool {
        nodes.passes_on(index) && (!nodes.is_fused(index) || in_norm(nodes, index))
    }

    /// Adds the tasks of a node.
    fn differentiate(&mut self, nodes: &Nodes<'_>, index: usize, parts: &mut Parts) {
        let output = self.outputs[index];
        let Some(upstream) = parts.remove(&output).map(|parts| self.sum(index, parts)) else { return };
        let node = &nodes.graph.nodes[index];
        let inputs = self.inputs(nodes.graph, index);
        let wanted: Vec<bool> = node.inputs.iter().map(|input| nodes.learns(*input)).collect();
        match node.op {
            Op::BatchNorm(_) if !nodes.spec.frozen[index] => {
                let relu = nodes.function[index].filter(|function| in_norm(nodes, *function)).map(|_| output);
                let reads: Vec<ValueId> = [inputs[0], upstream].into_iter().chain(relu).collect();
                self.task(Work::NormTensors, Some(index), reads.clone(), Vec::new());
                if wanted[0] {
                    let gradient = self.value(self.values[inputs[0]].shape);
                    self.task(Work::NormInput, Some(index), reads, vec![gradient]);
                    parts.entry(inputs[0]).or_default().push(gradient);
                }
                return;
            }
            Op::Custom(layer) => return self.user(nodes, index, &layer, wanted, upstream, parts),
            _ if nodes.trains(index) => {
                self.task(Work::Tensors, Some(index), vec![inputs[0], upstream], Vec::new());
            }
            _ => {}
        }
        match node.op {
            Op::Linear(_) | Op::Dropout { .. } if wanted[0] => {
                let work = if matches!(node.op, Op::Linear(_)) { Work::Dense } else { Work::Dropout };
                let gradient = self.value(self.values[inputs[0]].shape);
                self.task(work, Some(index), vec![upstream], vec![gradient]);
                parts.entry(inputs[0]).or_default().push(gradient);
            }
            Op::Concat => self.cut(&inputs, &wanted, upstream, parts),
            Op::Add => self.share(nodes, index, &wanted, upstream, parts),
            _ => self.gradients_of(nodes, index, wanted, upstream, parts),
        }
    }

    /// The sum of gradients of one value; none, of a single one.
    fn sum(&mut self, node: usize, parts: Vec<ValueId>) -> ValueId {
        if let [part] = parts[..] {
            return part;
        }
        let sum = self.value(self.values[parts[0]].shape);
        self.task(Work::Sum, Some(node), parts, vec![sum]);
        sum
    }

    /// The gradients of a concat's inputs: parts of the upstream.
    fn cut(&mut self, inputs: &[ValueId], wanted: &[bool], upstream: ValueId, parts: &mut Parts) {
        let mut first = 0;
        for (input, wanted) in inputs.iter().zip(wanted) {
            let shape = self.values[*input].shape;
            if *wanted {
                let gradient = self.value(shape);
                self.values[gradient].host = Host::Slice { whole: upstream, first };
                parts.entry(*input).or_default().push(gradient);
            }
            first += shape.channels();
        }
    }

    /// The gradients of summands: the upstream itself, unless a summand was repeated.
    fn share(&mut self, nodes: &Nodes<'_>, index: usize, wanted: &[bool], upstream: ValueId, parts: &mut Parts) {
        let whole = self.values[upstream].shape;
        let mut rest = Vec::new();
        for (input, wanted) in self.inputs(nodes.graph, index).into_iter().zip(wanted) {
            let same = is_same(self.values[input].shape, whole);
            if *wanted && same {
                parts.entry(input).or_default().push(upstream);
            }
            rest.push(*wanted && !same);
        }
        self.gradients_of(nodes, index, rest, upstream, parts);
    }

    /// The gradients of the wanted inputs, by the kernels of the layer.
    fn gradients_of(
        &mut self,
        nodes: &Nodes<'_>,
        index: usize,
        wanted: Vec<bool>,
        upstream: ValueId,
        parts: &mut Parts,
    ) {
        if !wanted.contains(&true) {
            return;
        }
        let inputs = self.inputs(nodes.graph, index);
        let read = reads(&nodes.graph.nodes[index].op);
        let mut values = Vec::new();
        values.extend(inputs.iter().filter(|_| read.inputs));
        values.extend(read.output.then_some(self.outputs[index]));
        // The last one.
        values.push(upstream);
        let written = self.written(&inputs, &wanted, parts);
        self.task(Work::Inputs { wanted }, Some(index), values, written);
    }

    /// The gradients of a user-defined layer: of the wanted inputs, and of all its tensors, after a copy of those of
    /// all inputs.
    fn user(
        &mut self,
        nodes: &Nodes<'_>,
        index: usize,
        layer: &UserLayer,
        wanted: Vec<bool>,
        upstream: ValueId,
        parts: &mut Parts,
    ) {
        let inputs = self.inputs(nodes.graph, index);
        let elements = inputs.iter().map(|input| self.values[*input].shape.elements()).sum();
        let all = self.value(Shape::Vector(CustomGradient::gradients_len(layer, elements)));
        let mut written = self.written(&inputs, &wanted, parts);
        written.push(all);
        let reads = inputs.into_iter().chain([upstream]).collect();
        self.task(Work::Inputs { wanted }, Some(index), reads, written);
        if nodes.trains(index) {
            self.task(Work::Tensors, Some(index), vec![all], Vec::new());
        }
    }

    /// Values for the gradients of the wanted inputs.
    fn written(&mut self, inputs: &[ValueId], wanted: &[bool], parts: &mut Parts) -> Vec<ValueId> {
        let mut written = Vec::new();
        for (input, _) in inputs.iter().zip(wanted).filter(|(_, wanted)| **wanted) {
            let gradient = self.value(self.values[*input].shape);
            written.push(gradient);
            parts.entry(*input).or_default().push(gradient);
        }
        written
    }
}

/// Whether a function's gradient is included in that of the batch normalisation before it.
fn in_norm(nodes: &Nodes<'_>, function: usize) -> bool {
    let before = nodes.function.iter().position(|of| *of == Some(function));
    let is_relu = nodes.graph.nodes[function].op == Op::Activation(Activation::Relu);
    let is_norm = |node: usize| matches!(nodes.graph.nodes[node].op, Op::BatchNorm(_)) && !nodes.spec.frozen[node];
    is_relu && before.is_some_and(is_norm)
}

/// Whether two values have as many pixels and channels.
fn is_same(a: Shape, b: Shape) -> bool {
    (a.size(), a.channels()) == (b.size(), b.channels())
}
