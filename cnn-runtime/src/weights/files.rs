//! Weight files on a disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::vec::Vec;

use serde_json::Value;

use super::bytes::Content;
use super::disk::{Opened, unreadable};
use super::source::{Shard, Source};
use super::unreadable::{FileError, Unreadable};

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

impl Files {
    /// Opens a safetensors file, or, if the name ends in `.json`, the files that this index names.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened, or the index is not one.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Unreadable> {
        Ok(Self { files: Self::paths(path)?.iter().map(|path| Opened::open(path)).collect::<Result<_, _>>()? })
    }

    /// Reads a safetensors file from a stream, such as standard input or a connection, up to 2 GiB. `name` is for errors.
    ///
    /// # Errors
    ///
    /// If the stream cannot be read.
    pub fn from_reader(name: &str, from: impl Read) -> Result<Self, Unreadable> {
        Ok(Self { files: Vec::from([Opened::of_stream(name, from)?]) })
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
    #[must_use]
    pub fn source(&self) -> Source<'_> {
        Source::of(self.shards())
    }

    /// The total length of all files when they were opened, in bytes.
    pub fn len(&self) -> u64 {
        self.files.iter().map(Opened::len).sum()
    }

    /// Whether all files are empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The files, with their names if there are several.
    fn shards(&self) -> impl Iterator<Item = Shard<'_>> {
        let several = self.files.len() > 1;
        self.files.iter().map(move |file| {
            let content = match file {
                Opened::File(file) => Content::File(file),
                Opened::Stream { bytes, .. } => Content::Memory(bytes),
            };
            Shard { name: several.then_some(file.name()), content }
        })
    }
}

/// The files that an index names, in the order of their names.
fn shards(path: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let text = index(path).map_err(|error| unreadable(path, error))?;
    let index: Value = serde_json::from_slice(&text)
        .map_err(|error| unreadable(path, FileError::new(format!("not a JSON index: {error}"))))?;
    let Some(Value::Object(map)) = index.get("weight_map") else {
        return Err(unreadable(path, FileError::new("not an index of weights: it has no `weight_map`")));
    };
    let mut names: Vec<&str> = map.values().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names.dedup();
    // Only files next to the index: a name must not lead anywhere else.
    if let Some(name) = names.iter().find(|name| Path::new(name).file_name() != Some(name.as_ref())) {
        return Err(unreadable(path, FileError::new(format!("it names {name:?}, which is not a file next to it"))));
    }
    if names.is_empty() {
        return Err(unreadable(path, FileError::new("its `weight_map` names no file")));
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
