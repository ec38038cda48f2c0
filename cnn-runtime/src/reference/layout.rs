//! The same numbers in another shape.

use alloc::vec::Vec;

use cnn_net::op::Shape;

use super::Tensor;

/// Maps to a vector, in the order C, H, W.
#[must_use]
pub fn flatten(input: &Tensor) -> Tensor {
    Tensor { shape: Shape::Vector(input.data.len()), data: input.data.clone() }
}

/// The inputs' channels, or features, one after another.
///
/// # Panics
///
/// If maps differ in height or width, or there are both maps and vectors.
#[must_use]
pub fn concat(inputs: &[&Tensor]) -> Tensor {
    let channels = inputs.iter().map(|input| input.shape.channels()).sum();
    let with = |shape: Shape, channels| match shape {
        Shape::Map { height, width, .. } => Shape::map(channels, height, width),
        Shape::Vector(_) => Shape::Vector(channels),
    };
    let shape = with(inputs[0].shape, channels);
    assert!(inputs.iter().all(|input| with(input.shape, channels) == shape), "maps of one size");
    let data: Vec<_> = inputs.iter().flat_map(|input| input.data.iter().copied()).collect();
    Tensor { shape, data }
}
