//! Pools: over windows, over dimensions.

use super::super::call::{Attributes, Call};
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;

pub(super) fn pool(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let rank = call.maps(0)?;
    let op = if call.op == "MAX_POOL_2D" { "MaxPool" } else { "AveragePool" };
    let padding = match call.option(|table| table.byte(0))? {
        0 => "SAME_UPPER",
        1 => "VALID",
        other => return Err(Fault::new(format!("its padding has the number {other}, which is not known"))),
    };
    let sizes = |fields: [usize; 2]| fields.into_iter().map(|field| call.number(field)).collect::<Result<_, _>>();
    let attributes = vec![
        ("auto_pad", Attribute::Text(padding)),
        ("strides", Attribute::Ints(sizes([2, 1])?)),
        ("kernel_shape", Attribute::Ints(sizes([4, 3])?)),
    ];
    let x = call.input(0)?;
    let x = call.first(x, rank);
    let result = call.node(op, &[x], attributes);
    let result = call.last(result, rank);
    call.activated(result, 5)
}

fn keeps<'a>(call: &Call<'_, '_, 'a>) -> Result<Attributes<'a>, Fault> {
    Ok(vec![("keepdims", Attribute::Int(call.flag(0)?.into()))])
}

/// A mean, a maximum, … over some dimensions.
pub(super) fn reduced(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let op = match call.op {
        "MEAN" => "ReduceMean",
        "REDUCE_MAX" => "ReduceMax",
        "REDUCE_MIN" => "ReduceMin",
        _ => "ReduceProd",
    };
    let (inputs, attributes) = (call.inputs()?, keeps(call)?);
    Ok(call.node(op, &inputs, attributes))
}

/// A sum, as a mean times how many there are.
pub(super) fn sum(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let (inputs, attributes) = (call.inputs()?, keeps(call)?);
    let &[x, axes] = &*inputs else { return Err(Fault::new("its axes are missing")) };
    let mean = call.node("ReduceMean", &[x, axes], attributes);
    let sizes = call.node("Shape", &[x], Vec::new());
    let sizes = call.node("Gather", &[sizes, axes], Vec::new());
    let count = call.node("ReduceProd", &[sizes], vec![("keepdims", Attribute::Int(0))]);
    let count = call.node("Cast", &[count], vec![("to", Attribute::Int(crate::constant::FLOAT))]);
    Ok(call.node("Mul", &[mean, count], Vec::new()))
}
