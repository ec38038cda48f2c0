//! Training needs no allocator: a program without the standard library, in which there is none, learns what one with it does.

#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

mod nets;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cnn::train::{Adam, Sgd};
use object::read::elf::ElfFile64;
use object::{Object as _, ObjectSymbol as _};

use nets::*;

#[test]
fn a_program_without_an_allocator_learns_the_same() {
    let program = build();
    let bytes = fs::read(&program).expect("the program can be read");
    let file: ElfFile64<'_> = ElfFile64::parse(&*bytes).expect("a program");
    let names = file.dynamic_symbols().filter_map(|symbol| Some(symbol.name().ok()?.to_owned()));
    let names: Vec<String> = names.collect();
    assert!(names.iter().any(|name| name.starts_with("write")), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("alloc") || name.starts_with("free")), "{names:?}");

    let output = Command::new(&program).output().expect("the program runs");
    assert!(output.status.success(), "{:?}", output.status);
    let floats: Vec<f32> = output.stdout.as_chunks().0.iter().map(|bytes| f32::from_ne_bytes(*bytes)).collect();
    let expected = learnt();
    assert_eq!(floats.len(), expected.len());
    for (index, (found, expected)) in floats.iter().zip(&expected).enumerate() {
        // The program has plain instructions, and this one vectors.
        assert!((found - expected).abs() <= 2e-4 * (1.0 + expected.abs()), "{index}: {found}, expected {expected}");
    }
}

/// What the program writes, by trainers on the heap.
fn learnt() -> Vec<f32> {
    let file = fs::read("models/weights/lenet5.safetensors").expect("the weights are there");
    let params = LastParams::from_safetensors(&file).expect("its weights");
    let mut last = LastTrainer::new(params, Adam::DEFAULT);
    let mut normalised = NormalisedTrainer::new(NormalisedParams::init(3), Sgd::new(0.9));
    let mut all = Vec::new();
    for step in 0..STEPS {
        all.push(last.step(&images(step), &[3, 1, 4], 0.01).loss as f32);
        all.push(normalised.step(&images(step), &[1, 0, 2, 2], 0.05).loss as f32);
    }
    all.extend(last.tensors().chain(normalised.tensors()).flat_map(|(_, numbers)| numbers.to_vec()));
    all.extend(last.predict(&images::<_, 1>(9)[0]));
    all.extend(normalised.predict(&images::<_, 1>(9)[0]));
    all
}

/// Builds the program as a crate of its own.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_allocator");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = |path: &str, text: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file in a folder")).expect("the folder can be made");
        // Unchanged files are left alone, so they are not rebuilt.
        if fs::read(&path).ok().as_deref() != Some(text) {
            fs::write(path, text).expect("the file can be written");
        }
    };
    let read = |path: &str| fs::read(root.join(path)).expect("the file can be read");
    let manifest = format!(
        "[package]\nname = \"no-allocator-program\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [dependencies]\ncnn = {{ path = {root:?}, default-features = false, features = [\"train\"] }}\n\
         [profile.release]\ncodegen-units = 1\nlto = true\npanic = \"abort\"\n[workspace]\n"
    );
    write("Cargo.toml", manifest.as_bytes());
    write("Cargo.lock", &read("Cargo.lock"));
    write("src/main.rs", include_str!("program.rs").replace("ROOT", &root.display().to_string()).as_bytes());
    write("models/weights/lenet5.safetensors", &read("models/weights/lenet5.safetensors"));
    let (target, host) = (folder.join("target"), "x86_64-unknown-linux-gnu");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--release", "--target", host]).current_dir(&folder);
    for name in ["CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET", "CARGO_BUILD_RUSTFLAGS", "RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    let output = cargo.env("CARGO_TARGET_DIR", &target).output().expect("cargo can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join(host).join("release/no-allocator-program")
}
