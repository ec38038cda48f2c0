//! What the compiler says about a source.

use proc_macro2::{Span, TokenStream, TokenTree};

/// One error of an expansion.
#[derive(Debug)]
pub(crate) struct Error {
    /// The text of the message.
    pub(crate) message: String,
    /// The part of the source where it is shown.
    pub(crate) at: String,
    /// Whether that is the whole invocation.
    pub(crate) at_call_site: bool,
}

/// The errors in what a source expands to; the source begins on line 2.
pub(crate) fn errors(source: &str) -> Vec<Error> {
    let source = format!("\n{source}");
    let Ok(tokens) = source.parse::<TokenStream>() else { return Vec::new() };
    let expansion = cnn_compiler::network(tokens);
    syn::parse2::<syn::File>(expansion.clone()).unwrap_or_else(|error| panic!("{error} in\n{expansion}"));
    let expansion: Vec<TokenTree> = expansion.into_iter().collect();
    // `::core::compile_error! { "…" }`: the error is shown from the first token to the last.
    expansion
        .windows(8)
        .filter_map(|window| match window {
            [first, _, _, _, _, TokenTree::Ident(name), _, TokenTree::Group(text)] if name == "compile_error" => {
                Some(error(&source, first.span(), text.span(), text.stream()))
            }
            _ => None,
        })
        .collect()
}

fn error(source: &str, first: Span, last: Span, text: TokenStream) -> Error {
    let message = syn::parse2::<syn::LitStr>(text).map(|text| text.value()).unwrap_or_default();
    let (start, end) = (first.byte_range().start, last.byte_range().end);
    Error { message, at: source.get(start..end).unwrap_or_default().to_owned(), at_call_site: start == 0 }
}
