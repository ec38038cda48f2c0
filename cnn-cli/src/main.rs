//! The command line of the `cnn` compiler: reads handwritten digits, classifies pictures, and runs, compares, counts and
//! lists the reference nets.
//!
//! `args` is the interface as users see it, and each command is a file in `commands`. A command writes to the output that it
//! is given and returns a [`Failure`](failure::Failure); only `failure` decides what goes to stderr, and the exit code.

#![forbid(unsafe_code)]

mod args;
mod colours;
mod commands;
mod failure;
mod limited;
mod manifest;
mod names;
mod net;
mod output;
mod picture;
mod progress;
mod recorded;
mod registry;
mod replace;
mod stdin;
mod table;
mod tensors;

use std::process::ExitCode;

use clap::Parser;
use cnn_runtime::exec::isa::Isa;

use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    let args = args::Args::parse();
    // A user who asks for an instruction set must not get the numbers or times of another.
    let asked = Isa::from_env().map_err(|why| Failure::Message(why.to_string()));
    failure::exit_code(asked.and_then(|_| commands::execute(&args, &mut Output::stdout())))
}
