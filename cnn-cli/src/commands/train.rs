//! `cnn train`

mod built;
mod source;
mod step;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cnn_net::graph::{Graph, Value};
use cnn_net::language::declaration;
use cnn_runtime::train::Loss;
use cnn_train::{DIGITS, Ended, Failed, Job, Kind, Options};
use models::{LeNet5, Mlp, Perceptron};

use self::built::Build;
use self::source::{BATCH, IMPORT, Source};
pub(super) use self::step::Stepped;
use self::step::compiled;
use crate::args::train::TrainArgs;
use crate::failure::Failure;
use crate::limited;
use crate::net::Given;
use crate::output::Output;
use crate::registry::Model;
use crate::replace::refuse_overwriting;

/// The largest Rust file that is read.
const MOST: usize = 16 << 20;

/// A net that is compiled with a training step.
struct Trained {
    name: &'static str,
    /// What its `#[train]` says after the number of images.
    loss: &'static str,
    batch: usize,
    train: fn(&Job, &mut dyn Write) -> Result<Ended, Failed>,
}

/// Those of this program.
static TRAINED: [Trained; 3] = [
    Trained {
        name: "perceptron",
        loss: ", loss = mean_squared",
        batch: models::PerceptronTrainer::<cnn::train::Sgd>::BATCH,
        train: cnn_train::train::<Perceptron<'static>>,
    },
    Trained {
        name: "mlp",
        loss: "",
        batch: models::MlpTrainer::<cnn::train::Sgd>::BATCH,
        train: cnn_train::train::<Mlp<'static>>,
    },
    Trained {
        name: "lenet5",
        loss: "",
        batch: models::LeNet5Trainer::<cnn::train::Sgd>::BATCH,
        train: cnn_train::train::<LeNet5<'static>>,
    },
];

/// Trains a net of this program, or builds a program that trains another.
pub(super) fn train(args: &TrainArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let job = job(args);
    for output in [&job.output, &job.checkpoint].into_iter().chain(&job.curve) {
        job.data.iter().chain(&job.from).try_for_each(|read| refuse_overwriting(read, output))?;
    }
    job.data.iter().try_for_each(|data| refuse_missing(data))?;
    let batch = args.batch.map(usize::from);
    let source = match Given::new(&args.net) {
        Given::Rust(path, net) => {
            let text = read(path)?;
            let source = Source::of_file(path, &text, net, batch)?;
            // Mistakes are shown in the file as it is, and now, not after minutes of building.
            compiled(path, &text, &source.net)?;
            source
        }
        Given::Imported(path) => return Err(Failure::of_file(path, format_args!("is no declaration: {IMPORT}"))),
        Given::Name(_) | Given::Stdin(_) => {
            let model = Model::named(&args.net)?;
            if let Some(Trained { train, .. }) =
                ready(model).filter(|trained| batch.is_none_or(|batch| batch == trained.batch))
            {
                return ended(train(&job, out));
            }
            of_model(model, batch)?
        }
    };
    Stepped::of_source(&source, &source.path)?.check_outputs()?;
    out.flush()?;
    Build::new(&source, args.path.as_deref())?.run(&job)
}

/// Checked here, before minutes of building.
fn refuse_missing(data: &Path) -> Result<(), Failure> {
    if data == Path::new(DIGITS) {
        return Ok(());
    }
    fs::metadata(data).map(drop).map_err(|error| Failure::unreadable(data, &error))
}

/// The step of a net of this program.
fn ready(model: &Model) -> Option<&'static Trained> {
    TRAINED.iter().find(|trained| trained.name == model.name)
}

/// A net of this program as a Rust file that trains.
fn of_model(model: &Model, batch: Option<usize>) -> Result<Source, Failure> {
    let text =
        declared(model, &ready(model).map_or_else(|| fitting_loss(model.graph), |trained| trained.loss.to_owned()))?;
    Source::of_file(Path::new("net.rs"), &text, Some(model.graph.name), batch)
}

