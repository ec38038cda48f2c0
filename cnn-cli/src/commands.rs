//! The commands, one file each.

mod bench;
mod check_weights;
mod classify;
mod compare;
mod completions;
mod diagram;
mod digits;
mod drawings;
mod figures;
mod import;
mod input;
mod list;
mod man;
mod new;
mod pixels;
mod plan;
mod preparation;
mod run;
mod summary;
mod trace;
mod train;
mod weights;

use std::io::Write;

use crate::args::{Args, Command};
use crate::failure::Failure;
use crate::output::Output;

/// Executes the command in the arguments.
pub(crate) fn execute(args: &Args, out: &mut Output<impl Write>) -> Result<(), Failure> {
    match &args.command {
        Command::Classify(args) => classify::classify(args, out),
        Command::Digits(args) => digits::digits(args, out),
        Command::List(args) => list::list(*args, out),
        Command::Summary(args) => summary::summary(args, out),
        Command::Bench(args) => bench::bench(args, out),
        Command::CheckWeights(args) => check_weights::check_weights(args, out),
        Command::Run(args) => run::run(args, out),
        Command::Trace(args) => trace::trace(args, out),
        Command::Compare(args) => compare::compare(args, out),
        Command::Diagram(args) => diagram::diagram(args, out),
        Command::Figures(args) => figures::figures(args, out),
        Command::Import(args) => import::import(args, out),
        Command::Plan(args) => plan::plan(args, out),
        Command::New(args) => new::new(args, out),
        Command::Train(args) => train::train(args, out),
        Command::Completions(args) => completions::completions(args, out),
        Command::Man(args) => man::man(args, out),
    }?;
    out.flush().map_err(Failure::Stdout)
}
