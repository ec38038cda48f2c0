//! The interface: commands, their arguments, and their help.
//!
//! Texts have one line per paragraph, which `clap` wraps for the terminal; lines of examples are short enough for any.

pub(crate) mod bench;
pub(crate) mod check_weights;
pub(crate) mod classify;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod diagram;
pub(crate) mod digits;
pub(crate) mod figures;
pub(crate) mod import;
mod list;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod pictures;
pub(crate) mod plan;
pub(crate) mod run;
pub(crate) mod summary;
pub(crate) mod trace;
pub(crate) mod train;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use cnn::weights::rule_error;

use crate::names::NetName;

/// Convolutional networks, compiled ahead of time: read handwritten digits, classify pictures, run nets, count their
/// cost.
#[derive(Debug, Parser)]
#[command(name = "cnn", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
#[command(max_term_width = 80)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cnn digits photo.jpg         which digit does the picture show?
  cnn classify --help          what do other pictures show?
  cnn list                     the available nets
  cnn summary lenet5           the layers of one, and their cost
  cnn check-weights --help     does a file of weights fit it?
  cnn run --help               how to run it on your own numbers
  cnn bench resnet50           how fast is it?
  cnn compare --help           does it give the same numbers as PyTorch?
  cnn diagram lenet5 -o a.svg  what does it look like?
  cnn figures figures          what do layers do?
  cnn import model.onnx        a model of PyTorch's as a declaration
  cnn plan lenet5              which kernels run, and where in memory?
  cnn new digits --net net.rs  a crate that runs it
  cnn train --help             how to train a net on your own pictures

A NET is a name or a file. Names are known in any usual spelling: resnet50,
ResNet-50, torchvision/resnet50. Of a Rust file, net.rs, nothing is built: its
`network!` is compiled by this program; net.rs::Name is one of several. Files
model.onnx and model.tflite come with their weights. `cnn summary --help` says
more.
A file to be read may be `-`, standard input; a file of that name is `./-`.
Colours: NO_COLOR turns them off, CLICOLOR_FORCE on.

Exit code: 0 on success, 2 if anything went wrong, with a message on stderr;
`compare` exits with 1 for a difference.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say which digit a picture shows
    #[command(override_usage = digits::USAGE, long_about = digits::ABOUT, after_help = digits::EXAMPLES)]
    Digits(digits::DigitsArgs),
    /// Say what a picture shows
    #[command(long_about = classify::ABOUT, after_help = classify::EXAMPLES)]
    Classify(classify::ClassifyArgs),
    /// List the nets
    #[command(long_about = list::ABOUT, after_help = list::EXAMPLES)]
    List(Json),
    /// Show the layers of a net, and their cost
    #[command(long_about = summary::ABOUT, after_help = summary::EXAMPLES)]
    Summary(summary::SummaryArgs),
    /// Show how a net is computed: its kernels, and where they work in memory
    #[command(long_about = plan::ABOUT, after_help = plan::EXAMPLES)]
    Plan(plan::PlanArgs),
    /// Say whether a file of weights fits a net, tensor by tensor
    #[command(long_about = check_weights::ABOUT, after_help = check_weights::EXAMPLES)]
    CheckWeights(check_weights::CheckWeightsArgs),
    /// Run a net on numbers from a file
    #[command(long_about = run::ABOUT, after_help = run::EXAMPLES)]
    Run(run::RunArgs),
    /// Run a net layer by layer and keep the output of every layer
    #[command(override_usage = trace::USAGE, long_about = trace::ABOUT, after_help = trace::EXAMPLES)]
    Trace(trace::TraceArgs),
    /// Measure how fast a net is
    #[command(long_about = bench::ABOUT, after_help = bench::EXAMPLES)]
    Bench(bench::BenchArgs),
    /// Compare a net, layer by layer, with the numbers of another implementation
    #[command(override_usage = compare::USAGE, long_about = compare::ABOUT, after_help = compare::EXAMPLES)]
    Compare(compare::CompareArgs),
    /// Draw a net
    #[command(long_about = diagram::ABOUT, after_help = diagram::EXAMPLES)]
    Diagram(diagram::DiagramArgs),
    /// Draw the figures that explain what layers do
    #[command(long_about = figures::ABOUT, after_help = figures::EXAMPLES)]
    Figures(figures::FiguresArgs),
    /// Turn a model into a declaration and its weights
    #[command(long_about = import::ABOUT, after_help = import::EXAMPLES)]
    Import(import::ImportArgs),
    /// Make a crate that runs a net
    #[command(long_about = new::ABOUT, after_help = new::EXAMPLES)]
    New(new::NewArgs),
    /// Train a net
    #[command(override_usage = train::USAGE, long_about = train::ABOUT, after_help = train::EXAMPLES)]
    Train(Box<train::TrainArgs>),
    /// Print a script that lets a shell complete commands, options and nets
    #[command(long_about = completions::ABOUT, after_help = completions::EXAMPLES)]
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    #[command(long_about = man::ABOUT, after_help = man::EXAMPLES)]
    Man(man::ManArgs),
}

/// The choice of every command that prints a result.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct Json {
    /// Print the result as one JSON document, for other programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// A count that is not zero.
fn count(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "expected a whole number, at least 1".to_owned())
}

/// A rule for reading tensors under other names.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// The names that it applies to; `*` matches any text.
    pub(crate) from: String,
    /// The new names.
    pub(crate) to: String,
}

impl FromStr for Rule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once('=').ok_or("expected FROM=TO, such as `module.*=*`")?;
        match rule_error((from, to)) {
            Some(wrong) => Err(wrong.to_owned()),
            None => Ok(Self { from: from.to_owned(), to: to.to_owned() }),
        }
    }
}

/// A net, and weights if they are not in this program.
#[derive(Debug, clap::Args)]
pub(crate) struct WeightedArgs {
    /// Which net: a name that `cnn list` shows, or a file: FILE.rs, FILE.rs::Net, FILE.onnx, FILE.tflite
    #[arg(value_name = "NET", value_parser = NetName, hide_possible_values = true)]
    pub(crate) net: String,
    /// Its weights: a safetensors file, or the index (`.json`) of several; not needed if they come with the net
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rename: Vec<Rule>,
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    #[test]
    fn the_interface_has_no_contradictions() {
        super::Args::command().debug_assert();
    }

    /// The examples as they are written, without the wrapping of a terminal.
    fn examples(command: &Command) -> String {
        command.get_after_help().map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn examples_need_no_wrapping() {
        let all = super::Args::command();
        for command in [&all].into_iter().chain(all.get_subcommands()) {
            let text = examples(command);
            assert!(text.contains("Example"), "{}", command.get_name());
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
            }
        }
    }
}