/// Cross entropy, which is the default and needs no word, unless an output is not of classes.
fn fitting_loss(graph: &Graph<'_>) -> String {
    let of = |value: Value| match value {
        Value::Node(node) if Loss::BinaryCrossEntropy.has_link(&graph.nodes[node].op) => "binary_cross_entropy",
        value if graph.shape(value).channels() == 1 => "mean_squared",
        _ => "cross_entropy",
    };
    match graph.outputs {
        [output] if of(output.value) == "cross_entropy" => String::new(),
        [output] => format!(", loss = {}", of(output.value)),
        outputs => {
            let all: Vec<String> =
                outputs.iter().map(|output| format!("{} = {}", output.name, of(output.value))).collect();
            format!(", loss({})", all.join(", "))
        }
    }
}

/// The declaration of a net of this program as a Rust file.
fn declared(model: &Model, loss: &str) -> Result<String, Failure> {
    let text = declaration(model.graph).map_err(|why| {
        let advice = "write one into a file and train that: cnn train FILE.rs";
        Failure::Message(format!("{} cannot be written as a declaration: {why}; {advice}", model.name))
    })?;
    let begin = format!("{}:", model.graph.name);
    let line = |line: &str| {
        let train = if line.starts_with(&begin) { format!("#[train(batch = {BATCH}{loss})] ") } else { String::new() };
        format!("    {train}{line}\n")
    };
    Ok(format!("network! {{\n{}}}\n", text.lines().map(line).collect::<String>()))
}

fn ended(ended: Result<Ended, Failed>) -> Result<(), Failure> {
    match ended {
        Ok(Ended::Done) => Ok(()),
        Ok(Ended::Stopped) => Err(Failure::Stopped),
        Err(Failed::Output(error)) => Err(Failure::Stdout(error)),
        Err(Failed::Training(error)) => Err(Failure::Message(error.to_string())),
    }
}

fn job(args: &TrainArgs) -> Job {
    let options = Options {
        epochs: args.epochs.get(),
        rate: args.lr,
        schedule: args.schedule,
        warmup: args.warmup,
        optimiser: args.optimiser,
        momentum: args.momentum,
        nesterov: args.nesterov,
        // PyTorch's defaults.
        weight_decay: args.weight_decay.unwrap_or(if args.optimiser == Kind::AdamW { 0.01 } else { 0.0 }),
        decay_all: args.decay == "all",
        clip: args.clip,
        seed: args.seed,
        resize: args.resize,
        augment: args.augment.unwrap_or_default(),
        threads: args.threads,
    };
    Job {
        data: args.data.clone(),
        validation: args.validation,
        mean: args.mean.clone(),
        std: args.std.clone(),
        options,
        initial: args.init,
        from: args.from.clone(),
        output: args.output.clone(),
        checkpoint: args.checkpoint.clone().unwrap_or_else(|| beside(&args.output)),
        resume: args.resume,
        curve: args.curve.clone(),
        json: args.json.json,
    }
}

/// `a.safetensors` has the checkpoint `a.checkpoint.safetensors`.
fn beside(output: &Path) -> PathBuf {
    let mut name: OsString = output.file_stem().unwrap_or_default().to_owned();
    name.push(".checkpoint.safetensors");
    output.with_file_name(name)
}

fn read(path: &Path) -> Result<String, Failure> {
    let bytes = limited::read(path, MOST).map_err(|error| Failure::unreadable(path, &error))?;
    let bytes =
        bytes.ok_or_else(|| Failure::of_file(path, format_args!("is too large: more than {} MiB", MOST >> 20)))?;
    String::from_utf8(bytes).map_err(|_| Failure::of_file(path, "is no Rust file: it is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_beside_the_weights() {
        assert_eq!(beside(Path::new("a/w.safetensors")), Path::new("a/w.checkpoint.safetensors"));
    }

    #[test]
    fn nets_of_this_program_have_names_that_it_knows() {
        for trained in &TRAINED {
            assert_eq!(Model::named(trained.name).map(|model| model.name).ok(), Some(trained.name));
        }
    }
}
