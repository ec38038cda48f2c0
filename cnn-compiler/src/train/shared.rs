//! The floats that all images of a step share: tensors, their gradients, and what is computed once for all images.

use std::collections::BTreeMap;

use cnn_net::graph::{Graph, Role};
use cnn_net::memory::Holds;
use cnn_net::op::{BatchNorm, Factor, Op};
use cnn_runtime::kernels::minibatch::batch_norm::NormTensors;
use cnn_runtime::kernels::minibatch::pack::{PackNorm, PackStep};
use cnn_runtime::step::{Constant, TensorPlace};

use super::forward::Nodes;
use crate::plan::{Buffer, place_many, round_up};

/// What is computed once for all images, of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Once {
    /// Packed weights, or scale and shift.
    Weights,
    /// Packed weights of the gradient of the input.
    Inputs,
    /// Weights in the order of the map that they are multiplied with.
    Raw,
    /// Mean and deviation of a minibatch.
    Statistics,
    /// Coefficients of the gradient of a batch normalisation's input.
    Coefficients,
    /// Gradients of a node's tensor before they are brought into its order, or added to others.
    Gradient(usize),
}

/// The layout of the shared floats, and of the trunk.
pub(super) struct Shared {
    pub(super) tensors: Vec<TensorPlace>,
    pub(super) constants: Vec<Constant>,
    /// Floats of all tensors but those of the trunk.
    pub(super) tensors_len: usize,
    pub(super) trunk: Trunk,
    /// Floats of tensors and gradients.
    fixed: usize,
    /// What is computed once, by node. Tasks are visited twice: first to find how long each is needed, and then with
    /// offsets.
    once: BTreeMap<(usize, Once), usize>,
    buffers: Vec<Buffer>,
    /// Floats of all.
    pub(super) len: usize,
}

/// The frozen layers before all that are trained: their tensors, and their packed weights after these.
#[derive(Default)]
pub(super) struct Trunk {
    /// Which nodes are in it.
    nodes: Vec<bool>,
    /// Floats of the tensors.
    pub(super) tensors_len: usize,
    /// Where the packed weights of each node begin, counted from the first of all.
    offsets: BTreeMap<usize, usize>,
    /// Floats of the packed weights.
    pub(super) len: usize,
    /// How they are packed, each with the name of its layer.
    pub(super) packs: Vec<TrunkPack>,
}

/// How the weights of a frozen layer are packed.
#[derive(Clone, Debug)]
pub struct TrunkPack {
    /// The name of the layer.
    pub name: String,
    /// The tensors that are read, and where the packed weights are written: after all tensors.
    pub step: PackStep,
}

impl Trunk {
    /// Gives its tensors their offsets, after those of all others.
    fn place_tensors(&mut self, graph: &Graph<'_>, first: usize, tensors: &mut [TensorPlace]) {
        let (mut end, mut previous) = (first, None);
        for place in tensors.iter_mut().filter(|place| self.nodes[place.node]) {
            // Those of a user-defined layer are read as one.
            if !matches!(graph.nodes[place.node].op, Op::Custom(_)) || previous != Some(place.node) {
                end = round_up(end);
            }
            (place.offset, previous) = (end, Some(place.node));
            end += place.len;
        }
        self.tensors_len = round_up(end) - first;
    }

    /// Whether a node is in it.
    pub(super) fn has(&self, node: usize) -> bool {
        self.nodes[node]
    }

    /// Where the packed weights of a node begin.
    pub(super) fn place(&mut self, owner: usize, len: usize) -> usize {
        let Self { offsets, len: end, .. } = self;
        *offsets.entry(owner).or_insert_with(|| {
            let offset = *end;
            *end += round_up(len);
            offset
        })
    }
}

