//! A net to its training step: the passes forward and back over a minibatch, with all memory planned.
//!
//! | part | does |
//! | --- | --- |
//! | `program` | tasks on values |
//! | `forward`, `backward` | the tasks of the layers and of the losses; those of all gradients |
//! | `host` | which values share memory |
//! | `place`, `shared` | where everything lies: in the workspace of each image, and in what all images share |
//! | `calls`, `tensors` | kernels with all their numbers |
//!
//! It reads the net as declared: what inference folds and fuses is trained, layer by layer.

mod backward;
mod calls;
mod forward;
mod host;
mod place;
mod program;
mod shared;
mod tensors;

use cnn_net::graph::Graph;
use cnn_net::op::Op;
use cnn_runtime::train::Loss;

use self::calls::Calls;
use self::forward::Nodes;
use self::place::Places;
use self::program::Program;
use self::shared::Shared;
use crate::plan::Buffer;

pub use self::calls::{Call, Kernel, LossOf};
pub use self::shared::{Constant, TensorPlace};

/// What a step is planned for.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Images of a minibatch.
    pub images: usize,
    /// What is made small.
    pub loss: Loss,
    /// Which nodes are not trained.
    pub frozen: Vec<bool>,
}

/// A training step.
#[derive(Debug)]
pub struct StepPlan {
    /// The kernels, in order.
    pub calls: Vec<Call>,
    /// How many of them come before the first gradient: all that evaluation needs.
    pub forward: usize,
    /// The net's tensors.
    pub tensors: Vec<TensorPlace>,
    /// Floats of the tensors.
    pub tensors_len: usize,
    /// Numbers that never change.
    pub constants: Vec<Constant>,
    /// Floats that all images share.
    pub shared_len: usize,
    /// Floats of the workspace of an image.
    pub workspace_len: usize,
    /// The most floats of it that are alive at once.
    pub lower_bound: usize,
    /// The buffers in it; times are positions of tasks.
    pub buffers: Vec<Buffer>,
    /// Where the losses of each head are in it, and how many there are; for classes, as many numbers follow that say what is right.
    pub losses: Vec<(usize, usize)>,
}

/// Why a net can't be trained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The node at fault, if there is one.
    pub node: Option<usize>,
    /// What is wrong.
    pub message: String,
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
    let mut program = Program::default();
    program.run_forward(&nodes);
    program.run_backward(&nodes);
    program.host(graph);
    let places = program.place(graph);
    let mut shared = Shared::of(graph, spec);
    // The first time tells how long what is shared is needed.
    Calls::of(graph, spec, &program, &places, &mut shared);
    shared.place();
    let (calls, forward) = Calls::of(graph, spec, &program, &places, &mut shared);
    let losses = program.heads.iter().map(|head| {
        let len = program.values[head.losses].shape.elements();
        (places.maps[head.losses].offset, if spec.loss.is_of_classes() { len / 2 } else { len })
    });
    let losses = losses.collect();
    let Shared { tensors, tensors_len, constants, len: shared_len, .. } = shared;
    let Places { buffers, len: workspace_len, lower_bound, .. } = places;
    Ok(StepPlan {
        calls,
        forward,
        tensors,
        tensors_len,
        constants,
        shared_len,
        workspace_len,
        lower_bound,
        buffers,
        losses,
    })
}

/// What can't be trained.
fn faults(nodes: &Nodes<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, node) in nodes.graph.nodes.iter().enumerate().filter(|(index, _)| nodes.learning[*index]) {
        if let Err(why) = node.op.differentiable() {
            let help = "help: use another layer here, or train only what comes after it: `#[train(…, only(\"fc\"))]`";
            faults.push(Fault { node: Some(index), message: format!("{}: {why}\n{help}", node.op.name()) });
        }
        let values = nodes.spec.images * node.output.size().area();
        if matches!(node.op, Op::BatchNorm(_)) && !nodes.spec.frozen[index] && values == 1 {
            let wrong = "batch_norm: a single number for each channel has no variance";
            let help = "help: train with two images or more, `#[train(batch = 2)]`";
            faults.push(Fault { node: Some(index), message: format!("{wrong}\n{help}") });
        }
    }
    if !nodes.learning.contains(&true) {
        let message = "there is nothing to train: the loss depends on no tensor that may change".to_owned();
        faults.push(Fault { node: None, message });
    }
    faults
}
