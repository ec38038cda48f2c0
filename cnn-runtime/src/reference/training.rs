//! Training in double precision: a pass over a minibatch, its loss, and all gradients.
//!
//! The meaning of each part is PyTorch's. Batch normalisation takes the mean and the biased variance of the minibatch, and its running
//! statistics move towards its mean and unbiased variance. Dropout drops. Auxiliary classifiers run, and their losses are added, each
//! times its weight.
//!
//! ```
//! use cnn_net::graph::{Graph, Input, Node, Output, Role, Tensor, Value};
//! use cnn_net::op::{Linear, Op, Shape};
//! use cnn_runtime::reference::training::{Targets, Trainer, initial};
//! use cnn_runtime::train::{Init, Loss, Sgd};
//!
//! let tensors = [Tensor::new("fc.weight", Role::Weight, &[2, 3]), Tensor::new("fc.bias", Role::Bias, &[2])];
//! let nodes = [Node::new("fc", Op::Linear(Linear::new(2)), &[Value::Input(0)], Shape::Vector(2)).tensors(&tensors)];
//! let (inputs, outputs) = ([Input::new("", Shape::Vector(3))], [Output::new("", Value::Node(0))]);
//! let graph = Graph::new("Net", &inputs, &nodes, &outputs);
//!
//! let mut trainer = Trainer::new(&graph, initial(&graph, Init::Torch, 42), Sgd::new(0.9), Loss::CROSS_ENTROPY);
//! let batch = [&[1.0, 0.0, 0.0][..], &[0.0, 1.0, 0.0]];
//! let first = trainer.step(&batch, &Targets::Classes(&[0, 1]), 0.5)?;
//! let second = trainer.step(&batch, &Targets::Classes(&[0, 1]), 0.5)?;
//! assert!(second.loss < first.loss);
//! # Ok::<(), cnn_runtime::reference::training::TrainError>(())
//! ```

mod backward;
mod error;
mod forward;
mod loss;
mod trainer;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::{Graph, Node};

use super::Params;
use crate::train::Init;

pub use self::backward::Backward;
pub use self::error::TrainError;
pub use self::forward::{Forward, forward};
pub use self::loss::{Losses, Targets};
pub use self::trainer::Trainer;

/// Tensors of a net by name, in double precision: parameters, running statistics, gradients.
pub type Parameters = BTreeMap<String, Vec<f64>>;

/// Parameters and running statistics before training, which follow from the seed.
#[must_use]
pub fn initial(graph: &Graph<'_>, init: Init, seed: u64) -> Parameters {
    let tensors = graph.nodes.iter().flat_map(|node| node.own_tensors().iter().map(move |tensor| (node, tensor)));
    let filled = tensors.map(|(node, tensor)| {
        let mut numbers = vec![0.0; tensor.elements()];
        init.fill(seed, node, tensor, &mut numbers);
        (tensor.name.to_string(), numbers)
    });
    filled.collect()
}

/// Parameters and running statistics in double precision.
#[must_use]
pub fn double(params: &Params) -> Parameters {
    params.iter().map(|(name, numbers)| (name.clone(), numbers.iter().copied().map(f64::from).collect())).collect()
}

/// How a pass differs from one at inference.
#[derive(Clone, Copy)]
pub struct Mode<'a> {
    /// What the bits of dropout depend on, besides the step.
    pub seed: u64,
    /// The number of the step.
    pub step: u64,
    /// Which layers are not trained. They run as at inference, and their tensors have no gradients.
    pub frozen: &'a dyn Fn(&Node<'_>) -> bool,
}

impl Mode<'_> {
    /// Every layer is trained.
    #[must_use]
    pub const fn new(seed: u64, step: u64) -> Self {
        Self { seed, step, frozen: &|_| false }
    }
}
