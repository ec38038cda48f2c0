//! Drawings as files, and folders of them.

use std::fs;
use std::io;
use std::path::Path;

use crate::failure::Failure;
use crate::replace::{Prepared, prepare, replace};

/// Writes a file, whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    replace(path, bytes).map_err(|error| unwritable(path, &error))
}

/// Writes files into a folder, which is created if needed. If one of them cannot be written, none is.
pub(super) fn write_folder(folder: &Path, files: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    make(folder)?;
    let prepared: Vec<Prepared> = files
        .iter()
        .map(|(name, bytes)| {
            let path = folder.join(name);
            prepare(&path, bytes).map_err(|error| unwritable(&path, &error))
        })
        .collect::<Result<_, _>>()?;
    for ((name, _), prepared) in files.iter().zip(prepared) {
        prepared.finish().map_err(|error| unwritable(&folder.join(name), &error))?;
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let fix = match error.kind() {
        io::ErrorKind::IsADirectory => ": move this folder away, or name another file or folder",
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ": name a folder that exists",
        io::ErrorKind::StorageFull => ": make room",
        _ => ": name a place where you may write",
    };
    Failure::of_file(path, format_args!("cannot be written: {error}{fix}"))
}

/// Creates a folder, if needed.
fn make(folder: &Path) -> Result<(), Failure> {
    // The system would say `File exists`, which does not say what to do.
    if let Some(file) = folder.ancestors().find(|part| part.is_file()) {
        return Err(Failure::of_file(file, "is a file, not a folder: name another one"));
    }
    fs::create_dir_all(folder).map_err(|error| {
        Failure::of_file(folder, format_args!("cannot be created: {error}: name a place where you may write"))
    })
}
