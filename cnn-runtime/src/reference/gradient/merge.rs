//! Merges: the gradient of each input. An input that was repeated has the sum of the gradients of its repetitions.

use alloc::vec;
use alloc::vec::Vec;

use super::super::merge::repeated;
use super::super::{Tensor, positions};

/// Of a sum: that of the output.
#[must_use]
pub fn add(inputs: &[&Tensor], upstream: &Tensor) -> Vec<Tensor> {
    merge(inputs, upstream, |numbers| vec![1.0; numbers.len()])
}

/// Of the first input minus the others.
#[must_use]
pub fn sub(inputs: &[&Tensor], upstream: &Tensor) -> Vec<Tensor> {
    merge(inputs, upstream, |numbers| (0..numbers.len()).map(|input| if input == 0 { 1.0 } else { -1.0 }).collect())
}

/// Of a product: that of the output, times the other inputs.
#[must_use]
pub fn mul(inputs: &[&Tensor], upstream: &Tensor) -> Vec<Tensor> {
    merge(inputs, upstream, |numbers| {
        let others = |input| numbers.iter().enumerate().filter(move |(other, _)| *other != input);
        (0..numbers.len()).map(|input| others(input).map(|(_, number)| number).product()).collect()
    })
}

/// Of the largest input, which passes on all of it; two equal inputs have half of it each, as of PyTorch's `maximum`. Several inputs
/// are compared from the first to the last: the larger one of the first two with the third, and so on.
#[must_use]
pub fn max(inputs: &[&Tensor], upstream: &Tensor) -> Vec<Tensor> {
    merge(inputs, upstream, |numbers| {
        let mut slopes = vec![1.0; numbers.len()];
        let mut largest = numbers[0];
        for input in 1..numbers.len() {
            let share = if numbers[input] > largest {
                1.0
            } else if numbers[input] < largest {
                0.0
            } else {
                0.5
            };
            slopes[..input].iter_mut().for_each(|slope| *slope *= 1.0 - share);
            slopes[input] = share;
            largest = if share > 0.0 { numbers[input] } else { largest };
        }
        slopes
    })
}

/// Adds to each input's gradient its slope, a function of the numbers that an output was merged from, times that of the output.
fn merge(inputs: &[&Tensor], upstream: &Tensor, slopes: impl Fn(&[f64]) -> Vec<f64>) -> Vec<Tensor> {
    let mut gradients: Vec<_> = inputs.iter().map(|input| Tensor::zeros(input.shape)).collect();
    for (position, upstream) in positions(upstream.shape).zip(&upstream.data) {
        let places: Vec<_> = inputs.iter().map(|input| repeated(input.shape, position)).collect();
        let numbers: Vec<_> = inputs.iter().zip(&places).map(|(input, [c, y, x])| input.at(*c, *y, *x)).collect();
        for ((gradient, place), slope) in gradients.iter_mut().zip(places).zip(slopes(&numbers)) {
            gradient.add_at(place, slope * upstream);
        }
    }
    gradients
}
