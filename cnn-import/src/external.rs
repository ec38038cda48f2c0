//! Files of tensors next to a model's.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use crate::constant::Bytes;
use crate::regular;
use crate::report::Fault;

/// The files next to a model's, each read once.
pub(crate) struct Files {
    /// The folder; `None` if everything is in memory.
    folder: Option<PathBuf>,
    /// What is read for any name, if it is in memory.
    memory: Option<Rc<[u8]>>,
    read: RefCell<BTreeMap<String, Rc<[u8]>>>,
}

impl Files {
    pub(crate) fn new(folder: Option<&Path>) -> Self {
        Self { folder: folder.map(Path::to_owned), memory: None, read: RefCell::default() }
    }

    /// A single file that is in memory.
    pub(crate) fn of(file: &[u8]) -> Self {
        Self { memory: Some(file.into()), ..Self::new(None) }
    }

    /// The bytes that `location`, `offset` and `length` say.
    pub(crate) fn read<'a>(&self, keys: &[(&str, &str)]) -> Result<Bytes<'a>, Fault> {
        let key = |name: &str| keys.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let Some(location) = key("location") else {
            return Err(Fault::new("its numbers are in another file, of which the name is missing"));
        };
        let file = self.file(location)?;
        let number = |name: &str, default: usize| match key(name).map(str::parse) {
            None => Ok(default),
            Some(Ok(number)) => Ok(number),
            Some(Err(_)) => Err(Fault::new(format!("its {name} in `{location}` is not a number"))),
        };
        let offset = number("offset", 0)?;
        let length = number("length", file.len().saturating_sub(offset))?;
        match offset.checked_add(length) {
            Some(end) if end <= file.len() => Ok(Bytes::Elsewhere(file, offset..end)),
            Some(_) | None => Err(Fault::new(format!("`{location}` ends before its numbers do"))
                .help("copy the file again: it may be cut")),
        }
    }

    /// The paths of the files that were read.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let folder = self.folder.as_deref().unwrap_or(Path::new(""));
        self.read.borrow().keys().map(|location| folder.join(location)).collect()
    }

    /// A whole file.
    pub(crate) fn file(&self, location: &str) -> Result<Rc<[u8]>, Fault> {
        if let Some(file) = &self.memory {
            return Ok(Rc::clone(file));
        }
        if let Some(file) = self.read.borrow().get(location) {
            return Ok(Rc::clone(file));
        }
        let path = self.path(location)?;
        let bytes = regular::read(&path).map_err(|why| {
            Fault::new(format!("its numbers are in `{}`, which can't be read: {why}", path.display()))
                .help("put that file next to the model's")
        })?;
        let bytes: Rc<[u8]> = bytes.into();
        self.read.borrow_mut().insert(location.to_owned(), Rc::clone(&bytes));
        Ok(bytes)
    }

    /// A file in the folder or in folders in it, never one elsewhere.
    fn path(&self, location: &str) -> Result<PathBuf, Fault> {
        let Some(folder) = &self.folder else {
            return Err(Fault::new(format!("its numbers are in another file, `{location}`"))
                .help("read the model from a file, next to which that one is"));
        };
        let relative = Path::new(location);
        if !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(Fault::new(format!("its numbers are in `{location}`, outside of the model's folder"))
                .help("export the model again, with its data next to it"));
        }
        let path = folder.join(relative);
        // Links lead elsewhere too.
        let real = |path: &Path| path.canonicalize().ok();
        match (real(&path), real(folder)) {
            (Some(file), Some(folder)) if !file.starts_with(&folder) || !file.is_file() => {
                Err(Fault::new(format!("its numbers are in `{location}`, which is no file in the model's folder")))
            }
            _ => Ok(path),
        }
    }
}
