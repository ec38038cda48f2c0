//! An index of shards, next to two files that it may name.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cnn_runtime::weights::Files;

use crate::weights;

/// A folder with two shards, only for this process.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("target/index/{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    for (name, file) in ["a.safetensors", "b.safetensors"].into_iter().zip(weights::shards()) {
        fs::write(folder.join(name), file).expect("room for a shard");
    }
    folder
});

/// Opens the shards of an index, and loads their content.
///
/// # Panics
///
/// If the loader does, or accepts a file in another folder.
pub fn open(bytes: &[u8]) {
    let index = FOLDER.join("model.safetensors.index.json");
    fs::write(&index, bytes).expect("room for an index");
    match Files::paths(&index) {
        Ok(paths) => assert!(paths.iter().all(|path| is_in_folder(path)) && !paths.is_empty(), "{paths:?}"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match Files::open(&index) {
        Ok(files) => weights::check(&files.source()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Whether a path leads to an entry of the folder.
fn is_in_folder(path: &Path) -> bool {
    path.parent() == Some(&FOLDER) && path.file_name().is_some_and(|name| FOLDER.join(name) == path)
}
