//! The numbers of tensors in all of their encodings.

use super::{Bytes, Constant, Data, Encoding};
use crate::external::Files;
use crate::proto::{Packed, Tensor};
use crate::report::Fault;

/// A tensor may claim any size, but none that could not exist.
const MOST_ELEMENTS: usize = 1 << 40;

// ONNX's numbers of types.
pub(crate) const FLOAT: i64 = 1;
pub(crate) const UINT8: i64 = 2;
pub(crate) const INT8: i64 = 3;
pub(crate) const UINT16: i64 = 4;
pub(crate) const INT16: i64 = 5;
pub(crate) const INT32: i64 = 6;
pub(crate) const INT64: i64 = 7;
pub(crate) const BOOL: i64 = 9;
pub(crate) const FLOAT16: i64 = 10;
pub(crate) const DOUBLE: i64 = 11;
pub(crate) const UINT32: i64 = 12;
pub(crate) const UINT64: i64 = 13;
pub(crate) const BFLOAT16: i64 = 16;

/// A tensor of a file.
pub(crate) fn decode<'a>(tensor: &Tensor<'a>, files: &Files) -> Result<Constant<'a>, Fault> {
    let dims = dims(&tensor.dims)?;
    if tensor.has_strings {
        return Err(Fault::new("it has texts in the place of numbers"));
    }
    let data = if tensor.is_external {
        encoded(files.read(&tensor.external)?, tensor.kind)?
    } else if let Some(raw) = tensor.raw {
        encoded(Bytes::Here(raw), tensor.kind)?
    } else {
        listed(tensor)?
    };
    complete(tensor.name, dims, data)
}

/// A tensor of this shape whose numbers are bytes.
pub(crate) fn stored<'a>(name: &'a str, sizes: &[i64], bytes: Bytes<'a>, kind: i64) -> Result<Constant<'a>, Fault> {
    complete(name, dims(sizes)?, encoded(bytes, kind)?)
}

/// A tensor with as many numbers as its shape has.
fn complete<'a>(name: &'a str, dims: Vec<usize>, data: Data<'a>) -> Result<Constant<'a>, Fault> {
    let len: usize = dims.iter().product();
    let (found, rest) = match &data {
        Data::Encoded(bytes, encoding) => {
            let bytes = bytes.get().len();
            (bytes / encoding.bytes(), bytes % encoding.bytes())
        }
        Data::Floats(floats) => (floats.len(), 0),
        Data::Ints(ints) => (ints.len(), 0),
        Data::Splat(..) => (len, 0),
    };
    if found != len || rest != 0 {
        return Err(Fault::new(format!("its shape {dims:?} has {len} numbers, and the file has {found} of them")));
    }
    Ok(Constant { name, dims, data })
}

/// Dimensions of which the product is no overflow.
pub(crate) fn dims(dims: &[i64]) -> Result<Vec<usize>, Fault> {
    let sizes: Option<Vec<usize>> = dims.iter().map(|dim| usize::try_from(*dim).ok()).collect();
    // Zeros count as 1, so that an overflow is found wherever a zero is.
    let elements = |sizes: &[usize]| sizes.iter().try_fold(1_usize, |all, size| all.checked_mul((*size).max(1)));
    let is_bounded = |sizes: &Vec<usize>| elements(sizes).is_some_and(|elements| elements <= MOST_ELEMENTS);
    sizes.filter(is_bounded).ok_or_else(|| Fault::new(format!("{dims:?} is not the shape of a tensor")))
}

