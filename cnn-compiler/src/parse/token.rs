//! The parser's queries about single tokens.

use proc_macro2::extra::DelimSpan;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{ParseBuffer, ParseStream};
use syn::{Error, Result, braced, token};

/// Brackets nested more deeply than this could overflow the stack.
const DEEPEST: usize = 100;

/// Whether the next token is this word.
pub(super) fn is_word(input: ParseStream<'_>, word: &str) -> bool {
    input.fork().call(Ident::parse_any).is_ok_and(|ident| ident == word)
}

/// `expected …, found …` at the next token.
pub(super) fn expected(input: ParseStream<'_>, what: &str) -> Error {
    let (what, help) = what.split_once('\n').map_or((what, String::new()), |(what, help)| (what, format!("\n{help}")));
    Error::new(input.span(), format!("expected {what}, found {}{help}", found(input)))
}

/// The next token in words.
pub(super) fn found(input: ParseStream<'_>) -> String {
    let Ok(token) = input.fork().parse::<TokenTree>() else { return "the end".to_owned() };
    match token {
        TokenTree::Group(group) => match group.delimiter() {
            proc_macro2::Delimiter::Parenthesis => "`( … )`".to_owned(),
            proc_macro2::Delimiter::Brace => "`{ … }`".to_owned(),
            proc_macro2::Delimiter::Bracket => "`[ … ]`".to_owned(),
            proc_macro2::Delimiter::None => format!("`{}`", group.stream()),
        },
        TokenTree::Ident(word) if syn::parse_str::<syn::Ident>(&word.to_string()).is_err() => {
            format!("the keyword `{word}`")
        }
        TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Punct(_) => format!("`{token}`"),
    }
}

/// The content of braces, and the braces.
pub(super) fn braces<'a>(input: ParseStream<'a>, what: &str) -> Result<(ParseBuffer<'a>, DelimSpan)> {
    if !input.peek(token::Brace) {
        return Err(expected(input, what));
    }
    let content;
    let brace = braced!(content in input);
    Ok((content, brace.span))
}

/// Skips tokens until one satisfies a condition; that one is left.
pub(super) fn skip_to(input: ParseStream<'_>, condition: impl Fn(&TokenTree) -> bool) {
    while let Ok(token) = input.fork().parse::<TokenTree>() {
        if condition(&token) {
            return;
        }
        drop(input.parse::<TokenTree>());
    }
}

/// A bracket that is nested too deeply.
pub(super) fn too_deep(tokens: &TokenStream, depth: usize) -> Option<Span> {
    tokens.clone().into_iter().find_map(|token| match token {
        TokenTree::Group(group) if depth == DEEPEST => Some(group.span_open()),
        TokenTree::Group(group) => too_deep(&group.stream(), depth + 1),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}
