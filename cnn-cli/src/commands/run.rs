//! `cnn run`

mod input;
mod output;

use std::fs;
use std::path::Path;

use super::start::start;
use crate::args::RunArgs;
use crate::failure::Failure;
use crate::registry::Model;
use crate::replace::replace;

use self::input::Batch;
use self::output::Outputs;

/// Runs a net on a file and writes a file.
pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    let model = Model::named(&args.net)?;
    for read in args.weights.iter().chain([&args.input]) {
        refuse_overwriting(read, &args.output)?;
    }
    let mut net = start(model, args.weights.as_deref())?;
    let batch = Batch::read(&args.input, model)?;
    let mut outputs = Outputs::new(model.graph, batch.count);
    for input in batch.inputs() {
        let output =
            net.run(input).map_err(|error| Failure::of_file(&args.input, format_args!("does not fit: {error}")))?;
        outputs.push_output(output);
        outputs.push_taps(|name| net.tap(name));
    }
    let written = outputs
        .into_file()
        .map_err(|error| error.to_string())
        .and_then(|file| replace(&args.output, &file).map_err(|error| error.to_string()));
    written.map_err(|error| Failure::of_file(&args.output, format_args!("cannot be written: {error}")))
}

/// Somebody who gives the same file twice has mistaken one for the other.
fn refuse_overwriting(read: &Path, output: &Path) -> Result<(), Failure> {
    match (fs::canonicalize(read), fs::canonicalize(output)) {
        (Ok(read), Ok(found)) if read == found && read.is_file() => {
            Err(Failure::of_file(output, "cannot be the output: it is what is read"))
        }
        _ => Ok(()),
    }
}
