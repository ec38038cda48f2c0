//! Text from a file as part of a message: never long, and without anything that would upset a terminal.

use core::fmt;

/// How many characters of a name are shown: names in nets have a few dozen.
const NAME: usize = 100;

/// How many characters of a path, or of somebody else's text.
const TEXT: usize = 1000;

/// How many dimensions of a shape.
const DIMENSIONS: usize = 8;

/// A name.
pub(super) struct Name<'a>(pub(super) &'a str);

/// A text.
pub(super) struct Text<'a>(pub(super) &'a str);

/// A shape.
pub(super) struct Dimensions<'a>(pub(super) &'a [usize]);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (some, all) = (beginning(self.0, NAME), self.0);
        write!(f, "{}", some.escape_debug())?;
        if some == all { Ok(()) } else { write!(f, "… ({} bytes)", all.len()) }
    }
}

/// Quotes are not escaped.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (some, all) = (beginning(self.0, TEXT), self.0);
        for c in some.chars() {
            if is_harmful(c) { write!(f, "{}", c.escape_unicode())? } else { write!(f, "{c}")? }
        }
        if some == all { Ok(()) } else { write!(f, "… ({} bytes)", all.len()) }
    }
}

impl fmt::Display for Dimensions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((some, rest)) = self.0.split_at_checked(DIMENSIONS).filter(|(_, rest)| !rest.is_empty()) else {
            return write!(f, "{:?}", self.0);
        };
        f.write_str("[")?;
        some.iter().try_for_each(|dimension| write!(f, "{dimension}, "))?;
        write!(f, "and {} more]", rest.len())
    }
}

/// The first characters.
fn beginning(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// Whether a terminal obeys this character, directly or by changing the direction of writing.
fn is_harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::*;

    #[test]
    fn what_is_long_is_cut_and_what_a_terminal_obeys_is_escaped() {
        assert_eq!(Name("conv1.weight").to_string(), "conv1.weight");
        assert_eq!(Name("\u{1b}[2J\u{202e}").to_string(), "\\u{1b}[2J\\u{202e}");
        let long = Name(&"ü".repeat(1 << 20)).to_string();
        assert_eq!(long, ["ü".repeat(NAME).as_str(), "… (2097152 bytes)"].concat());
        assert_eq!(Name(&"n".repeat(NAME)).to_string(), "n".repeat(NAME));
        assert_eq!(Text("it's \"\\\u{1b}\u{202e}\"").to_string(), "it's \"\\\\u{1b}\\u{202e}\"");
        assert!(Text(&"t".repeat(1 << 20)).to_string().ends_with("ttt… (1048576 bytes)"));
    }

    #[test]
    fn a_shape_has_a_few_dimensions() {
        assert_eq!(Dimensions(&[]).to_string(), "[]");
        assert_eq!(Dimensions(&[1, 2, 3, 4, 5, 6, 7, 8]).to_string(), "[1, 2, 3, 4, 5, 6, 7, 8]");
        assert_eq!(Dimensions(&vec![1; 100_000]).to_string(), "[1, 1, 1, 1, 1, 1, 1, 1, and 99992 more]");
    }
}
