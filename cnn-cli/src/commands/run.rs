//! `cnn run`

mod output;

use std::io::Write;

use crate::args::run::RunArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::registry::Model;
use crate::replace::refuse_overwriting;
use crate::tensors::Destination;

use self::output::Outputs;
use super::input::Batch;
use super::preparation::Preparation;
use super::weights::start;

/// Runs a net on a file and writes a file.
pub(super) fn run(args: &RunArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let model = Model::given(&args.weighted.net)?;
    let destination = Destination::new(&args.output, args.json)?;
    for read in args.weighted.weights.iter().chain(&args.input).chain(&args.image) {
        refuse_overwriting(read, &args.output)?;
    }
    let mut net = start(model, &args.weighted)?;
    let batch = match &args.input {
        Some(input) => Batch::read(input, model)?,
        None => Batch::of_pictures(&args.image, &Preparation::of(model, &args.pictures)?, model)?,
    };
    let mut outputs = Outputs::new(model.graph, batch.count);
    let bar = Bar::new("running");
    for (done, input) in batch.inputs().enumerate() {
        bar.show(done as u64, batch.inputs().len() as u64);
        let file = || args.input.as_ref().unwrap_or_else(|| &args.image[done]);
        let output = net.run(input).map_err(|error| Failure::of_file(file(), format_args!("does not fit: {error}")))?;
        outputs.push_outputs(output);
        outputs.push_taps(|name| net.tap(name));
    }
    drop(bar);
    destination.write(model.name, &outputs.into_tensors(), out)
}
