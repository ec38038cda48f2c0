//! Writes the program's net, `NET` in `nets`, with the attributes `ATTRIBUTES` and weights that follow from its tensors' names.

use std::path::Path;
use std::{env, fs};

use cnn_compiler::report::Report;

fn main() {
    for name in ["NET", "ATTRIBUTES"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    println!("cargo::rerun-if-changed=nets");
    println!("cargo::rerun-if-changed=memory.x");
    let variable = |name: &str| env::var(name).unwrap_or_default();
    let out = variable("OUT_DIR");
    let out = Path::new(&out);
    let net = match variable("NET") {
        net if net.is_empty() => "lenet5".to_owned(),
        net => net,
    };
    let source = fs::read_to_string(format!("nets/{net}.txt")).expect("NET is the name of a file in nets");
    let mut report = Report::default();
    let ast = cnn_compiler::parse::parse(source.parse().expect("tokens"), &mut report);
    let plan = cnn_compiler::plan_net(&ast.nets[0], &ast, &mut report).expect("the net has no mistakes");
    let weights = plan.describe("Net", "", |graph| models::seeded::weights(graph, ""));
    let file = out.join("net.safetensors");
    fs::write(&file, weights).expect("the folder is Cargo's");
    // Attributes come before the net, and blocks before both.
    let at = source.rfind("Net:").expect("each file declares `Net`");
    let (blocks, declaration) = source.split_at(at);
    let attributes = format!("#[weights({file:?})]\n{}", variable("ATTRIBUTES"));
    let code = format!("cnn::network! {{\n{blocks}{attributes}\n{declaration}\n}}");
    fs::write(out.join("net.rs"), code).expect("the folder is Cargo's");
    fs::copy("memory.x", out.join("memory.x")).expect("the folder is Cargo's");
    println!("cargo::rustc-link-search={}", out.display());
}
