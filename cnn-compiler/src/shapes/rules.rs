//! The shape rules, one function per layer.

mod moves;

use cnn_net::op::{
    Activation, Axis, Conv, Extent, Layer, Linear, Norm, Op, Padding, Pool, PreluPer, Rearrange, Shape, Size, Window,
};

use super::argument::Argument;
use super::merge::{broadcast, concat};
use super::transposed::conv_transpose;
use super::{Fault, Inferred};
use crate::eval::{MOST_ELEMENTS, product, too_many};
use crate::graph::{Node, Source};
use crate::op::PadMode;
use crate::report::listed;

/// The most multiplications that one layer may take, which would run for days.
const MOST_MACS: usize = 1 << 50;

/// The output of a layer on its inputs.
pub(super) fn output(node: &Node, inputs: &[Shape]) -> Result<Inferred, Box<Fault>> {
    let input = inputs[0];
    if let (true, Shape::Vector(features)) = (node.op.facts().reads_maps, input) {
        return Err(no_maps(node, features).into());
    }
    let found = match node.op.closed() {
        Layer::Conv(op) => conv(&op, node.pad, input),
        Layer::ConvTranspose(op) => conv_transpose(&op, node.pad, input),
        Layer::Linear(op) => linear(&op, input),
        Layer::MaxPool(op) | Layer::AvgPool(op) => pool(&node.op, &op, node.pad, input),
        Layer::GlobalAvgPool | Layer::GlobalMaxPool => Ok(Shape::map(input.channels(), 1, 1).into()),
        Layer::AdaptiveAvgPool(size) | Layer::AdaptiveMaxPool(size) => {
            Ok(Shape::map(input.channels(), size.height, size.width).into())
        }
        Layer::ChannelMean | Layer::ChannelMax => Ok(Shape::map(1, input.size().height, input.size().width).into()),
        Layer::Flatten => Ok(Shape::Vector(input.elements()).into()),
        Layer::Rearrange(op) => moves::rearrange(op, input),
        Layer::Resize(op) => moves::resize(node.op.name(), &op, input),
        Layer::Lrn(_)
        | Layer::Prelu(PreluPer::Channel | PreluPer::Element | PreluPer::Tensor)
        | Layer::Dropout { .. }
        | Layer::BatchNorm(_)
        | Layer::Grn { .. }
        | Layer::Scale { .. }
        | Layer::Softmax
        | Layer::LogSoftmax => Ok(input.into()),
        Layer::Norm(norm) => normalisation(&norm, input),
        Layer::Glu => halves(input),
        Layer::Activation(activation) => function(&activation, input),
        Layer::Map(_) => Ok(input.into()),
        // rustc compares it with what its type says.
        Layer::Custom(layer) => Ok(layer.output.into()),
        Layer::Concat => concat(inputs),
        Layer::Add | Layer::Sub | Layer::Mul | Layer::Max => broadcast(node.op.name(), inputs),
    }?;
    if let Some(many) = too_many(found.shape) {
        let wrong = format!("{}: the output {} is too large: {many}", node.op.name(), found.shape);
        let fault = Fault::new(wrong).help("fewer channels, or a pooling before it");
        return Err(match node.op {
            Op::Conv(_) => fault.at("filters"),
            Op::ConvTranspose(_) => fault.at("filters").help("fewer filters, or a smaller stride"),
            Op::AdaptiveAvgPool(_) | Op::AdaptiveMaxPool(_) => fault.at("size").help("a smaller size"),
            Op::Rearrange(Rearrange::Pad(_)) => fault.at("sides").help("a smaller pad, or fewer channels"),
            Op::Resize(op) if matches!(op.to, Extent::Times(_)) => fault.at("factor").help("a smaller factor"),
            Op::Resize(_) => fault.at("size").help("a smaller size"),
            Op::Custom(_) => fault.at("shape").help("a smaller shape"),
            _ => fault,
        }
        .into());
    }
    Ok(found)
}

fn no_maps(node: &Node, features: usize) -> Fault {
    let layer = node.op.name();
    let help = match node.inputs[0] {
        Source::Input(_) => "declare the net's input as channels x height x width".to_owned(),
        Source::Node(_) | Source::None | Source::Broken => {
            format!("put {layer} before `flatten` and `linear`, which give vectors")
        }
    };
    Fault::new(format!("{layer}: expected feature maps, found a vector of {features}")).help(help)
}

