//! Writing a file whole or not at all.
//!
//! It is written under a random name first, which no other run has or had, and renamed when it is complete. An error removes
//! what is not complete, and so does a signal that ends the program ([`unfinished`]).

mod unfinished;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use self::unfinished::Temporary;
use crate::failure::{Failure, shown};

/// Writes `bytes` to a temporary file beside `path`, then renames it, so that nobody ever sees half a file.
///
/// What is there already keeps its permissions; if we may not write it, it is not replaced either, and if it is a link,
/// what it leads to is replaced. What is no file, such as a pipe or `/dev/null`, is written directly.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    prepare(path, bytes)?.finish()
}

/// A file that is written, but does not have its name yet. It goes away again unless it is finished, so of several files
/// that belong together, either all can be replaced or none.
pub(crate) struct Prepared(Option<(Temporary, PathBuf)>);

impl Prepared {
    /// Gives it its name.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.0.map_or(Ok(()), |(temporary, target)| temporary.rename(&target))
    }
}

/// The first part of [`replace`]: all that takes space, and all that permissions are needed for.
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
    let temporary = beside(&target)?;
    temporary.file().write_all(bytes)?;
    if let Some(permissions) = permissions {
        temporary.file().set_permissions(permissions)?;
    }
    temporary.file().sync_all()?;
    Ok(Prepared(Some((temporary, target))))
}

/// A temporary file in the folder of `target`.
fn beside(target: &Path) -> io::Result<Temporary> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        let what = format!("there is no folder {}", shown(folder));
        return Err(io::Error::new(io::ErrorKind::NotFound, what));
    }
    Temporary::in_folder(folder)
}

/// Somebody who gives the same file twice has mistaken one for the other.
pub(crate) fn refuse_overwriting(read: &Path, output: &Path) -> Result<(), Failure> {
    match (fs::canonicalize(read), fs::canonicalize(output)) {
        (Ok(read), Ok(found)) if read == found && read.is_file() => {
            Err(Failure::of_file(output, "cannot be the output: it is what is read"))
        }
        _ => Ok(()),
    }
}
