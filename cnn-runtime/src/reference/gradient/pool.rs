//! Pooling: a mean passes each of its inputs the same share of the gradient, and a maximum passes all of it to the first input that
//! is as large.

use cnn_net::op::{Pool, Shape};

use super::super::Tensor;
use super::super::pool::{Sets, parts, pixels, windows};

/// Of the largest input under a window.
#[must_use]
pub fn max_pool(op: &Pool, input: &Tensor, upstream: &Tensor) -> Tensor {
    of_largest(&windows(op, input.shape), input, upstream)
}

/// Of the mean of the inputs under a window.
#[must_use]
pub fn avg_pool(op: &Pool, input: Shape, upstream: &Tensor) -> Tensor {
    of_mean(&windows(op, input), input, upstream)
}

/// Of the mean of each map.
#[must_use]
pub fn global_avg_pool(input: Shape, upstream: &Tensor) -> Tensor {
    adaptive_avg_pool(input, upstream)
}

/// Of the largest value of each map.
#[must_use]
pub fn global_max_pool(input: &Tensor, upstream: &Tensor) -> Tensor {
    adaptive_max_pool(input, upstream)
}

/// Of the mean of each part of a map, of which there are as many as the output has pixels.
#[must_use]
pub fn adaptive_avg_pool(input: Shape, upstream: &Tensor) -> Tensor {
    of_mean(&parts(upstream.shape.size(), input), input, upstream)
}

/// Of the largest value of each part of a map, of which there are as many as the output has pixels.
#[must_use]
pub fn adaptive_max_pool(input: &Tensor, upstream: &Tensor) -> Tensor {
    of_largest(&parts(upstream.shape.size(), input.shape), input, upstream)
}

/// Of the mean of the channels of each pixel.
#[must_use]
pub fn channel_mean(input: Shape, upstream: &Tensor) -> Tensor {
    of_mean(&pixels(input), input, upstream)
}

/// Of the largest channel of each pixel.
#[must_use]
pub fn channel_max(input: &Tensor, upstream: &Tensor) -> Tensor {
    of_largest(&pixels(input.shape), input, upstream)
}

fn of_mean(sets: &Sets, input: Shape, upstream: &Tensor) -> Tensor {
    let mut gradient = Tensor::zeros(input);
    for (set, upstream) in sets.sets.iter().zip(&upstream.data) {
        for place in &set.places {
            gradient.data[*place] += upstream / set.count as f64;
        }
    }
    gradient
}

fn of_largest(sets: &Sets, input: &Tensor, upstream: &Tensor) -> Tensor {
    let mut gradient = Tensor::zeros(input.shape);
    for (set, upstream) in sets.sets.iter().zip(&upstream.data) {
        let larger = |best: usize, place: usize| {
            let (least, number) = (input.data[best], input.data[place]);
            if number > least || number.is_nan() { place } else { best }
        };
        if let Some(place) = set.places.iter().copied().reduce(larger) {
            gradient.data[place] += upstream;
        }
    }
    gradient
}
