//! A net, layer by layer: the output of every node, as the net was declared.
//!
//! `forward` fuses layers, so most intermediate values never exist there, and it shares memory, so the others are soon
//! overwritten. A trace runs the [`Graph`] itself, node by node, with the same kernels: each node in its own memory, with
//! weights packed for it alone, and with direct convolutions, even where `forward` uses Winograd's algorithm. So its results
//! equal those of `forward` up to rounding, and it takes a few times as long; most of that is packing if there are large
//! fully connected layers. `forward` pays nothing for it. Where two implementations of a net differ, a trace finds the first
//! layer that does.
//!
//! Values are freed when no later node reads them; a callback sees each of them once.

mod layer;
mod names;

use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;

use crate::exec::isa::Isa;
use crate::reference::{Params, RunError};
use cnn_net::graph::{Graph, Node, Value};

use self::layer::Layer;

pub use self::names::{module, names, resolve};

/// A net that can be run layer by layer.
///
/// [`weights::read`](crate::weights::read) returns the tensors.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    graph: &'a Graph<'a>,
    params: &'a Params,
    isa: Isa,
    aux: bool,
}

impl<'a> Trace<'a> {
    /// A net with the tensors of its weight file.
    #[must_use]
    pub fn new(graph: &'a Graph<'a>, params: &'a Params) -> Self {
        Self { graph, params, isa: Isa::best(), aux: false }
    }

    /// Also runs the auxiliary classifiers whose tensors are all present.
    #[must_use]
    pub fn with_aux(self) -> Self {
        Self { aux: true, ..self }
    }

    /// Runs on an instruction set other than the fastest.
    #[must_use]
    pub fn on(self, isa: Isa) -> Self {
        Self { isa, ..self }
    }

    /// Runs the net on one or several images, one after another in `images`, and passes every value to `each` as soon as it is
    /// computed: first the inputs, then the output of each node. An image is all inputs of the net, one after another. A value
    /// holds its numbers for all images one after another, each in the order channels, rows, columns.
    ///
    /// # Errors
    ///
    /// If the numbers are not those of whole images, or a tensor is missing or has the wrong number of elements.
    pub fn run(&self, images: &[f32], mut each: impl FnMut(Value, &[f32])) -> Result<(), RunError> {
        let (expected, found) = (self.graph.input().elements(), images.len());
        if !found.is_multiple_of(expected) {
            return Err(RunError::Input { expected, found });
        }
        let runs = self.which_run();
        let last_reads = self.last_reads(&runs);
        let mut values: Vec<Vec<f32>> = vec![Vec::new(); self.graph.nodes.len()];
        let mut workspace = Vec::new();
        let inputs = self.inputs(images);
        inputs.iter().enumerate().for_each(|(index, input)| each(Value::Input(index), input));
        for (index, node) in self.graph.nodes.iter().enumerate().filter(|(index, _)| runs[*index]) {
            let layer = Layer::new(self.graph, node, self.params)?;
            let reads: Vec<&[f32]> = node.inputs.iter().map(|value| numbers(*value, &inputs, &values)).collect();
            let output = layer.run(self.isa.into(), &reads, found / expected, &mut workspace);
            each(Value::Node(index), &output);
            values[index] = output;
            for value in node.inputs.iter().chain([&Value::Node(index)]) {
                if let Value::Node(value) = *value
                    && last_reads[value] <= index
                {
                    values[value] = Vec::new();
                }
            }
        }
        Ok(())
    }

    /// Each input of the net, for all images.
    fn inputs<'i>(&self, images: &'i [f32]) -> Vec<Cow<'i, [f32]>> {
        if self.graph.inputs.len() == 1 {
            return vec![Cow::Borrowed(images)];
        }
        let (len, mut first) = (self.graph.input().elements(), 0);
        let of_all = self.graph.inputs.iter().map(|input| {
            let part = first..first + input.shape.elements();
            first = part.end;
            Cow::Owned(images.chunks_exact(len).flat_map(|image| &image[part.clone()]).copied().collect())
        });
        of_all.collect()
    }

    /// Whether each node runs.
    fn which_run(&self) -> Vec<bool> {
        let nodes = self.graph.nodes;
        let is_there = |node: &Node<'_>| node.tensors.iter().all(|tensor| self.params.contains_key(tensor.name));
        let complete: Vec<bool> = (0..self.graph.aux.len())
            .map(|aux| self.aux && nodes.iter().filter(|node| node.aux == Some(aux)).all(is_there))
            .collect();
        nodes.iter().map(|node| node.aux.is_none_or(|aux| complete[aux])).collect()
    }

    /// The last running node that reads each node's output; the node itself if none does.
    fn last_reads(&self, runs: &[bool]) -> Vec<usize> {
        let mut last: Vec<usize> = (0..runs.len()).collect();
        for (index, node) in self.graph.nodes.iter().enumerate().filter(|(index, _)| runs[*index]) {
            for value in node.inputs {
                if let Value::Node(read) = value {
                    last[*read] = index;
                }
            }
        }
        last
    }
}

fn numbers<'v>(value: Value, inputs: &'v [Cow<'_, [f32]>], values: &'v [Vec<f32>]) -> &'v [f32] {
    match value {
        Value::Input(index) => &inputs[index],
        Value::Node(index) => &values[index],
    }
}
