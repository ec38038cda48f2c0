//! Every layer's gradients in plain loops.
//!
//! Each function takes what its layer takes, and `upstream`, the gradient of the layer's output: by how much the loss changes with
//! each of its numbers. It returns the gradients of the layer's inputs and tensors, by the chain rule. As in PyTorch, a maximum
//! passes its gradient to the first of several equal numbers, and at a kink one of the slopes beside it is taken.

mod activation;
mod conv;
mod layout;
mod merge;
mod norm;
mod normalise;
mod pool;
pub(super) mod user;

use alloc::vec;
use alloc::vec::Vec;

use super::Tensor;

pub use self::activation::{activation, glu, log_softmax, prelu, softmax};
pub use self::conv::{conv, conv_transpose, linear};
pub use self::layout::{concat, flatten, rearrange, resize};
pub use self::merge::{add, max, mul, sub};
pub use self::norm::{batch_norm, batch_norm_training, grn, lrn};
pub use self::normalise::{normalise, scale};
pub use self::pool::{adaptive_avg_pool, adaptive_max_pool, channel_max, channel_mean};
pub use self::pool::{avg_pool, global_avg_pool, global_max_pool, max_pool};

/// The gradients of a layer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Gradients {
    /// Of its inputs, in their order.
    pub inputs: Vec<Tensor>,
    /// Of its tensor `weight`; empty for layers that never have one.
    pub weight: Vec<f64>,
    /// Of its tensor `bias`; empty for layers that never have one. It is the same whether or not this layer has one.
    pub bias: Vec<f64>,
    /// Of a layer by the user, of all its tensors, in their order; else empty.
    pub user: Vec<Vec<f64>>,
}

impl Gradients {
    /// Of a layer with one input.
    fn new(input: Tensor, weight: Vec<f64>, bias: Vec<f64>) -> Self {
        Self { inputs: vec![input], weight, bias, user: Vec::new() }
    }
}

/// Of a layer without tensors.
impl From<Tensor> for Gradients {
    fn from(input: Tensor) -> Self {
        Self::new(input, Vec::new(), Vec::new())
    }
}

/// Of a merge.
impl From<Vec<Tensor>> for Gradients {
    fn from(inputs: Vec<Tensor>) -> Self {
        Self { inputs, weight: Vec::new(), bias: Vec::new(), user: Vec::new() }
    }
}

/// The sum over all pixels, for each channel: the gradient of what is added to a channel.
fn per_channel(values: &Tensor) -> Vec<f64> {
    let area = values.shape.size().area();
    values.data.chunks_exact(area).map(|channel| channel.iter().sum()).collect()
}
