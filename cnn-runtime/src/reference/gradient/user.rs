//! Gradients of functions and layers by the user, which compute in single precision.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::Node;
use cnn_net::op::{BackwardFn, EachFn, UserFunction, UserLayer};

use super::Gradients;
use crate::reference::user::{missing, tensors};
use crate::reference::{RunError, Tensor, Weight};

/// The gradient of what a function was applied to.
pub(in crate::reference) fn map(
    node: &Node<'_>,
    function: UserFunction,
    input: &Tensor,
    upstream: &Tensor,
) -> Result<Tensor, RunError> {
    let slope: EachFn = function.slope.ok_or_else(|| missing(node, function.derivative))?;
    let mut slopes = input.to_f32();
    slope(&mut slopes);
    let products = slopes.iter().zip(&upstream.data).map(|(slope, upstream)| f64::from(*slope) * upstream);
    Ok(Tensor { shape: input.shape, data: products.collect() })
}

/// The gradients of a layer.
pub(in crate::reference) fn custom<W: Weight>(
    node: &Node<'_>,
    layer: &UserLayer,
    inputs: &[&Tensor],
    params: &BTreeMap<String, Vec<W>>,
    upstream: &Tensor,
) -> Result<Gradients, RunError> {
    let code: BackwardFn = layer.backward.ok_or_else(|| missing(node, layer.path))?;
    let given: Vec<f32> = inputs.iter().flat_map(|input| input.to_f32()).collect();
    let (mut scratch, mut all) = (vec![0.0; layer.scratch], vec![0.0; given.len() + layer.weights()]);
    code(&given, &tensors(node, params)?, &upstream.to_f32(), &mut scratch, &mut all);
    let mut all = all.into_iter();
    let of_input = |input: &&Tensor| Tensor::new(input.shape, &all.by_ref().take(input.data.len()).collect::<Vec<_>>());
    let of_inputs: Vec<Tensor> = inputs.iter().map(of_input).collect();
    let user = layer.tensors.iter().map(|tensor| all.by_ref().take(tensor.elements()).map(f64::from).collect());
    Ok(Gradients { user: user.collect(), ..Gradients::from(of_inputs) })
}
