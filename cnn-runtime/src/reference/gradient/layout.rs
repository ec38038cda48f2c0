//! Numbers in other places, or between other numbers: what a number was used for adds up.

use alloc::vec::Vec;

use cnn_net::op::{Pad, Rearrange, Resize, Shape, Size};

use super::super::resize::taps;
use super::super::{Tensor, positions};

/// Of a vector of maps.
#[must_use]
pub fn flatten(input: Shape, upstream: &Tensor) -> Tensor {
    Tensor { shape: input, data: upstream.data.clone() }
}

/// Of channels, or features, one after another: each input's part.
#[must_use]
pub fn concat(inputs: &[&Tensor], upstream: &Tensor) -> Vec<Tensor> {
    let mut rest = upstream.data.as_slice();
    let part = |input: &&Tensor| {
        let (data, after) = rest.split_at(input.data.len());
        rest = after;
        Tensor { shape: input.shape, data: data.to_vec() }
    };
    inputs.iter().map(part).collect()
}

/// Of a layer that moves numbers. Where each number of the output comes from is found by moving the positions in the input; what
/// fills a padding comes from nowhere.
///
/// # Panics
///
/// If the input has not as many channels, rows, columns or numbers as the layer needs.
#[must_use]
pub fn rearrange(op: Rearrange, input: Shape, upstream: &Tensor) -> Tensor {
    const NOWHERE: f32 = -1.0;
    let op = match op {
        Rearrange::Pad(pad) => Rearrange::Pad(Pad { value: NOWHERE, ..pad }),
        other => other,
    };
    let places = Tensor { shape: input, data: (0..input.elements()).map(|place| place as f64).collect() };
    let mut gradient = Tensor::zeros(input);
    for (from, upstream) in super::super::rearrange(op, &places).data.iter().zip(&upstream.data) {
        if *from >= 0.0 {
            gradient.data[*from as usize] += upstream;
        }
    }
    gradient
}

/// Of PyTorch's `interpolate`: a number's gradient is the sum of those of the outputs that depend on it, each times its weight.
#[must_use]
pub fn resize(op: &Resize, input: Shape, upstream: &Tensor) -> Tensor {
    let (from, Size { height, width }) = (input.size(), op.output(input.size()));
    let rows: Vec<_> = (0..height).map(|y| taps(op, y, from.height, height)).collect();
    let columns: Vec<_> = (0..width).map(|x| taps(op, x, from.width, width)).collect();
    let mut gradient = Tensor::zeros(input);
    for [channel, y, x] in positions(upstream.shape) {
        for (row, vertical) in &rows[y] {
            for (column, horizontal) in &columns[x] {
                gradient.add_at([channel, *row, *column], vertical * horizontal * upstream.at(channel, y, x));
            }
        }
    }
    gradient
}
