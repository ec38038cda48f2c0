//! Where a command writes its result: text that may have colours, JSON, or bytes as they are.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use clap::builder::styling::Style;
use serde::Serialize;
use terminal_size::Width;

use crate::colours::Colours;
use crate::failure::Failure;

/// A stream that a command writes its result to.
pub(crate) struct Output<W> {
    to: W,
    colours: Colours,
    terminal: bool,
    /// Columns of the terminal.
    width: Option<usize>,
}

impl Output<io::StdoutLock<'static>> {
    pub(crate) fn stdout() -> Self {
        let to = io::stdout().lock();
        let width = terminal_size::terminal_size_of(&to).map(|(Width(columns), _)| usize::from(columns));
        Self { colours: Colours::of(io::stdout()), terminal: to.is_terminal(), width, to }
    }
}

impl<W: Write> Output<W> {
    /// A text in a style, if there are colours.
    pub(crate) fn styled(&self, style: Style, text: impl Display) -> String {
        self.colours.styled(style, text)
    }

    /// How many columns a line may have, if there is a terminal that would wrap it.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Writes a value as one JSON document.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut self.to, value).map_err(io::Error::from)?;
        Ok(writeln!(self.to)?)
    }

    /// Writes bytes that a terminal cannot show. `advice` says how to get them elsewhere.
    pub(crate) fn binary(&mut self, bytes: &[u8], what: &str, advice: &str) -> Result<(), Failure> {
        if self.terminal {
            return Err(Failure::Message(format!("a terminal cannot show {what}: {advice}")));
        }
        Ok(self.to.write_all(bytes)?)
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::colours::HEADING;

    /// What is written to an output, without colours or with them.
    pub(crate) fn written<E: std::fmt::Debug>(
        coloured: bool,
        write: impl FnOnce(&mut Output<Vec<u8>>) -> Result<(), E>,
    ) -> String {
        let mut out = Output { to: Vec::new(), colours: Colours(coloured), terminal: false, width: None };
        write(&mut out).expect("memory can be written to");
        String::from_utf8(out.to).expect("text is UTF-8")
    }

    #[test]
    fn styles_are_written_only_with_colours() {
        let write = |out: &mut Output<Vec<u8>>| {
            let text = out.styled(HEADING, "a");
            write!(out, "{text}b")
        };
        assert_eq!(written(false, write), "ab");
        assert_eq!(written(true, write), "\u{1b}[1ma\u{1b}[0mb");
    }

    #[test]
    fn a_terminal_is_spared_bytes() {
        let mut out = Output { to: Vec::new(), colours: Colours(true), terminal: true, width: None };
        let Err(Failure::Message(message)) = out.binary(&[0], "a PNG", "name a file") else { panic!("it was written") };
        assert_eq!((message.as_str(), out.to.len()), ("a terminal cannot show a PNG: name a file", 0));
    }
}
