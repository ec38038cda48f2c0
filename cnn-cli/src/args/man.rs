//! The arguments of `cnn man`.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// The folder to write to; it is created if needed, and older pages in it are replaced
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
}

pub(super) const ABOUT: &str = "\
Print the manual page of this program, or write it and one for each command: cnn.1, cnn-digits.1, and so on.";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn man | man -l -
  cnn man ~/.local/share/man/man1 && man cnn-summary";
