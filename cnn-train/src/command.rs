//! `cnn train`: data, a net, a progress bar, and files.

use cnn_net::text::count;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cnn_diagram::Theme;
use cnn_runtime::step::Params;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::curve;
use crate::data::{Parts, Wanted, open};
use crate::error::Error;
use crate::file;
use crate::interrupt::Interrupt;
use crate::learner::{Net, Target, TargetKind, learner};
use crate::options::{Initial, Options};
use crate::progress::Bar;
use crate::run::{Epoch, Event, Measured, ResumeError, Run};

/// A job for `cnn train`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Where the data is, as for [`open`].
    pub data: Vec<PathBuf>,
    /// The share of the data that is split off for validation, if the data has no validation set.
    pub validation: f64,
    /// As in [`Wanted`].
    pub mean: Vec<f32>,
    /// As in [`Wanted`].
    pub std: Vec<f32>,
    /// How the net is trained.
    pub options: Options,
    /// How weights are drawn.
    pub initial: Initial,
    /// A safetensors file with the initial weights.
    pub from: Option<PathBuf>,
    /// Where the weights are written.
    pub output: PathBuf,
    /// Where checkpoints are written.
    pub checkpoint: PathBuf,
    /// Whether training resumes from the checkpoint.
    pub resume: bool,
    /// Where the curve is written: drawn as `.svg`, or its numbers as `.csv`.
    pub curve: Vec<PathBuf>,
    /// Whether a line of JSON is printed for each epoch.
    pub json: bool,
}

/// How training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// After all epochs.
    Done,
    /// Earlier, at the user's request; it can be resumed.
    Stopped,
}

/// An error in training, or in writing the output.
#[derive(Debug)]
pub enum Failed {
    /// The training.
    Training(Error),
    /// Standard output.
    Output(io::Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Training(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The program that `cnn train FILE.rs` builds: its argument is a [`Job`] as JSON.
#[must_use]
pub fn main<N: Net>() -> ExitCode {
    let job = std::env::args().nth(1).ok_or_else(|| "a job is expected".to_owned());
    let job = job.and_then(|job| serde_json::from_str::<Job>(&job).map_err(|error| error.to_string()));
    let ended = match job {
        Ok(job) => train::<N>(&job, &mut io::stdout().lock()),
        Err(wrong) => Err(Failed::Training(Error::Misfit(format!("this program is run by `cnn train`: {wrong}")))),
    };
    match ended {
        Ok(Ended::Done) => ExitCode::SUCCESS,
        Ok(Ended::Stopped) => ExitCode::from(STOPPED),
        Err(Failed::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(Failed::Output(error)) => tell(&format!("the output cannot be written: {error}")),
        Err(Failed::Training(error)) => tell(&error.to_string()),
    }
}

/// The exit code of a program that was stopped: 128 and SIGINT.
pub const STOPPED: u8 = 130;

fn tell(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "error: {message}");
    ExitCode::from(2)
}

/// Trains a net: reads the data, shows a progress bar, and writes weights, checkpoints and curves.
///
/// # Errors
///
/// If something can't be read or written, or does not fit.
pub fn train<N: Net>(job: &Job, out: &mut dyn Write) -> Result<Ended, Failed> {
    let outputs: Vec<&Path> =
        [&job.output, &job.checkpoint].into_iter().chain(&job.curve).map(PathBuf::as_path).collect();
    outputs.iter().try_for_each(|path| file::check(path))?;
    file::check_distinct(&outputs)?;
    if N::GRAPH.inputs.len() > 1 {
        let inputs = N::GRAPH.inputs.len();
        let wrong = format!(
            "{} has {inputs} inputs, and data sets have one: train it in a program, with `{0}Trainer`",
            N::GRAPH.name
        );
        return Err(Error::Misfit(wrong).into());
    }
    let target = N::Target::kind(N::GRAPH);
    let (mean, std, resize) = (job.mean.clone(), job.std.clone(), job.options.resize);
    let wanted = Wanted { shape: N::GRAPH.input(), target, mean, std, resize };
    let parts = open(&job.data, &wanted)?;
    let (training, validation) = match parts {
        Parts { training, validation: Some(validation) } => (training, Some(validation)),
        Parts { training, validation: None } => training.split(job.validation, job.options.seed),
    };
    let learner = learner(params::<N>(job)?, &job.options);
    let mut run = Run::new(learner, &job.options, &training, validation.as_ref())?;
    let changed = if job.resume { resume(&mut run, &job.checkpoint)? } else { Vec::new() };
    let sizes = [training.len(), validation.as_ref().map_or(0, |set| set.len())];
    begin(&run, job, sizes, &changed, out)?;
    go_on(&mut run, job, out)
}

/// The first weights.
fn params<N: Net>(job: &Job) -> Result<Params<N>, Error> {
    // A training that goes on has its weights in the checkpoint.
    let Some(path) = job.from.as_ref().filter(|_| !job.resume) else {
        return Ok(Params::init_with(job.initial.init(), job.options.seed));
    };
    let bytes = fs::read(path).map_err(|error| Error::unreadable(path, error))?;
    Params::from_safetensors(&bytes).map_err(|error| Error::Weights { path: path.clone(), error })
}

/// Goes on from a checkpoint. Gives what it says otherwise of what may change: `lr 0.01, here lr 0.1`.
fn resume(run: &mut Run<'_>, path: &Path) -> Result<Vec<String>, Error> {
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::data(path, "is not there: begin without --resume, or name the checkpoint with --checkpoint")
        }
        _ => Error::unreadable(path, error),
    })?;
    let resumed = run.resume(&bytes).map_err(|error| match error {
        ResumeError::Damaged => Error::data(path, "is no checkpoint of `cnn train`: name one with --checkpoint"),
        ResumeError::Settings { theirs, ours } => Error::data(
            path,
            format!(
                "is of another training ({}): give the same options and data",
                differences(&theirs, &ours).join("; ")
            ),
        ),
        ResumeError::Learner(error) => Error::Checkpoint { path: path.to_path_buf(), error },
    });
    let [theirs, ours] = resumed?;
    Ok(differences(&theirs, &ours))
}

