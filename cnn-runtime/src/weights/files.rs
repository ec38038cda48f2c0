//! Weight files on a disk, mapped into memory.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::string::{String, ToString};
use std::vec::Vec;

use memmap2::Mmap;
use serde_json::Value;

use super::error::Unreadable;
use super::source::Source;

/// The files of a model, mapped into memory: a safetensors file, or the shards that an index names.
///
/// While [loading](Source), each tensor's pages are let go when it was packed, so a net needs little more memory than its
/// packed weights. The files must not be changed meanwhile.
///
/// An index is a JSON file as Hugging Face's libraries write it, `model.safetensors.index.json`: under `weight_map` it
/// names the file of each tensor, beside itself.
#[derive(Debug)]
pub struct Files {
    files: Vec<(String, Content)>,
}

/// What is in a file.
#[derive(Debug)]
enum Content {
    Mapped(Mmap),
    /// Of what cannot be mapped: a pipe, or an empty file.
    Read(Vec<u8>),
}

impl Files {
    /// Maps a safetensors file, or, if the name ends in `.json`, the files that this index names.
    ///
    /// # Errors
    ///
    /// If a file cannot be opened, or the index is none.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Unreadable> {
        let open = |path: PathBuf| match Content::of(&path) {
            Ok(content) => Ok((path.display().to_string(), content)),
            Err(error) => Err(unreadable(&path, &error)),
        };
        Ok(Self { files: Self::paths(path)?.into_iter().map(open).collect::<Result<_, _>>()? })
    }

    /// The files that [`open`](Self::open) would map.
    ///
    /// # Errors
    ///
    /// If an index cannot be read, or is none.
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
        Source::mapped(self)
    }

    /// Bytes of all files.
    pub fn len(&self) -> u64 {
        self.files.iter().map(|(_, content)| content.bytes().len() as u64).sum()
    }

    /// Whether there is no byte in any file.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The files, with their names if there are several.
    pub(super) fn shards(&self) -> impl Iterator<Item = (Option<&str>, &[u8])> {
        let several = self.files.len() > 1;
        self.files.iter().map(move |(name, content)| (several.then_some(name.as_str()), content.bytes()))
    }

    /// Lets the pages go that hold these bytes: they are read from the file again when they are needed again.
    pub(super) fn release(&self, bytes: &[u8]) {
        #[cfg(unix)]
        for (_, content) in &self.files {
            let Content::Mapped(map) = content else { continue };
            let start = (bytes.as_ptr() as usize).checked_sub(map.as_ptr() as usize);
            if let Some(start) = start.filter(|start| start + bytes.len() <= map.len()) {
                // SAFETY: a private mapping that nothing writes to: its pages come back from the file as they were. Where
                // the system refuses the advice, memory stays in use, and that is all.
                let _ = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, bytes.len()) };
            }
        }
        #[cfg(not(unix))]
        let _ = bytes;
    }
}

impl Content {
    fn of(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() == 0 {
            return fs::read(path).map(Self::Read);
        }
        // SAFETY: bytes that somebody changes meanwhile are other weights; they are checked when they are read, and nothing
        // but values depends on them afterwards. The documentation forbids cutting the file short.
        unsafe { Mmap::map(&file) }.map(Self::Mapped)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Read(bytes) => bytes,
        }
    }
}

fn unreadable(path: &Path, error: &dyn ToString) -> Unreadable {
    Unreadable::File { path: path.display().to_string(), error: error.to_string() }
}

/// The files that an index names, in the order of their names.
fn shards(path: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let text = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let index: Value =
        serde_json::from_slice(&text).map_err(|error| unreadable(path, &format_args!("not a JSON index: {error}")))?;
    let Some(Value::Object(map)) = index.get("weight_map") else {
        return Err(unreadable(path, &"not an index of weights: it has no `weight_map`"));
    };
    let mut names: Vec<&str> = map.values().filter_map(Value::as_str).collect();
    names.sort_unstable();
    names.dedup();
    // Only files beside the index: a name must not lead anywhere else.
    if let Some(name) = names.iter().find(|name| Path::new(name).file_name() != Some(name.as_ref())) {
        return Err(unreadable(path, &format_args!("it names {name:?}, which is not a file beside it")));
    }
    if names.is_empty() {
        return Err(unreadable(path, &"its `weight_map` names no file"));
    }
    Ok(names.into_iter().map(|name| path.with_file_name(name)).collect())
}
