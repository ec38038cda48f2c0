//! Convolutions and fully connected layers.
//!
//! With `y_i` the sum of `w_k x_j` over some triples of positions, `dx_j` is the sum of `w_k dy_i`, and `dw_k` that of `x_j dy_i`, over
//! the same triples.

use alloc::vec;

use cnn_net::op::{Conv, ConvTranspose, Linear};

use super::super::conv::{conv_products, conv_transpose_products, linear_products};
use super::super::{Tensor, Weight};
use super::{Gradients, per_channel};

/// Of a convolution.
pub fn conv<W: Weight>(op: &Conv, input: &Tensor, weight: &[W], upstream: &Tensor) -> Gradients {
    of_products(input, weight, upstream, |product| conv_products(op, input.shape, product))
}

/// Of a transposed convolution.
pub fn conv_transpose<W: Weight>(op: &ConvTranspose, input: &Tensor, weight: &[W], upstream: &Tensor) -> Gradients {
    of_products(input, weight, upstream, |product| conv_transpose_products(op, input.shape, product))
}

/// Of a fully connected layer.
pub fn linear<W: Weight>(op: &Linear, input: &Tensor, weight: &[W], upstream: &Tensor) -> Gradients {
    of_products(input, weight, upstream, |product| linear_products(op, input.shape, product))
}

fn of_products<W: Weight>(
    input: &Tensor,
    weight: &[W],
    upstream: &Tensor,
    products: impl FnOnce(&mut dyn FnMut(usize, usize, usize)),
) -> Gradients {
    let mut of_input = Tensor::zeros(input.shape);
    let mut of_weight = vec![0.0; weight.len()];
    products(&mut |to, from, by| {
        of_input.data[from] += weight[by].into() * upstream.data[to];
        of_weight[by] += input.data[from] * upstream.data[to];
    });
    Gradients::new(of_input, of_weight, per_channel(upstream))
}
