//! Convolutions and fully connected layers.
//!
//! An output is a sum of products, each of a weight and an input. The gradients of both are sums of the same products, with the
//! gradient of the output in the place of the output. So which numbers belong together is listed once for each layer.

use cnn_net::op::{Conv, ConvTranspose, Linear, Shape};

use super::{Tensor, Weight, positions};

/// A convolution: the weighted sum of the inputs under the window, for each group of channels separately.
///
/// `weight` is `[filters, input channels of a group, kernel.height, kernel.width]`.
///
/// # Panics
///
/// If a tensor has another length, or the window does not fit the input.
pub fn conv<W: Weight>(op: &Conv, input: &Tensor, weight: &[W], bias: Option<&[W]>) -> Tensor {
    let channels = input.shape.channels() / op.groups;
    assert_eq!(weight.len(), op.filters * channels * op.kernel.area(), "weights");
    let mut output = biases(conv_output(op, input.shape), bias);
    conv_products(op, input.shape, |to, from, by| output.data[to] += weight[by].into() * input.data[from]);
    output
}

/// A transposed convolution: each input adds the filter of its channel, times itself, to the output, for each group of channels
/// separately. What falls on the padding is dropped.
///
/// `weight` is `[input channels, filters of a group, kernel.height, kernel.width]`.
///
/// # Panics
///
/// If a tensor has another length, or nothing of the output remains.
pub fn conv_transpose<W: Weight>(op: &ConvTranspose, input: &Tensor, weight: &[W], bias: Option<&[W]>) -> Tensor {
    let filters = op.filters / op.groups;
    assert_eq!(weight.len(), input.shape.channels() * filters * op.kernel.area(), "weights");
    let mut output = biases(conv_transpose_output(op, input.shape), bias);
    conv_transpose_products(op, input.shape, |to, from, by| output.data[to] += weight[by].into() * input.data[from]);
    output
}

/// A fully connected layer: each output is the weighted sum of all inputs. A map is flattened in the order C, H, W.
///
/// `weight` is `[features, inputs]`.
///
/// # Panics
///
/// If a tensor has another length.
pub fn linear<W: Weight>(op: &Linear, input: &Tensor, weight: &[W], bias: Option<&[W]>) -> Tensor {
    assert_eq!(weight.len(), op.features * input.data.len(), "weights");
    let mut output = biases(Shape::Vector(op.features), bias);
    linear_products(op, input.shape, |to, from, by| output.data[to] += weight[by].into() * input.data[from]);
    output
}

/// An output that only the bias has been added to.
fn biases<W: Weight>(shape: Shape, bias: Option<&[W]>) -> Tensor {
    assert!(bias.is_none_or(|bias| bias.len() == shape.channels()), "biases");
    Tensor::from_fn(shape, |filter, _, _| bias.map_or(0.0, |bias| bias[filter].into()))
}

/// Channels and filters of a group.
fn groups(channels: usize, filters: usize, groups: usize) -> [usize; 2] {
    let of_group = [channels / groups, filters / groups];
    assert_eq!(of_group.map(|of_group| of_group * groups), [channels, filters], "groups of equal size");
    of_group
}

/// The shape of a convolution's output.
fn conv_output(op: &Conv, input: Shape) -> Shape {
    let (kernel, size) = (op.kernel, input.size());
    let rows = size.height + op.pad.top + op.pad.bottom;
    let columns = size.width + op.pad.left + op.pad.right;
    let height = (rows - op.dilation.height * (kernel.height - 1) - 1) / op.stride.height + 1;
    let width = (columns - op.dilation.width * (kernel.width - 1) - 1) / op.stride.width + 1;
    Shape::map(op.filters, height, width)
}

/// Every product of a convolution: the positions of its output, its input and its weight.
pub(super) fn conv_products(op: &Conv, input: Shape, mut product: impl FnMut(usize, usize, usize)) {
    let (kernel, size, output) = (op.kernel, input.size(), conv_output(op, input));
    let [channels, filters] = groups(input.channels(), op.filters, op.groups);
    for (to, [filter, y, x]) in positions(output).enumerate() {
        let first = filter / filters * channels;
        for channel in 0..channels {
            for ky in 0..kernel.height {
                for kx in 0..kernel.width {
                    let row = inside(y * op.stride.height + ky * op.dilation.height, op.pad.top, size.height);
                    let column = inside(x * op.stride.width + kx * op.dilation.width, op.pad.left, size.width);
                    if let (Some(row), Some(column)) = (row, column) {
                        let from = ((first + channel) * size.height + row) * size.width + column;
                        let by = ((filter * channels + channel) * kernel.height + ky) * kernel.width + kx;
                        product(to, from, by);
                    }
                }
            }
        }
    }
}

/// The shape of a transposed convolution's output.
fn conv_transpose_output(op: &ConvTranspose, input: Shape) -> Shape {
    let (kernel, size) = (op.kernel, input.size());
    let rows =
        (size.height - 1) * op.stride.height + op.dilation.height * (kernel.height - 1) + op.output_pad.height + 1;
    let columns = (size.width - 1) * op.stride.width + op.dilation.width * (kernel.width - 1) + op.output_pad.width + 1;
    Shape::map(op.filters, rows - op.pad.top - op.pad.bottom, columns - op.pad.left - op.pad.right)
}

/// Every product of a transposed convolution: the positions of its output, its input and its weight.
pub(super) fn conv_transpose_products(op: &ConvTranspose, input: Shape, mut product: impl FnMut(usize, usize, usize)) {
    let (kernel, size) = (op.kernel, conv_transpose_output(op, input).size());
    let [channels, filters] = groups(input.channels(), op.filters, op.groups);
    for filter in 0..op.filters {
        let group = filter / filters;
        for (from, [channel, y, x]) in positions(input).enumerate() {
            if channel / channels != group {
                continue;
            }
            for ky in 0..kernel.height {
                for kx in 0..kernel.width {
                    let row = inside(y * op.stride.height + ky * op.dilation.height, op.pad.top, size.height);
                    let column = inside(x * op.stride.width + kx * op.dilation.width, op.pad.left, size.width);
                    if let (Some(row), Some(column)) = (row, column) {
                        let to = (filter * size.height + row) * size.width + column;
                        let by = ((channel * filters + filter % filters) * kernel.height + ky) * kernel.width + kx;
                        product(to, from, by);
                    }
                }
            }
        }
    }
}

/// Every product of a fully connected layer: the positions of its output, its input and its weight.
pub(super) fn linear_products(op: &Linear, input: Shape, mut product: impl FnMut(usize, usize, usize)) {
    let inputs = input.elements();
    for to in 0..op.features {
        for from in 0..inputs {
            product(to, from, to * inputs + from);
        }
    }
}

/// The position in the input for one in the padded input, where `size` elements follow `pad` of padding.
pub(super) fn inside(padded: usize, pad: usize, size: usize) -> Option<usize> {
    padded.checked_sub(pad).filter(|position| *position < size)
}
