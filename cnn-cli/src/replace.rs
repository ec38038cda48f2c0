//! Writing a file whole or not at all.
//!
//! It is first written under a random name that no other run uses, and renamed when it is complete. An error removes an
//! incomplete file, and so does a signal that ends the program ([`unfinished`]).

mod unfinished;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use self::unfinished::Temporary;
use crate::failure::{Failure, shown};
use crate::stdin::is_dash;

/// Writes `bytes` to a temporary file in the folder of `path`, then renames it, so that nobody ever sees half a file.
///
/// An existing file keeps its permissions, and is not replaced if we may not write it. For a link, its target is replaced.
/// Anything that is not a file, such as a pipe or `/dev/null`, is written directly.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    prepare(path, bytes)?.finish()
}

/// A file that is written but does not have its name yet. It is removed unless it is finished, so of several files that belong
/// together, either all or none are replaced.
pub(crate) struct Prepared(Option<(Temporary, PathBuf)>);

impl Prepared {
    /// Where its content is until it has its name; nothing, if it was written directly.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.0.as_ref().map(|(temporary, _)| temporary.path())
    }

    /// Gives it its name.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.0.map_or(Ok(()), |(temporary, target)| temporary.rename(&target))
    }
}

/// The first part of [`replace`]: everything that needs space or permissions.
pub(crate) fn prepare(path: &Path, bytes: &[u8]) -> io::Result<Prepared> {
    let existing = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let (target, permissions) = match existing {
        Some(metadata) => {
            let mut open = OpenOptions::new().write(true).open(path)?;
            if !metadata.is_file() {
                open.write_all(bytes)?;
                return Ok(Prepared(None));
            }
            (fs::canonicalize(path)?, Some(metadata.permissions()))
        }
        None => (path.to_path_buf(), None),
    };
    let temporary = next_to(&target)?;
    temporary.file().write_all(bytes)?;
    if let Some(permissions) = permissions {
        temporary.file().set_permissions(permissions)?;
    }
    temporary.file().sync_all()?;
    Ok(Prepared(Some((temporary, target))))
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A temporary file in the folder of `target`.
fn next_to(target: &Path) -> io::Result<Temporary> {
    let folder = folder(target);
    if !folder.exists() {
        let what = format!("there is no folder {}", shown(folder));
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    Temporary::in_folder(folder)
}

/// Of two files that are written, the second one would replace the first.
pub(crate) fn refuse_twice(one: &Path, other: &Path) -> Result<(), Failure> {
    // Those that don't exist yet are somewhere too.
    let place = |path: &Path| {
        let folder = || folder(path).canonicalize().ok().zip(path.file_name()).map(|(folder, name)| folder.join(name));
        fs::canonicalize(path).ok().or_else(folder)
    };
    match (place(one), place(other)) {
        (Some(one), Some(other_place)) if one == other_place && (one.is_file() || !one.exists()) => {
            Err(Failure::of_file(other, "would be written twice: name another file"))
        }
        _ => Ok(()),
    }
}

/// A user who gives the same file twice has made a mistake.
pub(crate) fn refuse_overwriting(read: &Path, output: &Path) -> Result<(), Failure> {
    if is_dash(read) || is_dash(output) {
        return Ok(());
    }
    match (fs::canonicalize(read), fs::canonicalize(output)) {
        (Ok(read), Ok(found)) if read == found && read.is_file() => {
            Err(Failure::of_file(output, "cannot be the output: it is also read"))
        }
        _ => Ok(()),
    }
}
