//! Weight files on a disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::string::{String, ToString};
use std::vec::Vec;

use safetensors::tensor::Metadata;
use serde_json::Value;

use super::bytes::Content;
use super::error::Unreadable;
use super::file::{LENGTH_BYTES, MOST_HEADER_BYTES, SIGN_BYTES};
use super::source::{Shard, Source};

/// The files of a model: a safetensors file, or the shards that an index names.
///
/// While [loading](Source), tensors are read a few rows at a time, so a net needs little more memory than its packed weights.
/// Files stay open as long as this lives.
///
/// A file may safely change meanwhile: the weights are then those of one moment, or there is an error that says that the file
/// ended early or changed. A pipe is read completely when it is opened, up to 2 GiB.
///
/// An index is a JSON file as written by Hugging Face's libraries, `model.safetensors.index.json`: under `weight_map` it names
/// the file of each tensor, which is next to the index.
#[derive(Debug)]
pub struct Files {
    files: Vec<Opened>,
}

/// The longest index that is read: those of the largest models have a few megabytes.
const MOST_INDEX_BYTES: u64 = 16 << 20;

/// The most that is read from something other than a file, such as a pipe: it has to be kept in memory.
const MOST_STREAM_BYTES: u64 = 2 << 30;

impl Files {
    /// Opens a safetensors file, or, if the name ends in `.json`, the files that this index names.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened, or the index is not one.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Unreadable> {
        Ok(Self { files: Self::paths(path)?.iter().map(|path| Opened::of(path)).collect::<Result<_, _>>()? })
    }

    /// The files that [`open`](Self::open) would open.
    ///
    /// # Errors
    ///
    /// If an index cannot be read, or is not one.
    pub fn paths(path: impl AsRef<Path>) -> Result<Vec<PathBuf>, Unreadable> {
        let path = path.as_ref();
        if path.extension().is_some_and(|extension| extension == "json") {
            shards(path)
        } else {
            Ok(Vec::from([path.to_path_buf()]))
        }
    }

    /// The files as a source of weights.
    pub fn source(&self) -> Source<'_> {
        Source::of(self.shards())
    }

    /// The total length of all files when they were opened, in bytes.
    pub fn len(&self) -> u64 {
        self.files.iter().map(Opened::len).sum()
    }

    /// Whether all files are empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The files, with their names if there are several.
    fn shards(&self) -> impl Iterator<Item = Shard<'_>> {
        let several = self.files.len() > 1;
        self.files.iter().map(move |file| {
            let content = match &file.held {
                Held::File { .. } => Content::File(file),
                Held::Stream(bytes) => Content::Memory(bytes),
            };
            Shard { name: several.then_some(&file.name), content }
        })
    }
}

/// A file.
#[derive(Debug)]
pub(super) struct Opened {
    name: String,
    held: Held,
}

#[derive(Debug)]
enum Held {
    /// A file of this many bytes.
    File { file: File, len: u64 },
    /// The bytes of something that cannot be read at explicit offsets.
    Stream(Vec<u8>),
}

impl Opened {
    fn of(path: &Path) -> Result<Self, Unreadable> {
        let held = Held::of(path).map_err(|error| unreadable(path, &error))?;
        Ok(Self { name: path.display().to_string(), held })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The length in bytes when it was opened.
    pub(super) fn len(&self) -> u64 {
        match &self.held {
            Held::File { len, .. } => *len,
            Held::Stream(bytes) => bytes.len() as u64,
        }
    }

    /// Fills `bytes` from a position in the file.
    pub(super) fn read(&self, start: u64, bytes: &mut [u8]) -> Result<(), Unreadable> {
        let Held::File { file, len } = &self.held else { unreachable!("a stream is read from memory") };
        let mut filled = 0;
        while filled < bytes.len() {
            let position = start + filled as u64;
            match read_at(file, position, &mut bytes[filled..]) {
                Ok(0) => {
                    let error = format!("it ended early while it was being read: at byte {position} of {len}");
                    return Err(Unreadable::File { path: self.name.clone(), error });
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Unreadable::File { path: self.name.clone(), error: error.to_string() }),
            }
        }
        Ok(())
    }
}

impl Held {
    fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Files that the system calls empty are often not files but generated on demand, as in `/proc`.
        if metadata.is_file() && metadata.len() > 0 {
            return Ok(Self::File { file, len: metadata.len() });
        }
        stream(file).map(Self::Stream)
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

fn unreadable(path: &Path, error: &dyn ToString) -> Unreadable {
    Unreadable::File { path: path.display().to_string(), error: error.to_string() }
}

/// The files that an index names, in the order of their names.
fn shards(path: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let text = index(path).map_err(|error| unreadable(path, &error))?;
    let index: Value =
        serde_json::from_slice(&text).map_err(|error| unreadable(path, &format_args!("not a JSON index: {error}")))?;
    let Some(Value::Object(map)) = index.get("weight_map") else {
        return Err(unreadable(path, &"not an index of weights: it has no `weight_map`"));
    };
    let mut names: Vec<&str> = map.values().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names.dedup();
    // Only files next to the index: a name must not lead anywhere else.
    if let Some(name) = names.iter().find(|name| Path::new(name).file_name() != Some(name.as_ref())) {
        return Err(unreadable(path, &format_args!("it names {name:?}, which is not a file next to it")));
    }
    if names.is_empty() {
        return Err(unreadable(path, &"its `weight_map` names no file"));
    }
    Ok(names.into_iter().map(|name| path.with_file_name(name)).collect())
}

/// The text of an index.
fn index(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let length = File::open(path)?.take(MOST_INDEX_BYTES + 1).read_to_end(&mut text)?;
    if length as u64 > MOST_INDEX_BYTES {
        let why = format!("an index of weights has at most {} MiB", MOST_INDEX_BYTES >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}
