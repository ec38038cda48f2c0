//! Writes the program's net, `NET` of `models`, with the attributes `ATTRIBUTES` and weights that follow from its tensors' names.

use std::path::Path;
use std::{env, fs};

use models::{LeNet5, seeded, tiny};

fn main() {
    for name in ["NET", "ATTRIBUTES"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=memory.x");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let out = variable("OUT_DIR");
    let out = Path::new(&out);
    let (file, graph) = match variable("NET").as_str() {
        "" | "lenet5" => ("lenet5", LeNet5::GRAPH),
        "resnet8" => ("tiny", tiny::ResNet8::GRAPH),
        "ds-cnn" => ("tiny", tiny::DsCnn::GRAPH),
        "mobilenet-v1" => ("tiny", tiny::MobileNetV1::GRAPH),
        "autoencoder" => ("tiny", tiny::Autoencoder::GRAPH),
        other => panic!("NET is lenet5, resnet8, ds-cnn, mobilenet-v1 or autoencoder, not {other}"),
    };
    let weights = out.join("net.safetensors");
    fs::write(&weights, seeded::weights(graph, "")).expect("the folder is Cargo's");
    let path = format!("../../models/src/{file}.rs");
    println!("cargo::rerun-if-changed={path}");
    let source = fs::read_to_string(path).expect("the nets of `models`");
    let attributes = format!("#[weights({weights:?})]\n{}", variable("ATTRIBUTES"));
    fs::write(out.join("net.rs"), with_attributes(&source, graph.name, &attributes)).expect("the folder is Cargo's");
    fs::copy("memory.x", out.join("memory.x")).expect("the folder is Cargo's");
    println!("cargo::rustc-link-search={}", out.display());
}

/// The nets of a file of `models`, of which one, with these attributes, is called `Net` too.
fn with_attributes(source: &str, net: &str, attributes: &str) -> String {
    let (_, nets) = source.split_once("network! {\n").expect("each file declares nets");
    let (nets, _) = nets.split_once("\n}\n").expect("the end of the nets");
    // Diagrams, and weights that are there for other nets, have paths in `models`.
    let others = ["#[doc = include_str!", "#[weights("];
    let lines = nets.lines().filter(|line| !others.iter().any(|other| line.trim_start().starts_with(other)));
    let declares = format!("pub {net}:");
    let lines = lines.map(|line| match line.trim_start().starts_with(&declares) {
        true => format!("{attributes}\n{line}\n"),
        false => format!("{line}\n"),
    });
    let nets: String = lines.collect();
    format!(
        "cnn::network! {{\n{nets}}}\npub use self::{{{net} as Net, {net}Weights as NetWeights, {net}Workspace as NetWorkspace}};\n"
    )
}
