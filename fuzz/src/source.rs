//! Text to tokens to an expansion.

use proc_macro2::{TokenStream, TokenTree};

/// Expands the content of `network! { … }`: errors, or Rust.
///
/// # Panics
///
/// If the compiler does, or its expansion is not Rust.
pub fn expand(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        expansion(text);
    }
}

/// The messages in the expansion of a source that can be split into tokens.
pub(crate) fn expansion(source: &str) -> Vec<String> {
    // Spans keep every source that has been read.
    proc_macro2::extra::invalidate_current_thread_spans();
    let Ok(tokens) = source.parse::<TokenStream>() else { return Vec::new() };
    let expansion = cnn_compiler::network(tokens);
    let errors = errors(&expansion);
    if let Err(error) = syn::parse2::<syn::File>(expansion.clone()) {
        panic!("the expansion is not Rust: {error}\n{expansion}");
    }
    errors
}

/// The texts of all `compile_error! { "…" }`.
fn errors(expansion: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = expansion.clone().into_iter().collect();
    let error = |three: &[TokenTree]| match three {
        [TokenTree::Ident(name), _, TokenTree::Group(text)] if name == "compile_error" => {
            Some(syn::parse2::<syn::LitStr>(text.stream()).expect("the text of an error").value())
        }
        _ => None,
    };
    tokens.windows(3).filter_map(error).collect()
}
