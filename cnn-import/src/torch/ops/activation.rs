//! Functions of single numbers, softmax, and gates.

use super::super::Stop;
use super::super::call::Call;
use super::{unknown, unless};
use crate::proto::Value as Attribute;

type Attributes<'a> = Vec<(&'static str, Attribute<'a>)>;

pub(super) fn activation(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    if let "clamp" | "clamp_min" | "clamp_max" | "hardtanh" | "relu6" = name {
        return clip(call, name);
    }
    let Some((op, attributes)) = function(call, name)? else { return Err(unknown(name)) };
    let input = call.input()?;
    if let ("PRelu", true) = (op, call.has("weight")) {
        let weight = call.value("weight")?;
        call.gives(op, vec![Some(input), Some(weight)], attributes);
    } else {
        call.gives(op, vec![Some(input)], attributes);
    }
    Ok(())
}

fn function<'a>(call: &Call<'_, 'a>, name: &str) -> Result<Option<(&'static str, Attributes<'a>)>, Stop> {
    let float = |name: &str, default: f64| Ok::<_, Stop>(Attribute::Float(call.float_or(name, default)? as f32));
    let plain = |op: &'static str| Ok(Some((op, Vec::new())));
    let with = |op: &'static str, attributes: Attributes<'a>| Ok(Some((op, attributes)));
    match name {
        "relu" => plain("Relu"),
        "sigmoid" => plain("Sigmoid"),
        "tanh" => plain("Tanh"),
        "silu" => plain("Swish"),
        "mish" => plain("Mish"),
        "hardswish" => plain("HardSwish"),
        "log_sigmoid" => plain("LogSigmoid"),
        "abs" => plain("Abs"),
        "exp" => plain("Exp"),
        "log" => plain("Log"),
        "sqrt" => plain("Sqrt"),
        "erf" => plain("Erf"),
        "prelu" => plain("PRelu"),
        "hardsigmoid" => {
            with("HardSigmoid", vec![("alpha", Attribute::Float(1.0 / 6.0)), ("beta", Attribute::Float(0.5))])
        }
        "leaky_relu" => with("LeakyRelu", vec![("alpha", float("negative_slope", 0.01)?)]),
        // At inference, the mean of its slopes.
        "rrelu" => {
            unless(!call.flag("training")?, "it takes random slopes at inference too")?;
            let slope = (call.float_or("lower", 1.0 / 8.0)? + call.float_or("upper", 1.0 / 3.0)?) / 2.0;
            with("LeakyRelu", vec![("alpha", Attribute::Float(slope as f32))])
        }
        "elu" => {
            let is_plain = call.float_or("scale", 1.0)? == 1.0 && call.float_or("input_scale", 1.0)? == 1.0;
            unless(is_plain, "it is scaled, unlike the paper's")?;
            with("Elu", vec![("alpha", float("alpha", 1.0)?)])
        }
        "celu" => with("Celu", vec![("alpha", float("alpha", 1.0)?)]),
        "selu" => plain("Selu"),
        "gelu" => {
            let approximate = if call.has("approximate") { call.text("approximate")? } else { "none" };
            with("Gelu", vec![("approximate", Attribute::Text(approximate))])
        }
        // ONNX's has no arguments.
        "softplus" => {
            let beta = call.float_or("beta", 1.0)?;
            unless(beta > 0.0, "its `beta` is not positive")?;
            with("Softplus", vec![("beta", Attribute::Float(beta as f32)), ("threshold", float("threshold", 20.0)?)])
        }
        "hardshrink" => with("Shrink", vec![("lambd", float("lambd", 0.5)?)]),
        "softshrink" => with("Shrink", vec![("lambd", float("lambd", 0.5)?), ("bias", float("lambd", 0.5)?)]),
        "threshold" => with("Threshold", vec![("alpha", float("threshold", 0.0)?), ("value", float("value", 0.0)?)]),
        "glu" => with("Glu", vec![("axis", Attribute::Int(call.int_or("dim", -1)?))]),
        "softmax" | "_softmax" => with("Softmax", vec![("axis", Attribute::Int(call.int("dim")?))]),
        "log_softmax" | "_log_softmax" => with("LogSoftmax", vec![("axis", Attribute::Int(call.int("dim")?))]),
        _ => Ok(None),
    }
}

/// Limits, which are inputs of ONNX's operator.
fn clip(call: &mut Call<'_, '_>, name: &str) -> Result<(), Stop> {
    let input = call.input()?;
    let names = if name == "hardtanh" { ["min_val", "max_val"] } else { ["min", "max"] };
    let [min, max] = match name {
        "relu6" => [call.number(0.0), call.number(6.0)],
        _ => [call.optional(names[0])?, call.optional(names[1])?],
    };
    call.gives("Clip", vec![Some(input), min, max], Vec::new());
    Ok(())
}
