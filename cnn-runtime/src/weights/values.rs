//! The numbers of tensors.

use core::cell::Cell;

use safetensors::Dtype;

use super::bytes::{Bytes, Reader, Sum};
use super::unreadable::Unreadable;
use crate::simd::half;

/// The numbers of a tensor in a file, in a type that can be a weight.
#[derive(Clone, Copy)]
pub(super) struct Stored<'f> {
    bytes: Bytes<'f>,
    kind: Kind,
}

/// Some of them, in memory.
#[derive(Clone, Copy)]
pub(super) struct Values<'b> {
    bytes: &'b [u8],
    kind: Kind,
}

/// The accepted types.
#[derive(Clone, Copy)]
enum Kind {
    F32,
    F16,
    Bf16,
}

impl<'f> Stored<'f> {
    /// Numbers of that type; `None` if no weight can have it.
    pub(super) fn new(bytes: Bytes<'f>, dtype: Dtype) -> Option<Self> {
        let kind = match dtype {
            Dtype::F32 => Kind::F32,
            Dtype::F16 => Kind::F16,
            Dtype::BF16 => Kind::Bf16,
            _ => return None,
        };
        Some(Self { bytes, kind })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.kind.size()
    }

    /// Bytes of a number.
    pub(super) fn size(&self) -> usize {
        self.kind.size()
    }

    pub(super) fn reader(self) -> ValuesReader<'f> {
        ValuesReader { bytes: self.bytes.reader(), kind: self.kind }
    }

    /// Passes all of them to `each`, piece by piece, with the position of each piece's first number.
    pub(super) fn each(self, mut each: impl FnMut(usize, Values<'_>)) -> Result<Sum, Unreadable> {
        let (mut reader, mut position) = (self.reader(), 0);
        reader.read(self.len(), |values| {
            each(position, values);
            position += values.len();
        })?;
        Ok(reader.sum())
    }
}

/// Reads the numbers of a tensor in order.
pub(super) struct ValuesReader<'f> {
    bytes: Reader<'f>,
    kind: Kind,
}

impl ValuesReader<'_> {
    /// Reads the next `len` numbers, and passes them on in pieces.
    pub(super) fn read(&mut self, count: usize, mut each: impl FnMut(Values<'_>)) -> Result<(), Unreadable> {
        let kind = self.kind;
        self.bytes.read(count * kind.size(), |bytes| each(Values { bytes, kind }))
    }

    /// Fills the slots, of which there are not more than numbers left.
    pub(super) fn fill(&mut self, slots: &[Cell<f32>]) -> Result<(), Unreadable> {
        if let Kind::F32 = self.kind {
            // SAFETY: a `Cell<f32>` is a float that may be written through a shared reference. Cells are not shared by threads,
            // and nothing that is called while these bytes are borrowed has access to the slots. Any bytes are a float.
            let bytes =
                unsafe { core::slice::from_raw_parts_mut(slots.as_ptr().cast_mut().cast::<u8>(), size_of_val(slots)) };
            self.bytes.read_into(bytes)?;
            if cfg!(target_endian = "big") {
                slots.iter().for_each(|slot| slot.set(f32::from_bits(slot.get().to_bits().swap_bytes())));
            }
            return Ok(());
        }
        let mut rest = slots;
        self.read(slots.len(), |values| {
            let (first, after) = rest.split_at(values.len());
            values.copy_to(first);
            rest = after;
        })
    }

    /// The checksum of what was read.
    pub(super) fn sum(self) -> Sum {
        self.bytes.sum()
    }

    /// An error unless what was read is what was read the other time.
    pub(super) fn expect(self, sum: Sum) -> Result<(), Unreadable> {
        self.bytes.expect(sum)
    }
}

impl Values<'_> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() / self.kind.size()
    }

    /// Whether the condition holds for any of them, without a branch for each.
    pub(super) fn any(self, is: impl Fn(f32) -> bool) -> bool {
        match self.kind {
            Kind::F32 => any_of(self.bytes.as_chunks().0, |float| is(f32::from_le_bytes(float))),
            Kind::F16 => any_of(self.bytes.as_chunks().0, |half| is(from_f16(half))),
            Kind::Bf16 => any_of(self.bytes.as_chunks().0, |half| is(from_bf16(half))),
        }
    }

    /// Passes them to `each`, in order.
    pub(super) fn for_each(self, mut each: impl FnMut(f32)) {
        match self.kind {
            Kind::F32 => self.bytes.as_chunks().0.iter().for_each(|float| each(f32::from_le_bytes(*float))),
            Kind::F16 => self.bytes.as_chunks().0.iter().for_each(|half| each(from_f16(*half))),
            Kind::Bf16 => self.bytes.as_chunks().0.iter().for_each(|half| each(from_bf16(*half))),
        }
    }

    /// Writes them to as many slots.
    fn copy_to(self, slots: &[Cell<f32>]) {
        match self.kind {
            Kind::F32 => copy(self.bytes.as_chunks().0, slots, f32::from_le_bytes),
            Kind::F16 => copy(self.bytes.as_chunks().0, slots, from_f16),
            Kind::Bf16 => copy(self.bytes.as_chunks().0, slots, from_bf16),
        }
    }
}

fn from_f16(bytes: [u8; 2]) -> f32 {
    half::widen(u16::from_le_bytes(bytes))
}

fn from_bf16(bytes: [u8; 2]) -> f32 {
    half::widen_bf16(u16::from_le_bytes(bytes))
}

fn copy<const N: usize>(elements: &[[u8; N]], slots: &[Cell<f32>], decode: impl Fn([u8; N]) -> f32) {
    for (slot, element) in slots.iter().zip(elements) {
        slot.set(decode(*element));
    }
}

fn any_of<const N: usize>(elements: &[[u8; N]], is: impl Fn([u8; N]) -> bool) -> bool {
    elements.chunks(1024).any(|some| some.iter().fold(false, |any, element| any | is(*element)))
}

impl Kind {
    fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }
}
