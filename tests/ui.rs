//! Every mistake has a file in `tests/ui` that is named after it, with the compiler's output next to it.
//!
//! `TRYBUILD=overwrite cargo test --test ui` rewrites the messages.

#[path = "../cnn-import/tests/onnx/mod.rs"]
mod onnx;

use std::fs;
use std::path::Path;

use onnx::{Model, input, node};

/// A tensor's name and shape.
type Tensor = (&'static str, &'static [usize]);

const RIGHT: [Tensor; 4] =
    [("conv1.weight", &[2, 1, 3, 3]), ("conv1.bias", &[2]), ("fc.weight", &[3, 8]), ("fc.bias", &[3])];

#[test]
fn ui() {
    write_weights();
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

/// Files for `#[weights("…")]` and `onnx("…")`. Paths are relative to the root of the crate that trybuild generates.
fn write_weights() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a directory in the target directory");
    let folder = target.join("tests/trybuild/cnn/weights");
    fs::create_dir_all(&folder).expect("the folder can be made");
    let transposed = RIGHT.map(|(name, shape)| (name, if name == "fc.weight" { &[8, 3] } else { shape }));
    let open = Model { inputs: vec![input("x", &[0, 1, 0, 4])], ..Model::conv() };
    let unknown = Model {
        nodes: vec![node("Sin", &["x"], &["a"], &[]), node("NonMaxSuppression", &["a", "a"], &["y"], &[])],
        initializers: Vec::new(),
        inputs: vec![input("x", &[1, 4])],
        ..Model::conv()
    };
    for (name, bytes) in [
        ("open.onnx", open.encode()),
        ("unknown.onnx", unknown.encode()),
        ("right.safetensors", safetensors(&RIGHT)),
        ("tensor-missing.safetensors", safetensors(&RIGHT[..3])),
        ("shape-differs.safetensors", safetensors(&transposed)),
        ("model.pt", b"PK\x03\x04 and what else is in a file of torch.save".to_vec()),
    ] {
        fs::write(folder.join(name), bytes).expect("the file can be written");
    }
}

/// A safetensors file of zeros: the length of a header, the header, the numbers.
fn safetensors(tensors: &[Tensor]) -> Vec<u8> {
    let mut end = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, shape)| {
            let start = end;
            end += shape.iter().product::<usize>() * size_of::<f32>();
            format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#)
        })
        .collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.bytes());
    file.resize(file.len() + end, 0);
    file
}
