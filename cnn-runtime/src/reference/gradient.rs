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
mod user;

use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::{Node, Role};
use cnn_net::op::Layer;

use super::layer::{Tensors, find, statistics, weight};
use super::{RunError, Tensor, Weight};

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

/// The gradients of one layer of one sample: how its inputs and its tensors change the loss, if its output changes it by
/// `upstream`. Dropout passes everything, and batch normalisation has its running statistics.
pub(super) fn backward<W: Weight>(
    node: &Node<'_>,
    params: &Tensors<W>,
    inputs: &[&Tensor],
    upstream: &Tensor,
) -> Result<Gradients, RunError> {
    let tensor = |role| find(node, params, role);
    let (input, shape) = (inputs[0], inputs[0].shape);
    Ok(match node.op.closed() {
        Layer::Conv(op) => conv(&op, input, tensor(Role::Weight)?, upstream),
        Layer::ConvTranspose(op) => conv_transpose(&op, input, tensor(Role::Weight)?, upstream),
        Layer::Linear(op) => linear(&op, input, tensor(Role::Weight)?, upstream),
        Layer::MaxPool(op) => max_pool(&op, input, upstream).into(),
        Layer::AvgPool(op) => avg_pool(&op, shape, upstream).into(),
        Layer::GlobalAvgPool => global_avg_pool(shape, upstream).into(),
        Layer::GlobalMaxPool => global_max_pool(input, upstream).into(),
        Layer::AdaptiveAvgPool(_) => adaptive_avg_pool(shape, upstream).into(),
        Layer::AdaptiveMaxPool(_) => adaptive_max_pool(input, upstream).into(),
        Layer::ChannelMean => channel_mean(shape, upstream).into(),
        Layer::ChannelMax => channel_max(input, upstream).into(),
        Layer::Flatten => flatten(shape, upstream).into(),
        Layer::Rearrange(op) => rearrange(op, shape, upstream).into(),
        Layer::Resize(op) => resize(&op, shape, upstream).into(),
        Layer::Dropout { .. } => upstream.clone().into(),
        Layer::Lrn(op) => lrn(&op, input, upstream).into(),
        Layer::BatchNorm(op) => batch_norm(&op, input, &statistics(node, params)?, upstream),
        Layer::Norm(op) => normalise(&op, input, weight(node, params)?, upstream),
        Layer::Grn { eps } => grn(eps, input, tensor(Role::Weight)?, upstream),
        Layer::Scale { factor } => scale(factor, input, weight(node, params)?.unwrap_or_default(), upstream),
        Layer::Glu => glu(input, upstream).into(),
        Layer::Prelu(per) => prelu(per, input, tensor(Role::Weight)?, upstream),
        Layer::Activation(op) => activation(op, input, upstream).into(),
        Layer::Softmax => softmax(input, upstream).into(),
        Layer::LogSoftmax => log_softmax(input, upstream).into(),
        Layer::Concat => concat(inputs, upstream).into(),
        Layer::Add => add(inputs, upstream).into(),
        Layer::Sub => sub(inputs, upstream).into(),
        Layer::Mul => mul(inputs, upstream).into(),
        Layer::Max => max(inputs, upstream).into(),
        Layer::Map(function) => user::map(node, function, input, upstream)?.into(),
        Layer::Custom(layer) => user::custom(node, &layer, inputs, params, upstream)?,
    })
}
