//! The interface: commands, their arguments, and their help.

pub(crate) mod bench;
pub(crate) mod compare;
pub(crate) mod diagram;
pub(crate) mod figures;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Parser, Subcommand, ValueEnum};
use cnn::weights::rule_error;

/// Convolutional networks, compiled ahead of time: read handwritten digits, classify pictures, run nets, count their cost.
#[derive(Debug, Parser)]
#[command(name = "cnn", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
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

Exit code: 0 on success, 2 if anything went wrong, with a message on stderr. `compare` exits with 1 for a difference.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say which digit a picture shows
    #[command(override_usage = "cnn digits FILE...\n       cnn digits --test", long_about = DIGITS, after_help = DIGITS_EXAMPLES)]
    Digits {
        /// Pictures, PNG or JPEG
        #[arg(value_name = "FILE", required_unless_present = "test")]
        files: Vec<PathBuf>,
        /// Read the 1,000 test digits in this program instead, count the right answers, and measure the time
        #[arg(long, conflicts_with = "files")]
        test: bool,
    },
    /// Say what a picture shows
    #[command(long_about = CLASSIFY, after_help = CLASSIFY_EXAMPLES)]
    Classify(ClassifyArgs),
    /// List the nets
    #[command(long_about = LIST, after_help = LIST_EXAMPLES)]
    List,
    /// Show the layers of a net, and their cost
    #[command(long_about = SUMMARY, after_help = SUMMARY_EXAMPLES)]
    Summary {
        /// Which net; `cnn list` shows them
        #[arg(value_name = "NET")]
        net: String,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Say whether a file of weights fits a net, tensor by tensor
    #[command(long_about = CHECK_WEIGHTS, after_help = CHECK_WEIGHTS_EXAMPLES)]
    CheckWeights(CheckWeightsArgs),
    /// Run a net on numbers from a file
    #[command(long_about = RUN, after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Run a net layer by layer and keep the output of every layer
    #[command(long_about = TRACE, after_help = TRACE_EXAMPLES)]
    Trace(TraceArgs),
    /// Measure how fast a net is
    #[command(long_about = bench::ABOUT, after_help = bench::EXAMPLES)]
    Bench(bench::BenchArgs),
    /// Compare a net, layer by layer, with the numbers of another implementation
    #[command(long_about = compare::ABOUT, after_help = compare::EXAMPLES)]
    Compare(compare::CompareArgs),
    /// Draw a net
    #[command(long_about = diagram::ABOUT, after_help = diagram::EXAMPLES)]
    Diagram(diagram::DiagramArgs),
    /// Draw the figures that explain what layers do
    #[command(long_about = figures::ABOUT, after_help = figures::EXAMPLES)]
    Figures(figures::FiguresArgs),
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

#[derive(Debug, clap::Args)]
pub(crate) struct CheckWeightsArgs {
    /// Which net; `cnn list` shows them
    #[arg(value_name = "NET")]
    pub(crate) net: String,
    /// A safetensors file, or the index (`.json`) of several
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rename: Vec<Rule>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Which net; `cnn list` shows them
    #[arg(value_name = "NET")]
    pub(crate) net: String,
    /// Its weights: a safetensors file, or the index (`.json`) of several; not needed if they are in this program
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rename: Vec<Rule>,
    /// Its input: a safetensors file with a tensor `input`
    #[arg(long, value_name = "X.safetensors")]
    pub(crate) input: PathBuf,
    /// The safetensors file to write; an older one is replaced
    #[arg(long, value_name = "Y.safetensors")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ClassifyArgs {
    /// Which net; `cnn list` shows them
    #[arg(value_name = "NET")]
    pub(crate) net: String,
    /// Pictures, PNG or JPEG
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Its weights: a safetensors file, or the index (`.json`) of several; not needed if they are in this program
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rename: Vec<Rule>,
    /// The names of its classes, one per line, in the order of its outputs
    #[arg(long, value_name = "LABELS.txt")]
    pub(crate) labels: Option<PathBuf>,
    /// How pictures become its input, if its weights need other preprocessing than its own
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) preprocess: Option<Preprocessing>,
    /// How many classes to print
    #[arg(long, value_name = "N", default_value = "5")]
    pub(crate) top: NonZeroUsize,
}

