//! Normalisations, and softmax.

use super::super::call::Call;
use crate::graph::Id;
use crate::proto::Value as Attribute;
use crate::report::Fault;

/// The least length that TFLite divides by.
const LEAST: f32 = 1e-6;

/// The last dimension, divided by its length.
pub(super) fn l2(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let x = call.input(0)?;
    let attributes = vec![("axis", Attribute::Int(-1)), ("epsilon", Attribute::Float(LEAST))];
    let result = call.node("LpNormalization", &[x], attributes);
    call.activated(result, 0)
}

/// By the sum of squares, where ONNX has their mean.
pub(super) fn local_response(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let rank = call.maps(0)?;
    let size = match call.number(0)? {
        radius @ 0..=0xFFFF => 2 * radius + 1,
        radius => return Err(Fault::new(format!("its radius is {radius}"))),
    };
    let attributes = vec![
        ("size", Attribute::Int(size)),
        ("bias", Attribute::Float(call.float(1)?)),
        ("alpha", Attribute::Float((f64::from(call.float(2)?) * size as f64) as f32)),
        ("beta", Attribute::Float(call.float(3)?)),
    ];
    let x = call.input(0)?;
    let x = call.first(x, rank);
    let result = call.node("LRN", &[x], attributes);
    Ok(call.last(result, rank))
}

/// Over the last dimension, of numbers that may be multiplied first.
pub(super) fn softmax(call: &mut Call<'_, '_, '_>) -> Result<Id, Fault> {
    let mut x = call.input(0)?;
    let axis = vec![("axis", Attribute::Int(-1))];
    if call.op == "LOG_SOFTMAX" {
        return Ok(call.node("LogSoftmax", &[x], axis));
    }
    let beta = call.float(0)?;
    if beta != 1.0 {
        let beta = call.real(beta);
        x = call.node("Mul", &[x, beta], Vec::new());
    }
    Ok(call.node("Softmax", &[x], axis))
}
