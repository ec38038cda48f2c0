//! Fully connected layers.

use crate::conv::{Conv2d, conv2d_batch};
use crate::map::Map;
use crate::op::{Activation, Size};
use crate::run::Run;
use crate::workspace::Batch;

/// A fully connected layer over a whole map: `output = activation(weights * input + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dense {
    /// What it reads: the weights are packed in the order height, width, channels
    /// ([`ConvPanels`](crate::pack::ConvPanels) with a kernel of the input's size), so nothing is flattened.
    pub input: Map,
    /// What it writes: 1 x 1 pixel.
    pub output: Map,
    /// Where the packed weights begin.
    pub weights: usize,
    /// Added before the activation.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Activation,
}

/// Multiplies a map with a matrix: a convolution whose only window is the whole map.
///
/// # Panics
///
/// If what it reads or writes, with a vector behind it, lies outside of the workspace or of the weights, or the output
/// is not a vector.
pub fn dense(run: Run<'_>, layer: &Dense, weights: &[f32], ws: &mut [f32]) {
    dense_batch(run, layer, Batch::one(ws), weights, ws);
}

/// Multiplies a map in the workspace of each image, as [`dense`] does, with one pass over the weights.
///
/// # Panics
///
/// As [`dense`] does, for the workspace of each image; also if `ws` has no room for all of them.
pub fn dense_batch(run: Run<'_>, layer: &Dense, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let Dense { input, output, .. } = *layer;
    assert!(output.pixels() == 1, "a fully connected layer gives a vector: {output:?}");
    let conv = Conv2d {
        input,
        output,
        kernel: Size::new(input.height, input.width),
        stride: Size::square(1),
        pad_top: 0,
        pad_left: 0,
        dilation: Size::square(1),
        groups: 1,
        weights: layer.weights,
        residual: layer.residual,
        activation: layer.activation,
    };
    conv2d_batch(run, &conv, batch, weights, ws);
}
