//! One weight file on a disk, opened.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::string::{String, ToString};
use std::vec::Vec;

use safetensors::tensor::Metadata;

use super::format::{LENGTH_BYTES, MOST_HEADER_BYTES, SIGN_BYTES};
use super::unreadable::{FileError, Unreadable};

/// The most that is read from something other than a file, such as a pipe: it has to be kept in memory.
const MOST_STREAM_BYTES: u64 = 2 << 30;

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Opened {
    /// A file that is read piece by piece, while it is loaded.
    File(DiskFile),
    /// Something that cannot be read at explicit offsets, such as a pipe: all of its bytes.
    Stream { name: String, bytes: Vec<u8> },
}

/// A file that can be read at any position.
#[derive(Debug)]
pub(super) struct DiskFile {
    name: String,
    file: File,
    /// Its length in bytes when it was opened.
    len: u64,
}

impl Opened {
    pub(super) fn open(path: &Path) -> Result<Self, Unreadable> {
        Self::read(path).map_err(|error| unreadable(path, error))
    }

    /// All bytes of a stream that can be a safetensors file.
    pub(super) fn of_stream(name: &str, from: impl Read) -> Result<Self, Unreadable> {
        let bytes = stream(from).map_err(|error| unreadable(Path::new(name), error))?;
        Ok(Self::Stream { name: name.to_string(), bytes })
    }

    fn read(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = path.display().to_string();
        // Files that the system calls empty are often not files but generated on demand, as in `/proc`.
        if metadata.is_file() && metadata.len() > 0 {
            return Ok(Self::File(DiskFile { name, file, len: metadata.len() }));
        }
        Ok(Self::Stream { name, bytes: stream(file)? })
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::File(file) => file.name(),
            Self::Stream { name, .. } => name,
        }
    }

    /// The length in bytes when it was opened.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::File(file) => file.len(),
            Self::Stream { bytes, .. } => bytes.len() as u64,
        }
    }
}

impl DiskFile {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The length in bytes when it was opened.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `bytes` from a position in the file.
    pub(super) fn read(&self, start: u64, bytes: &mut [u8]) -> Result<(), Unreadable> {
        let mut filled = 0;
        while filled < bytes.len() {
            let position = start + filled as u64;
            match read_at(&self.file, position, &mut bytes[filled..]) {
                Ok(0) => {
                    let error = format!("it ended early while it was being read: at byte {position} of {}", self.len);
                    return Err(self.unreadable(FileError::new(error)));
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.unreadable(error)),
            }
        }
        Ok(())
    }

    fn unreadable(&self, error: impl Into<FileError>) -> Unreadable {
        Unreadable::File { path: self.name.clone(), error: error.into() }
    }
}

/// The bytes of a stream as far as it can be a safetensors file: its header, what that announces, and one more byte, if any.
fn stream(mut from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut read = |bytes: &mut Vec<u8>, most: u64| from.by_ref().take(most).read_to_end(bytes);
    read(&mut bytes, LENGTH_BYTES as u64)?;
    let header = bytes.first_chunk().map_or(0, |length| u64::from_le_bytes(*length));
    // Without a plausible header it is something else, which its beginning identifies.
    read(&mut bytes, if header > MOST_HEADER_BYTES { SIGN_BYTES as u64 } else { header })?;
    let Some(Ok(metadata)) = bytes.get(LENGTH_BYTES..).map(serde_json::from_slice::<Metadata>) else {
        return Ok(bytes);
    };
    let announced = metadata.data_len() as u64;
    if announced > MOST_STREAM_BYTES {
        let why = format!(
            "its header announces {announced} bytes, expected at most {MOST_STREAM_BYTES} where it is not a file"
        );
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    read(&mut bytes, announced + 1)?;
    Ok(bytes)
}

/// Reads some bytes from a position on, whoever else reads from the file.
#[cfg(unix)]
fn read_at(file: &File, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, position)
}

/// Reads some bytes from a position on, whoever else reads from the file.
#[cfg(windows)]
fn read_at(file: &File, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, position)
}

/// Reads some bytes at a position. If two threads do this at once, both may read something else, which is detected.
#[cfg(not(any(unix, windows)))]
fn read_at(mut file: &File, position: u64, bytes: &mut [u8]) -> io::Result<usize> {
    io::Seek::seek(&mut file, io::SeekFrom::Start(position))?;
    file.read(bytes)
}

/// The error for a file of this path.
pub(super) fn unreadable(path: &Path, error: impl Into<FileError>) -> Unreadable {
    Unreadable::File { path: path.display().to_string(), error: error.into() }
}
