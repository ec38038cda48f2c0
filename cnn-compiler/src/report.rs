//! Collects mistakes: a stage continues after one, and the next stage starts only if the last one found none.

use std::collections::HashSet;
use std::fmt;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

/// The tokens that a mistake is shown at, from the first to the last.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    first: Span,
    last: Span,
}

impl From<Span> for Place {
    fn from(token: Span) -> Self {
        Self { first: token, last: token }
    }
}

impl Place {
    /// From this place to the end of that one.
    pub(crate) fn to(self, end: impl Into<Self>) -> Self {
        Self { first: self.first, last: end.into().last }
    }

    /// The first token and the last.
    #[must_use]
    pub fn ends(&self) -> [Span; 2] {
        [self.first, self.last]
    }

    /// The line in the source, from 1.
    pub(crate) fn line(&self) -> usize {
        self.first.start().line
    }

    /// An error here. Stable Rust can't join spans, but it shows an error over all tokens of a stream.
    pub(crate) fn mistake(&self, message: &str) -> syn::Error {
        let ends: TokenStream =
            [self.first, self.last].map(|span| TokenTree::from(Ident::new("x", span))).into_iter().collect();
        syn::Error::new_spanned(ends, message)
    }
}

/// A change of the source that a message proposes: all of these edits.
pub type Fix = Vec<Edit>;

/// Text to put in place of tokens, before them or after them.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The tokens.
    pub place: Place,
    /// Where the text goes.
    pub side: Side,
    /// The text.
    pub text: String,
}

/// Where the text of an [`Edit`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In front of the tokens.
    Before,
    /// In place of them.
    Instead,
    /// After them.
    After,
}

impl Edit {
    /// Text in place of tokens.
    pub(crate) fn instead(place: impl Into<Place>, text: impl Into<String>) -> Self {
        Self { place: place.into(), side: Side::Instead, text: text.into() }
    }

    /// Text after tokens.
    pub(crate) fn after(place: impl Into<Place>, text: impl Into<String>) -> Self {
        Self { place: place.into(), side: Side::After, text: text.into() }
    }

    /// Text in front of tokens.
    pub(crate) fn before(place: impl Into<Place>, text: impl Into<String>) -> Self {
        Self { place: place.into(), side: Side::Before, text: text.into() }
    }
}

/// The text about a mistake, and the fixes that it proposes, as edits of the source: a proposal can be tried.
pub struct Message {
    text: String,
    fixes: Vec<Fix>,
}

impl Message {
    /// Adds a fix that the text proposes.
    pub(crate) fn fix(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.fixes.push(edits.into_iter().collect());
        self
    }

    /// Adds several fixes, any of which will do.
    pub(crate) fn fixes(mut self, fixes: impl IntoIterator<Item = Fix>) -> Self {
        self.fixes.extend(fixes);
        self
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T: Into<String>> From<T> for Message {
    fn from(text: T) -> Self {
        Self { text: text.into(), fixes: Vec::new() }
    }
}

/// One mistake.
pub struct Mistake {
    error: syn::Error,
    fixes: Vec<Fix>,
}

impl Mistake {
    /// The message, and where it is shown.
    #[must_use]
    pub fn error(&self) -> &syn::Error {
        &self.error
    }

    /// The proposed fixes.
    #[must_use]
    pub fn fixes(&self) -> &[Fix] {
        &self.fixes
    }
}

/// The mistakes found so far.
#[derive(Default)]
pub struct Report {
    mistakes: Vec<Mistake>,
    seen: HashSet<String>,
    context: Vec<String>,
}

impl Report {
    /// Adds a mistake at a token. The same message at the same token is kept once: a block's body is read at every call.
    pub fn error(&mut self, place: impl Into<Place>, message: impl Into<Message>) {
        self.error_once(place, "", message);
    }

    /// Adds a mistake, unless one with the same `key` was already found at the same token.
    pub(crate) fn error_once(&mut self, place: impl Into<Place>, key: &str, message: impl Into<Message>) {
        let (place, Message { text, fixes }) = (place.into(), message.into());
        let key = if key.is_empty() { &text } else { key };
        if self.seen.insert(format!("{place:?} {key}")) {
            let error = place.mistake(&self.in_context(&text));
            self.mistakes.push(Mistake { error, fixes });
        }
    }

    /// Adds a line to all mistakes from now on, with the call that led there.
    pub(crate) fn enter(&mut self, line: String) {
        self.context.push(line);
    }

    /// Undoes the last [`enter`](Self::enter).
    pub(crate) fn leave(&mut self) {
        self.context.pop();
    }

    /// The message with its context, innermost call first, inserted before the `help`.
    fn in_context(&self, message: &str) -> String {
        let (wrong, help) = message.split_once(HELP).unwrap_or((message, ""));
        let context = self.context.iter().rev().cloned().collect();
        detailed(wrong, &shortened(context), help).text
    }

    /// Adds an error of the parser.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.mistakes.push(Mistake { error, fixes: Vec::new() });
    }

    /// All mistakes, in the order in which they were found.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// How many mistakes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.mistakes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// All mistakes as one error, in the order of the source.
    #[must_use]
    pub fn into_error(mut self) -> Option<syn::Error> {
        self.mistakes.sort_by_key(|mistake| {
            let start = mistake.error.span().start();
            (start.line, start.column)
        });
        self.mistakes.into_iter().map(|mistake| mistake.error).reduce(|mut all, next| {
            all.combine(next);
            all
        })
    }
}

/// The beginning of the last line of a message.
const HELP: &str = "\nhelp: ";

/// A message in the common form: what is wrong, then the fix.
pub(crate) fn message(wrong: &str, help: &str) -> Message {
    detailed(wrong, &[], help)
}

/// The same with lines of detail before the fix.
pub(crate) fn detailed(wrong: &str, details: &[String], help: &str) -> Message {
    let mut text = wrong.to_owned();
    for detail in details {
        text.push_str("\n  ");
        text.push_str(detail);
    }
    if !help.is_empty() {
        text.push_str(HELP);
        text.push_str(help);
    }
    text.into()
}

/// The beginning and the end of a list that could be very long.
pub(crate) fn shortened(mut parts: Vec<String>) -> Vec<String> {
    const SHOWN: usize = 4;
    if parts.len() > 2 * SHOWN + 1 {
        parts.splice(SHOWN..parts.len() - SHOWN, ["…".to_owned()]);
    }
    parts
}

/// `a`, `a and b`, `a, b and c`
pub(crate) fn listed(words: &[String], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {conjunction} {last}", most.join(", ")),
    }
}

/// The candidate that was probably meant: the nearest one, if it is near enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            let shorter = candidate.len().min(word.len());
            // Words of one letter are never near.
            *distance <= 1 + shorter / 4 && *distance < shorter.max(1)
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two words, ignoring case and `_`.
fn distance(a: &str, b: &str) -> usize {
    let plain = |word: &str| word.replace('_', "").to_lowercase();
    strsim::damerau_levenshtein(&plain(a), &plain(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found() {
        let layers = ["conv", "max_pool", "avg_pool", "relu", "linear"];
        assert_eq!(nearest("maxpool", layers), Some("max_pool"));
        assert_eq!(nearest("cnov", layers), Some("conv"));
        assert_eq!(nearest("Linear", layers), Some("linear"));
        assert_eq!(nearest("attention", layers), None);
    }
}
