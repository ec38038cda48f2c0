//! The nets of `exported`, which PyTorch's `torch.export` and the package `cnn_export` have written: each is imported, computed in
//! double precision, and compared with what PyTorch has recorded; and its declaration is read again.

mod again;
mod kept;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cnn_import::{File, Net, Options};
use cnn_runtime::reference;
use cnn_runtime::weights::{self, Source};
use safetensors::SafeTensors;

/// Of the largest number of an output, which is recorded in single precision.
const TOLERANCE: f64 = 1e-6;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported")
}

fn names() -> Vec<String> {
    let files = fs::read_dir(folder()).expect("a folder").map(|file| file.expect("a file").path());
    let graphs = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let mut names: Vec<String> =
        graphs.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

#[track_caller]
fn imported<R>(name: &str, read: impl FnOnce(&Net<'_>) -> R) -> R {
    let file = File::open(folder().join(format!("{name}.json"))).expect("a file");
    let net = file.import(&Options { name: Some("Net".to_owned()), ..Options::default() });
    read(&net.unwrap_or_else(|why| panic!("{name}: {why}")))
}

/// The declaration, if the net computes what was recorded.
fn check(name: &str) -> String {
    let recorded = fs::read(folder().join(format!("{name}.recorded.safetensors"))).expect("a file");
    let recorded = SafeTensors::deserialize(&recorded).expect("tensors");
    let tensor = |kind: &str, port: &str| {
        let port = if port.is_empty() { kind } else { port };
        floats(recorded.tensor(&format!("{kind}.{port}")).expect("a recorded tensor").data())
    };
    imported(name, |net| {
        let mut bytes = Vec::new();
        net.write_weights(&mut bytes).expect("weights");
        net.with(|graph| {
            again::read(net.declaration(), graph).unwrap_or_else(|why| panic!("{name}: {why}"));
            let params = weights::read(graph, &Source::new(&bytes)).expect("weights of this net");
            assert_eq!(Ok(&params), net.params().as_ref(), "{name}");
            let inputs: Vec<f32> = graph.inputs.iter().flat_map(|input| tensor("input", input.name)).collect();
            let outputs = reference::run(graph, &params, &inputs).expect("inputs of this length");
            for output in graph.outputs {
                let expected = tensor("output", output.name);
                let found = outputs.output(output.name).unwrap_or(outputs.result());
                assert_eq!(found.data.len(), expected.len(), "{name}: {}", output.name);
                let largest = expected.iter().fold(1e-30_f64, |largest, number| largest.max(f64::from(number.abs())));
                for (found, expected) in found.data.iter().zip(expected) {
                    let difference = (found - f64::from(expected)).abs() / largest;
                    assert!(difference <= TOLERANCE, "{name}: {found}, not {expected}:\n{}", net.declaration());
                }
            }
        });
        net.declaration().to_owned()
    })
}

#[test]
fn nets_are_imported_and_agree() {
    let names = names();
    assert!(names.len() > 15, "{names:?}");
    let mut texts = String::new();
    for name in names {
        let text = check(&name);
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("/// Imported from PyTorch")).collect();
        _ = write!(texts, "== {name}\n{}\n\n", body.join("\n"));
    }
    kept::check(&folder(), &texts);
}

/// The tensors of a net that are under the same names in the state dict, with as many numbers.
fn kept(name: &str) -> (usize, Vec<String>) {
    let state = fs::read(folder().join(format!("{name}.state.safetensors"))).expect("a file");
    let state = SafeTensors::deserialize(&state).expect("tensors");
    let sizes: BTreeMap<String, usize> =
        state.iter().map(|(name, view)| (name.to_owned(), view.shape().iter().product())).collect();
    imported(name, |net| {
        net.with(|graph| {
            let tensors: Vec<_> =
                graph.nodes.iter().filter(|node| node.again.is_none()).flat_map(|node| node.tensors).collect();
            let other = tensors.iter().filter(|tensor| sizes.get(tensor.name) != Some(&tensor.elements()));
            (tensors.len(), other.map(|tensor| tensor.name.to_owned()).collect())
        })
    })
}

#[test]
fn tensors_have_the_names_of_the_state_dict() {
    for name in
        ["residual", "unet", "upscaler", "siamese", "recurrent", "perceptron", "half", "sequence", "shuffled", "focus"]
    {
        let (count, other) = kept(name);
        let other: Vec<String> = other.into_iter().filter(|name| !name.starts_with("batch_norm")).collect();
        assert!(count > 0 && other.is_empty(), "{name}: {other:?} of {count}");
    }
}

#[test]
fn a_state_dict_is_loaded_as_it_is() {
    for name in ["residual", "unet", "perceptron"] {
        let state = fs::read(folder().join(format!("{name}.state.safetensors"))).expect("a file");
        imported(name, |net| {
            net.with(|graph| {
                let params = weights::read(graph, &Source::new(&state)).unwrap_or_else(|why| panic!("{name}: {why}"));
                assert_eq!(Ok(params), net.params(), "{name}");
            });
        });
    }
}
