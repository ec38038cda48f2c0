//! One layer with its tensors: which function computes it, and which one its gradients.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use cnn_net::graph::{Node, Role};
use cnn_net::op::{Layer, Op};

#[cfg(feature = "train")]
use super::gradient::{self, Gradients};
use super::{
    RunError, Statistics, Tensor, Weight, activate, adaptive_avg_pool, adaptive_max_pool, add, avg_pool, batch_norm,
    channel_max, channel_mean, concat, conv, conv_transpose, flatten, global_avg_pool, global_max_pool, glu, grn,
    linear, log_softmax, lrn, max, max_pool, mul, normalise, prelu, rearrange, resize, scale, softmax, sub, user,
};

/// The tensors of a net by name.
type Tensors<W> = BTreeMap<String, Vec<W>>;

/// Runs one layer on one sample, as at inference.
pub(super) fn forward<W: Weight>(node: &Node<'_>, params: &Tensors<W>, inputs: &[&Tensor]) -> Result<Tensor, RunError> {
    let tensor = |role| find(node, params, role);
    let input = inputs[0];
    Ok(match node.op.closed() {
        Layer::Conv(op) => conv(&op, input, tensor(Role::Weight)?, bias(node, params)?),
        Layer::ConvTranspose(op) => conv_transpose(&op, input, tensor(Role::Weight)?, bias(node, params)?),
        Layer::Linear(op) => linear(&op, input, tensor(Role::Weight)?, bias(node, params)?),
        Layer::MaxPool(op) => max_pool(&op, input),
        Layer::AvgPool(op) => avg_pool(&op, input),
        Layer::GlobalAvgPool => global_avg_pool(input),
        Layer::GlobalMaxPool => global_max_pool(input),
        Layer::AdaptiveAvgPool(size) => adaptive_avg_pool(size, input),
        Layer::AdaptiveMaxPool(size) => adaptive_max_pool(size, input),
        Layer::ChannelMean => channel_mean(input),
        Layer::ChannelMax => channel_max(input),
        Layer::Flatten => flatten(input),
        Layer::Rearrange(op) => rearrange(op, input),
        Layer::Resize(op) => resize(&op, input),
        Layer::Dropout { .. } => input.clone(),
        Layer::Lrn(op) => lrn(&op, input),
        Layer::BatchNorm(op) => batch_norm(&op, input, &statistics(node, params)?),
        Layer::Norm(op) => normalise(&op, input, weight(node, params)?, bias(node, params)?),
        Layer::Grn { eps } => grn(eps, input, tensor(Role::Weight)?, tensor(Role::Bias)?),
        Layer::Scale { factor } => scale(factor, input, weight(node, params)?.unwrap_or_default()),
        Layer::Glu => glu(input),
        Layer::Prelu(per) => prelu(per, input, tensor(Role::Weight)?),
        Layer::Activation(op) => input.map(|x| activate(op, x)),
        Layer::Softmax => softmax(input),
        Layer::LogSoftmax => log_softmax(input),
        Layer::Concat => concat(inputs),
        Layer::Add => add(inputs),
        Layer::Sub => sub(inputs),
        Layer::Mul => mul(inputs),
        Layer::Max => max(inputs),
        Layer::Map(function) => user::map(node, function, input)?,
        Layer::Custom(layer) => user::custom(node, &layer, inputs, params)?,
    })
}