impl Shared {
    /// Places tensors and gradients.
    pub(super) fn of(nodes: &Nodes<'_>) -> Self {
        let (graph, spec, mut trunk) =
            (nodes.graph, nodes.spec, Trunk { nodes: nodes.trunk.clone(), ..Trunk::default() });
        let mut tensors = Vec::new();
        let mut end = 0;
        let mut place = |len: usize| {
            let offset = end;
            end += round_up(len);
            offset
        };
        for (node, of) in graph.nodes.iter().enumerate() {
            // Those of a user-defined layer are contiguous, as it reads them.
            let joint = matches!(of.op, Op::Custom(_));
            let mut first =
                if joint { place(of.own_tensors().iter().map(|tensor| tensor.elements()).sum()) } else { 0 };
            for (tensor, described) in of.own_tensors().iter().enumerate() {
                let len = described.elements();
                let offset = match (trunk.has(node), joint) {
                    (true, _) => 0,
                    (false, true) => first,
                    (false, false) => place(len),
                };
                first += len;
                tensors.push(TensorPlace { node, tensor, offset, gradient: None, len });
            }
        }
        let tensors_len = place(0);
        trunk.place_tensors(graph, tensors_len, &mut tensors);
        for tensor in &mut tensors {
            let role = graph.nodes[tensor.node].tensors[tensor.tensor].role;
            if role.is_parameter() && !spec.frozen[tensor.node] {
                tensor.gradient = Some(place(tensor.len));
            }
        }
        let mut constants = Vec::new();
        for (node, of) in graph.nodes.iter().enumerate() {
            if let Op::Scale { factor: Factor::Fixed(value) } = of.op {
                let len = of.output.channels();
                constants.push(Constant { node, offset: place(len), len, value });
            }
        }
        let fixed = place(0);
        Self { tensors, constants, tensors_len, trunk, fixed, once: BTreeMap::new(), buffers: Vec::new(), len: fixed }
    }

    /// The tensor of a node, or of the node that it applies again.
    pub(super) fn tensor(&self, graph: &Graph<'_>, node: usize, role: Role) -> Option<&TensorPlace> {
        let first = graph.nodes[node].again.unwrap_or(node);
        self.tensors.iter().find(|place| place.node == first && graph.nodes[first].tensors[place.tensor].role == role)
    }

    /// The tensors of a batch normalisation.
    pub(super) fn norm(&self, graph: &Graph<'_>, node: usize) -> NormTensors {
        let of = |role| self.tensor(graph, node, role).map(|place| place.offset);
        let [mean, var] = [Role::RunningMean, Role::RunningVar].map(|role| of(role).unwrap_or(0));
        NormTensors { weight: of(Role::Weight), bias: of(Role::Bias), mean, var }
    }

    /// A batch normalisation that is folded into weights.
    pub(super) fn folded(&self, graph: &Graph<'_>, node: usize) -> Option<PackNorm> {
        let Op::BatchNorm(BatchNorm { eps, .. }) = graph.nodes[node].op else { return None };
        Some(PackNorm { tensors: self.norm(graph, node), eps })
    }

    /// Where the factors of a `scale` by a number are.
    pub(super) fn constant(&self, node: usize) -> Option<usize> {
        self.constants.iter().find(|constant| constant.node == node).map(|constant| constant.offset)
    }

    /// Where something begins that is computed once, and is needed at this time.
    pub(super) fn once(&mut self, node: usize, what: Once, len: usize, time: usize) -> usize {
        let index = *self.once.entry((node, what)).or_insert_with(|| {
            self.buffers.push(Buffer::vector(Holds::Scratch, len, time, time));
            self.buffers.len() - 1
        });
        let buffer = &mut self.buffers[index];
        buffer.first = buffer.first.min(time);
        buffer.last = buffer.last.max(time);
        self.fixed + buffer.offset
    }

    /// Gives everything its offset, after the first visit of all tasks.
    pub(super) fn place(&mut self) {
        self.len = self.fixed + place_many(&mut self.buffers);
    }
}
