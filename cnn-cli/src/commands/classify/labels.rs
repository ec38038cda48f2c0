//! The names of a net's classes.

use std::borrow::Cow;
use std::path::Path;

use crate::failure::{Failure, printable};
use crate::limited;
use crate::registry::Model;

/// The longest accepted file of labels: this many bytes for a net of few classes, or this many per class.
const MOST: usize = 64 << 10;
const MOST_OF_A_LABEL: usize = 1 << 10;

/// The names of a net's classes, in the order of its outputs.
#[derive(Debug)]
pub(super) enum Labels {
    /// Declared with the net; empty if they are not.
    Declared(&'static [&'static str]),
    /// From a file of the user's.
    Read(Vec<String>),
}

impl Labels {
    /// The labels in a file, or else the net's own.
    pub(super) fn of(model: &Model, file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else { return Ok(Self::Declared(model.labels)) };
        let classes = model.graph.output().elements();
        let most = MOST.max(MOST_OF_A_LABEL * classes);
        let bytes = limited::read(path, most).map_err(|error| Failure::unreadable(path, &error))?;
        let Some(bytes) = bytes else {
            let what =
                format!("has more than {most} bytes: labels are a text file with one per line, and {}", model.name);
            return Err(Failure::of_file(path, format_args!("{what} has {classes} classes")));
        };
        parse(&bytes, model).map(Self::Read).map_err(|problem| Failure::of_file(path, problem))
    }

    /// The name of a class, or its number.
    pub(super) fn name(&self, class: usize) -> Cow<'_, str> {
        let name = match self {
            Self::Declared(labels) => labels.get(class).map(|label| Cow::Borrowed(*label)),
            Self::Read(labels) => labels.get(class).map(|label| Cow::Borrowed(label.as_str())),
        };
        name.unwrap_or_else(|| Cow::Owned(format!("class {class}")))
    }
}

/// One label per line, as many as the net has classes; empty lines do not count. The error is a problem that begins with a
/// verb.
fn parse(bytes: &[u8], model: &Model) -> Result<Vec<String>, String> {
    let text = str::from_utf8(bytes).map_err(|_| "is not UTF-8 text: labels are a text file with one per line")?;
    // Editors on Windows begin files with a byte order mark and end lines with `\r\n`.
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let labels: Vec<String> = lines.filter(|line| !line.is_empty()).map(printable).collect();
    let classes = model.graph.output().elements();
    if labels.len() == classes {
        return Ok(labels);
    }
    Err(format!("has {} labels, one on each nonempty line, but {} has {classes} classes", labels.len(), model.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    #[test]
    fn lines_end_as_they_like_and_empty_ones_do_not_count() {
        for text in
            ["cat\ndog\nblue whale\n", "\u{feff}cat\r\n\r\ndog\r\nblue whale", "\n cat\n \ndog \n\tblue whale\n\n"]
        {
            assert_eq!(parse(text.as_bytes(), &BRANCHED).unwrap(), ["cat", "dog", "blue whale"]);
        }
    }

    #[test]
    fn a_wrong_number_of_labels_is_reported() {
        for (text, count) in [("", 0), ("cat\ndog\n\n", 2), ("cat\ndog\nblue\nwhale", 4)] {
            let expected = format!("has {count} labels, one on each nonempty line, but branched has 3 classes");
            assert_eq!(parse(text.as_bytes(), &BRANCHED).unwrap_err(), expected);
        }
    }

    #[test]
    fn other_files_are_refused_and_control_characters_do_not_reach_the_terminal() {
        assert!(parse(b"cat\n\xff\n", &BRANCHED).unwrap_err().starts_with("is not UTF-8 text"));
        assert_eq!(parse(b"cat\n\x1b[31mdog\nfish", &BRANCHED).unwrap()[1], "\\u{1b}[31mdog");
    }

    #[test]
    fn a_class_without_a_name_has_its_number() {
        assert_eq!(Labels::of(&BRANCHED, None).unwrap().name(2), "class 2");
        assert_eq!(Labels::Declared(&["cat"]).name(0), "cat");
        assert_eq!(Labels::Read(vec!["dog".to_owned()]).name(0), "dog");
    }
}
