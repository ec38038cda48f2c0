//! Prints how long the compiler takes for the nets in Rust files, and how much it emits:
//! `cargo run --release -p cnn-compiler-tests --example expansion [FILE…]`, by default the ResNets of `models`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proc_macro2::{TokenStream, TokenTree};

/// Runs of each, of which the fastest counts.
const RUNS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/src");
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        files.push(models.join("resnet.rs"));
    }
    for path in files {
        let source = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = syn::parse_file(&source)?;
        for net in file.items.iter().filter_map(invocation) {
            let (time, code) = expand(&net);
            println!("{}: {:.1} ms, {} tokens", path.display(), time.as_secs_f64() * 1e3, tokens(code));
        }
    }
    Ok(())
}

/// The content of the braces of a `network! { … }`.
fn invocation(item: &syn::Item) -> Option<TokenStream> {
    match item {
        syn::Item::Macro(item) if item.mac.path.segments.last()?.ident == "network" => Some(item.mac.tokens.clone()),
        _ => None,
    }
}

/// The least time of several expansions, and what they give.
fn expand(net: &TokenStream) -> (Duration, TokenStream) {
    let mut least = Duration::MAX;
    let mut code = TokenStream::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        code = cnn_compiler::network(net.clone());
        least = least.min(start.elapsed());
    }
    (least, code)
}

/// The number of tokens in a stream, with those in its groups.
fn tokens(code: TokenStream) -> usize {
    let count = |token: TokenTree| match token {
        TokenTree::Group(group) => 2 + tokens(group.stream()),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
    };
    code.into_iter().map(count).sum()
}
