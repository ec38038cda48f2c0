//! Writes seeds from the repository's nets, files and pictures: `cargo run --example seeds` in `fuzz`.
//!
//! The seeds of `nets`, `kernels`, `drawing` and `preprocess` are noise, since their bytes make choices.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cnn_fuzz::{noise, weights};
use proc_macro2::TokenStream;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensorError, SafeTensors};
use syn::visit::Visit;

/// Sources with a longer expansion do not become seeds, because they take seconds under a sanitizer.
const MOST_EXPANSION: usize = 60_000;

/// Files of noise per target. There are fewer kernels.
const FIRST: u8 = 20;

/// Bytes of noise in a file.
const NOISE: usize = 160;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    sources(&root)?;
    pictures(&root)?;
    models(&root)?;
    files()?;
    for target in ["nets", "kernels", "drawing", "preprocess"] {
        choosing(target)?;
    }
    Ok(())
}

fn write(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

/// Declared nets, and sources with one mistake each.
fn sources(root: &Path) -> io::Result<()> {
    // Only some of the many small sources with a mistake.
    let folders = [("models/src", 1), ("models/src/torchvision", 1), ("cnn-compiler/tests/nets", 1), ("tests/ui", 8)];
    for (folder, step) in folders {
        for path in rust_files(&root.join(folder))?.iter().step_by(step) {
            let text = fs::read_to_string(path)?;
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            for source in invocations(text).iter().filter(|source| expands_soon(source)) {
                write("source", &stem, source.as_bytes())?;
            }
        }
    }
    Ok(())
}

fn expands_soon(source: &str) -> bool {
    source.parse().is_ok_and(|tokens| cnn_compiler::network(tokens).to_string().len() <= MOST_EXPANSION)
}

fn rust_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.retain(|path| !path.to_string_lossy().ends_with(".expanded.rs"));
    paths.sort();
    Ok(paths)
}

/// The content of each `network! { … }` in a file; a file that is not Rust is itself a declaration.
fn invocations(text: String) -> Vec<String> {
    let Ok(file) = syn::parse_file(&text) else { return vec![text] };
    let mut found = Invocations::default();
    found.visit_file(&file);
    found.0.into_iter().map(text_of).collect()
}

/// The tokens of each `network!`.
#[derive(Default)]
struct Invocations(Vec<TokenStream>);

impl<'ast> Visit<'ast> for Invocations {
    fn visit_macro(&mut self, found: &'ast syn::Macro) {
        if found.path.segments.last().is_some_and(|name| name.ident == "network") {
            self.0.push(found.tokens.clone());
        }
    }
}

/// The source text as written.
fn text_of(tokens: TokenStream) -> String {
    let ends = (tokens.clone().into_iter().next(), tokens.clone().into_iter().last());
    let text = match ends {
        (Some(first), Some(last)) => first.span().join(last.span()).and_then(|all| all.source_text()),
        _ => None,
    };
    text.unwrap_or_else(|| tokens.to_string())
}

/// The smaller pictures of digits, and of the preprocessing's tests.
fn pictures(root: &Path) -> io::Result<()> {
    for folder in ["digits/samples", "cnn-preprocess/tests/data"] {
        for entry in fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            let picture = path.extension().is_some_and(|extension| extension == "png" || extension == "jpg");
            if picture && path.metadata()?.len() < 3600 {
                write("picture", &path.file_name().unwrap_or_default().to_string_lossy(), &fs::read(&path)?)?;
            }
        }
    }
    Ok(())
}

/// The smaller models of the importer's tests.
fn models(root: &Path) -> io::Result<()> {
    for (folder, format) in [("cases", "onnx"), ("tflite", "tflite")] {
        for entry in fs::read_dir(root.join("cnn-import/tests").join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == format) && path.metadata()?.len() < 3000 {
                write("import", &path.file_name().unwrap_or_default().to_string_lossy(), &fs::read(&path)?)?;
            }
        }
    }
    for entry in fs::read_dir(root.join("cnn-import/tests/exported"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let graph: serde_json::Value = serde_json::from_slice(&fs::read(&path)?)?;
            let tensors = fs::read(path.with_extension("state.safetensors"))?;
            let seed = [&serde_json::to_vec(&graph)?[..], b"\0", &tensors].concat();
            if seed.len() < 4096 {
                write("exported", &path.file_stem().unwrap_or_default().to_string_lossy(), &seed)?;
            }
        }
    }
    Ok(())
}

/// Files of weights with rules, and indices of shards.
fn files() -> io::Result<()> {
    let whole = weights::file();
    let tensors = SafeTensors::deserialize(&whole).map_err(io::Error::other)?;
    let halves = tensors.iter().map(|(name, tensor)| {
        // The upper half of a float.
        let bytes: Vec<u8> = tensor.data().as_chunks().0.iter().flat_map(|[_, _, high @ ..]: &[u8; 4]| *high).collect();
        (name, tensor.shape().to_vec(), bytes)
    });
    let halves: Vec<_> = halves.collect();
    let bf16 =
        halves.iter().map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::BF16, shape.clone(), bytes)?)));
    let bf16 = bf16.collect::<Result<Vec<_>, SafeTensorError>>().map_err(io::Error::other)?;
    let halves = safetensors::serialize(bf16, None).map_err(io::Error::other)?;
    write("weights", "whole", &[b"\n\n", &whole[..]].concat())?;
    for (name, rules, from, to) in [
        ("plain", "", "", ""),
        ("prefix", "_orig_mod.* => *\nmodule.* => *\n", "{\"", "{\"module."),
        ("suffix", "*.gamma => *.weight\n", ".weight\"", ".gamma\""),
        ("missing", "fc.bias => gone\n", "", ""),
        ("misshapen", "", "[4,2,3,3]", "[4,2,9]"),
        ("mistyped", "", "\"BF16\"", "\"I16\""),
    ] {
        let length = u64::from_le_bytes(*halves.first_chunk().unwrap_or(&[0; 8])) as usize;
        let (header, data) = halves[8..].split_at(length);
        let header = String::from_utf8_lossy(header).trim_end().replacen(from, to, if from.len() < 4 { 1 } else { 99 });
        write("weights", name, &[rules.as_bytes(), b"\n", header.as_bytes(), b"\0", data].concat())?;
    }
    let [first, second] = weights::shards();
    let names = |file: &[u8], shard: &str| -> Vec<(String, String)> {
        let tensors =
            SafeTensors::deserialize(file).map(|it| it.names().into_iter().map(String::from).collect::<Vec<_>>());
        tensors.unwrap_or_default().into_iter().map(|name| (name, shard.to_owned())).collect()
    };
    let map: BTreeMap<String, String> =
        [names(&first, "a.safetensors"), names(&second, "b.safetensors")].concat().into_iter().collect();
    let index = serde_json::json!({ "metadata": { "total_size": 1234 }, "weight_map": map });
    write("index", "model", index.to_string().as_bytes())?;
    write("index", "one", br#"{"weight_map": {"conv.weight": "a.safetensors"}}"#)?;
    write("index", "elsewhere", br#"{"weight_map": {"conv.weight": "../a.safetensors"}}"#)
}

/// Bytes that make choices: noise, with each of the first choices.
fn choosing(target: &str) -> io::Result<()> {
    for first in 0..FIRST {
        let noise = noise(u64::from(first)).take(NOISE).map(|number| (number * 128.0) as i8 as u8);
        write(target, &format!("{first:02}"), &[first].into_iter().chain(noise).collect::<Vec<u8>>())?;
    }
    Ok(())
}