fn conv(conv: &Conv, mode: PadMode, input: Shape) -> Result<Inferred, Box<Fault>> {
    let (channels, size) = (input.channels(), input.size());
    let window = mode.padded(conv.window(), size);
    let shape = fit("conv", &window, conv.filters, size)?;
    work("conv", conv.filters, &[channels / conv.groups.min(channels), conv.kernel.height, conv.kernel.width], shape)?;
    divided("conv", channels, conv.filters, conv.groups, shape)?;
    Ok(Inferred { shape, padding: Some(window.pad) })
}

/// A fault if the groups of a convolution don't divide its channels.
pub(super) fn divided(
    layer: &str,
    channels: usize,
    filters: usize,
    groups: usize,
    shape: Shape,
) -> Result<(), Box<Fault>> {
    for (count, what) in [(channels, "input channels"), (filters, "filters")] {
        if count % groups != 0 {
            let (times, rest) = (count / groups, count % groups);
            let wrong = format!("{layer}: groups = {groups} does not divide the {count} {what}");
            let wrong = format!("{wrong}: {count} = {times} * {groups} + {rest}");
            let divisors = common_divisors(channels, filters);
            let listed = list(&divisors);
            let help = format!("{channels} input channels and {filters} filters are both divisible by {listed}");
            let arguments = divisors.into_iter().take(LISTED).map(Argument::Groups).collect();
            let fault = Fault { arguments, ..Fault::new(wrong).at("groups").help(help) };
            return Err(Fault { output: Some(shape), ..fault }.into());
        }
    }
    Ok(())
}

/// How many numbers of a list are shown.
const LISTED: usize = 12;

fn common_divisors(a: usize, b: usize) -> Vec<usize> {
    (1..=a.min(b)).filter(|d| a.is_multiple_of(*d) && b.is_multiple_of(*d)).collect()
}

/// The numbers that divide both, in words.
fn listed_divisors(a: usize, b: usize) -> String {
    list(&common_divisors(a, b))
}

/// `1, 2 or 4`
fn list(numbers: &[usize]) -> String {
    let all: Vec<String> = numbers.iter().map(usize::to_string).collect();
    match &all[..] {
        [one] => format!("{one} only"),
        few if few.len() <= LISTED => listed(few, "or"),
        many => format!("{}, … or {}", many[..8].join(", "), many[many.len() - 1]),
    }
}

/// A fault if a layer has more weights than memory holds, or takes longer than anybody would wait.
pub(super) fn work(layer: &str, outputs: usize, inputs: &[usize], shape: Shape) -> Result<(), Box<Fault>> {
    let arg = if layer == "linear" { "features" } else { "filters" };
    let weights: Vec<usize> = [outputs].iter().chain(inputs).copied().collect();
    if let Some(many) = product(&weights, MOST_ELEMENTS, "weights") {
        return Err(Fault::new(format!("{layer}: too large: {many}"))
            .at(arg)
            .help(format!("fewer {arg}, or a pooling before it"))
            .into());
    }
    let depth = inputs.iter().product();
    if let Some(many) = product(&[shape.elements(), depth], MOST_MACS, "multiplications") {
        return Err(Fault::new(format!("{layer}: too large: {many}"))
            .at(arg)
            .help("a smaller window, or a pooling before it")
            .into());
    }
    Ok(())
}

fn linear(linear: &Linear, input: Shape) -> Result<Inferred, Box<Fault>> {
    let shape = Shape::Vector(linear.features);
    work("linear", linear.features, &[input.elements()], shape)?;
    Ok(shape.into())
}

/// What is normalised together must be more than one number, as in PyTorch.
fn normalisation(norm: &Norm, input: Shape) -> Result<Inferred, Box<Fault>> {
    let (layer, channels, pixels) = (Op::Norm(*norm).name(), input.channels(), input.size().area());
    let alone = |what: &str, fault: Fault| {
        let wrong = format!("{layer}: {what} of {input} has one number, which is its own mean: all results would be 0");
        Fault { wrong, ..fault }.into()
    };
    match *norm {
        Norm::Group { groups, .. } if !channels.is_multiple_of(groups) => {
            let (times, rest) = (channels / groups, channels % groups);
            let wrong = format!("{layer}: groups = {groups} does not divide the {channels} channels");
            let wrong = format!("{wrong}: {channels} = {times} * {groups} + {rest}");
            let divisors = common_divisors(channels, channels);
            let help = format!("{channels} is divisible by {}", list(&divisors));
            let arguments = divisors.into_iter().take(LISTED).map(Argument::Groups).collect();
            Err(Fault { arguments, output: Some(input), ..Fault::new(wrong).at("groups").help(help) }.into())
        }
        Norm::Group { groups, .. } if channels / groups * pixels == 1 => {
            Err(alone("each group", Fault::new("").at("groups").help("fewer groups")))
        }
        Norm::Instance { .. } if pixels == 1 => {
            let help = "put it before the layer that leaves one pixel";
            Err(alone("each map", Fault::new("").help(help)))
        }
        _ => Ok(input.into()),
    }
}

