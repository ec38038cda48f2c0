//! What can go wrong, and how it is reported.

mod mistakes;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cnn_compiler::file::Wrong;

use crate::colours::{BAD, Colours};
use crate::stdin::is_dash;

/// The same as for wrong arguments, where `clap` chooses it.
const FAILED: u8 = 2;

/// As with `diff`, which exits with 2 if it cannot compare.
const DIFFERENT: u8 = 1;

/// Why a command stopped.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What went wrong, without `error: `; further lines are indented.
    Message(String),
    /// A Rust file has mistakes.
    Mistakes {
        /// The file.
        path: PathBuf,
        /// What it holds.
        text: &'static str,
        /// All of them.
        mistakes: Vec<Wrong>,
    },
    /// Something went wrong and was reported at once.
    Reported,
    /// Nothing went wrong, but the compared tensors differ, which was reported.
    Different,
    /// The user stopped it, which was reported.
    Stopped,
    /// Standard output cannot be written.
    Stdout(io::Error),
}

impl Failure {
    /// A problem with a file: `path problem`, where the problem begins with a verb.
    pub(crate) fn of_file(path: &Path, problem: impl Display) -> Self {
        Self::Message(format!("{} {problem}", shown(path)))
    }

    /// A file that the system does not let us read.
    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self::of_file(path, format_args!("cannot be read: {error}"))
    }
}

/// Commands write to standard output with `?`; errors of files are turned into messages where they happen.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Stdout(error)
    }
}

/// Reports what went wrong, and returns the exit code.
pub(crate) fn exit_code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => return ExitCode::SUCCESS,
        // `cnn list | head -1`: the reader has what it wanted.
        Err(Failure::Stdout(error)) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(Failure::Stdout(error)) => tell(&format!("the output cannot be written: {error}")),
        Err(Failure::Message(message)) => tell(&message),
        Err(Failure::Mistakes { path, text, mistakes }) => {
            let shown = mistakes::rendered(&path, text, &mistakes, Colours::of(io::stderr()));
            let _ = writeln!(io::stderr(), "{shown}");
        }
        Err(Failure::Reported) => {}
        Err(Failure::Stopped) => return ExitCode::from(cnn_train::STOPPED),
        Err(Failure::Different) => return ExitCode::from(DIFFERENT),
    }
    ExitCode::from(FAILED)
}

/// Writes `error: message` to stderr. If that fails, there is nobody left to tell.
pub(crate) fn tell(message: &str) {
    let error = Colours::of(io::stderr()).styled(BAD, "error:");
    let _ = writeln!(io::stderr(), "{error} {message}");
}

/// A path for a terminal, with control characters escaped.
pub(crate) fn shown(path: &Path) -> String {
    if is_dash(path) {
        return "standard input".to_owned();
    }
    cut(&path.to_string_lossy(), MOST_OF_A_PATH)
}

/// Characters shown of a text that comes from elsewhere.
const MOST: usize = 500;

/// The same for a path: no system opens a longer one, but a file may contain one.
const MOST_OF_A_PATH: usize = 4096;

/// A text that comes from elsewhere, for a terminal: cut, and with control characters escaped.
pub(crate) fn printable(text: &str) -> String {
    cut(text, MOST)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}… ({} bytes)", escaped(&text[..end]), text.len()),
        None => escaped(text),
    }
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut shown, c| {
        if c.is_control() || turns_writing(c) {
            shown.extend(c.escape_default())
        } else {
            shown.push(c)
        }
        shown
    })
}

/// Whether this character separates lines or changes the direction of writing.
fn turns_writing(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_reach_the_terminal() {
        assert_eq!(shown(Path::new("a b/ü\x1b[31m\n.png")), "a b/ü\\u{1b}[31m\\n.png");
        assert_eq!([shown(Path::new("-")), shown(Path::new("./-"))], ["standard input", "./-"]);
        assert_eq!(printable("gnp.\u{202e}exe"), "gnp.\\u{202e}exe");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(printable(&"ü".repeat(MOST)), "ü".repeat(MOST));
        assert_eq!(printable(&"ü".repeat(MOST + 1)), format!("{}… ({} bytes)", "ü".repeat(MOST), 2 * MOST + 2));
    }
}
