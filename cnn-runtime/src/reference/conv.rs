//! Convolutions and fully connected layers.

use cnn_net::op::{Conv, ConvTranspose, Linear, Shape};

use super::Tensor;

/// A convolution: the weighted sum of the inputs under the window, for each group of channels separately.
///
/// `weight` is `[filters, input channels of a group, kernel.height, kernel.width]`.
///
/// # Panics
///
/// If a tensor has another length, or the window does not fit the input.
pub fn conv(op: &Conv, input: &Tensor, weight: &[f32], bias: Option<&[f32]>) -> Tensor {
    let (kernel, size) = (op.kernel, input.shape.size());
    let channels = input.shape.channels() / op.groups;
    let filters = op.filters / op.groups;
    assert_eq!(channels * op.groups, input.shape.channels(), "groups of equal size");
    assert_eq!(filters * op.groups, op.filters, "groups of equal size");
    assert_eq!(weight.len(), op.filters * channels * kernel.area(), "weights");
    assert!(bias.is_none_or(|bias| bias.len() == op.filters), "biases");

    let rows = size.height + op.pad.top + op.pad.bottom;
    let columns = size.width + op.pad.left + op.pad.right;
    let height = (rows - op.dilation.height * (kernel.height - 1) - 1) / op.stride.height + 1;
    let width = (columns - op.dilation.width * (kernel.width - 1) - 1) / op.stride.width + 1;
    Tensor::from_fn(Shape::map(op.filters, height, width), |filter, y, x| {
        let first = filter / filters * channels;
        let mut sum = bias.map_or(0.0, |bias| f64::from(bias[filter]));
        for channel in 0..channels {
            for ky in 0..kernel.height {
                for kx in 0..kernel.width {
                    let row = inside(y * op.stride.height + ky * op.dilation.height, op.pad.top, size.height);
                    let column = inside(x * op.stride.width + kx * op.dilation.width, op.pad.left, size.width);
                    if let (Some(row), Some(column)) = (row, column) {
                        let weight = weight[((filter * channels + channel) * kernel.height + ky) * kernel.width + kx];
                        sum += f64::from(weight) * input.at(first + channel, row, column);
                    }
                }
            }
        }
        sum
    })
}

/// A transposed convolution: each input adds the filter of its channel, times itself, to the output, for each group of channels
/// separately. What falls on the padding is dropped.
///
/// `weight` is `[input channels, filters of a group, kernel.height, kernel.width]`.
///
/// # Panics
///
/// If a tensor has another length, or nothing of the output remains.
pub fn conv_transpose(op: &ConvTranspose, input: &Tensor, weight: &[f32], bias: Option<&[f32]>) -> Tensor {
    let (kernel, size) = (op.kernel, input.shape.size());
    let channels = input.shape.channels() / op.groups;
    let filters = op.filters / op.groups;
    assert_eq!(channels * op.groups, input.shape.channels(), "groups of equal size");
    assert_eq!(filters * op.groups, op.filters, "groups of equal size");
    assert_eq!(weight.len(), input.shape.channels() * filters * kernel.area(), "weights");
    assert!(bias.is_none_or(|bias| bias.len() == op.filters), "biases");

    let rows =
        (size.height - 1) * op.stride.height + op.dilation.height * (kernel.height - 1) + op.output_pad.height + 1;
    let columns = (size.width - 1) * op.stride.width + op.dilation.width * (kernel.width - 1) + op.output_pad.width + 1;
    let (height, width) = (rows - op.pad.top - op.pad.bottom, columns - op.pad.left - op.pad.right);
    let mut output = Tensor::from_fn(Shape::map(op.filters, height, width), |filter, _, _| {
        bias.map_or(0.0, |bias| f64::from(bias[filter]))
    });
    for filter in 0..op.filters {
        let first = filter / filters * channels;
        for channel in first..first + channels {
            let weight = &weight[(channel * filters + filter % filters) * kernel.area()..][..kernel.area()];
            for y in 0..size.height {
                for x in 0..size.width {
                    for ky in 0..kernel.height {
                        for kx in 0..kernel.width {
                            let row = inside(y * op.stride.height + ky * op.dilation.height, op.pad.top, height);
                            let column = inside(x * op.stride.width + kx * op.dilation.width, op.pad.left, width);
                            if let (Some(row), Some(column)) = (row, column) {
                                output.data[(filter * height + row) * width + column] +=
                                    f64::from(weight[ky * kernel.width + kx]) * input.at(channel, y, x);
                            }
                        }
                    }
                }
            }
        }
    }
    output
}

/// A fully connected layer: each output is the weighted sum of all inputs. A map is flattened in the order C, H, W.
///
/// `weight` is `[features, inputs]`.
///
/// # Panics
///
/// If a tensor has another length.
pub fn linear(op: &Linear, input: &Tensor, weight: &[f32], bias: Option<&[f32]>) -> Tensor {
    let inputs = input.data.len();
    assert_eq!(weight.len(), op.features * inputs, "weights");
    assert!(bias.is_none_or(|bias| bias.len() == op.features), "biases");
    Tensor::from_fn(Shape::Vector(op.features), |feature, _, _| {
        let mut sum = bias.map_or(0.0, |bias| f64::from(bias[feature]));
        for (weight, input) in weight[feature * inputs..][..inputs].iter().zip(&input.data) {
            sum += f64::from(*weight) * input;
        }
        sum
    })
}

/// The position in the input for one in the padded input, where `size` elements follow `pad` of padding.
pub(super) fn inside(padded: usize, pad: usize, size: usize) -> Option<usize> {
    padded.checked_sub(pad).filter(|position| *position < size)
}
