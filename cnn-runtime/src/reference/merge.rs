//! Several values into one, element by element.
//!
//! The one number of a channel in a `C x 1 x 1` input goes with its whole map, and that of a pixel in a `1 x H x W` input with all of
//! its channels.

use cnn_net::op::{Shape, Size};

use super::Tensor;
use super::pool::largest;

/// The sum of the inputs.
///
/// # Panics
///
/// If they differ in shape and are not repeated.
#[must_use]
pub fn add(inputs: &[&Tensor]) -> Tensor {
    merge(inputs, |a, b| a + b)
}

/// The first input minus the others.
///
/// # Panics
///
/// If they differ in shape and are not repeated.
#[must_use]
pub fn sub(inputs: &[&Tensor]) -> Tensor {
    merge(inputs, |a, b| a - b)
}

/// The product of the inputs.
///
/// # Panics
///
/// If they differ in shape and are not repeated.
#[must_use]
pub fn mul(inputs: &[&Tensor]) -> Tensor {
    merge(inputs, |a, b| a * b)
}

/// The largest of the inputs; NaN where one of them is.
///
/// # Panics
///
/// If they differ in shape and are not repeated.
#[must_use]
pub fn max(inputs: &[&Tensor]) -> Tensor {
    merge(inputs, |a, b| largest([a, b]))
}

fn merge(inputs: &[&Tensor], fold: impl Fn(f64, f64) -> f64) -> Tensor {
    Tensor::from_fn(shape(inputs), |channel, y, x| {
        let numbers = inputs.iter().map(|input| {
            let [channel, y, x] = repeated(input.shape, [channel, y, x]);
            input.at(channel, y, x)
        });
        numbers.reduce(&fold).expect("a merge has inputs")
    })
}

/// The element of an input that goes with an element of the output.
pub(super) fn repeated(input: Shape, [channel, y, x]: [usize; 3]) -> [usize; 3] {
    let channel = if input.channels() == 1 { 0 } else { channel };
    let [y, x] = if input.size() == Size::square(1) { [0, 0] } else { [y, x] };
    [channel, y, x]
}

/// The shape of all inputs together.
fn shape(inputs: &[&Tensor]) -> Shape {
    let first = inputs[0].shape;
    if inputs.iter().all(|input| input.shape == first) {
        return first;
    }
    let (one, mut channels, mut size) = (Size::square(1), 1, Size::square(1));
    for input in inputs {
        assert!(matches!(input.shape, Shape::Map { .. }), "values of one shape");
        channels = channels.max(input.shape.channels());
        size = if input.shape.size() == one { size } else { input.shape.size() };
    }
    let fits =
        |input: &&Tensor| [1, channels].contains(&input.shape.channels()) && [one, size].contains(&input.shape.size());
    assert!(inputs.iter().all(fits), "values of one shape");
    Shape::map(channels, size.height, size.width)
}