/// The gradients of one layer of one sample: how its inputs and its tensors change the loss, if its output changes it by
/// `upstream`. Dropout passes everything, and batch normalisation has its running statistics.
#[cfg(feature = "train")]
pub(super) fn backward<W: Weight>(
    node: &Node<'_>,
    params: &Tensors<W>,
    inputs: &[&Tensor],
    upstream: &Tensor,
) -> Result<Gradients, RunError> {
    let tensor = |role| find(node, params, role);
    let (input, shape) = (inputs[0], inputs[0].shape);
    Ok(match node.op.closed() {
        Layer::Conv(op) => gradient::conv(&op, input, tensor(Role::Weight)?, upstream),
        Layer::ConvTranspose(op) => gradient::conv_transpose(&op, input, tensor(Role::Weight)?, upstream),
        Layer::Linear(op) => gradient::linear(&op, input, tensor(Role::Weight)?, upstream),
        Layer::MaxPool(op) => gradient::max_pool(&op, input, upstream).into(),
        Layer::AvgPool(op) => gradient::avg_pool(&op, shape, upstream).into(),
        Layer::GlobalAvgPool => gradient::global_avg_pool(shape, upstream).into(),
        Layer::GlobalMaxPool => gradient::global_max_pool(input, upstream).into(),
        Layer::AdaptiveAvgPool(_) => gradient::adaptive_avg_pool(shape, upstream).into(),
        Layer::AdaptiveMaxPool(_) => gradient::adaptive_max_pool(input, upstream).into(),
        Layer::ChannelMean => gradient::channel_mean(shape, upstream).into(),
        Layer::ChannelMax => gradient::channel_max(input, upstream).into(),
        Layer::Flatten => gradient::flatten(shape, upstream).into(),
        Layer::Rearrange(op) => gradient::rearrange(op, shape, upstream).into(),
        Layer::Resize(op) => gradient::resize(&op, shape, upstream).into(),
        Layer::Dropout { .. } => upstream.clone().into(),
        Layer::Lrn(op) => gradient::lrn(&op, input, upstream).into(),
        Layer::BatchNorm(op) => gradient::batch_norm(&op, input, &statistics(node, params)?, upstream),
        Layer::Norm(op) => gradient::normalise(&op, input, weight(node, params)?, upstream),
        Layer::Grn { eps } => gradient::grn(eps, input, tensor(Role::Weight)?, upstream),
        Layer::Scale { factor } => gradient::scale(factor, input, weight(node, params)?.unwrap_or_default(), upstream),
        Layer::Glu => gradient::glu(input, upstream).into(),
        Layer::Prelu(per) => gradient::prelu(per, input, tensor(Role::Weight)?, upstream),
        Layer::Activation(op) => gradient::activation(op, input, upstream).into(),
        Layer::Softmax => gradient::softmax(input, upstream).into(),
        Layer::LogSoftmax => gradient::log_softmax(input, upstream).into(),
        Layer::Concat => gradient::concat(inputs, upstream).into(),
        Layer::Add => gradient::add(inputs, upstream).into(),
        Layer::Sub => gradient::sub(inputs, upstream).into(),
        Layer::Mul => gradient::mul(inputs, upstream).into(),
        Layer::Max => gradient::max(inputs, upstream).into(),
        Layer::Map(function) => gradient::user::map(node, function, input, upstream)?.into(),
        Layer::Custom(layer) => gradient::user::custom(node, &layer, inputs, params, upstream)?,
    })
}

/// The tensors of a batch normalisation.
pub(super) fn statistics<'p, W>(node: &Node<'_>, params: &'p Tensors<W>) -> Result<Statistics<'p, W>, RunError> {
    Ok(Statistics {
        weight: weight(node, params)?,
        bias: bias(node, params)?,
        mean: find(node, params, Role::RunningMean)?,
        var: find(node, params, Role::RunningVar)?,
    })
}

/// The bias of a layer that is declared with one.
fn bias<'p, W>(node: &Node<'_>, params: &'p Tensors<W>) -> Result<Option<&'p [W]>, RunError> {
    perhaps(node, params, Role::Bias)
}

/// The weight of a layer that is declared with one.
fn weight<'p, W>(node: &Node<'_>, params: &'p Tensors<W>) -> Result<Option<&'p [W]>, RunError> {
    perhaps(node, params, Role::Weight)
}

/// A tensor of a layer, if it has one of this role.
pub(crate) fn perhaps<'p, W>(node: &Node<'_>, params: &'p Tensors<W>, role: Role) -> Result<Option<&'p [W]>, RunError> {
    let has = node.tensors.iter().any(|tensor| tensor.role == role);
    has.then(|| find(node, params, role)).transpose()
}

/// A tensor of a layer, of the right length; all slopes of a `prelu` may be one.
///
/// # Panics
///
/// If the layer has no such tensor in the graph.
pub(crate) fn find<'p, W>(node: &Node<'_>, params: &'p Tensors<W>, role: Role) -> Result<&'p [W], RunError> {
    let tensor = node.tensors.iter().find(|tensor| tensor.role == role);
    let Some(tensor) = tensor else { panic!("`{}` has no {} in the graph", node.name, role.name()) };
    let found = params.get(tensor.name);
    let one_for_all = |found: &[W]| found.len() == 1 && matches!(node.op, Op::Prelu(_));
    found.map(Vec::as_slice).filter(|found| found.len() == tensor.elements() || one_for_all(found)).ok_or_else(|| {
        let (name, expected) = (tensor.name.to_string(), tensor.elements());
        RunError::Tensor { name, expected, found: found.map(Vec::len) }
    })
}
