//! How long the macro takes: the declarations of some files of `models`, and chains of ever more layers, whose times should be
//! proportional to their lengths.
//!
//! `cargo bench -p cnn-compiler-tests --bench expansion`; with `--profile dev`, as cargo builds macros for the nets of users, even in
//! release builds.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, criterion_group};
use proc_macro2::TokenStream;

const FILES: [&str; 4] = ["inception_v1.rs", "vgg.rs", "resnet.rs", "torchvision/convnext.rs"];

/// What is in each `network! { … }` of a file.
fn declarations(file: &str) -> Vec<TokenStream> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/src").join(file);
    let source = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let items = syn::parse_file(&source).unwrap_or_else(|why| panic!("{}: {why}", path.display())).items;
    let invocation = |item| match item {
        syn::Item::Macro(item) if item.mac.path.is_ident("network") => Some(item.mac.tokens),
        _ => None,
    };
    items.into_iter().filter_map(invocation).collect()
}

/// Convolutions with names, one after another.
fn chain(layers: usize) -> TokenStream {
    let mut text = "Net: 8x6x6 -> 8x6x6 {".to_owned();
    (0..layers).for_each(|layer| write!(text, "conv{layer}: conv(8, 3x3, pad = 1) -> relu;").expect("a string"));
    format!("{text}}}").parse().expect("tokens")
}

fn expansion(c: &mut Criterion) {
    let mut group = c.benchmark_group("expansion");
    group.sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    let files = FILES.map(|file| (file.to_owned(), declarations(file)));
    let chains = [125, 250, 500, 1000].map(|layers| (format!("chain/{layers}"), vec![chain(layers)]));
    for (name, all) in files.into_iter().chain(chains) {
        for tokens in &all {
            let emitted = cnn_compiler::network(tokens.clone()).to_string();
            assert!(!emitted.contains("compile_error"), "{name} does not compile");
        }
        let expand = || all.iter().for_each(|tokens| drop(black_box(cnn_compiler::network(tokens.clone()))));
        group.bench_function(name, |b| b.iter(expand));
    }
}

criterion_group!(benches, expansion);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
}
