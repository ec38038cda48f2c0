//! How many files know a thing: what CONTRIBUTING.md promises to those who add an activation, a layer or a kernel.

use std::fs;
use std::path::{Path, PathBuf};

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The source files of a folder, without tests.
fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display())) {
        let path = entry.expect("a folder of the workspace can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "tests" {
            sources(&path, all);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            all.push(path);
        }
    }
}

/// Whether a text has a word, or that word and one of the endings that descriptors have.
fn has(text: &str, word: &str) -> bool {
    let names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    names.into_iter().any(|name| name.strip_prefix(word).is_some_and(|end| ["", "Map", "Call"].contains(&end)))
}

/// The files that name a thing, relative to the root.
fn files_with(word: &str) -> Vec<String> {
    let root = root();
    let mut all = Vec::new();
    for room in
        ["src", "cnn-net/src", "cnn-compiler/src", "cnn-runtime/src", "cnn-diagram/src", "cnn-cli/src", "models/src"]
    {
        sources(&root.join(room), &mut all);
    }
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap_or(path).display().to_string();
    let mut files: Vec<String> =
        all.iter().filter(|path| fs::read_to_string(path).is_ok_and(|text| has(&text, word))).map(relative).collect();
    files.sort_unstable();
    files
}

#[track_caller]
fn assert_at_most(most: usize, word: &str) {
    let files = files_with(word);
    assert!(!files.is_empty(), "nothing is called {word}");
    assert!(files.len() <= most, "{word} is in more than {most} files:\n{}", files.join("\n"));
}

#[test]
fn an_activation_is_in_five_files() {
    assert_at_most(5, "HardSwish");
    assert_at_most(5, "Softsign");
}

#[test]
fn a_layer_without_weights_is_in_nine_files() {
    assert_at_most(9, "LogSoftmax");
    assert_at_most(9, "GlobalMaxPool");
    assert_at_most(9, "PixelShuffle");
    assert_at_most(9, "Bicubic");
}

#[test]
fn a_layer_with_weights_is_in_twelve_files() {
    assert_at_most(12, "Prelu");
}

#[test]
fn a_kernel_of_a_layer_is_in_six_files() {
    assert_at_most(6, "Columns2d");
    assert_at_most(6, "Winograd2d");
}

/// Every file that CONTRIBUTING.md sends people to is there.
#[test]
fn files_that_are_named_exist() {
    for document in ["CONTRIBUTING.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(document)).expect("a document of the workspace");
        let quoted = text.split('`').skip(1).step_by(2);
        for path in quoted.filter(|path| path.starts_with("cnn-") && path.contains("/src/") && !path.contains("NAME")) {
            assert!(root().join(path).exists(), "{document} names {path}");
        }
    }
}
