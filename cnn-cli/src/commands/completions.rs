//! `cnn completions`

use std::io::Write;

use clap::CommandFactory;

use crate::args::Args;
use crate::args::completions::CompletionsArgs;
use crate::failure::Failure;

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs, out: &mut impl Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "cnn", &mut script);
    Ok(out.write_all(&script)?)
}