/// How pictures become the input of a net.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Preprocessing {
    /// Shorter side to 256, central 224x224, RGB by ImageNet's mean and deviation: usual with PyTorch
    Torchvision,
    /// The same, but shorter side to 232: torchvision's weights IMAGENET1K_V2
    TorchvisionV2,
    /// The same as `torchvision`, but RGB from -1 to 1: torchvision's weights of GoogLeNet
    TorchvisionGooglenet,
    /// To 256x256, central 224x224, BGR minus (104, 117, 123): Caffe's AlexNet and GoogLeNet
    Caffe,
    /// Shorter side to 256, central 224x224, BGR minus (103.939, 116.779, 123.68): Caffe's VGG
    CaffeVgg,
    /// The ink of one digit, with MNIST's size and position in 28x28, white on black, from 0 to 1
    Mnist,
    /// The same with a border of two black pixels
    Lenet5,
}

/// A net that runs layer by layer.
#[derive(Debug, clap::Args)]
pub(crate) struct TracedArgs {
    /// Which net; `cnn list` shows them
    #[arg(value_name = "NET")]
    pub(crate) net: String,
    /// Its weights: a safetensors file, or the index (`.json`) of several
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: PathBuf,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rename: Vec<Rule>,
    /// Its input: a safetensors file with a tensor `input`
    #[arg(long, value_name = "X.safetensors")]
    pub(crate) input: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TraceArgs {
    #[command(flatten)]
    pub(crate) traced: TracedArgs,
    /// The safetensors file to write; an older one is replaced
    #[arg(long, value_name = "T.safetensors")]
    pub(crate) output: PathBuf,
}

/// The format of a summary.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// Columns for a terminal
    #[default]
    Text,
    /// A table for a README
    Markdown,
    /// For other programs
    Json,
}

const DIGITS: &str = "\
Say which digit a picture shows.

A picture is a drawing, scan or photograph of one handwritten digit, dark on light or light on dark, of any size, as a
PNG or JPEG file. A line is printed for each file: the digit, its probability, and the file. If the net is less than
90 % sure, its second guess follows.

With --test, the 1,000 test digits in this program (from MNIST) are read instead. The time is that of the net alone: one
thread runs all images repeatedly for about half a second, and the fastest pass counts.

The net is LeNet-5; it and its weights are in this program. If some files cannot be read, the others are still read, and
the exit code is 2.";

const DIGITS_EXAMPLES: &str = "\
Examples:
  $ cnn digits seven.png
  7  99.8 %  seven.png

  $ cnn digits *.jpg
  4  100.0 %  four.jpg
  9   61.2 %  hasty.jpg   or 4  35.0 %

  $ cnn digits --test
  990 of 1000 right, 12.3 us per image";

const CLASSIFY: &str = "\
Say what a picture shows.

For each picture, a PNG or JPEG file, the most probable classes are printed with their probabilities, the best first. If
several pictures are given, the name of each is printed above its classes. If some cannot be read, the others are still
classified, and the exit code is 2.

Each net declares its preprocessing, which is that of the weights published for it. Weights trained with other
preprocessing need --preprocess; ImageNet nets trained with PyTorch usually need `--preprocess torchvision`.

The names of the 1,000 ImageNet classes and of the ten digits are in this program. The nets lenet5 and mlp read digits
as in MNIST, white on black; a digit on plain paper is converted to that. `cnn digits` finds digits on any paper, and
thickens thin pens.";

const CLASSIFY_EXAMPLES: &str = "\
Examples:
  $ cnn classify lenet5 digits/samples/2-test-digit.png --top 2
  100.0 %  2
    0.0 %  0

With torchvision's weights, saved by `safetensors.torch.save_file(model.state_dict(), \"resnet50.safetensors\")`:
  $ cnn classify torchvision-resnet50 --weights resnet50.safetensors cat.jpg dog.png";

const LIST: &str = "\
List the nets, one per line: its name, the shapes of its input -> its output (channels x height x width), its trained
parameters, the multiplications with a weight in one pass (MACs), and whether its weights are in this program.

Nets follow their papers, with the papers' or the usual names of layers. Nets whose names begin with `torchvision-` are
torchvision's, with its names of layers, so the weights that torchvision publishes fit them.";

