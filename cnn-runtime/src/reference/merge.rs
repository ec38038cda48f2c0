//! Several values into one, element by element.

use cnn_net::op::Shape;

use super::Tensor;

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

/// The product of the inputs; the one number of a `C x 1 x 1` input is a factor of the whole map.
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
