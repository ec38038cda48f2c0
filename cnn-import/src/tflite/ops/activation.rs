//! Functions of single numbers.

use super::super::call::{Attributes, Call};
use super::unknown;
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;
use cnn_net::text::count;

/// An element-wise function, or an operator that nothing translates.
pub(super) fn activation(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    if call.op == "PRELU" {
        return prelu(call);
    }
    let Some((op, attributes)) = function(call)? else { return Err(unknown(call.op)) };
    let x = call.input(0)?;
    Ok(call.node(op, &[x], attributes))
}

fn function<'a>(call: &Call<'_, '_, 'a>) -> Result<Option<(&'static str, Attributes<'a>)>, Fault> {
    let plain = |op: &'static str| Ok(Some((op, Vec::new())));
    let clip = |min, max| Ok(Some(("Clip", vec![("min", Attribute::Float(min)), ("max", Attribute::Float(max))])));
    match call.op {
        "RELU" => plain("Relu"),
        "RELU6" => clip(0.0, 6.0),
        "RELU_N1_TO_1" => clip(-1.0, 1.0),
        "RELU_0_TO_1" => clip(0.0, 1.0),
        "LEAKY_RELU" => Ok(Some(("LeakyRelu", vec![("alpha", Attribute::Float(call.float(0)?))]))),
        "ELU" => plain("Elu"),
        "GELU" => {
            let form = if call.flag(0)? { "tanh" } else { "none" };
            Ok(Some(("Gelu", vec![("approximate", Attribute::Text(form))])))
        }
        "LOGISTIC" => plain("Sigmoid"),
        "TANH" => plain("Tanh"),
        "HARD_SWISH" => plain("HardSwish"),
        "ABS" => plain("Abs"),
        "NEG" => plain("Neg"),
        "EXP" => plain("Exp"),
        "LOG" => plain("Log"),
        "SQRT" => plain("Sqrt"),
        "FLOOR" => plain("Floor"),
        "CEIL" => plain("Ceil"),
        "ROUND" => plain("Round"),
        "LOGICAL_NOT" => plain("Not"),
        _ => Ok(None),
    }
}

/// Slopes are those of channels, which are last in the file, or of all numbers but the batch.
fn prelu(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let (rank, mut shape) = (call.rank(0)?, call.shape(1)?);
    let (x, slope) = (call.input(0)?, call.input(1)?);
    if shape.len() > rank {
        return Err(Fault::new(format!(
            "its slopes have the shape {shape:?}, and it reads {rank}",
            rank = count(rank as u64, "dimension")
        )));
    }
    shape.splice(..0, vec![1; rank - shape.len()]);
    let slope = call.reshaped(slope, shape);
    let (x, slope) = (call.first(x, rank), call.first(slope, rank));
    let result = call.node("PRelu", &[x, slope], Vec::new());
    Ok(call.last(result, rank))
}
