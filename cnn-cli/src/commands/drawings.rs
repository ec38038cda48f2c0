//! Drawings and pages as files, and folders of them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::args::Json;
use crate::failure::Failure;
use crate::output::Output;
use crate::replace::{Prepared, prepare, replace};
use crate::stdin::is_dash;

/// Writes a file, whole or not at all, and lists it if that is wanted.
pub(super) fn write(path: &Path, bytes: &[u8], json: Json, out: &mut Output<impl Write>) -> Result<(), Failure> {
    replace(path, bytes).map_err(|error| unwritable(path, &error))?;
    list([(path.to_path_buf(), bytes.len())], json, out)
}

/// Writes files into a folder, which is created if needed, and lists them if that is wanted. If one of them cannot be written,
/// none is.
pub(super) fn write_folder(
    folder: &Path,
    files: &[(String, Vec<u8>)],
    json: Json,
    out: &mut Output<impl Write>,
) -> Result<(), Failure> {
    if is_dash(folder) {
        let message = "several files cannot go to standard output: name a folder, or `./-` for one of that name";
        return Err(Failure::Message(message.to_owned()));
    }
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
    list(files.iter().map(|(name, bytes)| (folder.join(name), bytes.len())), json, out)
}

/// Lists files with their lengths in bytes.
fn list(
    files: impl IntoIterator<Item = (PathBuf, usize)>,
    json: Json,
    out: &mut Output<impl Write>,
) -> Result<(), Failure> {
    if !json.json {
        return Ok(());
    }
    let files = files.into_iter().map(|(path, bytes)| json!({ "path": path.to_string_lossy(), "bytes": bytes }));
    out.json(&json!({ "files": files.collect::<Vec<_>>() }))
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
    // The system would say `File exists`, which doesn't tell what to do.
    if let Some(file) = folder.ancestors().find(|part| part.is_file()) {
        return Err(Failure::of_file(file, "is a file, not a folder: name another one"));
    }
    fs::create_dir_all(folder).map_err(|error| {
        Failure::of_file(folder, format_args!("cannot be created: {error}: name a place where you may write"))
    })
}
