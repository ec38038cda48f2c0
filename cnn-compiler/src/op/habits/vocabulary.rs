//! Names and positions of arguments in other frameworks, and what they are here.

use cnn_net::language::Param;

use crate::ast::{Arg, Expr, ExprKind};
use crate::op::Layer;

/// The argument with this name, with this name in another framework, or with a similar name.
pub(super) fn renamed(layer: &'static Layer, name: &str) -> Option<&'static Param> {
    let known = |word: &&str| layer.params.iter().find(|param| param.name == *word);
    known(&name).or_else(|| alias(name).iter().find_map(known)).or_else(|| {
        let near = crate::report::nearest(name, layer.params.iter().map(|param| param.name))?;
        known(&near)
    })
}

/// The argument at a position in PyTorch, whose order is not that of this language.
pub(super) fn nth(layer: &'static Layer, index: usize) -> Option<&'static Param> {
    let torch: &[&str] = match layer.name {
        "max_pool" => &["size", "stride", "pad", "dilation"],
        "avg_pool" => &["size", "stride", "pad", "ceil", "count_include_pad"],
        "conv_transpose" => &["filters", "size", "stride", "pad", "output_pad", "groups", "bias", "dilation"],
        _ => return layer.params.get(index),
    };
    let name = torch.get(index)?;
    layer.params.iter().find(|param| param.name == *name)
}

/// Our arguments for a name in other frameworks.
pub(super) fn alias(name: &str) -> &'static [&'static str] {
    match name {
        "kernel" | "kernel_size" | "kernel_shape" | "pool_size" | "window" | "n" | "local_size" | "output_size" => {
            &["size"]
        }
        "out_channels" | "channels" | "num_filters" | "out_features" | "units" | "neurons" => &["filters", "features"],
        "padding" | "pads" => &["pad"],
        "output_padding" => &["output_pad"],
        "strides" | "steps" => &["stride"],
        "dilations" | "dilation_rate" => &["dilation"],
        "group" => &["groups"],
        "use_bias" => &["bias"],
        "ceil_mode" => &["ceil"],
        "epsilon" => &["eps"],
        "num_groups" => &["groups"],
        "elementwise_affine" => &["affine"],
        "rate" | "prob" | "probability" => &["p"],
        "negative_slope" | "alpha" => &["slope"],
        "lambd" => &["lambda"],
        "min_val" | "min_value" => &["min"],
        "max_val" | "max_value" => &["max"],
        "scale_factor" | "upscale_factor" | "downscale_factor" => &["factor"],
        "interpolation" => &["mode"],
        _ => &[],
    }
}

/// Our word for one of another framework.
pub(in crate::op) fn word(name: &str, words: &[&'static str]) -> Option<&'static str> {
    let ours = match name {
        "linear" => "bilinear",
        "cubic" => "bicubic",
        "constant" | "zeros" => "zero",
        "edge" | "border" => "replicate",
        "half" | "float16" => "f16",
        _ => return None,
    };
    words.iter().copied().find(|word| *word == ours)
}

/// Names of arguments that give the number of inputs.
const INPUTS: &[&str] = &[
    "in_channels",
    "in_features",
    "input_channels",
    "input_dim",
    "input_shape",
    "num_features",
    "num_channels",
    "num_parameters",
    "normalized_shape",
];

/// Why an argument from another framework is not needed, if it is not.
pub(super) fn why_unneeded(layer: &Layer, arg: &Arg) -> Option<&'static str> {
    let Some(name) = &arg.name else { return unneeded_value(layer, &arg.value) };
    let is_one = matches!(arg.value.kind, ExprKind::Int(1));
    let is = |expected: &str| arg.value.to_string().eq_ignore_ascii_case(expected);
    let name = name.to_string();
    match name.as_str() {
        _ if INPUTS.contains(&name.as_str()) => Some(READ),
        "inplace" => Some(IN_PLACE),
        "track_running_stats" if is("false") && layer.name == "instance_norm" => Some("this is always the case"),
        "track_running_stats" if is("true") && layer.name == "batch_norm" => Some("this is always the case"),
        "bias" if is("true") && layer.name == "layer_norm" => Some("it has one if it is affine"),
        "p" if is("2") || is("2.0") => Some("this is always the case"),
        "return_indices" if is("false") => Some("this is never the case"),
        "padding_mode" if is("zeros") => Some("padding is always zeros"),
        "start_dim" if is_one && layer.name == "flatten" => Some(FLATTEN),
        "dim" | "axis" if is_one && layer.name.ends_with("softmax") => Some(SOFTMAX),
        "dim" | "axis" if is_one && matches!(layer.name, "glu" | "l2_norm") => Some(CHANNELS),
        _ => None,
    }
}

pub(super) const READ: &str = "the size of a layer's input is inferred and not given";
const IN_PLACE: &str = "layers work in place wherever possible";
const FLATTEN: &str = "each image is flattened as a whole";
const CHANNELS: &str = "it is over the features, or over the channels";
const SOFTMAX: &str = "it is over the features, or over the channels of each pixel";

/// Why an unnamed value is not needed, if it is not.
pub(super) fn unneeded_value(layer: &Layer, value: &Expr) -> Option<&'static str> {
    let is_one = match &value.kind {
        ExprKind::Int(1) => true,
        ExprKind::Size(parts) | ExprKind::Tuple(parts) => {
            parts.iter().all(|part| matches!(part.kind, ExprKind::Int(1)))
        }
        _ => false,
    };
    let is_flag = matches!(value.kind, ExprKind::Bool(_)) || value.to_string().eq_ignore_ascii_case("true");
    let is_in_place = is_flag || value.to_string() == "inplace";
    match layer.name {
        "flatten" if is_one => Some(FLATTEN),
        "softmax" | "log_softmax" if is_one => Some(SOFTMAX),
        "glu" if is_one => Some(CHANNELS),
        "global_avg_pool" | "global_max_pool" if is_one => Some("its output is one pixel"),
        "dropout" | "relu" | "relu6" | "leaky_relu" | "elu" | "silu" | "mish" | "hard_swish" | "selu"
        | "hard_sigmoid" | "hard_tanh" | "celu" | "threshold"
            if is_in_place =>
        {
            Some(IN_PLACE)
        }
        _ => None,
    }
}