const LIST_EXAMPLES: &str = "\
Example:
  $ cnn list | grep vgg16
  vgg16                     3x224x224 -> 1000  138,357,544 parameters  15,470,264,320 MACs
  torchvision-vgg16         3x224x224 -> 1000  138,357,544 parameters  15,470,264,320 MACs";

const SUMMARY: &str = "\
Show the layers of a net in the order in which they run: name, kind with arguments as `cnn::network!` writes them
(without arguments that have their default value), shape of the output (channels x height x width), trained parameters,
and multiplications with a weight in one pass (MACs). The depth is the number of convolutions and fully connected layers
on the longest path from the input to the output.

Auxiliary classifiers, which are used only in training, follow with their own totals and are not in the net's.

The JSON has the keys net, input, output, layers, aux, taps, depth, parameters, macs, weights_bytes and workspace_bytes.
A layer has the keys name, kind, arguments, inputs (names of layers, or \"input\"), output, parameters, macs and aux
(null, or the name of its auxiliary classifier); the depth has convolutions and fully_connected. Shapes are arrays:
[channels, height, width], or [features].";

const SUMMARY_EXAMPLES: &str = "\
Examples:
  cnn summary lenet5
  cnn summary resnet50 --format markdown >> README.md
  cnn summary inception-v1 --format json | jq .parameters";

const CHECK_WEIGHTS: &str = "\
Say whether a file of weights fits a net, tensor by tensor.

Tensors that fit are listed with their shape and type as `found`; those that PyTorch writes for its own use and no net
needs, as `ignored`. Then every problem follows on a line: tensors that are missing, unexpected, under another name, of
another shape (with the probable cause: HWIO instead of OIHW, a transposed matrix), of another type, or not finite.";

const CHECK_WEIGHTS_EXAMPLES: &str = "\
Examples:
  cnn check-weights torchvision-resnet50 resnet50.safetensors
  cnn check-weights resnet50 model.safetensors.index.json
  cnn check-weights resnet50 parallel.safetensors --rename 'module.*=*' --rename '*.gamma=*.weight'

To write such a file in Python:
  safetensors.torch.save_file(model.state_dict(), \"resnet50.safetensors\")";

const RUN: &str = "\
Run a net on numbers from a file.

The input file holds a tensor `input` of the net's input shape, [C, H, W], or several inputs, [N, C, H, W]; F32, F16 and
BF16 are accepted. The output file then holds `output` and each of the net's taps under its name, all F32: [F] for
vectors, [C, H, W] for maps, and [N, F] or [N, C, H, W] for several inputs.

The output file appears when it is complete: if anything goes wrong, none is written, and an older one stays unchanged.";

const RUN_EXAMPLES: &str = "\
Example, with Python to make the input and to look at the output:
  $ python -c 'import torch, safetensors.torch as st; st.save_file({\"input\": torch.rand(4, 1, 32, 32)}, \"x.safetensors\")'
  $ cnn run lenet5 --input x.safetensors --output y.safetensors
  $ python -c 'import safetensors.torch as st; print(st.load_file(\"y.safetensors\")[\"output\"])'

With your own weights, saved by `safetensors.torch.save_file(model.state_dict(), \"mine.safetensors\")`:
  $ cnn run lenet5 --weights mine.safetensors --input x.safetensors --output y.safetensors";

const TRACE: &str = "\
Run a net layer by layer and keep the output of every layer.

The layers run one by one, as declared: `cnn run` computes a convolution, its batch normalisation and its ReLU at once;
here each of them has a separate result. The kernels are the same, without Winograd's algorithm, and take a few times as
long. Weights that a net stores in F16, as alexnet-f16 does, are rounded here too.

The input file is the same as for `cnn run`. The output file holds each layer under its name, `act.conv1`, as well as
`output`, the net's taps, and its auxiliary classifiers if the weights have their tensors. All are F32, in the order
channels, rows, columns: [F] for vectors, [C, H, W] for maps, and [N, F] or [N, C, H, W] for several inputs. If layers
without weights share a name, as unnamed ones in branches can, the last one is kept.";

const TRACE_EXAMPLES: &str = "\
Example, with Python to look at the output:
  $ cnn trace lenet5 --weights w.safetensors --input x.safetensors --output t.safetensors
  $ python -c 'import safetensors.torch as st; print(st.load_file(\"t.safetensors\")[\"act.conv1\"])'";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_interface_has_no_contradictions() {
        super::Args::command().debug_assert();
    }
}
