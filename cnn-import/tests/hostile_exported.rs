//! Models by `cnn_export` that are broken, or made to do harm: an error in words, never a panic, never much memory.

use std::fs;
use std::path::Path;

use cnn_import::{Error, File, Options};
use serde_json::{Value, json};

/// A net of the tests, with its tensors.
fn model(name: &str) -> (Value, Vec<u8>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported");
    let read = |end: &str| fs::read(folder.join(format!("{name}.{end}"))).expect("a file");
    (serde_json::from_slice(&read("json")).expect("JSON"), read("state.safetensors"))
}

fn import(graph: &Value, tensors: &[u8]) -> Result<String, Error> {
    let file = File::exported(serde_json::to_vec(graph).expect("JSON"), tensors.to_vec());
    file.import(&Options::default()).map(|net| net.declaration().to_owned())
}

/// The error of a net that is changed, in words.
#[track_caller]
fn assert_error(change: impl FnOnce(&mut Value), words: &str) {
    let (mut graph, tensors) = model("half");
    assert!(import(&graph, &tensors).is_ok());
    change(&mut graph);
    let error = import(&graph, &tensors).expect_err("an error").to_string();
    assert!(error.contains(words), "{words:?} is not in: {error}");
}

#[test]
fn values_must_be_there_before_they_are_read() {
    // A cycle, as far as there can be one.
    assert_error(
        |graph| graph["nodes"][0]["arguments"]["input"] = json!({ "value": "linear" }),
        "aten.conv2d.default `conv`: it reads `linear`, which nothing before it computes",
    );
    assert_error(|graph| graph["outputs"][0]["value"] = json!("gone"), "output `output`: nothing computes it");
    assert_error(|graph| graph["nodes"][1]["outputs"][0]["name"] = json!("conv2d"), "`conv2d` is defined twice");
    assert_error(|graph| graph["inputs"] = json!([]), "it has no inputs");
    assert_error(|graph| graph["outputs"] = json!([]), "it has no outputs");
    assert_error(|graph| graph["nodes"] = json!([]), "nothing computes it");
}

#[test]
fn tensors_must_be_there_and_fit() {
    let weight = |name: &str| json!({ "tensor": name });
    assert_error(
        |graph| graph["nodes"][0]["arguments"]["weight"] = weight("conv.gone"),
        "the tensor `conv.gone`, which is not in the file of weights",
    );
    assert_error(|graph| graph["nodes"][0]["arguments"]["weight"] = weight("fc.bias"), "its weight has the shape [3]");
    assert_error(|graph| graph["nodes"][0]["arguments"]["bias"] = weight("fc.bias"), "its bias has 3 numbers");
    assert_error(|graph| graph["inputs"][0]["shape"] = json!([1, 5, 6, 6]), "5 channels");
    let (graph, tensors) = model("half");
    for len in 0..tensors.len() {
        assert!(import(&graph, &tensors[..len]).is_err(), "{len} bytes");
    }
    let without = File::new(serde_json::to_vec(&graph).expect("JSON"));
    let error = without.import(&Options::default()).err().expect("an error").to_string();
    assert!(error.contains("in another file, `half.state.safetensors`"), "{error}");
}

#[test]
fn shapes_must_be_those_of_values() {
    assert_error(|graph| graph["inputs"][0]["shape"] = json!([2, 3, 6, 6]), "after a batch of 1");
    assert_error(|graph| graph["inputs"][0]["shape"] = json!([1, 3, -6, 6]), "not the shape of a tensor");
    assert_error(|graph| graph["inputs"][0]["shape"] = json!([1, 3, 0, 6]), "after a batch of 1");
    assert_error(|graph| graph["inputs"][0]["type"] = json!("int64"), "of the type int64");
    let huge = json!([1_u64 << 60, 1_u64 << 60]);
    for index in 0..5 {
        let shape = huge.clone();
        assert_error(|graph| graph["nodes"][index]["outputs"][0]["shape"] = shape, "not the shape of a tensor");
    }
    assert_error(|graph| graph["nodes"][2]["outputs"][0]["shape"] = json!([1, 17]), "[1, 17]");
}

