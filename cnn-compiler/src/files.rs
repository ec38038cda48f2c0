//! Files that a declaration names: where they are, and how the crate comes to depend on them.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;

/// The path relative to the crate's root, if cargo sets it, or to the folder that rustc runs in.
pub(crate) fn full_path(relative: &str) -> PathBuf {
    let path = crate_root().unwrap_or_default().join(relative);
    // Fails only for the empty path.
    std::path::absolute(&path).unwrap_or(path)
}

fn crate_root() -> Option<PathBuf> {
    env::var_os("CARGO_MANIFEST_DIR").filter(|root| !root.is_empty()).map(PathBuf::from)
}

/// The message about a file, `what`, that can't be read.
pub(crate) fn unreadable(what: &str, relative: &str, why: &str) -> String {
    let cause = match fs::metadata(full_path(relative)) {
        // The system's own words differ from one to the next.
        Err(error) if error.kind() == io::ErrorKind::NotFound => "there is no such file",
        _ => why,
    };
    let from = match crate_root() {
        Some(_) => "the crate's root, where Cargo.toml is",
        None => "the folder that rustc runs in, since CARGO_MANIFEST_DIR is not set",
    };
    format!("can't read the {what} `{relative}`: {cause}\nhelp: the path is relative to {from}")
}

/// The paths of files for `include_bytes!`, which makes the crate depend on them.
pub(crate) fn tracked(files: &[PathBuf]) -> Result<Vec<TokenStream>, String> {
    let root = crate_root();
    let path = |path: &PathBuf| match root.as_ref().and_then(|root| path.strip_prefix(root).ok()?.to_str()) {
        Some(relative) => {
            let below = format!("/{relative}");
            Ok(quote!(::core::concat!(::core::env!("CARGO_MANIFEST_DIR"), #below)))
        }
        None => {
            let path = unicode(path)?;
            Ok(quote!(#path))
        }
    };
    files.iter().map(path).collect()
}

/// A path for source code, which must be Unicode.
pub(crate) fn unicode(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("the path {} is not Unicode, which source code must be", path.display()))
}
