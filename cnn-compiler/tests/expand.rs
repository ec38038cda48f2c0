//! What is emitted for some nets, formatted: `nets/NAME.rs` becomes `nets/NAME.expanded.rs`.
//!
//! `BLESS=1 cargo test -p cnn-compiler-tests --test expand` rewrites the files; read the diff.

#[path = "examples/emitted/pretty.rs"]
mod pretty;

use std::fs;
use std::path::Path;

#[track_caller]
fn assert_expansion(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("nets");
    let source = fs::read_to_string(folder.join(name).with_extension("rs")).expect("the net is there");
    let tokens = cnn_compiler::network(source.parse().expect("Rust tokens"));
    // Parsed back, so that what is emitted is Rust whatever the snapshot says.
    let found = pretty::pretty(tokens).expect("Rust items");
    let file = folder.join(name).with_extension("expanded.rs");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &found).expect("the folder can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{name} expands to something else; BLESS=1 writes it, and git shows the difference");
}

#[test]
fn lenet5() {
    assert_expansion("lenet5");
}

#[test]
fn residual() {
    assert_expansion("residual");
}

#[test]
fn batch() {
    assert_expansion("batch");
}

#[test]
fn stored() {
    assert_expansion("stored");
}

#[test]
fn custom() {
    assert_expansion("custom");
}

#[test]
fn trained() {
    assert_expansion("trained");
}

#[test]
fn mistake() {
    assert_expansion("mistake");
}
