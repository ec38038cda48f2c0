//! A case as a net of the language.

use std::fmt::Debug;

use crate::cases::{Approximate, AutoPad, Case, Krizhevsky, Op, Slope, Window};

/// A declaration, without its name.
pub(crate) struct Net {
    /// `3x8x8 -> 2x3x3`
    pub(crate) shapes: String,
    /// The one statement, of one or more lines.
    pub(crate) body: String,
    /// The padding that `same` must result in, if the case specifies it that way.
    pub(crate) same: Option<[usize; 4]>,
}

/// The net of a case. Anything that the language cannot express is an error.
pub(crate) fn net(case: &Case) -> Result<Net, String> {
    let body = format!("{};", layer(case)?);
    let same = match &case.op {
        Op::Conv(window) | Op::MaxPool(window) | Op::AveragePool(window) => same_pads(window),
        _ => None,
    };
    let (input, output) = shapes(case)?;
    Ok(Net { shapes: format!("{input} -> {output}"), body, same })
}

/// The one step of the net.
fn layer(case: &Case) -> Result<String, String> {
    Ok(match &case.op {
        Op::Add {} => join("add", case, 0)?,
        Op::AveragePool(window) => pool("avg_pool", case, window)?,
        Op::BatchNormalization { epsilon, training_mode: false, .. } => {
            call("layer: batch_norm", [named("eps", *epsilon, 1e-5)])
        }
        Op::Adam { .. }
        | Op::BatchNormalization { training_mode: true, .. }
        | Op::Momentum { .. }
        | Op::SoftmaxCrossEntropyLoss { .. } => return Err(wrong(case, "a compiled net does not train")),
        Op::Concat { axis } => join("concat", case, *axis)?,
        Op::Conv(window) => conv(case, window)?,
        Op::Dropout { ratio } => call("dropout", [by_place(*ratio, 0.5)]),
        Op::Elu { alpha } => call("elu", [by_place(*alpha, 1.0)]),
        Op::Flatten { axis: 1 } => "flatten".to_owned(),
        Op::Gelu { approximate: Approximate::None } => "gelu".to_owned(),
        Op::Gelu { approximate: Approximate::Tanh } => "gelu(approximate = tanh)".to_owned(),
        Op::GlobalAveragePool {} => "global_avg_pool".to_owned(),
        Op::GlobalMaxPool {} => "global_max_pool".to_owned(),
        Op::HardSigmoid { alpha, beta } => {
            call("hard_sigmoid", [named("alpha", *alpha, 1.0 / 6.0), named("beta", *beta, 0.5)])
        }
        Op::LeakyRelu { alpha } => call("leaky_relu", [by_place(*alpha, 0.01)]),
        Op::Linear {} => call("layer: linear", [Some(case.shape("weight")?[0].to_string()), bias(case)]),
        Op::LogSoftmax { axis: 1 } => "log_softmax".to_owned(),
        Op::Lrn { size, alpha, beta, bias, krizhevsky } => lrn(case, (*size, *alpha, *beta, *bias), krizhevsky)?,
        Op::MaxPool(window) => pool("max_pool", case, window)?,
        Op::Mish {} => "mish".to_owned(),
        Op::PRelu { slope: Slope::Element } => "layer: prelu(per = element)".to_owned(),
        // A single slope takes the place of one per channel in the file.
        Op::PRelu { slope: Slope::Channel | Slope::Tensor } => "layer: prelu".to_owned(),
        Op::Relu {} => "relu".to_owned(),
        Op::Selu { alpha, gamma } => call("selu", [named("alpha", *alpha, SELU.0), named("gamma", *gamma, SELU.1)]),
        Op::Sigmoid {} => "sigmoid".to_owned(),
        Op::Softmax { axis: 1 } => "softmax".to_owned(),
        Op::Softplus {} => "softplus".to_owned(),
        Op::Softsign {} => "softsign".to_owned(),
        Op::Tanh {} => "tanh".to_owned(),
        Op::Flatten { axis } | Op::LogSoftmax { axis } | Op::Softmax { axis } => {
            return Err(wrong(case, &format!("expected axis 1, found {axis}")));
        }
    })
}

/// `alpha` and `gamma` of the paper, as in ONNX.
const SELU: (f64, f64) = (1.673_263_192_176_818_8, 1.050_701_022_148_132_3);

fn conv(case: &Case, window: &Window) -> Result<String, String> {
    let &Window { group: Some(groups), ceil_mode: None, count_include_pad: None, strides, dilations, .. } = window
    else {
        return Err(wrong(case, "a convolution has `group`, and neither `ceil_mode` nor `count_include_pad`"));
    };
    let weight = case.shape("weight")?;
    if weight[2..] != window.kernel_shape {
        return Err(wrong(case, "`kernel_shape` is not that of the weight"));
    }
    let arguments = [
        Some(weight[0].to_string()),
        Some(kernel(window)),
        size("stride", strides, [1, 1]),
        pad(case, window)?,
        size("dilation", dilations, [1, 1]),
        named("groups", groups, 1),
        bias(case),
    ];
    Ok(call("layer: conv", arguments))
}

fn pool(name: &str, case: &Case, window: &Window) -> Result<String, String> {
    let counts = window.count_include_pad;
    let &Window { group: None, ceil_mode: Some(ceil), strides, dilations, .. } = window else {
        return Err(wrong(case, "a pool has `ceil_mode`, and no `group`"));
    };
    if counts.is_some() != (name == "avg_pool") {
        return Err(wrong(case, "`count_include_pad` belongs to an average pool"));
    }
    let arguments = [
        Some(kernel(window)),
        size("stride", strides, window.kernel_shape),
        pad(case, window)?,
        size("dilation", dilations, [1, 1]),
        named("ceil", ceil, false),
        counts.and_then(|counts| named("count_include_pad", counts, true)),
    ];
    Ok(call(name, arguments))
}

