//! `cnn run`

mod output;

use std::path::Path;

use crate::args::RunArgs;
use crate::failure::Failure;
use crate::registry::{Model, Runnable};
use crate::replace::refuse_overwriting;
use crate::tensors;

use self::output::Outputs;
use super::input::Batch;
use super::weights::WeightsFile;

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
    tensors::write(&args.output, &outputs.into_tensors())
}

/// The net on the weights of a file, or on those in this program.
fn start(model: &Model, weights: Option<&Path>) -> Result<Box<dyn Runnable>, Failure> {
    match (weights, model.embedded) {
        (Some(path), _) => WeightsFile::read(path)?.net(model),
        (None, Some(embedded)) => Ok(embedded()),
        (None, None) => {
            let advice = "give a file with --weights W.safetensors";
            Err(Failure::Message(format!("there are no weights for {} in this program; {advice}", model.name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    #[test]
    fn a_net_without_weights_asks_for_some() {
        let Err(Failure::Message(message)) = start(&BRANCHED, None) else { panic!("there are no weights") };
        assert_eq!(
            message,
            "there are no weights for branched in this program; give a file with --weights W.safetensors"
        );
    }
}
