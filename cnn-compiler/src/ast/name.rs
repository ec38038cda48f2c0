//! The names of steps.

use std::fmt;

use cnn_net::language::step_number;
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;

/// The name of a step: a word, a number, or any text in quotes.
#[derive(Clone, Debug)]
pub struct Name {
    text: String,
    span: Span,
}

impl Name {
    pub(crate) fn new(text: String, span: Span) -> Self {
        Self { text, span }
    }

    /// The token.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// As it is written in a declaration: in quotes unless it is a word or a number.
    pub(crate) fn written(&self) -> String {
        let is_word = Ident::parse_any.parse_str(&self.text).is_ok();
        if is_word || step_number(&self.text).is_some() { self.text.clone() } else { format!("{:?}", self.text) }
    }

    /// Without quotes.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl From<&Ident> for Name {
    fn from(name: &Ident) -> Self {
        Self::new(name.to_string(), name.span())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
