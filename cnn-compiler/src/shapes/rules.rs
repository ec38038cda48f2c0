//! The shape rules, one function a layer.

use cnn_runtime::op::{Conv, Linear, Op, Pool, PreluPer, Shape, Size};

use super::merge::{add, concat, mul};
use super::window::{Axis, Window};
use super::{Fault, Inferred};
use crate::eval::{MOST_ELEMENTS, product, too_many};
use crate::graph::{Node, Source};
use crate::op::PadMode;
use crate::report::listed;

/// The most multiplications that one layer may take: days.
const MOST_MACS: usize = 1 << 50;

/// The output of a layer over its inputs.
pub(super) fn output(node: &Node, inputs: &[Shape]) -> Result<Inferred, Box<Fault>> {
    let input = inputs[0];
    if let (true, Shape::Vector(features)) = (reads_maps(&node.op), input) {
        return Err(no_maps(node, features).into());
    }
    let found = match &node.op {
        Op::Conv(op) => conv(op, node.pad, input),
        Op::Linear(op) => linear(op, input),
        Op::MaxPool(op) | Op::AvgPool(op) => pool(node.op.name(), op, node.pad, input),
        Op::GlobalAvgPool | Op::GlobalMaxPool => Ok(Shape::map(input.channels(), 1, 1).into()),
        Op::Flatten => Ok(Shape::Vector(input.elements()).into()),
        Op::Lrn(_)
        | Op::Prelu(PreluPer::Channel | PreluPer::Element)
        | Op::Dropout { .. }
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax => Ok(input.into()),
        Op::Concat => concat(inputs),
        Op::Add => add(inputs),
        Op::Mul => mul(inputs),
    }?;
    if let Some(many) = too_many(found.shape) {
        let wrong = format!("{}: the output {} is too large: {many}", node.op.name(), found.shape);
        let fault = Fault::new(wrong).help("fewer channels, or a pooling before");
        return Err(if matches!(node.op, Op::Conv(_)) { fault.at("filters") } else { fault }.into());
    }
    Ok(found)
}