/// The parts of settings that differ: `seed 1, here seed 2`.
fn differences(theirs: &str, ours: &str) -> Vec<String> {
    let pairs = theirs.split("; ").zip(ours.split("; "));
    pairs.filter(|(their, our)| their != our).map(|(their, our)| format!("{their}, here {our}")).collect()
}

/// Says what is trained on what.
fn begin(
    run: &Run<'_>,
    job: &Job,
    [images, validation]: [usize; 2],
    changed: &[String],
    out: &mut dyn Write,
) -> Result<(), Failed> {
    let graph = run.learner().graph();
    let (batch, steps, from) = (run.learner().batch(), run.steps_per_epoch(), run.steps().len());
    let parameters = graph.parameters();
    if job.json {
        let line = json!({
            "net": graph.name, "parameters": parameters, "images": images, "validation_images": validation, "batch": batch,
            "steps_per_epoch": steps, "epochs": job.options.epochs, "resumed_at_step": from, "changed": changed,
        });
        return Ok(writeln!(out, "{line}")?);
    }
    let judged = if validation > 0 { format!(", judged by {validation}") } else { String::new() };
    let [parameters, images] =
        [(parameters, "parameter"), (images as u64, "image")].map(|(number, what)| count(number, what));
    writeln!(out, "{}: {parameters}, {images}{judged}, minibatches of {batch}", graph.name)?;
    let all = steps * job.options.epochs;
    if from >= all {
        let done = if all == 1 { "the only step was".to_owned() } else { format!("all {all} steps were") };
        writeln!(out, "{done} done before: give more --epochs to go on")?;
    } else if from > 0 {
        // Everything else that could differ is an error.
        let rate = job.options.rate_at(from as u64, steps as u64);
        writeln!(out, "goes on after step {from} of {all} at a learning rate of {rate}")?;
    }
    if !changed.is_empty() {
        writeln!(out, "changed: {}", changed.join("; "))?;
    }
    Ok(())
}

/// All that is left to do.
fn go_on(run: &mut Run<'_>, job: &Job, out: &mut dyn Write) -> Result<Ended, Failed> {
    let interrupt = Interrupt::watch();
    let (per_epoch, batch) = (run.steps_per_epoch(), run.learner().batch());
    let total = (per_epoch * job.options.epochs).max(run.steps().len());
    let classes = matches!(run.learner().target(), TargetKind::Class(_));
    let mut bar = Bar::new(run.steps().len(), total, per_epoch, batch, classes);
    let mut written = false;
    while let Some(event) = run.advance() {
        let done = run.steps().len();
        match event {
            Event::Step(step) if !step.loss.is_finite() => {
                return Err(Error::Misfit(format!(
                    "the loss of step {done} is no number: train with a smaller --lr, with --warmup, or with --clip 1"
                ))
                .into());
            }
            Event::Step(step) => bar.step(done, step),
            Event::Epoch(epoch) => {
                // Weights before the line that announces them.
                write_files(run, job)?;
                written = true;
                let line = line(&epoch, job, bar.speed(done), job.options.rate_at(done as u64 - 1, per_epoch as u64));
                bar.above(|| writeln!(out, "{line}").and_then(|()| out.flush()))?;
            }
        }
        if interrupt.asked() {
            file::replace(&job.checkpoint, &run.checkpoint())?;
            drop(bar);
            let checkpoint = job.checkpoint.display();
            let _ = writeln!(io::stderr(), "stopped after step {done}; {checkpoint} has it, and --resume goes on");
            return Ok(Ended::Stopped);
        }
    }
    // A training that was complete when it was resumed.
    if !written {
        write_files(run, job)?;
    }
    Ok(Ended::Done)
}

/// What an epoch came to, for people or for programs.
fn line(epoch: &Epoch, job: &Job, speed: f64, rate: f64) -> String {
    if job.json {
        let of = |measured: Measured| json!({ "loss": measured.loss, "accuracy": measured.accuracy });
        let (training, validation) = (of(epoch.training), epoch.validation.map(of));
        return json!({
            "epoch": epoch.epoch, "rate": rate, "training": training, "validation": validation, "images_per_second": speed,
        })
        .to_string();
    }
    let of = |name: &str, Measured { loss, accuracy }: Measured| {
        let right = accuracy.map(|accuracy| format!(", {:.2} %", 100.0 * accuracy)).unwrap_or_default();
        format!("{name} loss {loss:.4}{right}")
    };
    let validation = epoch.validation.map(|measured| format!("; {}", of("validation", measured))).unwrap_or_default();
    format!(
        "epoch {}/{}: {}{validation}; {speed:.0} images/s",
        epoch.epoch,
        job.options.epochs,
        of("training", epoch.training)
    )
}

/// Writes each file whole or not at all, and the checkpoint last, so that training that resumes from it writes the
/// others again.
fn write_files(run: &Run<'_>, job: &Job) -> Result<(), Error> {
    file::replace(&job.output, &run.learner().weights())?;
    for path in &job.curve {
        let is_table = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        let text = if is_table {
            curve::csv(run.steps(), run.epochs(), run.learner().batch())
        } else {
            curve::svg(run.learner().graph().name, run.steps(), run.epochs(), Theme::Auto)
        };
        file::replace(path, text.as_bytes())?;
    }
    file::replace(&job.checkpoint, &run.checkpoint())
}
