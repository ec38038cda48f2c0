//! Pooling.

use alloc::vec::Vec;

use cnn_net::op::{Pool, Shape, Size};

use super::Tensor;
use super::conv::inside;

/// The largest input under the window.
///
/// # Panics
///
/// If a window lies in the padding as a whole, or does not fit the padded input.
pub fn max_pool(op: &Pool, input: &Tensor) -> Tensor {
    Tensor::from_fn(pooled(op, input.shape), |channel, y, x| {
        let window = Window::at(op, input, channel, y, x);
        assert!(!window.inputs.is_empty(), "a window in the padding");
        largest(window.inputs)
    })
}

/// The mean of the inputs under the window; with `count_include_pad`, the zeros of the padding are inputs too.
///
/// # Panics
///
/// If a window lies in the padding as a whole, or does not fit the padded input.
pub fn avg_pool(op: &Pool, input: &Tensor) -> Tensor {
    Tensor::from_fn(pooled(op, input.shape), |channel, y, x| {
        let window = Window::at(op, input, channel, y, x);
        assert!(!window.inputs.is_empty(), "a window in the padding");
        let count = if op.count_include_pad { window.padded } else { window.inputs.len() };
        window.inputs.iter().sum::<f64>() / count as f64
    })
}

/// The mean of each map.
pub fn global_avg_pool(input: &Tensor) -> Tensor {
    let area = input.shape.size().area();
    let maps: Vec<_> = input.data.chunks_exact(area).collect();
    Tensor::from_fn(Shape::map(maps.len(), 1, 1), |channel, _, _| maps[channel].iter().sum::<f64>() / area as f64)
}

/// The largest value of each map.
pub fn global_max_pool(input: &Tensor) -> Tensor {
    let maps: Vec<_> = input.data.chunks_exact(input.shape.size().area()).collect();
    Tensor::from_fn(Shape::map(maps.len(), 1, 1), |channel, _, _| largest(maps[channel].iter().copied()))
}

/// The mean of each of the parts that the input is divided into, as many as the output has pixels.
pub fn adaptive_avg_pool(output: Size, input: &Tensor) -> Tensor {
    parts(output, input, |part| part.iter().sum::<f64>() / part.len() as f64)
}

/// The largest value of each of these parts.
pub fn adaptive_max_pool(output: Size, input: &Tensor) -> Tensor {
    parts(output, input, |part| largest(part.iter().copied()))
}

/// Part `i` of `n` in one direction is from `i * size / n`, rounded down, to `(i + 1) * size / n`, rounded up.
fn parts(output: Size, input: &Tensor, reduce: impl Fn(&[f64]) -> f64) -> Tensor {
    let size = input.shape.size();
    let part = |size: usize, count: usize, i: usize| i * size / count..((i + 1) * size).div_ceil(count);
    Tensor::from_fn(Shape::map(input.shape.channels(), output.height, output.width), |channel, y, x| {
        let rows = part(size.height, output.height, y);
        let columns = part(size.width, output.width, x);
        let pixels = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        let numbers: Vec<f64> = pixels.map(|(row, column)| input.at(channel, row, column)).collect();
        reduce(&numbers)
    })
}

/// The mean of the channels of each pixel.
pub fn channel_mean(input: &Tensor) -> Tensor {
    let channels = input.shape.channels();
    let size = input.shape.size();
    Tensor::from_fn(Shape::map(1, size.height, size.width), |_, y, x| {
        (0..channels).map(|channel| input.at(channel, y, x)).sum::<f64>() / channels as f64
    })
}

/// The largest channel of each pixel.
pub fn channel_max(input: &Tensor) -> Tensor {
    let size = input.shape.size();
    Tensor::from_fn(Shape::map(1, size.height, size.width), |_, y, x| {
        largest((0..input.shape.channels()).map(|channel| input.at(channel, y, x)))
    })
}

/// The largest of some numbers; NaN if one of them is, which `f64::max` would ignore.
pub(super) fn largest(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(f64::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b })
}

/// The content of a window.
struct Window {
    /// The inputs.
    inputs: Vec<f64>,
    /// How many taps lie in the input or in its padding; the others lie in what `ceil` adds beyond it.
    padded: usize,
}

impl Window {
    /// The window of the output at row `y` and column `x`.
    fn at(op: &Pool, input: &Tensor, channel: usize, y: usize, x: usize) -> Self {
        let size = input.shape.size();
        let rows = size.height + op.pad.top + op.pad.bottom;
        let columns = size.width + op.pad.left + op.pad.right;
        let mut window = Self { inputs: Vec::new(), padded: 0 };
        for ky in 0..op.kernel.height {
            for kx in 0..op.kernel.width {
                let row = y * op.stride.height + ky * op.dilation.height;
                let column = x * op.stride.width + kx * op.dilation.width;
                if row < rows && column < columns {
                    window.padded += 1;
                }
                let row = inside(row, op.pad.top, size.height);
                let column = inside(column, op.pad.left, size.width);
                if let (Some(row), Some(column)) = (row, column) {
                    window.inputs.push(input.at(channel, row, column));
                }
            }
        }
        window
    }
}

/// The shape of the output.
fn pooled(op: &Pool, input: Shape) -> Shape {
    let size = input.size();
    let extents = |kernel, dilation, stride| Extents { kernel, dilation, stride, ceil: op.ceil };
    let vertical = extents(op.kernel.height, op.dilation.height, op.stride.height);
    let horizontal = extents(op.kernel.width, op.dilation.width, op.stride.width);
    let height = vertical.windows(size.height, op.pad.top, op.pad.bottom);
    let width = horizontal.windows(size.width, op.pad.left, op.pad.right);
    Shape::map(input.channels(), height, width)
}

/// A window in one direction.
struct Extents {
    kernel: usize,
    dilation: usize,
    stride: usize,
    ceil: bool,
}

impl Extents {
    /// How many windows an input of `size` has, with padding of `before` and `after`.
    fn windows(&self, size: usize, before: usize, after: usize) -> usize {
        let steps = size + before + after - self.dilation * (self.kernel - 1) - 1;
        if !self.ceil {
            return steps / self.stride + 1;
        }
        let windows = steps.div_ceil(self.stride) + 1;
        let last_is_in_far_padding = (windows - 1) * self.stride >= before + size;
        if last_is_in_far_padding { windows - 1 } else { windows }
    }
}
