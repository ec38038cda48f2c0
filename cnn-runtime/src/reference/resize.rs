//! Maps of another size.

use alloc::vec::Vec;

use cnn_net::op::{Interpolation, Resize, Shape, Size};

use super::Tensor;

/// PyTorch's `interpolate`.
#[must_use]
pub fn resize(op: &Resize, input: &Tensor) -> Tensor {
    let from = input.shape.size();
    let Size { height, width } = op.output(from);
    let shape = Shape::map(input.shape.channels(), height, width);
    let rows: Vec<_> = (0..height).map(|y| taps(op, y, from.height, height)).collect();
    let columns: Vec<_> = (0..width).map(|x| taps(op, x, from.width, width)).collect();
    Tensor::from_fn(shape, |c, y, x| {
        let row = |at: usize| columns[x].iter().map(|(column, weight)| weight * input.at(c, at, *column)).sum::<f64>();
        rows[y].iter().map(|(at, weight)| weight * row(*at)).sum()
    })
}

/// The rows or columns that output `index` of `output` depends on, and their weights.
pub(super) fn taps(op: &Resize, index: usize, input: usize, output: usize) -> Vec<(usize, f64)> {
    if op.mode == Interpolation::Nearest {
        return [(index * input / output, 1.0)].to_vec();
    }
    let at = if !op.align_corners {
        (index as f64 + 0.5) * input as f64 / output as f64 - 0.5
    } else if output > 1 {
        index as f64 * (input - 1) as f64 / (output - 1) as f64
    } else {
        0.0
    };
    let nearest = |at: f64| at.clamp(0.0, (input - 1) as f64) as usize;
    if op.mode == Interpolation::Bicubic {
        let before = libm::floor(at);
        let tap = |offset: f64| (nearest(before + offset), cubic(at - (before + offset)));
        return [-1.0, 0.0, 1.0, 2.0].map(tap).to_vec();
    }
    let at = at.max(0.0);
    let before = libm::floor(at);
    let share = at - before;
    [(nearest(before), 1.0 - share), (nearest(before + 1.0), share)].to_vec()
}

/// The weight of a neighbour at a distance of up to 2: cubic convolution (Keys 1981) with `a = -0.75`.
fn cubic(distance: f64) -> f64 {
    const A: f64 = -0.75;
    let x = libm::fabs(distance);
    if x <= 1.0 {
        (A + 2.0) * x * x * x - (A + 3.0) * x * x + 1.0
    } else {
        A * (x * x * x - 5.0 * x * x + 8.0 * x - 4.0)
    }
}
