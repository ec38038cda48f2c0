//! Standard input, whose name is `-` wherever a file is read.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a path is that of standard input or output. A file of this name is `./-`.
pub(crate) fn is_dash(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A file to be read from its beginning to its end, or standard input.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if is_dash(path) { Ok(Box::new(take()?)) } else { Ok(Box::new(File::open(path)?)) }
}

/// Standard input, which can be read once.
pub(crate) fn take() -> io::Result<io::StdinLock<'static>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let stdin = io::stdin().lock();
    if stdin.is_terminal() {
        return Err(io::Error::other("it is a terminal: pipe or redirect a file into this command"));
    }
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err(io::Error::other("it was already read: `-` can be given only once"));
    }
    Ok(stdin)
}