/// By the paper's formula, which must equal ONNX's apart from `alpha`.
fn lrn(case: &Case, (n, alpha, beta, k): (usize, f64, f64, f64), paper: &Krizhevsky) -> Result<String, String> {
    let divided = (paper.alpha * n as f64 - alpha).abs() <= 1e-9 * alpha;
    if (paper.n, paper.beta, paper.k) != (n, beta, k) || !divided {
        return Err(wrong(case, "`krizhevsky` is another formula"));
    }
    let arguments = [
        named("size", paper.n, 5),
        named("alpha", paper.alpha, 1e-4),
        named("beta", paper.beta, 0.75),
        named("k", paper.k, 2.0),
    ];
    Ok(call("lrn", arguments))
}

/// A net has one input: the inputs of a sum or of a concat are stacked as its channels, and each is extracted by a 1x1
/// convolution with weights of 0 and 1, which is exact.
fn join(name: &str, case: &Case, axis: usize) -> Result<String, String> {
    let mut branches = String::new();
    for input in case.inputs() {
        let channels = joined(case, input, axis)?[0];
        branches += &format!("    {input}: conv({channels}, 1x1, bias = false);\n");
    }
    Ok(format!("{name} {{\n{branches}}}"))
}

/// The shape of a tensor of a sum, to which all are broadcast, or of a concat, with its axis as the channels.
fn joined(case: &Case, tensor: &str, axis: usize) -> Result<[usize; 3], String> {
    let sum = matches!(case.op, Op::Add {});
    let mut shape = case.shape(if sum { "output" } else { tensor })?.to_vec();
    if axis >= shape.len() {
        return Err(wrong(case, &format!("there is no axis {axis} in {shape:?}")));
    }
    shape.swap(0, axis);
    match shape[..] {
        [channels, width] => Ok([channels, 1, width]),
        [channels, height, width] => Ok([channels, height, width]),
        _ => Err(wrong(case, &format!("expected two or three dimensions, found {shape:?}"))),
    }
}

/// The shapes of a sample before and after the net.
fn shapes(case: &Case) -> Result<(String, String), String> {
    let axis = match case.op {
        Op::Add {} => 0,
        Op::Concat { axis } => axis,
        _ => return Ok((sample(case, "input")?, sample(case, "output")?)),
    };
    let inputs: Result<Vec<[usize; 3]>, String> = case.inputs().iter().map(|input| joined(case, input, axis)).collect();
    let stacked: usize = inputs?.iter().map(|shape| shape[0]).sum();
    let [channels, height, width] = joined(case, "output", axis)?;
    Ok((format!("{stacked}x{height}x{width}"), format!("{channels}x{height}x{width}")))
}

/// The shape of one sample: with features or maps, the first dimension is the batch. Other tensors are one sample, except that
/// those of a softmax have batch, channels, and positions.
fn sample(case: &Case, tensor: &str) -> Result<String, String> {
    let softmax = matches!(case.op, Op::Softmax { .. } | Op::LogSoftmax { .. });
    match *case.shape(tensor)? {
        [features] | [_, features] => Ok(format!("{features}")),
        [_, channels, positions] if softmax => Ok(format!("{channels}x1x{positions}")),
        [channels, height, width] | [_, channels, height, width] => Ok(format!("{channels}x{height}x{width}")),
        ref shape => Err(wrong(case, &format!("expected up to four dimensions, found {shape:?}"))),
    }
}

/// `name(a, b = c)`, or `name` if all arguments have their defaults.
fn call<const N: usize>(name: &str, arguments: [Option<String>; N]) -> String {
    let arguments: Vec<String> = arguments.into_iter().flatten().collect();
    if arguments.is_empty() { name.to_owned() } else { format!("{name}({})", arguments.join(", ")) }
}

fn named<T: Debug + PartialEq>(name: &str, value: T, default: T) -> Option<String> {
    (value != default).then(|| format!("{name} = {value:?}"))
}

fn by_place(value: f64, default: f64) -> Option<String> {
    (value != default).then(|| format!("{value:?}"))
}

fn kernel(window: &Window) -> String {
    let [height, width] = window.kernel_shape;
    format!("{height}x{width}")
}

fn size(name: &str, value: [usize; 2], default: [usize; 2]) -> Option<String> {
    let [height, width] = value;
    let text = if height == width { format!("{height}") } else { format!("{height}x{width}") };
    (value != default).then(|| format!("{name} = {text}"))
}

fn bias(case: &Case) -> Option<String> {
    named("bias", case.shapes.contains_key("bias"), true)
}

fn pad(case: &Case, window: &Window) -> Result<Option<String>, String> {
    let [top, left, bottom, right] = window.pads;
    Ok(match window.auto_pad {
        AutoPad::SameUpper => Some("pad = same".to_owned()),
        AutoPad::SameLower => Some("pad = same_lower".to_owned()),
        AutoPad::Valid if window.pads != [0; 4] => return Err(wrong(case, "VALID, but `pads` are not zero")),
        AutoPad::Valid | AutoPad::NotSet if [left, bottom, right] == [top; 3] => named("pad", top, 0),
        AutoPad::Valid | AutoPad::NotSet => Some(format!("pad = ({top}, {left}, {bottom}, {right})")),
    })
}

fn same_pads(window: &Window) -> Option<[usize; 4]> {
    match window.auto_pad {
        AutoPad::SameUpper | AutoPad::SameLower => Some(window.pads),
        AutoPad::Valid | AutoPad::NotSet => None,
    }
}

fn wrong(case: &Case, what: &str) -> String {
    format!("{}: {what}", case.name)
}
