//! Tensors of a file as constants.

use super::model::{Model, Tensor};
use super::names;
use crate::constant::{self, Bytes, Constant};
use crate::proto::wire::Malformed;
use crate::report::Fault;

/// What to do about numbers that are quantised.
pub(super) const UNQUANTISED: &str =
    "convert the model without quantisation: leave out `converter.optimizations`, or ask for float16 weights alone";

/// ONNX's number of a type.
pub(super) fn kind(kind: u8) -> Result<i64, Fault> {
    Ok(match kind {
        0 => constant::FLOAT,
        1 => constant::FLOAT16,
        2 => constant::INT32,
        3 => constant::UINT8,
        4 => constant::INT64,
        6 => constant::BOOL,
        7 => constant::INT16,
        9 => constant::INT8,
        10 => constant::DOUBLE,
        12 => constant::UINT64,
        15 => constant::UINT32,
        16 => constant::UINT16,
        18 => constant::BFLOAT16,
        _ => return Err(Fault::new(format!("its numbers are of the type {}, which is not read", type_name(kind)))),
    })
}

/// What TFLite calls a type.
pub(super) fn type_name(kind: u8) -> &'static str {
    const NAMES: [&str; 19] = [
        "float32",
        "float16",
        "int32",
        "uint8",
        "int64",
        "string",
        "bool",
        "int16",
        "complex64",
        "int8",
        "float64",
        "complex128",
        "uint64",
        "resource",
        "variant",
        "uint32",
        "uint16",
        "int4",
        "bfloat16",
    ];
    NAMES.get(usize::from(kind)).copied().unwrap_or("of an unknown number")
}

/// Whether the numbers of a tensor are whole ones that stand for others.
pub(super) fn is_quantised(tensor: &Tensor<'_>) -> bool {
    tensor.is_quantised && ["uint8", "int8", "int16", "int32", "int4"].contains(&type_name(tensor.kind))
}

/// A tensor whose numbers are in the file, if they are.
pub(super) fn constant<'a>(model: &Model<'a>, tensor: &Tensor<'a>) -> Result<Option<Constant<'a>>, Fault> {
    let broken = |why: Malformed| Fault::new(format!("its numbers can't be read: {}", why.0));
    let bytes = match model.content(tensor).map_err(broken)? {
        Some(bytes) => bytes,
        None if tensor.shape.contains(&0) => &[],
        None => return Ok(None),
    };
    if tensor.is_sparse {
        return Err(Fault::new("it has a tensor that leaves out zeros").help("convert the model without sparsity"));
    }
    let dims: Vec<i64> = tensor.shape.iter().map(|size| i64::from(*size)).collect();
    constant::stored(names::of_constant(tensor.name), &dims, Bytes::Here(bytes), kind(tensor.kind)?).map(Some)
}
