//! PyTorch's operators in those of ONNX, a file for each kind.
//!
//! ```text
//! aten.conv2d(input, weight, bias, stride, …)     aten.flatten(x, 1)        aten.relu_(x)
//! Conv(input, weight, bias)                       Reshape(x, [1, 400])      Relu(x)
//! ```
//!
//! All shapes are in the file, so whatever only redefines where numbers are is a `Reshape` to a known shape.

mod activation;
mod arithmetic;
mod conv;
mod moves;
mod norm;
mod parts;
mod pool;
mod resize;

use super::call::Call;
use super::{Stop, fault};
use crate::lower::ELSEWHERE;
use crate::report::{Fault, text};

/// Adds the nodes that a call becomes.
pub(super) fn translate(call: &mut Call<'_, '_>) -> Result<(), Stop> {
    let Some((name, overload)) = call.node.op.strip_prefix("aten.").map(|op| op.split_once('.').unwrap_or((op, "")))
    else {
        let why = format!("it is no operator of PyTorch's own, but `{}`", text(&call.node.op));
        return Err(Fault::new(why).help("replace it in the model by operators of PyTorch's").into());
    };
    // Values that are changed in place have new names in the file.
    let name = name.strip_suffix('_').filter(|name| !name.is_empty()).unwrap_or(name);
    match name {
        "conv1d" | "conv2d" => conv::conv(call),
        "conv_transpose1d" | "conv_transpose2d" => conv::conv_transpose(call),
        "linear" | "matmul" | "mm" | "addmm" => conv::product(call, name),
        "batch_norm" | "_native_batch_norm_legit_no_training" => norm::batch_norm(call),
        "instance_norm" => norm::instance_norm(call),
        "group_norm" => norm::group_norm(call),
        "layer_norm" | "rms_norm" => norm::layer_norm(call, name),
        "dropout" | "feature_dropout" | "alpha_dropout" | "feature_alpha_dropout" => norm::dropout(call, name),
        "linalg_vector_norm" | "norm" => norm::length(call),
        "max_pool1d" | "max_pool2d" | "max_pool2d_with_indices" => pool::max_pool(call),
        "avg_pool1d" | "avg_pool2d" => pool::avg_pool(call),
        "avg_pool3d" => pool::over_channels(call),
        "adaptive_avg_pool1d" | "adaptive_avg_pool2d" => pool::adaptive(call, "AdaptiveAveragePool"),
        "adaptive_max_pool1d" | "adaptive_max_pool2d" => pool::adaptive(call, "AdaptiveMaxPool"),
        "mean" => pool::reduced(call, "ReduceMean"),
        "amax" => pool::reduced(call, "ReduceMax"),
        "amin" => pool::reduced(call, "ReduceMin"),
        "max" if overload != "other" => pool::reduced(call, "ReduceMax"),
        "min" if overload != "other" => pool::reduced(call, "ReduceMin"),
        "sum" => pool::reduced(call, "ReduceSum"),
        "add" | "sub" | "rsub" | "mul" | "div" | "maximum" | "minimum" | "max" | "min" | "square" | "neg"
        | "reciprocal" | "rsqrt" | "pow" | "gt" | "ge" | "lt" | "le" => arithmetic::arithmetic(call, name),
        "addcmul" | "addcdiv" => arithmetic::of_three(call, name),
        "where" => arithmetic::choice(call),
        "view" | "reshape" | "_unsafe_view" | "flatten" | "unflatten" | "squeeze" | "unsqueeze" | "view_as"
        | "reshape_as" => moves::reshape(call),
        "permute" | "transpose" | "t" | "swapaxes" | "swapdims" | "movedim" | "numpy_T" => moves::transpose(call, name),
        "clone" | "contiguous" | "detach" | "alias" | "lift_fresh_copy" | "to" | "_to_copy" | "type_as" | "float" => {
            moves::same(call)
        }
        "expand" | "expand_as" => moves::expand(call),
        "repeat" => moves::repeat(call),
        "pixel_shuffle" => moves::pixel_shuffle(call),
        "pixel_unshuffle" => moves::pixel_unshuffle(call),
        "channel_shuffle" | "native_channel_shuffle" => moves::channel_shuffle(call),
        "pad" | "constant_pad_nd" | "reflection_pad1d" | "reflection_pad2d" | "replication_pad1d"
        | "replication_pad2d" => moves::pad(call, name),
        "cat" | "concat" => parts::concat(call),
        "stack" => parts::stack(call),
        "chunk" | "split" | "split_with_sizes" | "tensor_split" | "unsafe_chunk" | "unsafe_split" => parts::split(call),
        "unbind" => parts::unbind(call),
        "select" => parts::select(call),
        "index" | "index_select" => parts::index(call, name),
        "flip" => parts::flip(call),
        "roll" => parts::roll(call),
        "slice" | "narrow" => parts::slice(call, name),
        "upsample_nearest1d" | "upsample_nearest2d" => resize::resize(call, "nearest", "asymmetric"),
        "_upsample_nearest_exact1d" | "_upsample_nearest_exact2d" => resize::resize(call, "nearest", "half_pixel"),
        "upsample_linear1d" | "upsample_bilinear2d" => resize::resize(call, "linear", "half_pixel"),
        "upsample_bicubic2d" => resize::resize(call, "cubic", "half_pixel"),
        _ => activation::activation(call, name),
    }
}

/// What to say about an operator that nothing translates.
fn unknown(name: &str) -> Stop {
    let help = match name {
        "bmm" | "baddbmm" | "scaled_dot_product_attention" | "einsum" => {
            "it multiplies values of the net with each other, as attention does; there are no such layers"
        }
        "lstm" | "gru" | "rnn_tanh" | "rnn_relu" | "embedding" => "there are no recurrent layers and no embeddings",
        "argmax" | "argmin" | "topk" | "sort" | "nonzero" | "grid_sampler" | "sign" => ELSEWHERE,
        "std" | "var" | "std_mean" | "var_mean" => {
            "deviations are computed only within normalisations: use `F.layer_norm`, `F.group_norm` or `F.instance_norm`"
        }
        "im2col" => "use the convolution that it is a part of, `F.pixel_unshuffle` for blocks side by side, or slices",
        "fractional_max_pool2d" => {
            "it draws its windows at random: use `nn.AdaptiveMaxPool2d`, which gives any size too"
        }
        "cosine_similarity" => "divide both by their lengths with `F.normalize`, multiply them, and take the sum",
        "_upsample_bilinear2d_aa" | "_upsample_bicubic2d_aa" => {
            "leave `antialias=True` out, or reduce pictures before the net, as `cnn_preprocess` does"
        }
        "conv3d" | "max_pool3d" | "adaptive_avg_pool3d" => "there are layers of one and two dimensions",
        _ => "replace it in the model, or leave out the part that it is in",
    };
    Fault::new("no layer computes it").help(help).into()
}

/// A `fault` for arguments that no layer has.
fn unless(is_met: bool, why: &str) -> Result<(), Stop> {
    if is_met { Ok(()) } else { fault(why) }
}
