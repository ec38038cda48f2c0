//! Joins several values into one, and changes the shape of one.

use alloc::vec::Vec;

use cnn_net::op::Shape;

use super::Tensor;

/// Turns maps into a vector, in the order C, H, W.
pub fn flatten(input: &Tensor) -> Tensor {
    Tensor { shape: Shape::Vector(input.data.len()), data: input.data.clone() }
}

/// The channels or features of all inputs, one after another.
///
/// # Panics
///
/// If maps differ in height or width, or there are both maps and vectors.
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

/// The sum of the inputs.
///
/// # Panics
///
/// If they differ in shape.
pub fn add(inputs: &[&Tensor]) -> Tensor {
    let shape = inputs[0].shape;
    assert!(inputs.iter().all(|input| input.shape == shape), "values of one shape");
    Tensor::from_fn(shape, |channel, y, x| inputs.iter().map(|input| input.at(channel, y, x)).sum())
}

/// The product of the inputs; each number of a `C x 1 x 1` input is a factor of a whole map.
///
/// # Panics
///
/// If they differ in shape and are not `C x 1 x 1`.
pub fn mul(inputs: &[&Tensor]) -> Tensor {
    let shape = inputs.iter().map(|input| input.shape).max_by_key(Shape::elements).expect("a merge has inputs");
    let scales = Shape::map(shape.channels(), 1, 1);
    assert!(inputs.iter().all(|input| input.shape == shape || input.shape == scales), "values of one shape");
    Tensor::from_fn(shape, |channel, y, x| {
        let factor = |input: &&Tensor| if input.shape == shape { input.at(channel, y, x) } else { input.data[channel] };
        inputs.iter().map(factor).product()
    })
}
