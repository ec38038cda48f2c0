//! The encoding of FlatBuffers: tables, whose fields are found by the distances that each table says.
//!
//! ```text
//! table    distance back to the list of its fields: 4 bytes, then numbers, and distances forward to vectors, texts and tables
//! list     its length and that of the table: 2 bytes each, then for each field where in the table it is; 0, if it is left out
//! vector   how many: 4 bytes, then numbers, or distances forward to tables
//! ```
//!
//! Everything borrows from the file, so reading allocates nothing, and what is claimed is compared with the file's length first.

use crate::proto::wire::{Malformed, Result};

const CUT: Malformed = Malformed("it ends before what it refers to");
const NO_TEXT: Malformed = Malformed("a name is no text");
/// No net has a longer text. Converters join the names of what they fuse.
const MOST_TEXT: usize = 1 << 14;

/// A table of a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    file: &'a [u8],
    at: usize,
    /// Where its fields are, from its beginning.
    fields: &'a [[u8; 2]],
}

/// Whole numbers of four bytes each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ints<'a>(&'a [[u8; 4]]);

impl Ints<'_> {
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn to_vec(self) -> Vec<i32> {
        self.0.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect()
    }
}

/// The tables of a vector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tables<'a> {
    file: &'a [u8],
    /// Where the distances to them begin.
    at: usize,
    len: usize,
}

impl<'a> Tables<'a> {
    pub(super) fn len(self) -> usize {
        self.len
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Result<Table<'a>>> {
        (0..self.len).map(move |index| Table::at(self.file, forward(self.file, self.at + index * size_of::<u32>())?))
    }
}

impl<'a> Table<'a> {
    /// The table that a file begins with.
    pub(super) fn root(file: &'a [u8]) -> Result<Self> {
        Self::at(file, forward(file, 0)?)
    }

    fn at(file: &'a [u8], at: usize) -> Result<Self> {
        let back = i64::from(i32::from_le_bytes(array(file, at)?));
        let list = usize::try_from(at as i64 - back).map_err(|_| CUT)?;
        let len = usize::from(u16::from_le_bytes(array(file, list)?));
        let list = file.get(list..).and_then(|list| list.get(..len)).ok_or(CUT)?;
        let fields = list.get(4..).ok_or(Malformed("the list of a table's fields is too short"))?;
        Ok(Self { file, at, fields: fields.as_chunks().0 })
    }

    /// Where a field is, if it is not left out.
    fn place(&self, field: usize) -> Option<usize> {
        let distance = u16::from_le_bytes(*self.fields.get(field)?);
        (distance != 0).then(|| self.at.saturating_add(distance.into()))
    }

    fn number<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>> {
        self.place(field).map(|at| array(self.file, at)).transpose()
    }

    /// A whole number of four bytes; 0, if it is left out.
    pub(super) fn int(&self, field: usize) -> Result<i32> {
        Ok(self.number(field)?.map_or(0, i32::from_le_bytes))
    }

    /// One of eight bytes.
    pub(super) fn long(&self, field: usize) -> Result<u64> {
        Ok(self.number(field)?.map_or(0, u64::from_le_bytes))
    }

    /// A number of one byte, or a boolean.
    pub(super) fn byte(&self, field: usize) -> Result<u8> {
        Ok(self.number(field)?.map_or(0, u8::from_le_bytes))
    }

    pub(super) fn float(&self, field: usize) -> Result<f32> {
        Ok(self.number(field)?.map_or(0.0, f32::from_le_bytes))
    }

    pub(super) fn table(&self, field: usize) -> Result<Option<Self>> {
        self.place(field).map(|at| Self::at(self.file, forward(self.file, at)?)).transpose()
    }

    /// A vector of elements of this many bytes: where they begin, and how many there are.
    fn vector(&self, field: usize, bytes: usize) -> Result<Option<(usize, usize)>> {
        let Some(place) = self.place(field) else { return Ok(None) };
        let at = forward(self.file, place)?;
        let len = u32::from_le_bytes(array(self.file, at)?) as usize;
        let first = at.saturating_add(size_of::<u32>());
        let is_there =
            len.checked_mul(bytes).and_then(|all| first.checked_add(all)).is_some_and(|end| end <= self.file.len());
        if is_there { Ok(Some((first, len))) } else { Err(CUT) }
    }

    /// Bytes, if they are there.
    pub(super) fn bytes(&self, field: usize) -> Result<Option<&'a [u8]>> {
        let vector = self.vector(field, 1)?;
        Ok(vector.and_then(|(first, len)| self.file.get(first..first + len)))
    }

    /// A text; an empty one, if it is left out.
    pub(super) fn text(&self, field: usize) -> Result<&'a str> {
        let bytes = self.bytes(field)?.unwrap_or_default();
        if bytes.len() > MOST_TEXT {
            return Err(Malformed("a name has more than 16 KiB"));
        }
        std::str::from_utf8(bytes).map_err(|_| NO_TEXT)
    }

    pub(super) fn ints(&self, field: usize) -> Result<Ints<'a>> {
        let vector = self.vector(field, size_of::<i32>())?;
        let bytes = vector.and_then(|(first, len)| self.file.get(first..first + len * size_of::<i32>()));
        Ok(Ints(bytes.unwrap_or_default().as_chunks().0))
    }

    pub(super) fn tables(&self, field: usize) -> Result<Tables<'a>> {
        let (at, len) = self.vector(field, size_of::<u32>())?.unwrap_or_default();
        Ok(Tables { file: self.file, at, len })
    }
}

/// What a distance at a place of a file leads to. It is never 0, and never back, so nothing can contain itself.
fn forward(file: &[u8], at: usize) -> Result<usize> {
    match u32::from_le_bytes(array(file, at)?) as usize {
        0 => Err(Malformed("a part of it refers to itself")),
        distance => Ok(at.saturating_add(distance)),
    }
}

fn array<const N: usize>(file: &[u8], at: usize) -> Result<[u8; N]> {
    file.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(CUT)
}
