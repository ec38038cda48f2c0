//! Functions and layers by the user, which compute in single precision.

use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::Node;
#[cfg(feature = "kernels")]
use cnn_net::op::Op;
use cnn_net::op::{EachFn, LayerFn, UserFunction, UserLayer};

use super::{Params, RunError, Tensor, find};

/// A function of each number.
pub(super) fn map(node: &Node<'_>, function: UserFunction, input: &Tensor) -> Result<Tensor, RunError> {
    let code: EachFn = function.code.ok_or_else(|| missing(node, function.path))?;
    let mut values = input.to_f32();
    code(&mut values);
    Ok(Tensor::new(input.shape, &values))
}

/// A layer.
pub(super) fn custom(
    node: &Node<'_>,
    layer: &UserLayer,
    inputs: &[&Tensor],
    params: &Params,
) -> Result<Tensor, RunError> {
    let code: LayerFn = layer.code.ok_or_else(|| missing(node, layer.path))?;
    let inputs: Vec<f32> = inputs.iter().flat_map(|input| input.to_f32()).collect();
    let (mut scratch, mut output) = (vec![0.0; layer.scratch], vec![0.0; layer.output.elements()]);
    code(&inputs, &tensors(node, params)?, &mut scratch, &mut output);
    Ok(Tensor::new(layer.output, &output))
}

/// The tensors of a layer, one after another.
pub(crate) fn tensors(node: &Node<'_>, params: &Params) -> Result<Vec<f32>, RunError> {
    let mut all = Vec::new();
    for tensor in node.tensors {
        all.extend_from_slice(find(node, params, tensor.role)?);
    }
    Ok(all)
}

/// The error if a node's code is missing.
#[cfg(feature = "kernels")]
pub(crate) fn code_of(node: &Node<'_>) -> Result<(), RunError> {
    match node.op {
        Op::Map(UserFunction { path, code: None }) | Op::Custom(UserLayer { path, code: None, .. }) => {
            Err(missing(node, path))
        }
        _ => Ok(()),
    }
}

fn missing(node: &Node<'_>, path: &str) -> RunError {
    RunError::Code { layer: node.name.to_string(), path: path.to_string() }
}
