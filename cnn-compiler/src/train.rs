//! A net to its training step: the forward and backward passes over a minibatch, with all memory planned.
//!
//! | part | does |
//! | --- | --- |
//! | `program` | tasks on values |
//! | `forward`, `backward` | the tasks of the layers and of the losses; those of all gradients |
//! | `algorithm` | how convolutions are computed |
//! | `host` | which values share memory |
//! | `place`, `shared` | where everything lies: in the workspace of each image, and in what all images share |
//! | `memory` | what lies where and when, for charts |
//! | `call` | kernels by how they are called |
//! | `calls`, `tensors` | kernels with all their numbers |
//! | `output` | the output of an image, for predictions |
//!
//! It reads the net as declared: what inference folds and fuses is trained, layer by layer.

mod algorithm;
mod backward;
mod call;
mod calls;
mod forward;
mod host;
mod inputs;
mod memory;
mod output;
mod place;
mod program;
mod select;
mod shared;
mod tensors;

use cnn_net::graph::{Graph, Value};
use cnn_net::op::{Op, UserFunction};
use cnn_runtime::step::{Constant, Head, StepLayout, TensorPlace};
use cnn_runtime::train::{Criterion, Loss};

use self::algorithm::Algorithms;
use self::calls::Calls;
use self::forward::Nodes;
use self::memory::{Held, recomputations};
use self::output::Output;
use self::place::Places;
use self::program::Program;
use self::shared::{Shared, Trunk};
use crate::plan::Buffer;

pub use self::call::{Call, Kernel, LossOf};
pub(crate) use self::select::criteria;
pub use self::shared::TrunkPack;

/// What a step is planned for.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Images of a minibatch.
    pub images: usize,
    /// What is minimised for each output.
    pub criteria: Vec<Criterion>,
    /// Which nodes are not trained.
    pub frozen: Vec<bool>,
    /// Whether convolutions are computed directly.
    pub exact: bool,
}

/// A training step.
#[derive(Debug)]
pub struct StepPlan {
    /// The kernels, in order.
    pub calls: Vec<Call>,
    /// How many of them come before the first gradient: all that evaluation needs.
    pub forward: usize,
    /// The kernels that make an output of the logits, after these: all that a prediction needs.
    pub output: Vec<Call>,
    /// How the weights of the trunk are packed: of the frozen layers before all that are trained.
    pub trunk: Vec<TrunkPack>,
    /// The buffers in the workspace of an image; times are positions of tasks.
    pub buffers: Vec<Buffer>,
    /// What the gradients recompute instead of keeping it.
    pub recomputed: Vec<&'static str>,
    /// The nodes that gradients pass through.
    pub learning: Vec<bool>,
    held: Held,
    turn: usize,
    images: usize,
    shared: usize,
    workspace: usize,
    lower_bound: usize,
    tensors_len: usize,
    trunk_tensors: usize,
    trunk_len: usize,
    output_at: usize,
    tensors: Vec<TensorPlace>,
    constants: Vec<Constant>,
    heads: Vec<Head>,
}

impl StepPlan {
    /// Where everything in a step lies.
    #[must_use]
    pub fn layout(&self) -> StepLayout<'_> {
        StepLayout {
            images: self.images,
            shared: self.shared,
            workspace: self.workspace,
            lower_bound: self.lower_bound,
            tensors_len: self.tensors_len,
            trunk_tensors: self.trunk_tensors,
            trunk: self.trunk_len,
            output: self.output_at,
            tensors: &self.tensors,
            constants: &self.constants,
            heads: &self.heads,
        }
    }
}

/// Why a net can't be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The node at fault, if there is one.
    pub node: Option<usize>,
    /// What is wrong.
    pub wrong: String,
    /// What could be done.
    pub help: String,
}

