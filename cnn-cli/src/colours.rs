//! Colours, where they are wanted.
//!
//! They are off if the stream is not a terminal, if NO_COLOR is set, or if the terminal has none; CLICOLOR_FORCE turns them on.
//! All of this is `anstream`'s decision.

use std::fmt::Display;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};

/// Of headings and totals.
pub(crate) const HEADING: Style = Style::new().bold();
/// Of what is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Of what is not.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Whether a stream has colours.
#[derive(Clone, Copy)]
pub(crate) struct Colours(pub(crate) bool);

impl Colours {
    /// Those of standard output or standard error. Asking switches a console of Windows to colours.
    pub(crate) fn of(stream: impl RawStream) -> Self {
        Self(AutoStream::auto(stream).current_choice() != ColorChoice::Never)
    }

    /// A text in a style, if there are colours.
    pub(crate) fn styled(self, style: Style, text: impl Display) -> String {
        if self.0 { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}
