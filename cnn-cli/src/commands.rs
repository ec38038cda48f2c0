//! The commands, a file each.

mod classify;
mod digits;
mod list;
mod run;
mod start;
mod summary;

use std::io::Write;

use crate::args::{Args, Command};
use crate::failure::Failure;

/// Does what the arguments say.
pub(crate) fn execute(args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    match &args.command {
        Command::Classify(args) => classify::classify(args, out),
        Command::Digits { test: true, .. } => digits::test(out),
        Command::Digits { files, test: false } => digits::read(files, out),
        Command::List => list::list(out),
        Command::Summary { net, format } => summary::summary(net, *format, out),
        Command::Run(args) => run::run(args),
    }?;
    out.flush().map_err(Failure::Stdout)
}
