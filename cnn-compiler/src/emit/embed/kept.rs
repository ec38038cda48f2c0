//! Packed weights in a file next to rustc's output.
//!
//! The file is named by its content, so it is never wrong, only present or absent; and by the unit and the net, so that
//! removing old files never removes anybody else's.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Files of this process, which rustc has yet to read. One unit can have several nets of one name, in modules.
static IN_USE: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The files of a net.
pub(super) struct Kept<'a> {
    /// Where rustc writes.
    pub(super) folder: &'a Path,
    /// How their names begin: nothing else in the folder has this prefix.
    pub(super) prefix: String,
}

impl Kept<'_> {
    /// Whether files can be kept in the folder: it exists, and is not one that all users share, as `/tmp` is, where others
    /// may have taken a name.
    pub(super) fn has_folder(&self) -> bool {
        let Ok(folder) = fs::metadata(self.folder) else { return false };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            /// Everyone may write, and remove only their own files.
            const SHARED: u32 = 0o1002;
            folder.mode() & SHARED != SHARED
        }
        #[cfg(not(unix))]
        folder.is_dir()
    }

    /// The file with these bytes, whose hash is `hash`. It is written if it is missing, and then old ones are removed.
    pub(super) fn keep(&self, hash: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.folder.join(format!("{}{hash}.weights", self.prefix));
        in_use.insert(path.clone());
        if !holds(&path, bytes).unwrap_or(false) {
            write(&path, bytes)?;
            self.remove(&in_use);
        }
        Ok(path)
    }

    /// Removes the files of a net that no longer keeps any.
    pub(super) fn remove_old(&self) {
        self.remove(&IN_USE.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Removes the files that are not in use, and what an interrupted build left. What cannot be removed stays.
    fn remove(&self, in_use: &BTreeSet<PathBuf>) {
        let Ok(entries) = fs::read_dir(self.folder) else { return };
        for entry in entries.flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let is_ours = name.to_str().is_some_and(|name| name.starts_with(&self.prefix));
            if is_ours && !in_use.contains(&path) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

/// Whether a file has these bytes and no others. Links don't count as files.
fn holds(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() || metadata.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    for expected in bytes.chunks(buffer.len()) {
        let found = &mut buffer[..expected.len()];
        file.read_exact(found)?;
        if found != expected {
            return Ok(false);
        }
    }
    Ok(file.read(&mut buffer)? == 0)
}

/// Writes a file completely or not at all. Whatever had its name, even a link, is replaced.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A name that nobody can predict, made from the standard library's random keys.
    let random = RandomState::new().hash_one(std::process::id());
    let temporary = path.with_extension(format!("{random:016x}.tmp"));
    let mut file = File::options().write(true).create_new(true).open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    drop(file);
    let written = written.and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written
}
