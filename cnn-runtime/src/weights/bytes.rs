//! Bytes of a file, wherever they are, read from the first to the last.
//!
//! A file on a disk is read by positions into memory of our own, never mapped: whoever cuts a mapped file short kills the
//! program that looks at it. What another program writes meanwhile is found by a checksum, since each tensor is read twice.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::ops::Range;

use crc32fast::Hasher;

use super::error::Unreadable;
#[cfg(feature = "std")]
use super::files::Opened;

/// Bytes that are read from a disk at once. They stay in the cache until they are decoded.
#[cfg(feature = "std")]
const CHUNK_BYTES: usize = 64 << 10;

/// What is in a file.
#[derive(Clone, Copy)]
pub(super) enum Content<'f> {
    Memory(&'f [u8]),
    #[cfg(feature = "std")]
    File(&'f Opened),
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

    /// Some bytes, which lie in the file.
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

    /// What the file is called, if that is known.
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
    /// Bytes that lie in the file.
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

/// What was read of a tensor, in short. That of bytes in memory is 0: nobody can change them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sum(u32);

/// Reads a tensor.
pub(super) struct Reader<'f> {
    bytes: Bytes<'f>,
    next: usize,
    sum: Hasher,
    /// What was read from a disk last; what is in memory is handed on as it lies.
    #[cfg(feature = "std")]
    chunk: Vec<u8>,
}

impl Reader<'_> {
    /// Reads so many bytes more, at most as many as there are, and hands them on in pieces, whose lengths are multiples of 8
    /// but for the last one's.
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

    /// Reads as many bytes more as there are in `bytes`, which are not more than are left, without a copy on the way.
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

    /// What was read.
    pub(super) fn sum(self) -> Sum {
        Sum(self.sum.finalize())
    }

    /// Whether what was read is what was read another time; else an error.
    pub(super) fn expect(self, sum: Sum) -> Result<(), Unreadable> {
        let name = self.bytes.content.name().unwrap_or_default().to_string();
        if self.sum() == sum {
            return Ok(());
        }
        Err(Unreadable::File { path: name, error: "it changed while it was read".to_string() })
    }
}