fn halves(input: Shape) -> Result<Inferred, Box<Fault>> {
    let channels = input.channels();
    if !channels.is_multiple_of(2) {
        let what = if matches!(input, Shape::Vector(_)) { "features" } else { "channels" };
        let wrong = format!("glu: expected an even number of {what}, found {channels}");
        let fewer = if channels > 1 { format!("{} or ", channels - 1) } else { String::new() };
        let help = format!("{fewer}{}, for example; half as many are left", channels + 1);
        return Err(Fault::new(wrong).help(help).into());
    }
    Ok(match input {
        Shape::Map { height, width, .. } => Shape::map(channels / 2, height, width),
        Shape::Vector(_) => Shape::Vector(channels / 2),
    }
    .into())
}

fn function(activation: &Activation, input: Shape) -> Result<Inferred, Box<Fault>> {
    match activation.ordered() {
        Some([(low, least), (high, most)]) if least > most => {
            let wrong = format!("{}: `{low} = {least}` is more than `{high} = {most}`", activation.name());
            Err(Fault::new(wrong).at(low).help("swap the two numbers").into())
        }
        _ => Ok(input.into()),
    }
}

fn pool(op: &Op, pool: &Pool, mode: PadMode, input: Shape) -> Result<Inferred, Box<Fault>> {
    let (layer, channels, size) = (op.name(), input.channels(), input.size());
    let window = mode.padded(pool.window(), size);
    for axis in window.axes(size) {
        for pad in [axis.before, axis.after] {
            if pad >= axis.extent() {
                let (extent, name) = (axis.extent(), axis.name);
                let wrong =
                    format!("{layer}: expected a pad smaller than the window's {name} of {extent}, found {pad}");
                let most = extent - 1;
                let help = format!("`pad = {most}` at most; a window that lies entirely in the padding has no value");
                let arguments = vec![Argument::Pad(Padding::symmetric(most, most))];
                return Err(Fault { arguments, ..Fault::new(wrong).at("pad").help(help) }.into());
            }
        }
    }
    let shape = fit(layer, &window, channels, size)?;
    for axis in window.axes(size) {
        if let Some(empty) = axis.empty_window() {
            let (name, index) = (axis.name, empty + 1);
            let wrong = format!("{layer}: window {index} along the {name} reads nothing but padding");
            return Err(Fault::new(wrong).at("dilation").help("less padding, or less dilation").into());
        }
    }
    Ok(Inferred { shape, padding: Some(window.pad) })
}

/// The maps that a window produces, or a fault if it does not fit.
fn fit(layer: &str, window: &Window, channels: usize, size: Size) -> Result<Shape, Box<Fault>> {
    let axes = window.axes(size);
    if let [Some(height), Some(width)] = axes.map(|axis| axis.output()) {
        return Ok(Shape::map(channels, height, width));
    }
    let wrong = format!("{layer}: a window of {} does not fit an input of {size}", window.kernel);
    let mut details: Vec<String> = axes.iter().filter(|axis| axis.output().is_none()).filter_map(arithmetic).collect();
    if let [height, width] = &details[..]
        && let (Some(height), Some(width)) = (height.strip_prefix("height"), width.strip_prefix("width"))
        && height == width
    {
        details = vec![format!("height and width{height}")];
    }
    Err(Fault { details, too_small: true, ..Fault::new(wrong).at("size") }.into())
}

/// `height: 2 + 1 + 1 (pad) = 4 < 5 = 2 * (3 - 1) + 1 (dilation)`, if there is anything to explain.
fn arithmetic(axis: &Axis) -> Option<String> {
    let Axis { name, input, kernel, dilation, before, after, .. } = *axis;
    if before + after == 0 && dilation == 1 {
        return None;
    }
    let mut left = input.to_string();
    if before + after > 0 {
        left = format!("{left} + {before} + {after} (padding) = {}", axis.padded());
    }
    let mut right = axis.extent().to_string();
    if dilation > 1 {
        right = format!("{right} = {dilation} * ({kernel} - 1) + 1 (dilation)");
    }
    Some(format!("{name}: {left} < {right}"))
}
