//! The folder of a new crate.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::replace::{Prepared, prepare};
use crate::stdin::is_dash;

/// A folder that is empty, or does not exist yet.
pub(super) struct Folder {
    path: PathBuf,
    name: String,
}

impl Folder {
    pub(super) fn vacant(path: &Path) -> Result<Self, Failure> {
        if is_dash(path) {
            let message = "a crate cannot go to standard output: name a folder, or `./-` for one of that name";
            return Err(Failure::Message(message.to_owned()));
        }
        match fs::read_dir(path) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    return Err(Failure::of_file(path, "is not empty: name a new folder"));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(Failure::of_file(path, "is a file, not a folder: name a new folder"));
            }
            Err(error) => return Err(Failure::unreadable(path, &error)),
        }
        let full = std::path::absolute(path).map_err(|error| Failure::unreadable(path, &error))?;
        let name = full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { path: path.to_path_buf(), name })
    }

    /// The last part of its path.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Writes files, by their paths inside: all, or none.
    pub(super) fn write(&self, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
        let mut created = Created(Vec::new());
        let mut prepared: Vec<(PathBuf, Prepared)> = Vec::new();
        for (name, bytes) in files {
            let path = self.path.join(name);
            let unwritable = |error| Failure::of_file(&path, format_args!("cannot be written: {error}"));
            created.folder(path.parent().unwrap_or(&self.path)).map_err(unwritable)?;
            prepared.push((path.clone(), prepare(&path, bytes).map_err(unwritable)?));
        }
        for (path, file) in prepared {
            file.finish().map_err(|error| Failure::of_file(&path, format_args!("cannot be written: {error}")))?;
        }
        created.0.clear();
        Ok(())
    }
}

/// Folders that were created, the outermost first; they are removed if files are missing.
struct Created(Vec<PathBuf>);

impl Created {
    /// Creates a folder and those around it, as far as they are missing.
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        if path.as_os_str().is_empty() || path.is_dir() {
            return Ok(());
        }
        if let Some(around) = path.parent() {
            self.folder(around)?;
        }
        fs::create_dir(path)?;
        self.0.push(path.to_path_buf());
        Ok(())
    }
}

impl Drop for Created {
    fn drop(&mut self) {
        // Only empty folders are removed: what another program put there stays.
        self.0.iter().rev().for_each(|folder| drop(fs::remove_dir(folder)));
    }
}
