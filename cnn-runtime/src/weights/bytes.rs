//! Bytes of a file, wherever they are, read from the first to the last.
//!
//! A file on a disk is read at explicit offsets into our own memory, never mapped: whoever truncates a mapped file kills the
//! program that reads it. Since each tensor is read twice, a checksum finds what another program writes meanwhile.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Range;

use crc32fast::Hasher;

#[cfg(feature = "std")]
use super::disk::DiskFile;
use super::unreadable::{FileError, Unreadable};

/// How many bytes are read from a disk at once. They stay in the cache until they are decoded.
#[cfg(feature = "std")]
const CHUNK_BYTES: usize = 64 << 10;

/// The content of a file.
#[derive(Clone, Copy)]
pub(super) enum Content<'f> {
    Memory(&'f [u8]),
    #[cfg(feature = "std")]
    File(&'f DiskFile),
}

impl Content<'_> {
    /// Bytes of the file.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            #[cfg(feature = "std")]
            Self::File(file) => file.len(),
        }
    }

    /// Some bytes, which are within the file.
    pub(super) fn bytes(&self, range: Range<usize>) -> Result<Vec<u8>, Unreadable> {
        match self {
            Self::Memory(bytes) => Ok(bytes[range].to_vec()),
            #[cfg(feature = "std")]
            Self::File(file) => {
                let mut bytes = alloc::vec![0; range.len()];
                file.read(range.start as u64, &mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// The file's name, if that is known.
    fn name(&self) -> Option<&str> {
        match self {
            Self::Memory(_) => None,
            #[cfg(feature = "std")]
            Self::File(file) => Some(file.name()),
        }
    }
}

/// The bytes of a tensor.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'f> {
    content: Content<'f>,
    start: usize,
    len: usize,
}

impl<'f> Bytes<'f> {
    /// Bytes within the file.
    pub(super) fn new(content: Content<'f>, range: Range<usize>) -> Self {
        Self { content, start: range.start, len: range.len() }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn reader(self) -> Reader<'f> {
        Reader {
            bytes: self,
            next: 0,
            sum: Hasher::new(),
            #[cfg(feature = "std")]
            chunk: Vec::new(),
        }
    }
}

/// A checksum of what was read of a tensor. It is 0 for bytes in memory, which nobody can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum(u32);

/// Reads a tensor.
pub(super) struct Reader<'f> {
    bytes: Bytes<'f>,
    next: usize,
    sum: Hasher,
    /// What was last read from a disk; bytes in memory are passed on in place.
    #[cfg(feature = "std")]
    chunk: Vec<u8>,
}

impl Reader<'_> {
    /// Reads the next `len` bytes, or all that are left, and passes them on in pieces, whose lengths are multiples of 8
    /// except for the last one.
    pub(super) fn read(&mut self, len: usize, mut each: impl FnMut(&[u8])) -> Result<(), Unreadable> {
        let (start, end) = (self.next, self.bytes.len.min(self.next + len));
        self.next = end;
        let in_file = self.bytes.start + start..self.bytes.start + end;
        match self.bytes.content {
            Content::Memory(bytes) => each(&bytes[in_file]),
            #[cfg(feature = "std")]
            Content::File(file) => {
                self.chunk.resize(CHUNK_BYTES.min(self.bytes.len), 0);
                for at in in_file.clone().step_by(CHUNK_BYTES) {
                    let chunk = &mut self.chunk[..CHUNK_BYTES.min(in_file.end - at)];
                    file.read(at as u64, chunk)?;
                    self.sum.update(chunk);
                    each(chunk);
                }
            }
        }
        Ok(())
    }

    /// Fills `bytes`, which is not longer than what is left, with the next bytes, without an intermediate copy.
    pub(super) fn read_into(&mut self, bytes: &mut [u8]) -> Result<(), Unreadable> {
        let start = self.bytes.start + self.next;
        self.next += bytes.len();
        match self.bytes.content {
            Content::Memory(all) => bytes.copy_from_slice(&all[start..][..bytes.len()]),
            #[cfg(feature = "std")]
            Content::File(file) => {
                for (index, chunk) in bytes.chunks_mut(CHUNK_BYTES).enumerate() {
                    file.read((start + index * CHUNK_BYTES) as u64, chunk)?;
                    self.sum.update(chunk);
                }
            }
        }
        Ok(())
    }

    /// The checksum of what was read.
    pub(super) fn sum(self) -> Sum {
        Sum(self.sum.finalize())
    }

    /// An error unless what was read is what was read the other time.
    pub(super) fn expect(self, sum: Sum) -> Result<(), Unreadable> {
        let name = self.bytes.content.name().unwrap_or_default().to_string();
        if self.sum() == sum {
            return Ok(());
        }
        Err(Unreadable::File { path: name, error: FileError::new("it changed while it was being read") })
    }
}
