//! The shape rule of transposed convolutions.

use cnn_net::op::{ConvTranspose, Padding, Shape, Size, TransposedAxis};

use super::argument::Argument;
use super::rules::{divided, work};
use super::{Fault, Inferred};
use crate::op::PadMode;

/// The output of a transposed convolution.
pub(super) fn conv_transpose(conv: &ConvTranspose, mode: PadMode, input: Shape) -> Result<Inferred, Box<Fault>> {
    let (channels, size) = (input.channels(), input.size());
    if mode != PadMode::Explicit {
        return Err(same(conv).into());
    }
    if let Some(axis) = conv.axes().iter().find(|axis| axis.added > most_added(axis)) {
        return Err(added(conv, axis).into());
    }
    let [vertical, horizontal] = conv.axes();
    let extents = [(vertical, size.height), (horizontal, size.width)];
    for (axis, extent) in extents {
        if axis.output(extent).is_none() {
            return Err(cut_off(&axis, extent).into());
        }
    }
    let [height, width] = extents.map(|(axis, extent)| axis.output(extent).unwrap_or(1));
    let shape = Shape::map(conv.filters, height, width);
    let taps = [channels / conv.groups.min(channels), conv.kernel.height, conv.kernel.width];
    // Each number of the input is multiplied by a filter.
    work("conv_transpose", conv.filters, &taps, Shape::map(conv.filters, size.height, size.width))?;
    // Each phase of the output has its own biases.
    work("conv_transpose", conv.filters, &[conv.stride.height, conv.stride.width], Shape::map(1, 1, 1))?;
    divided("conv_transpose", channels, conv.filters, conv.groups, shape)?;
    Ok(shape.into())
}

/// What `pad = same` may mean.
fn same(conv: &ConvTranspose) -> Fault {
    let wrong = "conv_transpose: `pad = same` has no meaning here: padding is what is cut off the output";
    let fault = Fault::new(wrong).at("pad");
    let pads = conv.axes().map(|axis| (axis.whole(1).checked_sub(axis.stride)).filter(|pad| pad.is_multiple_of(2)));
    if let [Some(vertical), Some(horizontal)] = pads {
        let argument = Argument::Pad(Padding::symmetric(vertical / 2, horizontal / 2));
        let help = format!("`pad = {}` makes the output as large as the input times the stride", argument.value());
        return Fault { arguments: vec![argument], ..fault.help(help) };
    }
    fault.help("`pad = 1`, `1x2` or `(top, left, bottom, right)`")
}

/// How much may be added to an axis: less than a whole step.
fn most_added(axis: &TransposedAxis) -> usize {
    axis.stride.max(axis.dilation) - 1
}

/// More is added than that.
fn added(conv: &ConvTranspose, axis: &TransposedAxis) -> Fault {
    let TransposedAxis { name, stride, dilation, added, .. } = *axis;
    let wrong =
        format!("conv_transpose: `output_pad = {added}` is not smaller than the stride or the dilation of the {name}");
    let detail = format!("{name}: stride {stride}, dilation {dilation}");
    let [height, width] = conv.axes().map(|axis| axis.added.min(most_added(&axis)));
    let argument = Argument::OutputPad(Size::new(height, width));
    let help = format!("`output_pad = {}` at most", argument.value());
    let arguments = vec![argument];
    Fault { details: vec![detail], arguments, ..Fault::new(wrong).at("output_pad").help(help) }
}

/// The fault of an axis of which nothing remains.
fn cut_off(axis: &TransposedAxis, input: usize) -> Fault {
    let TransposedAxis { name, kernel, stride, dilation, before, after, added } = *axis;
    let whole = axis.whole(input);
    let wrong = format!("conv_transpose: a pad of {before} + {after} leaves nothing of a {name} of {whole}");
    let mut sum = format!("({input} - 1) * {stride} + {dilation} * ({kernel} - 1) + 1");
    if added > 0 {
        sum = format!("{sum} + {added}");
    }
    let most = (whole - 1) / 2;
    let help = format!("`pad = {most}` at most; it is cut off both ends of the output");
    let arguments = vec![Argument::Pad(Padding::symmetric(most, most))];
    Fault { details: vec![format!("{name}: {sum} = {whole}")], arguments, ..Fault::new(wrong).at("pad").help(help) }
}
