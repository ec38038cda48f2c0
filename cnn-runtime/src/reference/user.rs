//! Functions and layers by the user, which compute in single precision.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::Node;
#[cfg(feature = "kernels")]
use cnn_net::op::Op;
use cnn_net::op::{EachFn, LayerFn, UserFunction, UserLayer};

use super::layer::find;
use super::{RunError, Tensor, Weight};

/// A function of each number.
pub(super) fn map(node: &Node<'_>, function: UserFunction, input: &Tensor) -> Result<Tensor, RunError> {
    let code: EachFn = function.code.ok_or_else(|| missing(node, function.path))?;
    let mut values = input.to_f32();
    code(&mut values);
    Ok(Tensor::new(input.shape, &values))
}

/// A layer.
pub(super) fn custom<W: Weight>(
    node: &Node<'_>,
    layer: &UserLayer,
    inputs: &[&Tensor],
    params: &BTreeMap<String, Vec<W>>,
) -> Result<Tensor, RunError> {
    let code: LayerFn = layer.code.ok_or_else(|| missing(node, layer.path))?;
    let inputs: Vec<f32> = inputs.iter().flat_map(|input| input.to_f32()).collect();
    let (mut scratch, mut output) = (vec![0.0; layer.scratch], vec![0.0; layer.output.elements()]);
    code(&inputs, &tensors(node, params)?, &mut scratch, &mut output);
    Ok(Tensor::new(layer.output, &output))
}

/// The tensors of a layer, one after another.
pub(crate) fn tensors<W: Weight>(node: &Node<'_>, params: &BTreeMap<String, Vec<W>>) -> Result<Vec<f32>, RunError> {
    let mut all = Vec::new();
    for tensor in node.tensors {
        let numbers: &[W] = find(node, params, tensor.role)?;
        all.extend(numbers.iter().map(|number| Into::<f64>::into(*number) as f32));
    }
    Ok(all)
}

/// The error if a node's code is missing.
#[cfg(feature = "kernels")]
pub(crate) fn code_of(node: &Node<'_>) -> Result<(), RunError> {
    match node.op {
        Op::Map(UserFunction { path, code: None, .. }) | Op::Custom(UserLayer { path, code: None, .. }) => {
            Err(missing(node, path))
        }
        _ => Ok(()),
    }
}

pub(super) fn missing(node: &Node<'_>, path: &str) -> RunError {
    RunError::Code { layer: node.name.to_string(), path: path.to_string() }
}
