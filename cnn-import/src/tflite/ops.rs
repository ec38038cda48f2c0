//! TFLite's operators in those of ONNX, a file for each kind.
//!
//! ```text
//! CONV_2D(x, weight, bias), SAME, RELU6                          MEAN(x, [1, 2])        RESHAPE(x, [1, 400])
//! Transpose → Conv(·, auto_pad = SAME_UPPER) → Transpose → Clip    ReduceMean(x, [1, 2])    Reshape(x, [1, 400])
//! ```

mod activation;
mod arithmetic;
mod conv;
mod moves;
mod norm;
mod parts;
mod pool;
mod resize;
mod shapes;

use super::call::Call;
use super::dilated::Part;
use super::tensors::UNQUANTISED;
use crate::graph::Id;
use crate::report::Fault;

type Values = Result<Vec<Id>, Fault>;

/// Adds the nodes that a call becomes, and gives the values of its results.
pub(super) fn translate(call: &mut Call<'_, '_, '_>, part: Option<Part>) -> Values {
    match part {
        Some(Part::Same) => return Ok(vec![call.input(0)?]),
        Some(Part::Added(axis)) => return Ok(vec![moves::of_one(call, "Unsqueeze", axis)?]),
        Some(Part::Removed(axis)) => return Ok(vec![moves::of_one(call, "Squeeze", axis)?]),
        Some(Part::Conv(spread)) => call.spread = Some(spread),
        Some(Part::Pointwise) | None => {}
    }
    let single = match call.op {
        "CONV_2D" => conv::conv(call),
        "DEPTHWISE_CONV_2D" => conv::depthwise(call),
        "TRANSPOSE_CONV" => conv::transposed(call),
        "FULLY_CONNECTED" => conv::fully_connected(call),
        "BATCH_MATMUL" => conv::product(call),
        "MAX_POOL_2D" | "AVERAGE_POOL_2D" => pool::pool(call),
        "MEAN" | "REDUCE_MAX" | "REDUCE_MIN" | "REDUCE_PROD" => pool::reduced(call),
        "SUM" => pool::sum(call),
        "ADD" | "SUB" | "MUL" | "DIV" => arithmetic::fused(call),
        "MAXIMUM" | "MINIMUM" | "ADD_N" | "POW" | "EQUAL" | "LESS" | "GREATER" | "LOGICAL_AND" | "LOGICAL_OR"
        | "SELECT" | "SELECT_V2" => arithmetic::plain(call),
        "SQUARE" | "SQUARED_DIFFERENCE" | "RSQRT" => arithmetic::squares(call),
        "CONCATENATION" => parts::concatenation(call),
        "PACK" => parts::pack(call),
        "UNPACK" => return parts::unpack(call),
        "SPLIT" | "SPLIT_V" => return parts::split(call),
        "SLICE" => parts::slice(call),
        "STRIDED_SLICE" => parts::strided_slice(call),
        "GATHER" => parts::gather(call),
        "RESHAPE" => moves::reshape(call),
        "SQUEEZE" => moves::squeeze(call),
        "EXPAND_DIMS" => moves::expand_dims(call),
        "TRANSPOSE" => moves::transpose(call),
        "PAD" | "PADV2" | "MIRROR_PAD" => moves::pad(call),
        "DEPTH_TO_SPACE" | "SPACE_TO_DEPTH" => moves::depth_to_space(call),
        "RESIZE_BILINEAR" | "RESIZE_NEAREST_NEIGHBOR" => resize::resize(call),
        "L2_NORMALIZATION" => norm::l2(call),
        "LOCAL_RESPONSE_NORMALIZATION" => norm::local_response(call),
        "SOFTMAX" | "LOG_SOFTMAX" => norm::softmax(call),
        "SHAPE" | "RANGE" | "FILL" | "TILE" | "BROADCAST_TO" | "RANK" => shapes::of_sizes(call),
        "CAST" | "DEQUANTIZE" => shapes::cast(call),
        _ => activation::activation(call),
    };
    Ok(vec![single?])
}

/// Operators that call another graph of the file.
const CALLS: [&str; 6] = ["IF", "WHILE", "CALL", "CALL_ONCE", "STABLEHLO_WHILE", "STABLEHLO_COMPOSITE"];

pub(super) fn is_call(op: &str) -> bool {
    CALLS.contains(&op)
}

/// What to say about an operator that nothing translates.
fn unknown(op: &str) -> Fault {
    let (why, help) = match op {
        "QUANTIZE" | "FAKE_QUANT" | "DENSIFY" => ("it computes with quantised numbers", UNQUANTISED),
        op if is_call(op) => (
            "it calls another graph of the file, and a declared net is one that always computes the same",
            "convert the model with fixed shapes, or without this part",
        ),
        "VAR_HANDLE" | "READ_VARIABLE" | "ASSIGN_VARIABLE" => (
            "it keeps numbers from one run to the next, which a declared net doesn't",
            "freeze the variables of the model before it is converted",
        ),
        "LSTM"
        | "RNN"
        | "SVDF"
        | "UNIDIRECTIONAL_SEQUENCE_LSTM"
        | "UNIDIRECTIONAL_SEQUENCE_RNN"
        | "BIDIRECTIONAL_SEQUENCE_LSTM"
        | "BIDIRECTIONAL_SEQUENCE_RNN"
        | "EMBEDDING_LOOKUP" => ("no layer computes it", "there are no recurrent layers and no embeddings"),
        "CONV_3D" | "CONV_3D_TRANSPOSE" => ("no layer computes it", "there are layers of one and two dimensions"),
        _ => ("no layer computes it", "replace it in the model, or leave out the part that it is in"),
    };
    Fault::new(why).help(help)
}

/// What to say about an operator that is not one of TFLite's own.
pub(super) fn custom(op: &str) -> Fault {
    let help = match op.strip_prefix("Flex") {
        Some(_) => {
            "convert the model with TFLite's own operators alone (`TFLITE_BUILTINS`), or replace it in the model"
        }
        None => "leave out the part that it is in: the steps after the net are code of the program that runs it",
    };
    Fault::new("it is a custom operator, which the file doesn't describe").help(help)
}
