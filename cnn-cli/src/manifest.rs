//! What is written into a Cargo.toml.

use std::path::Path;

use crate::failure::Failure;

/// A path as a string of TOML, with its quotes.
pub(crate) fn path(path: &Path) -> Result<String, Failure> {
    let text =
        path.to_str().ok_or_else(|| Failure::of_file(path, "is not Unicode, as paths in a Cargo.toml must be"))?;
    let mut escaped = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => escaped.extend(['\\', c]),
            c if c.is_control() => escaped.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped.push('"');
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped() {
        for (text, expected) in [("/a/b", r#""/a/b""#), (r"C:\b", r#""C:\\b""#), ("a\"\n", r#""a\"\u000A""#)] {
            assert_eq!(path(Path::new(text)).ok().as_deref(), Some(expected));
        }
    }
}
