//! Files that are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use tempfile::Builder;

use crate::error::Error;

/// Writes a file under a temporary name next to its destination, and renames it when it is complete. If the destination
/// is a link, its target is replaced.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    whole(path, bytes).map_err(|error| Error::unwritable(path, error))
}

fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if target.exists() && !target.is_file() {
        return fs::write(target, bytes);
    }
    let mut file =
        Builder::new().prefix(".cnn-").suffix(".tmp").make_in(folder(&target), |path| File::create_new(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(target).map(drop).map_err(|error| error.error)
}

/// Fails if the folder of an output file does not exist, before time is spent on computing its contents.
pub(crate) fn check(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Err(Error::unwritable(path, io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
    }
    if folder(path).is_dir() {
        return Ok(());
    }
    let what = format!("there is no folder {}", folder(path).display());
    Err(Error::unwritable(path, io::Error::new(io::ErrorKind::NotFound, what)))
}

/// Fails if two of several output files are the same.
pub(crate) fn check_distinct(paths: &[&Path]) -> Result<(), Error> {
    let place = |path: &Path| {
        let folder = fs::canonicalize(folder(path)).unwrap_or_else(|_| folder(path).to_path_buf());
        fs::canonicalize(path).unwrap_or_else(|_| folder.join(path.file_name().unwrap_or_default()))
    };
    let places: Vec<_> = paths.iter().map(|path| place(path)).collect();
    match (1..paths.len()).find(|index| places[..*index].contains(&places[*index])) {
        Some(again) => {
            Err(Error::data(paths[again], "would be written twice: give each of the files a name of its own"))
        }
        None => Ok(()),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