/// Outputs that don't fit the loss: with a single class there is nothing to learn, and probabilities are no logits.
fn loss_faults(nodes: &Nodes<'_>) -> Vec<Fault> {
    let graph = nodes.graph;
    let fault = |(value, loss): (Value, Loss)| {
        let Value::Node(index) = value else { return None };
        let node = &graph.nodes[index];
        let (wrong, help) = if loss.is_of_classes() && node.output.channels() == 1 {
            (
                "cross entropy of a single output is always 0".to_owned(),
                "train with another loss, for example `loss = binary_cross_entropy` for yes or no, or with an output for each class",
            )
        } else if loss.is_of_classes() && Loss::BinaryCrossEntropy.has_link(&node.op) {
            (
                format!("cross entropy compares logits, and not what `{}` makes of them", node.op.name()),
                "leave it out, or train with another loss, for example `loss = binary_cross_entropy`",
            )
        } else if loss == Loss::BinaryCrossEntropy && Loss::CROSS_ENTROPY.has_link(&node.op) {
            (
                format!("binary cross entropy compares logits, and not what `{}` makes of them", node.op.name()),
                "leave it out, or train with another loss, for example `loss = cross_entropy`",
            )
        } else {
            return None;
        };
        Some(Fault { node: Some(index), wrong, help: help.to_owned() })
    };
    let faults = nodes.heads.iter().map(|head| (head.result, nodes.spec.criteria[head.output].loss)).filter_map(fault);
    let without_targets = graph.aux.iter().filter(|aux| graph.aux_output(aux).is_none());
    let without_targets = without_targets.map(|aux| {
        let node = if let Value::Node(node) = aux.result { Some(node) } else { None };
        let outputs: Vec<String> = graph.outputs.iter().map(|output| graph.shape(output.value).to_string()).collect();
        Fault {
            node,
            wrong: format!(
                "aux: `{}` is compared with the targets of an output, and none has its shape, {}",
                aux.name,
                graph.shape(aux.result),
            ),
            help: format!("let it end in the shape of the output: {}", outputs.join(" or ")),
        }
    });
    faults.chain(without_targets).collect()
}

/// Plans the step of a net.
///
/// # Errors
///
/// If something in it can't be trained.
pub fn plan(graph: &Graph<'_>, spec: &Spec) -> Result<StepPlan, Vec<Fault>> {
    let nodes = Nodes::of(graph, spec);
    let faults = faults(&nodes);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut program = Program { algorithms: Algorithms::of(&nodes), norms: nodes.norm.clone(), ..Program::default() };
    program.run_forward(&nodes);
    program.run_backward(&nodes);
    program.host(graph);
    let places = program.place(graph);
    let (held, turn, recomputed) = (program.held(graph, &places), program.forward, recomputations(&nodes));
    let mut shared = Shared::of(&nodes);
    // The first time shows how long each shared value is needed.
    Calls::of(graph, spec, &program, &places, &mut shared);
    shared.place();
    let (calls, forward) = Calls::of(graph, spec, &program, &places, &mut shared);
    let heads = program.heads.iter().map(|head| {
        let len = program.values[head.losses].shape.elements();
        let hits = if head.criterion.loss.is_of_classes() { len / 2 } else { 0 };
        Head::new(places.maps[head.losses].offset, len - hits, hits)
    });
    let heads = heads.collect();
    let Output { calls: output, offset: output_at, floats: workspace } = Output::of(graph, spec, &program, &places);
    let Shared { tensors, tensors_len, constants, len: shared, trunk, .. } = shared;
    let Trunk { tensors_len: trunk_tensors, len: trunk_len, packs: trunk, .. } = trunk;
    let Places { buffers, lower_bound, .. } = places;
    let images = spec.images;
    Ok(StepPlan {
        calls,
        forward,
        output,
        trunk,
        buffers,
        recomputed,
        learning: nodes.learning,
        held,
        turn,
        images,
        shared,
        workspace,
        lower_bound,
        tensors_len,
        trunk_tensors,
        trunk_len,
        output_at,
        tensors,
        constants,
        heads,
    })
}

/// What can't be trained.
fn faults(nodes: &Nodes<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, node) in nodes.graph.nodes.iter().enumerate().filter(|(index, _)| nodes.learning[*index]) {
        if let Err(why) = node.op.differentiable() {
            let help = match node.op {
                Op::Map(UserFunction { path, .. }) => {
                    format!("name it, for example `map({path}, derivative = df)`, with `fn df(x: f32) -> f32`")
                }
                _ => {
                    "use another layer here, or train only what comes after it: `#[train(…, only(\"fc\"))]`".to_owned()
                }
            };
            faults.push(Fault { node: Some(index), wrong: format!("{}: {why}", node.op.name()), help });
        }
        let values = nodes.spec.images * node.output.size().area();
        if matches!(node.op, Op::BatchNorm(_)) && !nodes.spec.frozen[index] && values == 1 {
            let wrong = "batch_norm: a single number for each channel has no variance".to_owned();
            faults.push(Fault {
                node: Some(index),
                wrong,
                help: "train with two images or more, `#[train(batch = 2)]`".to_owned(),
            });
        }
    }
    faults.extend(loss_faults(nodes));
    if !nodes.learning.contains(&true) {
        let wrong = "there is nothing to train: the loss depends on no tensor that may change".to_owned();
        faults.push(Fault { node: None, wrong, help: String::new() });
    }
    faults
}
