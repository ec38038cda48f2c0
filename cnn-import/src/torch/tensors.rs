//! The tensors of a model, from a safetensors file next to it.

use std::ops::Range;

use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors};

use crate::constant::{self, Constant};
use crate::external::Files;
use crate::report::Fault;

/// A file of tensors.
pub(super) struct Tensors {
    file: std::rc::Rc<[u8]>,
    metadata: Metadata,
    /// Where the numbers begin.
    start: usize,
}

impl Tensors {
    pub(super) fn open(name: &str, files: &Files) -> Result<Self, Fault> {
        let file = files.file(name)?;
        let broken = |why: &dyn std::fmt::Display| {
            let why = format!("it is no safetensors file: {why}");
            Fault::new(why).help("copy the file again, or export the model again")
        };
        let (header, metadata) = SafeTensors::read_metadata(&file).map_err(|why| broken(&why))?;
        let start = header.saturating_add(size_of::<u64>());
        Ok(Self { file, metadata, start })
    }

    /// A tensor by the name under which it is stored.
    pub(super) fn get<'a>(&self, name: &'a str, stored: &str) -> Result<Constant<'a>, Fault> {
        let missing = || {
            let why =
                format!("it reads the tensor `{}`, which is not in the file of weights", crate::report::text(stored));
            Fault::new(why).help("export the model again: its two files belong together")
        };
        let info = self.metadata.info(stored).ok_or_else(missing)?;
        let Some(kind) = kind(info.dtype) else {
            let why = format!("its tensor `{}` has numbers of the type {:?}", crate::report::text(stored), info.dtype);
            return Err(Fault::new(why).help("export the model in single precision"));
        };
        let place = |at: usize| self.start.saturating_add(at);
        let range: Range<usize> = place(info.data_offsets.0)..place(info.data_offsets.1);
        if range.end > self.file.len() {
            return Err(Fault::new("the file of weights ends before its numbers do").help("copy the file again"));
        }
        let dims: Vec<i64> = info.shape.iter().map(|size| i64::try_from(*size).unwrap_or(-1)).collect();
        constant::stored(name, &dims, constant::Bytes::Elsewhere(std::rc::Rc::clone(&self.file), range), kind)
    }
}

/// ONNX's number of a type.
fn kind(dtype: Dtype) -> Option<i64> {
    match dtype {
        Dtype::F32 => Some(constant::FLOAT),
        Dtype::F64 => Some(constant::DOUBLE),
        Dtype::F16 => Some(constant::FLOAT16),
        Dtype::BF16 => Some(constant::BFLOAT16),
        Dtype::I64 => Some(constant::INT64),
        Dtype::I32 => Some(constant::INT32),
        Dtype::U8 => Some(constant::UINT8),
        Dtype::BOOL => Some(constant::BOOL),
        _ => None,
    }
}
