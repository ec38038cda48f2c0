//! Gradients, against the reference in double precision.

mod activation;
mod dense;
mod loss;

use cnn_net::op::Shape;
use cnn_runtime::place::map::Map;
use cnn_runtime::reference::Tensor;

use crate::support::index;

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
