//! `cnn run`

mod output;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::registry::Model;
use crate::replace::refuse_overwriting;
use crate::tensors;

use self::output::Outputs;
use super::input::Batch;
use super::weights::start;

/// Runs a net on a file and writes a file.
pub(super) fn run(args: &RunArgs) -> Result<(), Failure> {
    let model = Model::named(&args.net)?;
    for read in args.weights.iter().chain([&args.input]) {
        refuse_overwriting(read, &args.output)?;
    }
    let mut net = start(model, args.weights.as_deref(), &args.rename)?;
    let batch = Batch::read(&args.input, model)?;
    let mut outputs = Outputs::new(model.graph, batch.count);
    for input in batch.inputs() {
        let output =
            net.run(input).map_err(|error| Failure::of_file(&args.input, format_args!("does not fit: {error}")))?;
        outputs.push_output(output);
        outputs.push_taps(|name| net.tap(name));
    }
    tensors::write(&args.output, &outputs.into_tensors())
}
