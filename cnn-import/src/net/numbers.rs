//! The numbers of tensors as a safetensors file has them.

use std::io::{self, Write};

use super::Weights;
use crate::constant::{Data, Encoding};

/// Writes the numbers of a tensor.
pub(super) fn write(tensor: &Weights<'_>, to: &mut impl Write) -> io::Result<()> {
    let constant = &tensor.constant;
    if let Data::Encoded(bytes, Encoding::F32) = &constant.data {
        let is_finite = |bytes: &[u8; 4]| f32::from_le_bytes(*bytes).is_finite();
        let bytes = bytes.get();
        return if bytes.as_chunks().0.iter().all(is_finite) { to.write_all(bytes) } else { infinite(tensor) };
    }
    let mut buffer = Vec::with_capacity(1 << 16);
    let mut written = Ok(());
    constant.each(|number| {
        let number = number as f32;
        if written.is_err() {
            return;
        }
        if !number.is_finite() {
            written = infinite(tensor);
            return;
        }
        buffer.extend_from_slice(&number.to_le_bytes());
        if buffer.len() >= 1 << 16 {
            written = to.write_all(&buffer);
            buffer.clear();
        }
    });
    written?;
    to.write_all(&buffer)
}

fn infinite(tensor: &Weights<'_>) -> io::Result<()> {
    let why = format!("are infinite or NaN: `{}`", crate::report::text(&tensor.name));
    Err(io::Error::new(io::ErrorKind::InvalidData, why))
}
