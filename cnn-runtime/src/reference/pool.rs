//! Pooling: each output is the maximum or the mean of a set of inputs.

use alloc::vec::Vec;

use cnn_net::op::{Pool, Shape, Size};

use super::conv::inside;
use super::{Tensor, index, positions};

/// The largest input under the window.
///
/// # Panics
///
/// If a window lies in the padding as a whole, or does not fit the padded input.
#[must_use]
pub fn max_pool(op: &Pool, input: &Tensor) -> Tensor {
    windows(op, input.shape).largest(input)
}

/// The mean of the inputs under the window; with `count_include_pad`, the zeros of the padding are inputs too.
///
/// # Panics
///
/// If a window lies in the padding as a whole, or does not fit the padded input.
#[must_use]
pub fn avg_pool(op: &Pool, input: &Tensor) -> Tensor {
    windows(op, input.shape).mean(input)
}

/// The mean of each map.
#[must_use]
pub fn global_avg_pool(input: &Tensor) -> Tensor {
    parts(Size::square(1), input.shape).mean(input)
}

/// The largest value of each map.
#[must_use]
pub fn global_max_pool(input: &Tensor) -> Tensor {
    parts(Size::square(1), input.shape).largest(input)
}

/// The mean of each of the parts that the input is divided into, as many as the output has pixels.
#[must_use]
pub fn adaptive_avg_pool(output: Size, input: &Tensor) -> Tensor {
    parts(output, input.shape).mean(input)
}

/// The largest value of each of these parts.
#[must_use]
pub fn adaptive_max_pool(output: Size, input: &Tensor) -> Tensor {
    parts(output, input.shape).largest(input)
}

/// The mean of the channels of each pixel.
#[must_use]
pub fn channel_mean(input: &Tensor) -> Tensor {
    pixels(input.shape).mean(input)
}

/// The largest channel of each pixel.
#[must_use]
pub fn channel_max(input: &Tensor) -> Tensor {
    pixels(input.shape).largest(input)
}

/// The largest of some numbers; NaN if one of them is, which `f64::max` would ignore.
pub(super) fn largest(numbers: impl IntoIterator<Item = f64>) -> f64 {
    numbers.into_iter().fold(f64::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b })
}

/// For each output, in the order C, H, W, the inputs that it depends on.
pub(super) struct Sets {
    /// The shape of the output.
    output: Shape,
    pub(super) sets: Vec<Set>,
}

/// The inputs that an output depends on.
pub(super) struct Set {
    /// Their positions.
    pub(super) places: Vec<usize>,
    /// What their mean is divided by.
    pub(super) count: usize,
}

impl Sets {
    fn new(output: Shape, set: impl Fn([usize; 3]) -> Set) -> Self {
        Self { output, sets: positions(output).map(set).collect() }
    }

    fn largest(&self, input: &Tensor) -> Tensor {
        self.reduce(|set| largest(set.places.iter().map(|place| input.data[*place])))
    }

    fn mean(&self, input: &Tensor) -> Tensor {
        self.reduce(|set| set.places.iter().map(|place| input.data[*place]).sum::<f64>() / set.count as f64)
    }

    fn reduce(&self, reduce: impl Fn(&Set) -> f64) -> Tensor {
        Tensor { shape: self.output, data: self.sets.iter().map(reduce).collect() }
    }
}

impl Set {
    /// Of all the inputs in some places.
    fn of(places: Vec<usize>) -> Self {
        Self { count: places.len(), places }
    }
}

/// The channels of each pixel.
pub(super) fn pixels(input: Shape) -> Sets {
    let size = input.size();
    Sets::new(Shape::map(1, size.height, size.width), |[_, y, x]| {
        Set::of((0..input.channels()).map(|channel| index(input, [channel, y, x])).collect())
    })
}

/// Parts of each map. Part `i` of `n` in one direction is from `i * size / n`, rounded down, to `(i + 1) * size / n`, rounded up.
pub(super) fn parts(output: Size, input: Shape) -> Sets {
    let size = input.size();
    let part = |size: usize, count: usize, i: usize| i * size / count..((i + 1) * size).div_ceil(count);
    Sets::new(Shape::map(input.channels(), output.height, output.width), |[channel, y, x]| {
        let columns = part(size.width, output.width, x);
        let rows = part(size.height, output.height, y);
        let pixels = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
        Set::of(pixels.map(|(row, column)| index(input, [channel, row, column])).collect())
    })
}

/// What lies under each window.
///
/// # Panics
///
/// If a window lies in the padding as a whole.
pub(super) fn windows(op: &Pool, input: Shape) -> Sets {
    Sets::new(pooled(op, input), |position| {
        let set = window(op, input, position);
        assert!(!set.places.is_empty(), "a window in the padding");
        set
    })
}

/// What lies under the window of an output. A mean may count the taps that lie in the padding too, but never those that lie in
/// what `ceil` adds beyond it.
fn window(op: &Pool, input: Shape, [channel, y, x]: [usize; 3]) -> Set {
    let size = input.size();
    let rows = size.height + op.pad.top + op.pad.bottom;
    let columns = size.width + op.pad.left + op.pad.right;
    let (mut places, mut padded) = (Vec::new(), 0);
    for ky in 0..op.kernel.height {
        for kx in 0..op.kernel.width {
            let row = y * op.stride.height + ky * op.dilation.height;
            let column = x * op.stride.width + kx * op.dilation.width;
            if row < rows && column < columns {
                padded += 1;
            }
            let row = inside(row, op.pad.top, size.height);
            let column = inside(column, op.pad.left, size.width);
            if let (Some(row), Some(column)) = (row, column) {
                places.push(index(input, [channel, row, column]));
            }
        }
    }
    let count = if op.count_include_pad { padded } else { places.len() };
    Set { places, count }
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
