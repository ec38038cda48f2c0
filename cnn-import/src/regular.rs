//! Files that end.

use std::path::Path;
use std::{fs, io};

/// The content of a file, but not of a device or a pipe: a path in a model may lead to anything, even `/dev/zero`.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?;
    // Of folders, the system says so.
    if kind.is_file() || kind.is_dir() { fs::read(path) } else { Err(io::Error::other("it is no regular file")) }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn devices_are_not_read() {
        let why = |path: &str| read(Path::new(path)).expect_err("no file").to_string();
        assert_eq!(why("/dev/zero"), "it is no regular file");
        assert!(why("/").contains("directory"), "{}", why("/"));
        assert!(!read(Path::new("Cargo.toml")).expect("this crate's").is_empty());
    }
}
