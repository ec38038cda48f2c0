//! The command line of the `cnn` compiler: reads handwritten digits, classifies pictures, and runs, compares, counts and
//! lists the reference nets.
//!
//! `args` is the interface as users see it, and each command is a file in `commands`. A command writes to an output
//! that it is given and returns a [`Failure`](failure::Failure); what then goes to stderr, and the exit code, is
//! decided in `failure` alone.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod digits;
mod failure;
mod numbers;
mod picture;
mod progress;
mod registry;
mod replace;
mod table;
mod tensors;

use std::io;
use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    failure::exit_code(commands::execute(&args, &mut io::stdout().lock()))
}
