//! `Net = onnx("…")` and `Net = tflite("…")`: what is wrong with what is written, and with files, and where that is shown.

#[path = "../../cnn-import/tests/onnx/mod.rs"]
mod encoded;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use encoded::{Model, float_tensor, input, node};
use support::errors;

/// A model whose input has no fixed size; relative to this crate's root.
const OPEN: &str = "../../cnn-macros/tests/onnx/of_open_size.onnx";
const FIXED: &str = "../../cnn-import/tests/cases/resnet_dynamo.onnx";
const TFLITE: &str = "../../cnn-import/tests/tflite/mobile.tflite";
const OPEN_TFLITE: &str = "../../cnn-import/tests/tflite/refused/open_size.tflite";

/// Checks that a source has exactly these mistakes, each given as a part of the source and a part of its message.
#[track_caller]
fn check(source: &str, expected: &[(&str, &str)]) {
    let found = errors(source);
    let fits = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(error, (at, part))| error.at == *at && error.message.contains(part) && !error.at_call_site);
    assert!(fits, "{source}\n{found:#?}");
}

/// Writes a file for a test, and returns its path as a literal.
fn written(name: &str, bytes: &[u8]) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("onnx");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let path: PathBuf = folder.join(name);
    fs::write(&path, bytes).expect("the file can be written");
    format!("{:?}", path.to_str().expect("a path of this repository"))
}

#[test]
fn what_is_written() {
    let options = "its options are `input`, for example `input = 3x224x224`";
    for (call, at, message) in [
        ("onnx()", "()", "expected the path of a file\nhelp: for example `Net = onnx(\"model.onnx\");`"),
        ("tflite()", "()", "expected the path of a file\nhelp: for example `Net = tflite(\"model.tflite\");`"),
        ("onnx(model)", "model", "expected the path of a file in quotes, found `model`"),
        ("onnx(\"m\" weights = load)", "weights", "expected `,` or `)`, found `weights`"),
        ("onnx(\"m\", shape = 3x4x4)", "shape", options),
        ("onnx(\"m\", rename(\"a\" => \"b\"))", "rename", options),
        ("onnx(\"m\", 3x4x4)", "3x4x4", "expected `input` or `weights`, found `3x4x4`"),
        ("onnx(\"m\", input)", ")", "expected `=` and a value"),
        ("onnx(\"m\", weights = none)", "none", "expected `embed`, which is the default, or `load`"),
        ("onnx(\"m\", weights = \"w.safetensors\")", "\"w.safetensors\"", "`#[weights(\"file.safetensors\")]` above"),
    ] {
        let found = errors(&format!("Net = {call};"));
        let [error] = &found[..] else { panic!("{call}: {found:#?}") };
        assert!(error.message.contains(message), "{call}: {error:#?}");
        assert!(error.at == at || at == ")", "{call}: {error:#?}");
    }
    // A net called `onnx` has variants as all others.
    check("onnx: 4 -> 2 { linear(2); } Net = onnx;", &[]);
    check("tflite: 4 -> 2 { linear(2); } Net = tflite;", &[]);
    check(
        &format!("Net = onnx({FIXED:?}) Other: 4 -> 2 {{ linear(3); }}"),
        &[("Other", "expected `;` after the model")],
    );
    let twice = format!("Net = onnx({OPEN:?}, input = 3x8x8, input = 3x9x9);");
    check(&twice, &[("input", "`input` is given twice")]);
    let both = format!("#[weights(\"w.safetensors\")] Net = onnx({FIXED:?}, weights = load);");
    let found = errors(&both);
    assert!(
        found.iter().any(|it| it.at == "weights = load" && it.message.contains("leave out one of them")),
        "{found:#?}"
    );
}

#[test]
fn files_that_are_none() {
    check(
        "Net = onnx(\"absent.onnx\");",
        &[("\"absent.onnx\"", "can't read the model `absent.onnx`: there is no such file\nhelp: ")],
    );
    let path = written("text.onnx", b"no protocol buffer");
    check(&format!("Net = onnx({path});"), &[(&path, "can't be imported: it is no ONNX file")]);
    let path = written("empty.onnx", b"");
    check(&format!("Net = onnx({path});"), &[(&path, "can't be imported: it has no graph")]);
}

/// All of them at once, each with its node.
#[test]
fn operators_that_are_unknown() {
    let model = Model {
        opset: 17,
        nodes: vec![
            node("Sin", &["x"], &["a"], &[]),
            node("NonMaxSuppression", &["a", "a"], &["b"], &[]),
            node("Relu", &["b"], &["y"], &[]),
        ],
        initializers: vec![float_tensor("unused", &[1], &[1.0])],
        inputs: vec![input("x", &[1, 4])],
        output: "y",
        more_outputs: Vec::new(),
    };
    let path = written("unknown.onnx", &model.encode());
    let source = format!("Net = onnx({path}); Other = Net; Third: 4 -> 2 {{ linear(3); }}");
    let found = errors(&source);
    let [model, shape] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(model.at, path);
    for part in ["2 parts of the model can't be declared", "\n  Sin `a`: ", "\n  NonMaxSuppression `b`: "] {
        assert!(model.message.contains(part), "{part}: {}", model.message);
    }
    // What is wrong with other nets is said too.
    assert_eq!(shape.at, "2", "{shape:#?}");
}

#[test]
fn sizes_of_inputs() {
    let open = format!("{OPEN:?}");
    check(&format!("Net = onnx({open});"), &[(&open, "onnx(\"…\", input = 3x224x224)")]);
    check(&format!("Net = onnx({open}, input = 3x8x8);"), &[]);
    check(&format!("const SIZE = 8; Net = onnx({open}, input = 3 x SIZE x SIZE);"), &[]);
    check(&format!("Net = onnx({open}, input = 3 x SIZE x 8);"), &[("SIZE", "SIZE")]);
    check(&format!("Net = onnx({open}, input = 4x8x8);"), &[(&open, "fixed in the file")]);
    check(&format!("Net = onnx({open}, input = 3x0x8);"), &[("3x0x8", "has a size of 0")]);
}

/// The word says what kind of file it is, and the file does too.
#[test]
fn files_of_tflite() {
    check(&format!("Net = tflite({TFLITE:?}); #[batch(2)] NetBatch2 = Net;"), &[]);
    let other = format!("is a TFLite file\nhelp: write `tflite({TFLITE:?})`");
    check(&format!("Net = onnx({TFLITE:?});"), &[("onnx", &other)]);
    let other = format!("is no TFLite file\nhelp: write `onnx({FIXED:?})`, if it is an ONNX file");
    check(&format!("Net = tflite({FIXED:?});"), &[("tflite", &other)]);
    let path = written("cut.tflite", &fs::read(TFLITE).expect("a file")[..3000]);
    check(&format!("Net = tflite({path});"), &[(&path, "can't be imported: it is no TFLite file: it ends before")]);
    let open = format!("{OPEN_TFLITE:?}");
    check(&format!("Net = tflite({open});"), &[(&open, "tflite(\"…\", input = 3x224x224)")]);
    check(&format!("Net = tflite({open}, input = 2x7x9);"), &[]);
}

/// What the attributes of a net ask for is checked as for others, and shown where they are.
#[test]
fn attributes() {
    check(&format!("#[workspace(max = 16)] Net = onnx({FIXED:?});"), &[("16", "16")]);
    check(&format!("#[batch(0)] Net = onnx({FIXED:?});"), &[("#[batch(0)]", "expected the number of images")]);
    check(&format!("Net = onnx({FIXED:?}); Net = onnx({FIXED:?});"), &[("Net", "two nets are named `Net`")]);
}
