//! Small files of users, of which no more is read than can be right: a path may lead to anything, `/dev/zero` too.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// What is in a file; nothing if that is more than so many bytes.
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= most).then_some(bytes))
}