#[test]
fn arguments_must_be_those_of_the_operator() {
    for (value, words) in [
        (json!("2"), "its argument `stride` is not a list of whole numbers"),
        (json!([2, "2"]), "its argument `stride` is not a list of whole numbers"),
        (json!([2, 2, 2]), "its `stride` is [2, 2, 2] for 2 directions"),
        (json!([0, 0]), "its `strides` is [0, 0]"),
        (json!([i64::MAX, 1]), "its `strides` is"),
    ] {
        assert_error(|graph| graph["nodes"][0]["arguments"]["stride"] = value, words);
    }
    assert_error(|graph| graph["nodes"][0]["arguments"]["groups"] = json!(0), "its `group` is not a number from 1");
    assert_error(|graph| graph["nodes"][0]["arguments"] = json!({}), "its argument `input` is missing");
}

#[test]
fn all_that_is_unknown_is_in_one_report() {
    let change = |graph: &mut Value| {
        graph["nodes"][1]["op"] = json!("aten.cumsum.default");
        graph["nodes"][0]["op"] = json!("torchvision.deform_conv2d.default");
    };
    assert_error(change, "2 parts of the model can't be declared:");
    assert_error(change, "torchvision.deform_conv2d.default `conv`: it is no operator of PyTorch's own");
    assert_error(|graph| graph["nodes"][1]["op"] = json!("aten."), "no layer computes it");
    for (op, help) in [
        ("std.correction", "use `F.layer_norm`"),
        ("var.dim", "use `F.layer_norm`"),
        ("im2col.default", "`F.pixel_unshuffle`"),
        ("fractional_max_pool2d.default", "`nn.AdaptiveMaxPool2d`"),
        ("cosine_similarity.default", "`F.normalize`"),
        ("_upsample_bilinear2d_aa.vec", "leave `antialias=True` out"),
    ] {
        assert_error(|graph| graph["nodes"][1]["op"] = json!(format!("aten.{op}")), help);
    }
    assert_error(|graph| graph["format"] = json!("cnn_export 7"), "its format is `cnn_export 7`");
    assert_error(|graph| graph["nodes"] = json!({}), "it is no model by `cnn_export`: invalid type");
}

#[test]
fn texts_in_the_place_of_texts_do_no_harm() {
    let hostile = "a'b\"\\\n\u{0}. ..'";
    for field in ["name", "op"] {
        let (mut graph, tensors) = model("half");
        graph["nodes"][1][field] = json!(hostile);
        let _ = import(&graph, &tensors);
    }
    let (mut graph, tensors) = model("half");
    graph["model"] = json!(hostile);
    graph["nodes"][0]["modules"] = json!([["", hostile], [hostile, hostile]]);
    graph["inputs"][0]["name"] = json!(hostile);
    graph["outputs"][0]["name"] = json!(hostile);
    let text = import(&graph, &tensors).expect("a net");
    assert!(text.contains("conv: conv(4, 3x3, stride = 2)"), "{text}");
}

#[test]
fn deep_and_cut_files_are_errors() {
    let deep = format!("{{\"nodes\": {}", "[".repeat(1 << 20));
    for text in [&*deep, "{", "{}", "\u{FEFF}{}", "  {\"format\": \"cnn_export 1\"}"] {
        let file = File::exported(text.as_bytes().to_vec(), Vec::new());
        assert!(matches!(file.import(&Options::default()), Err(Error::Unreadable(_))), "{} bytes", text.len());
    }
    let (graph, tensors) = model("ports");
    let whole = serde_json::to_vec(&graph).expect("JSON");
    for at in 0..whole.len() {
        let cut = File::exported(whole[..at].to_vec(), tensors.clone());
        assert!(cut.import(&Options::default()).is_err());
        for byte in [b'0', b'"', b'9'] {
            let mut changed = whole.clone();
            changed[at] = byte;
            let _ = File::exported(changed, tensors.clone()).import(&Options::default());
        }
    }
}
