//! Gradients, against the reference in double precision.

mod activation;
mod conv;
mod dense;
mod inputs;
mod loss;

use cnn_net::op::Shape;
use cnn_runtime::place::map::Map;
use cnn_runtime::reference::Tensor;

use crate::support::index;

/// A sum of `terms` products of numbers below 1, each with a rounding of the sum.
fn assert_near(what: &str, found: f32, expected: f64, terms: usize) {
    let tolerance = f64::from(f32::EPSILON) * (terms as f64 + 1.0) * (terms as f64).sqrt();
    assert!((f64::from(found) - expected).abs() <= tolerance, "{what}: {found}, not {expected} +- {tolerance:e}");
}

fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

/// The shape of a map's value.
fn shape(map: &Map) -> Shape {
    Shape::map(map.channels, map.height, map.width)
}

/// The value of a map in the order C, H, W.
fn tensor(map: &Map, ws: &[f32]) -> Tensor {
    let numbers = (0..map.channels)
        .flat_map(|c| (0..map.height).flat_map(move |y| (0..map.width).map(move |x| ws[index(map, y, x, c)])));
    Tensor::new(shape(map), &numbers.collect::<Vec<_>>())
}
