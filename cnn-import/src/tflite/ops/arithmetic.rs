//! Operators on two values or more, element by element.

use super::super::call::Call;
use crate::graph::Id;
use crate::report::Fault;

/// Those with an activation afterwards.
pub(super) fn fused(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let op = match call.op {
        "ADD" => "Add",
        "SUB" => "Sub",
        "MUL" => "Mul",
        _ => "Div",
    };
    let inputs = call.inputs()?;
    let result = call.node(op, &inputs, Vec::new());
    call.activated(result, 0)
}

pub(super) fn plain(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let op = match call.op {
        "MAXIMUM" => "Max",
        "MINIMUM" => "Min",
        "ADD_N" => "Sum",
        "POW" => "Pow",
        "EQUAL" => "Equal",
        "LESS" => "Less",
        "GREATER" => "Greater",
        "LOGICAL_AND" => "And",
        "LOGICAL_OR" => "Or",
        _ => "Where",
    };
    let inputs = call.inputs()?;
    Ok(call.node(op, &inputs, Vec::new()))
}

pub(super) fn squares(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let inputs = call.inputs()?;
    Ok(match call.op {
        "RSQRT" => {
            let root = call.node("Sqrt", &inputs, Vec::new());
            call.node("Reciprocal", &[root], Vec::new())
        }
        "SQUARE" => {
            let x = call.input(0)?;
            call.node("Mul", &[x, x], Vec::new())
        }
        _ => {
            let difference = call.node("Sub", &inputs, Vec::new());
            call.node("Mul", &[difference, difference], Vec::new())
        }
    })
}
