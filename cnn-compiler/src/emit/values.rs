//! The runtime's values as the expressions that make them.

use cnn_net::literal::Literal;
use proc_macro2::{Literal as Number, TokenStream};

/// The expression that makes a value.
pub(super) fn value(of: &impl Literal) -> TokenStream {
    tokens(&of.literal())
}

/// Rust source that this crate wrote. All of it is handed to rustc at once, which is faster than token by token.
pub(super) fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap_or_else(|error| panic!("{source} is Rust: {error}"))
}

/// `6`, not `6usize`.
pub(super) fn number(value: usize) -> Number {
    Number::usize_unsuffixed(value)
}
