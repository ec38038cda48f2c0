//! The declarations that tests keep.

use std::fs;
use std::path::Path;

/// Checks that a folder's declarations are those in its `declared.txt`; `BLESS=1` writes them.
pub(super) fn check(folder: &Path, texts: &str) {
    let path = folder.join("declared.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, texts).expect("a file");
    }
    let expected = fs::read_to_string(&path).expect("declared.txt: `BLESS=1` writes it");
    for (found, expected) in texts.split("== ").zip(expected.split("== ")) {
        assert_eq!(found, expected, "`BLESS=1` writes it anew");
    }
    assert_eq!(texts.len(), expected.len());
}
