//! Prints what `network!` emits for the nets in a Rust file, or for LeNet-5:
//! `cargo run -p cnn-compiler-tests --example emitted [FILE]`.

mod pretty;

use std::error::Error;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

fn main() -> Result<(), Box<dyn Error>> {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("models");
    let file = match std::env::args_os().nth(1) {
        Some(file) => PathBuf::from(file),
        None => models.join("src/lenet5.rs"),
    };
    let source = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let file = syn::parse_file(&source)?;
    for invocation in file.items.iter().filter_map(invocation) {
        println!("{}", pretty::pretty(cnn_compiler::network(without_weights(invocation)))?);
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

/// Without `#[weights("…")]`, which would add a byte string of all weights.
fn without_weights(tokens: TokenStream) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_weights = |index: usize| match (&tokens[index], tokens.get(index + 1)) {
        (TokenTree::Punct(pound), Some(TokenTree::Group(group))) if pound.as_char() == '#' => {
            group.stream().to_string().starts_with("weights")
        }
        _ => false,
    };
    let dropped = |index: usize| is_weights(index) || index > 0 && is_weights(index - 1);
    (0..tokens.len()).filter(|index| !dropped(*index)).map(|index| tokens[index].clone()).collect()
}
