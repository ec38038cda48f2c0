//! Small files of users, or standard input. Their size is bounded, since a path may lead to anything, even `/dev/zero`.

use std::io::{self, Read};
use std::path::Path;

use crate::stdin;

/// The content of a file; `None` if it has more than `most` bytes.
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    stdin::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= most).then_some(bytes))
}
