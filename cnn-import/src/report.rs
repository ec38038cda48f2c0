//! What can be wrong with a model, in words: everything at once.

use std::fmt;

/// Why a model was not imported. Nothing of it is returned then.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The file can't be read, or is not an ONNX file.
    Unreadable(String),
    /// It has parts that can't be declared: all of them.
    Unsupported(Vec<Problem>),
}

/// A part of a model that can't be declared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The operator: `NonMaxSuppression`; or what else it is: `input`, `tensor`.
    pub what: String,
    /// Its name in the file; that of its first output, if it has none.
    pub name: String,
    /// Why.
    pub why: String,
    /// What to do about it; may be empty.
    pub help: String,
}

/// At most this many problems are listed.
const MOST_SHOWN: usize = 40;
/// Texts of files are cut here.
const MOST_TEXT: usize = 120;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => f.write_str(why),
            Self::Unsupported(problems) => {
                match problems.len() {
                    1 => f.write_str("a part of the model can't be declared:")?,
                    many => write!(f, "{many} parts of the model can't be declared:")?,
                }
                for problem in problems.iter().take(MOST_SHOWN) {
                    write!(f, "\n{problem}")?;
                }
                match problems.len().saturating_sub(MOST_SHOWN) {
                    0 => Ok(()),
                    more => write!(f, "\n  … and {more} more"),
                }
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, name, why, help } = self;
        write!(f, "  {what} `{name}`: {why}")?;
        if help.is_empty() { Ok(()) } else { write!(f, "\n    help: {help}") }
    }
}

impl std::error::Error for Error {}

/// What is wrong with a node or a tensor, which the caller knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) why: String,
    pub(crate) help: String,
}

impl Fault {
    pub(crate) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), help: String::new() }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: help.into(), ..self }
    }

    /// The fault of a part of a model.
    pub(crate) fn of(self, what: &str, name: &str) -> Problem {
        Problem { what: text(what), name: text(name), why: self.why, help: self.help }
    }
}

/// Why a node has no result.
pub(crate) enum Stop {
    Fault(Fault),
    /// Something before it can't be declared.
    Broken,
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An error with a reason.
pub(crate) fn fault<T>(why: impl Into<String>) -> Result<T, Stop> {
    Err(Fault::new(why).into())
}

/// A text of a file, on one line and not too long.
pub(crate) fn text(of: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{FFFD}' } else { c };
    let mut text: String = of.chars().take(MOST_TEXT).map(plain).collect();
    if of.chars().nth(MOST_TEXT).is_some() {
        text.push('…');
    }
    text
}
