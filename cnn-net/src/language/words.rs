//! Which names are valid in a declaration.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString as _};

use crate::op::Op;

/// Keywords of the language, which can't name blocks.
pub const KEYWORDS: [&str; 13] =
    ["concat", "add", "sub", "mul", "max", "skip", "from", "again", "keep", "tap", "output", "aux", "block"];

/// Rust's keywords, which can name types only in their raw form.
const RUST: [&str; 52] = [
    "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "Self", "static", "struct",
    "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while",
];

/// Keywords that have no raw form.
const NOT_RAW: [&str; 4] = ["self", "Self", "super", "crate"];

/// Whether a name is a word of Rust's lexer, keywords included: the name of a step.
pub(super) fn is_word(name: &str) -> bool {
    let begins = |c: char| c == '_' || c.is_alphabetic();
    // Of non-ASCII characters, only letters: others may be parts of words, but telling which takes tables.
    let continues = |c: char| begins(c) || c.is_ascii_digit();
    name.starts_with(begins) && name.chars().all(continues) && name != "_"
}

/// Whether a name is valid for an input or an output, which become fields of structs and parameters of functions.
#[must_use]
pub fn is_field(name: &str) -> bool {
    is_word(name) && !NOT_RAW.contains(&name)
}

/// Whether a name is valid for a step, in quotes if it is not a word.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_control)
}

/// The position that a name denotes among the steps of a body, if it is a number.
#[must_use]
pub fn step_number(name: &str) -> Option<usize> {
    name.parse().ok().filter(|number: &usize| number.to_string() == name)
}

/// The name of a net as the name of a Rust type, if that is possible.
pub(super) fn type_name(name: &str) -> Option<String> {
    let is_plain = !RUST.contains(&name);
    let is_raw = !NOT_RAW.contains(&name);
    (is_word(name) && is_raw).then(|| if is_plain { name.to_owned() } else { format!("r#{name}") })
}

/// Whether a name is valid for a block.
pub(super) fn is_block(name: &str) -> bool {
    is_word(name) && !KEYWORDS.contains(&name) && Op::layers().all(|layer| layer.name() != name)
}

/// Whether a parameter of a block is a number of channels.
pub(super) fn is_channels(word: &str) -> bool {
    let stem = word.trim_end_matches(|c: char| c.is_ascii_digit());
    ["filters", "features", "groups", "range"].contains(&stem)
}

/// The parameters of a block in the order in which they are written, by their indices: first the numbers of channels, which need no
/// names in calls.
pub(super) fn in_order(params: &[String]) -> impl Iterator<Item = usize> {
    let place = |channels: bool| (0..params.len()).filter(move |index| is_channels(&params[*index]) == channels);
    place(true).chain(place(false))
}