fn encoded(bytes: Bytes<'_>, kind: i64) -> Result<Data<'_>, Fault> {
    if let Some(encoding) = encoding(kind) {
        return Ok(Data::Encoded(bytes, encoding));
    }
    let bytes = bytes.get();
    Ok(Data::Ints(match kind {
        UINT8 | BOOL => bytes.iter().map(|byte| i64::from(*byte)).collect(),
        INT8 => bytes.iter().map(|byte| i64::from(*byte as i8)).collect(),
        UINT16 => whole(bytes)?.iter().map(|it| u16::from_le_bytes(*it).into()).collect(),
        INT16 => whole(bytes)?.iter().map(|it| i16::from_le_bytes(*it).into()).collect(),
        INT32 => whole(bytes)?.iter().map(|it| i32::from_le_bytes(*it).into()).collect(),
        UINT32 => whole(bytes)?.iter().map(|it| u32::from_le_bytes(*it).into()).collect(),
        INT64 | UINT64 => whole(bytes)?.iter().map(|it| i64::from_le_bytes(*it)).collect(),
        _ => return Err(unread(kind)),
    }))
}

fn unread(kind: i64) -> Fault {
    Fault::new(format!("its numbers are of the type {}, which is not read", type_name(kind)))
        .help("export the model in single precision")
}

fn encoding(kind: i64) -> Option<Encoding> {
    match kind {
        FLOAT => Some(Encoding::F32),
        DOUBLE => Some(Encoding::F64),
        FLOAT16 => Some(Encoding::F16),
        BFLOAT16 => Some(Encoding::BF16),
        _ => None,
    }
}

fn whole<const N: usize>(bytes: &[u8]) -> Result<&[[u8; N]], Fault> {
    let (numbers, []) = bytes.as_chunks() else {
        return Err(Fault::new("its bytes end in the middle of a number"));
    };
    Ok(numbers)
}

/// Numbers in a field of their type.
fn listed<'a>(tensor: &Tensor<'a>) -> Result<Data<'a>, Fault> {
    let broken = |_| Fault::new("its numbers are not encoded as numbers");
    let ints = |packed: &Packed<'_>| packed.ints().map_err(broken);
    Ok(match tensor.kind {
        FLOAT => match &tensor.floats {
            Packed::None => Data::Floats(Vec::new()),
            Packed::One(bytes) => Data::Encoded(Bytes::Here(bytes), Encoding::F32),
            Packed::Fields(fields) => {
                let mut floats = Vec::new();
                fields.iter().try_for_each(|field| field.floats(&mut floats)).map_err(broken)?;
                Data::Floats(floats)
            }
        },
        DOUBLE => match &tensor.doubles {
            Packed::None => Data::Floats(Vec::new()),
            Packed::One(bytes) => Data::Encoded(Bytes::Here(bytes), Encoding::F64),
            Packed::Fields(_) => return Err(Fault::new("its doubles are not packed, which is not read")),
        },
        // Halves are in a field for whole numbers, by their bits.
        FLOAT16 => {
            Data::Floats(ints(&tensor.int32)?.iter().map(|it| half::f16::from_bits(*it as u16).into()).collect())
        }
        BFLOAT16 => {
            Data::Floats(ints(&tensor.int32)?.iter().map(|it| half::bf16::from_bits(*it as u16).into()).collect())
        }
        UINT8 | INT8 | UINT16 | INT16 | INT32 | BOOL => Data::Ints(ints(&tensor.int32)?),
        INT64 => Data::Ints(ints(&tensor.int64)?),
        UINT32 | UINT64 => Data::Ints(ints(&tensor.uint64)?),
        kind => return Err(unread(kind)),
    })
}

/// What ONNX calls a type.
pub(crate) fn type_name(kind: i64) -> &'static str {
    match kind {
        FLOAT => "float",
        UINT8 => "uint8",
        INT8 => "int8",
        UINT16 => "uint16",
        INT16 => "int16",
        INT32 => "int32",
        INT64 => "int64",
        8 => "string",
        BOOL => "bool",
        FLOAT16 => "float16",
        DOUBLE => "double",
        UINT32 => "uint32",
        UINT64 => "uint64",
        14 | 15 => "complex",
        BFLOAT16 => "bfloat16",
        17..=20 => "float8",
        21 => "uint4",
        22 => "int4",
        _ => "of an unknown number",
    }
}

/// Whether numbers of a type are real ones, and not whole ones.
pub(crate) fn is_float(kind: i64) -> bool {
    encoding(kind).is_some()
}
