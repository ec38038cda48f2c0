//! The commands, one file each.

mod bench;
mod check_weights;
mod classify;
mod compare;
mod diagram;
mod digits;
mod drawings;
mod figures;
mod input;
mod list;
mod pixels;
mod run;
mod summary;
mod trace;
mod weights;

use std::io::Write;

use crate::args::{Args, Command};
use crate::failure::Failure;

/// Executes the command in the arguments.
pub(crate) fn execute(args: &Args, out: &mut impl Write) -> Result<(), Failure> {
    match &args.command {
        Command::Classify(args) => classify::classify(args, out),
        Command::Digits { test: true, .. } => digits::test(out),
        Command::Digits { files, test: false } => digits::read(files, out),
        Command::List => list::list(out),
        Command::Summary { net, format } => summary::summary(net, *format, out),
        Command::Bench(args) => bench::bench(args, out),
        Command::CheckWeights(args) => check_weights::check_weights(args, out),
        Command::Run(args) => run::run(args),
        Command::Trace(args) => trace::trace(args),
        Command::Compare(args) => compare::compare(args, out),
        Command::Diagram(args) => diagram::diagram(args, out),
        Command::Figures(args) => figures::figures(args),
    }?;
    out.flush().map_err(Failure::Stdout)
}
