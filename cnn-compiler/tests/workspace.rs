//! The memory planned for every net of `models` is near the least possible.
//!
//! `cargo test -p cnn-compiler-tests --test workspace -- --nocapture` prints the numbers.

use std::path::{Path, PathBuf};

use cnn_compiler::plan::Plan;
use cnn_compiler::report::Report;
use cnn_compiler::train::Spec;
use cnn_net::graph::{Output, Value};
use cnn_runtime::train::Loss;
use proc_macro2::TokenStream;

/// A net of `models`.
struct Net {
    file: String,
    name: String,
    plan: Plan,
}

/// All Rust files in a folder and those below it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        folder.read_dir().expect("the sources are there").map(|entry| entry.expect("readable").path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The content of the braces of each `network! { … }` in a file.
fn invocations(file: &Path) -> Vec<TokenStream> {
    let source = std::fs::read_to_string(file).expect("readable");
    let items = syn::parse_file(&source).expect("it compiles").items;
    let invocation = |item| match item {
        syn::Item::Macro(item) if item.mac.path.is_ident("network") => Some(item.mac.tokens),
        _ => None,
    };
    items.into_iter().filter_map(invocation).collect()
}

/// The nets that a file declares, planned as `network!` plans them.
fn nets(sources: &Path, file: &Path) -> Vec<Net> {
    let mut nets = Vec::new();
    for tokens in invocations(file) {
        let mut report = Report::default();
        let ast = cnn_compiler::parse::parse(tokens, &mut report);
        for net in &ast.nets {
            let plan = cnn_compiler::plan_net(net, &ast, &mut report).expect("it compiles");
            let file = file.strip_prefix(sources).expect("below the sources").display().to_string();
            nets.push(Net { file, name: net.name.to_string(), plan });
        }
    }
    nets
}

/// The least possible is the peak, over the steps, of the bytes of all values alive at once, including halos.
#[test]
fn the_workspace_of_every_net_is_near_the_least() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/src");
    let nets: Vec<Net> = files(&sources).iter().flat_map(|file| nets(&sources, file)).collect();
    assert_eq!(nets.len(), 49, "a net that is not found is not tested");
    println!("{:<28} {:<18} {:>14} {:>14} {:>8}", "file", "net", "workspace", "least", "over");
    for Net { file, name, plan } in nets {
        let bytes = |floats: usize| floats * size_of::<f32>();
        let over = plan.workspace_len as f64 / plan.lower_bound as f64 - 1.0;
        let (workspace, least) = (bytes(plan.workspace_len), bytes(plan.lower_bound));
        println!("{file:<28} {name:<18} {workspace:>14} {least:>14} {:>6.2} %", 100.0 * over);
        assert!(over <= 0.1, "{name} needs {workspace} bytes, {least} would do");
    }
}

/// The least possible of a training step is the peak of what is alive at once, in the workspace of an image.
#[test]
fn the_memory_of_every_training_step_is_near_the_least() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/src");
    let nets = files(&sources).into_iter().flat_map(|file| nets(&sources, &file));
    let mut planned = 0;
    for Net { name, plan, .. } in nets {
        plan.describe(&name, "", |graph| {
            let loss = |output: &Output<'_>| {
                let last = if let Value::Node(node) = output.value { Some(graph.nodes[node].op) } else { None };
                let of_numbers = graph.shape(output.value).channels() == 1
                    || last.is_some_and(|op| Loss::MeanSquared.replaces(&op) || Loss::BinaryCrossEntropy.replaces(&op));
                if of_numbers { Loss::MeanSquared.into() } else { Loss::CROSS_ENTROPY.into() }
            };
            let criteria = graph.outputs.iter().map(loss).collect();
            let spec = Spec { images: 2, criteria, frozen: vec![false; graph.nodes.len()], exact: false };
            let step = cnn_compiler::train::plan(graph, &spec).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
            let (found, least) = (step.layout().workspace, step.layout().lower_bound);
            assert!(found * 10 <= least * 11, "{name}: {found} floats, {least} at least");
            planned += 1;
        });
    }
    assert!(planned > 40, "{planned} nets");
}