/// Whether a layer needs maps.
fn reads_maps(op: &Op) -> bool {
    match op {
        Op::Conv(_) | Op::MaxPool(_) | Op::AvgPool(_) | Op::GlobalAvgPool | Op::GlobalMaxPool | Op::Lrn(_) => true,
        Op::Linear(_)
        | Op::Flatten
        | Op::Dropout { .. }
        | Op::BatchNorm(_)
        | Op::Prelu(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax
        | Op::Concat
        | Op::Add
        | Op::Mul => false,
    }
}

fn no_maps(node: &Node, features: usize) -> Fault {
    let layer = node.op.name();
    let help = match node.inputs[0] {
        Source::Input => "declare the net's input as channels x height x width".to_owned(),
        Source::Node(_) | Source::Broken => {
            format!("put {layer} before `flatten` and `linear`, which give vectors")
        }
    };
    Fault::new(format!("{layer}: expected feature maps, found a vector of {features}")).help(help)
}

fn conv(conv: &Conv, mode: PadMode, input: Shape) -> Result<Inferred, Box<Fault>> {
    let (channels, size) = (input.channels(), input.size());
    let window =
        Window { kernel: conv.kernel, stride: conv.stride, dilation: conv.dilation, pad: conv.pad, ceil: false }
            .padded(mode, size);
    let shape = fit("conv", &window, conv.filters, size)?;
    work("conv", conv.filters, &[channels / conv.groups.min(channels), conv.kernel.height, conv.kernel.width], shape)?;
    for (count, what, arg) in [(channels, "input channels", "groups"), (conv.filters, "filters", "groups")] {
        if count % conv.groups != 0 {
            let Conv { groups, filters, .. } = *conv;
            let (times, rest) = (count / groups, count % groups);
            let wrong = format!("conv: groups = {groups} does not divide the {count} {what}");
            let wrong = format!("{wrong}: {count} = {times} * {groups} + {rest}");
            let divisors = common_divisors(channels, filters);
            let help = format!("both, {channels} input channels and {filters} filters, can be divided by {divisors}");
            return Err(Fault { output: Some(shape), ..Fault::new(wrong).at(arg).help(help) }.into());
        }
    }
    Ok(Inferred { shape, padding: Some(window.pad) })
}

/// `1, 2 or 4`
fn common_divisors(a: usize, b: usize) -> String {
    let all: Vec<String> =
        (1..=a.min(b)).filter(|d| a.is_multiple_of(*d) && b.is_multiple_of(*d)).map(|d| d.to_string()).collect();
    match &all[..] {
        [one] => format!("{one} only"),
        few if few.len() <= 12 => listed(few, "or"),
        many => format!("{}, … or {}", many[..8].join(", "), many[many.len() - 1]),
    }
}

/// A fault if a layer has more weights than memory holds, or takes longer than anybody would wait.
fn work(layer: &str, outputs: usize, inputs: &[usize], shape: Shape) -> Result<(), Box<Fault>> {
    let arg = if layer == "conv" { "filters" } else { "features" };
    let weights: Vec<usize> = [outputs].iter().chain(inputs).copied().collect();
    if let Some(many) = product(&weights, MOST_ELEMENTS, "weights") {
        return Err(Fault::new(format!("{layer}: too large: {many}"))
            .at(arg)
            .help(format!("fewer {arg}, or a pooling before"))
            .into());
    }
    let depth = inputs.iter().product();
    if let Some(many) = product(&[shape.elements(), depth], MOST_MACS, "multiplications") {
        return Err(Fault::new(format!("{layer}: too large: {many}"))
            .at(arg)
            .help("a smaller window, or a pooling before")
            .into());
    }
    Ok(())
}

fn linear(linear: &Linear, input: Shape) -> Result<Inferred, Box<Fault>> {
    let shape = Shape::Vector(linear.features);
    work("linear", linear.features, &[input.elements()], shape)?;
    Ok(shape.into())
}

fn pool(layer: &str, pool: &Pool, mode: PadMode, input: Shape) -> Result<Inferred, Box<Fault>> {
    let (channels, size) = (input.channels(), input.size());
    let window =
        Window { kernel: pool.kernel, stride: pool.stride, dilation: pool.dilation, pad: pool.pad, ceil: pool.ceil }
            .padded(mode, size);
    for axis in window.axes(size) {
        for pad in [axis.before, axis.after] {
            if pad >= axis.extent() {
                let (extent, name) = (axis.extent(), axis.name);
                let wrong =
                    format!("{layer}: expected a pad smaller than the window's {name} of {extent}, found {pad}");
                let help = format!("`pad = {}` at most; a window in the padding alone has no value", extent - 1);
                return Err(Fault::new(wrong).at("pad").help(help).into());
            }
        }
    }
    let shape = fit(layer, &window, channels, size)?;
    for axis in window.axes(size) {
        if let Some(empty) = axis.empty_window() {
            let (name, index) = (axis.name, empty + 1);
            let wrong = format!("{layer}: window {index} in the direction of the {name} reads nothing but padding");
            return Err(Fault::new(wrong).at("dilation").help("less padding, or less dilation").into());
        }
    }
    Ok(Inferred { shape, padding: Some(window.pad) })
}

/// The maps that a window gives, or a fault if it does not fit.
fn fit(layer: &str, window: &Window, channels: usize, size: Size) -> Result<Shape, Box<Fault>> {
    let axes = window.axes(size);
    if let [Some(height), Some(width)] = axes.map(|axis| axis.output()) {
        return Ok(Shape::map(channels, height, width));
    }
    let wrong = format!("{layer}: a window of {} does not fit an input of {size}", window.kernel);
    let mut details: Vec<String> =
        axes.iter().filter(|axis| axis.output().is_none()).filter_map(Axis::arithmetic).collect();
    if let [height, width] = &details[..]
        && let (Some(height), Some(width)) = (height.strip_prefix("height"), width.strip_prefix("width"))
        && height == width
    {
        details = vec![format!("height and width{height}")];
    }
    let ways = ways_to_fit(layer != "conv", axes);
    Err(Fault { details, ways, too_small: true, ..Fault::new(wrong).at("size") }.into())
}

/// What could be done about a window that does not fit.
fn ways_to_fit(is_pool: bool, axes: [Axis; 2]) -> Vec<String> {
    let both = |[height, width]: [usize; 2]| {
        if height == width { height.to_string() } else { format!("({height}, {width})") }
    };
    let mut ways = Vec::new();
    let pad = axes.map(|axis| axis.extent().saturating_sub(axis.input).div_ceil(2));
    if !is_pool || pad[0] < axes[0].extent() && pad[1] < axes[1].extent() {
        ways.push(format!("`pad = {}`", both(pad)));
    }
    let dilation = axes.map(|axis| ((axis.padded() - 1) / (axis.kernel - 1).max(1)).min(axis.dilation));
    if dilation[0] > 0 && dilation[1] > 0 && dilation != axes.map(|axis| axis.dilation) {
        ways.push(format!("`dilation = {}`", both(dilation)));
    }
    let most = axes.map(|axis| ((axis.padded() - 1) / axis.dilation + 1).min(axis.kernel));
    ways.push(format!("a window of {}x{} at most", most[0], most[1]));
    ways
}
