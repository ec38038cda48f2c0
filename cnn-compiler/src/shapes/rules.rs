//! The shape rules, one function a layer.

use cnn_runtime::op::{Conv, Linear, Op, Pool, PreluPer, Shape, Size};

use super::window::{Axis, Window};
use super::{Fault, Inferred};
use crate::eval::{MOST_ELEMENTS, elements};
use crate::graph::Node;
use crate::op::PadMode;

/// The output of a layer over its inputs.
pub(super) fn output(node: &Node, inputs: &[Shape]) -> Result<Inferred, Fault> {
    let input = inputs[0];
    let found = match &node.op {
        Op::Conv(op) => conv(op, node.pad, input),
        Op::Linear(op) => linear(op, input),
        Op::MaxPool(op) | Op::AvgPool(op) => pool(node.op.name(), op, node.pad, input),
        Op::GlobalAvgPool | Op::GlobalMaxPool => global_pool(node.op.name(), input),
        Op::Flatten => Ok(Shape::Vector(input.elements()).into()),
        Op::Lrn(_) => maps("lrn", input).map(|_| input.into()),
        Op::Prelu(PreluPer::Channel | PreluPer::Element)
        | Op::Dropout { .. }
        | Op::BatchNorm(_)
        | Op::Activation(_)
        | Op::Softmax
        | Op::LogSoftmax => Ok(input.into()),
        Op::Concat => concat(inputs),
        Op::Add => add(inputs),
        Op::Mul => mul(inputs),
    }?;
    if elements(found.shape).is_none() {
        let wrong = format!("{}: the output {} has more than {MOST_ELEMENTS} elements", node.op.name(), found.shape);
        return Err(Fault::new(wrong).help("no workspace could hold it: make it smaller"));
    }
    Ok(found)
}

/// Channels and size, or a fault where there are no maps.
fn maps(layer: &str, input: Shape) -> Result<(usize, Size), Fault> {
    match input {
        Shape::Map { channels, height, width } => Ok((channels, Size::new(height, width))),
        Shape::Vector(features) => {
            let wrong = format!("{layer}: expected feature maps, found a vector of {features}");
            Err(Fault::new(wrong).help(format!("put {layer} before `flatten` and `linear`, which give vectors")))
        }
    }
}

fn conv(conv: &Conv, mode: PadMode, input: Shape) -> Result<Inferred, Fault> {
    let (channels, size) = maps("conv", input)?;
    let window = Window {
        kernel: conv.kernel,
        stride: conv.stride,
        dilation: conv.dilation,
        pad: conv.pad,
        ceil: false,
    }
    .padded(mode, size);
    let shape = fit("conv", &window, conv.filters, size)?;
    for (count, what, arg) in [(channels, "input channels", "groups"), (conv.filters, "filters", "groups")] {
        if count % conv.groups != 0 {
            let wrong = format!("conv: groups = {} does not divide the {count} {what}", conv.groups);
            let help = format!(
                "groups divides both, the {channels} input channels and the {} filters: {}",
                conv.filters,
                common_divisors(channels, conv.filters)
            );
            return Err(Fault { output: Some(shape), ..Fault::new(wrong).at(arg).help(help) });
        }
    }
    Ok(Inferred { shape, padding: Some(window.pad) })
}

/// `1, 2 or 4`
fn common_divisors(a: usize, b: usize) -> String {
    let all: Vec<String> = (1..=a.min(b)).filter(|d| a % d == 0 && b % d == 0).map(|d| d.to_string()).collect();
    match &all[..] {
        [one] => format!("only {one} does"),
        [most @ .., last] if all.len() <= 12 => format!("{} or {last}", most.join(", ")),
        _ => format!("{}, … or {}", all[..8].join(", "), all[all.len() - 1]),
    }
}

fn linear(linear: &Linear, input: Shape) -> Result<Inferred, Fault> {
    if linear.features.checked_mul(input.elements()).is_none_or(|weights| weights > MOST_ELEMENTS) {
        let wrong = format!(
            "linear: {} features from {} inputs ({input}) are more than {MOST_ELEMENTS} weights",
            linear.features,
            input.elements()
        );
        return Err(Fault::new(wrong).at("features").help("pool before, or take fewer features"));
    }
    Ok(Shape::Vector(linear.features).into())
}

fn pool(layer: &str, pool: &Pool, mode: PadMode, input: Shape) -> Result<Inferred, Fault> {
    let (channels, size) = maps(layer, input)?;
    let window =
        Window { kernel: pool.kernel, stride: pool.stride, dilation: pool.dilation, pad: pool.pad, ceil: pool.ceil }
            .padded(mode, size);
    for axis in window.axes(size) {
        for pad in [axis.before, axis.after] {
            if pad >= axis.extent() {
                let wrong =
                    format!("{layer}: pad = {pad} is not smaller than the window, {} ({})", axis.extent(), axis.name);
                return Err(Fault::new(wrong).at("pad").help(format!(
                    "a window in the padding alone has no value; pad = {} at most",
                    axis.extent() - 1
                )));
            }
        }
    }
    let shape = fit(layer, &window, channels, size)?;
    for axis in window.axes(size) {
        if let Some(empty) = axis.empty_window() {
            let wrong = format!("{layer}: window {empty} of the {} has no tap in the {}", axis.name, input);
            return Err(Fault::new(wrong).at("dilation").help("less padding or less dilation"));
        }
    }
    Ok(Inferred { shape, padding: Some(window.pad) })
}

