//! `cnn import`

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::{Folder, run, tensors};

/// A case of the importer's own tests.
fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../cnn-import/tests/cases").join(name)
}

#[test]
fn a_model_becomes_a_file_and_its_weights() {
    let folder = Folder::new("import");
    let [net, weights] = ["net.rs", "w.safetensors"].map(|name| folder.path(name));
    let model = case("resnet_dynamo.onnx");
    let arguments = |last: &str| {
        let files = [Path::new("import"), &model, Path::new("-o"), &net, Path::new("-w"), &weights, Path::new(last)];
        run(files.map(Path::to_path_buf))
    };
    assert_eq!(arguments("--name=Small").ok(), "");
    let text = fs::read_to_string(&net).unwrap();
    for part in [
        "// Written by `cnn import` from resnet_dynamo.onnx, BLAKE3 ",
        "network! {\n",
        "    pub Small: 3x24x24 -> 3 {\n",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let written = tensors(&weights);
    assert_eq!(written["layer2.0.downsample.0.weight"].0, [4, 2, 1, 1]);
    assert_eq!(written["fc.weight"].0, [3, 6]);
    let json: Value = serde_json::from_str(&arguments("--json").ok()).unwrap();
    assert_eq!([&json["net"], &json["input"], &json["output"]], ["ResnetDynamo", "3x24x24", "3"]);
    assert_eq!(json["files"].as_array().unwrap().len(), 2);
    let printed = run([Path::new("import"), &model]).ok();
    assert!(printed.contains("pub ResnetDynamo: 3x24x24 -> 3 {"), "{printed}");
    assert_eq!(folder.names(), ["net.rs", "w.safetensors"]);
}

#[test]
fn nothing_is_written_if_anything_is_wrong() {
    let folder = Folder::new("import_errors");
    let [net, weights] = ["net.rs", "w.safetensors"].map(|name| folder.path(name));
    let broken = folder.file("broken.onnx", &fs::read(case("channel_shuffle.onnx")).unwrap()[..200]);
    let arguments = |model: &Path, weights: &Path| {
        run([Path::new("import"), model, Path::new("-o"), &net, Path::new("-w"), weights].map(Path::to_path_buf))
    };
    let error = arguments(&broken, &weights).error();
    assert!(error.contains("broken.onnx cannot be imported: it is no ONNX file"), "{error}");
    let error = arguments(Path::new("gone.onnx"), &weights).error();
    assert!(error.contains("gone.onnx cannot be imported: it can't be read"), "{error}");
    let error = arguments(&case("channel_shuffle.onnx"), &folder.path("no/such/folder")).error();
    assert!(error.contains("cannot be written"), "{error}");
    let error = arguments(&broken, &broken).error();
    assert!(error.contains("cannot be the output"), "{error}");
    assert_eq!(folder.names(), ["broken.onnx"]);
}

#[test]
fn wrong_arguments_are_explained() {
    let model = case("channel_shuffle.onnx");
    let model = model.to_str().unwrap();
    for (argument, words) in [
        ("--input=3x0x2", "expected a shape"),
        ("--input=a", "expected a shape"),
        ("--name=3d", "the name of a type"),
        ("--json", "--json needs --output"),
        ("--weights=-", "name a file"),
    ] {
        let error = run(["import", model, argument]).errors();
        assert!(error.contains(words), "{argument}: {error}");
    }
    let error = run(["import", model, "--input=3x8x8"]).errors();
    assert!(error.contains("input `x`") && error.contains("help: "), "{error}");
}
