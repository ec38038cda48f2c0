//! Prints what `network!` emits for the nets in a Rust file, or for LeNet-5:
//! `cargo run -p cnn-compiler --example emitted [FILE]`.

use std::error::Error;

use proc_macro2::{TokenStream, TokenTree};

fn main() -> Result<(), Box<dyn Error>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/src/lenet5.rs").to_owned();
    let file = std::env::args().nth(1).unwrap_or(default);
    let source: TokenStream = std::fs::read_to_string(file)?.parse()?;
    for tokens in invocations(source) {
        println!("{}", prettyplease::unparse(&syn::parse2(cnn_compiler::network(tokens))?));
    }
    Ok(())
}

/// What stands between the braces of each `network! { … }`.
fn invocations(source: TokenStream) -> Vec<TokenStream> {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    tokens
        .windows(3)
        .filter_map(|window| match window {
            [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(body)]
                if name == "network" && mark.as_char() == '!' =>
            {
                Some(body.stream())
            }
            _ => None,
        })
        .collect()
}
