//! Operators on sizes, which are folded, and on types.

use super::super::call::Call;
use crate::constant;
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;

pub(super) fn of_sizes(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let inputs = call.inputs()?;
    Ok(match (call.op, &*inputs) {
        ("SHAPE", _) => call.node("Shape", &inputs, Vec::new()),
        ("RANK", _) => {
            let sizes = call.node("Shape", &inputs, Vec::new());
            call.node("Size", &[sizes], Vec::new())
        }
        ("RANGE", _) => call.node("Range", &inputs, Vec::new()),
        ("TILE", _) => call.node("Tile", &inputs, Vec::new()),
        ("FILL", [sizes, value]) => call.node("Expand", &[*value, *sizes], Vec::new()),
        _ => call.node("Expand", &inputs, Vec::new()),
    })
}

/// To another type. Half-precision numbers are real numbers already.
pub(super) fn cast(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let x = call.input(0)?;
    let to = if call.op == "DEQUANTIZE" { constant::FLOAT } else { call.kind()? };
    Ok(call.node("Cast", &[x], vec![("to", Attribute::Int(to))]))
}