/// The maps that a window gives, or a fault if it does not fit.
fn fit(layer: &str, window: &Window, channels: usize, size: Size) -> Result<Shape, Fault> {
    let axes = window.axes(size);
    if let [Some(height), Some(width)] = axes.map(|axis| axis.output()) {
        return Ok(Shape::map(channels, height, width));
    }
    let wrong = format!("{layer}: a {} window does not fit a {size} input", window.kernel);
    let details = axes.iter().filter(|axis| axis.output().is_none()).filter_map(Axis::arithmetic).collect();
    let pad = axes.map(|axis| axis.extent().saturating_sub(axis.input).div_ceil(2));
    let most = axes.map(|axis| ((axis.padded() - 1) / axis.dilation + 1).min(axis.kernel));
    let mut ways = Vec::new();
    let pools = layer != "conv";
    if !pools || pad[0] < axes[0].extent() && pad[1] < axes[1].extent() {
        ways.push(if pad[0] == pad[1] { format!("pad = {}", pad[0]) } else { format!("pad = ({}, {})", pad[0], pad[1]) });
    }
    ways.push(format!("a window of {}x{} at most", most[0], most[1]));
    Err(Fault { details, too_small: true, ..Fault::new(wrong).at("size").help(ways.join(", ")) })
}

fn global_pool(layer: &str, input: Shape) -> Result<Inferred, Fault> {
    let (channels, _) = maps(layer, input)?;
    Ok(Shape::map(channels, 1, 1).into())
}

/// `the first branch gives 64x8x8, the second 64x4x4`
fn branches(inputs: &[Shape]) -> Vec<String> {
    inputs.iter().enumerate().map(|(index, shape)| format!("branch {} gives {shape}", index + 1)).collect()
}

/// The first branch that can't be joined with the first one.
fn differing(inputs: &[Shape], agree: impl Fn(Shape) -> bool) -> Option<usize> {
    inputs.iter().position(|shape| !agree(*shape))
}

fn concat(inputs: &[Shape]) -> Result<Inferred, Fault> {
    let first = inputs[0];
    let channels = inputs.iter().map(Shape::channels).sum();
    let (joined, same): (Shape, Box<dyn Fn(Shape) -> bool>) = match first {
        Shape::Map { height, width, .. } => (
            Shape::map(channels, height, width),
            Box::new(move |s| matches!(s, Shape::Map { .. }) && s.size() == Size::new(height, width)),
        ),
        Shape::Vector(_) => (Shape::Vector(channels), Box::new(|s| matches!(s, Shape::Vector(_)))),
    };
    let Some(branch) = differing(inputs, same) else { return Ok(joined.into()) };
    Err(Fault {
        branch: Some(branch),
        details: branches(inputs),
        output: Some(joined),
        ..Fault::new(format!("concat: branch {} gives {}, the first one {first}", branch + 1, inputs[branch]))
            .help("height and width of all branches agree: look at stride and pad (a 3x3 window keeps the size with pad = 1)")
    })
}

fn add(inputs: &[Shape]) -> Result<Inferred, Fault> {
    let first = inputs[0];
    let Some(branch) = differing(inputs, |shape| shape == first) else { return Ok(first.into()) };
    let other = inputs[branch];
    let help = match (first, other) {
        (Shape::Map { channels, .. }, Shape::Map { .. }) if first.size() == other.size() => {
            format!("a 1x1 convolution makes the channels agree: `conv({channels}, 1x1)`")
        }
        (Shape::Map { channels, height, .. }, Shape::Map { .. }) if other.size().height > height => format!(
            "a 1x1 convolution with a stride makes the branches agree: `conv({channels}, 1x1, stride = {})`",
            other.size().height.div_ceil(height)
        ),
        _ => "all branches have the same shape: look at filters, stride and pad".to_owned(),
    };
    Err(Fault {
        branch: Some(branch),
        details: branches(inputs),
        output: Some(first),
        ..Fault::new(format!("add: branch {} gives {other}, the first one {first}", branch + 1)).help(help)
    })
}

fn mul(inputs: &[Shape]) -> Result<Inferred, Fault> {
    let scales = |shape: Shape, whole: Shape| match (shape, whole) {
        (Shape::Map { channels, height: 1, width: 1 }, Shape::Map { channels: all, .. }) => channels == all,
        _ => false,
    };
    // The whole maps are the branch that is not 1 x 1, if there is one.
    let whole = inputs.iter().copied().find(|shape| shape.size() != Size::square(1)).unwrap_or(inputs[0]);
    let Some(branch) = differing(inputs, |shape| shape == whole || scales(shape, whole)) else {
        return Ok(whole.into());
    };
    Err(Fault {
        branch: Some(branch),
        details: branches(inputs),
        output: Some(whole),
        ..Fault::new(format!("mul: branch {} gives {}, another one {whole}", branch + 1, inputs[branch])).help(format!(
            "all branches are {whole}, or {}x1x1, which scales whole maps",
            whole.channels()
        ))
    })
}
