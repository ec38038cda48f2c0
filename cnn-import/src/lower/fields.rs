//! What inputs and outputs are called.

use cnn_net::language::is_field;

/// Names of inputs or outputs as those of fields, which differ; the only one has none.
pub(super) fn fields<'n>(names: impl ExactSizeIterator<Item = &'n str>, or: &str) -> Vec<String> {
    if names.len() == 1 {
        return vec![String::new()];
    }
    let mut fields: Vec<String> = Vec::new();
    for name in names {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let word: String = name.chars().map(plain).collect();
        let word = word.trim_matches('_');
        // Exporters number what has no name.
        let is_number = !word.starts_with(|c: char| c.is_ascii_alphabetic());
        let word = if is_number || !is_field(word) { or } else { word };
        let numbered = (2..).map(|number| format!("{word}_{number}"));
        let free = std::iter::once(word.to_owned()).chain(numbered).find(|name| !fields.contains(name));
        fields.extend(free);
    }
    fields
}
