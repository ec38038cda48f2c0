//! The interface: commands, their arguments, and their help.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// Convolutional networks, compiled ahead of time: read handwritten digits, classify pictures, run nets, count what they cost.
#[derive(Debug, Parser)]
#[command(name = "cnn", version, after_help = EXAMPLES, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cnn digits photo.jpg         which digit does the picture show?
  cnn classify --help          what else do pictures show?
  cnn list                     the nets there are
  cnn summary lenet5           the layers of one, and what they cost
  cnn run --help               how to run one on numbers of your own

Exit code: 0 if all went well, 2 if anything did not; what went wrong is on stderr.";

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
    /// Show the layers of a net, and what they cost
    #[command(long_about = SUMMARY, after_help = SUMMARY_EXAMPLES)]
    Summary {
        /// Which net; `cnn list` shows them
        #[arg(value_name = "NET")]
        net: String,
        /// How to write it
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Run a net on numbers from a file
    #[command(long_about = RUN, after_help = RUN_EXAMPLES)]
    Run(RunArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Which net; `cnn list` shows them
    #[arg(value_name = "NET")]
    pub(crate) net: String,
    /// Its weights, a safetensors file; may be left out if the net has weights in this program
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// What it reads: a safetensors file with a tensor `input`
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
    /// The net's weights, a safetensors file; may be left out if the net has weights in this program
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// The names of its classes, one a line, in the order of its outputs
    #[arg(long, value_name = "LABELS.txt")]
    pub(crate) labels: Option<PathBuf>,
    /// How pictures become its input, where its weights need another way than its own
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) preprocess: Option<Preprocessing>,
    /// How many classes are told
    #[arg(long, value_name = "N", default_value = "5")]
    pub(crate) top: NonZeroUsize,
}

/// How pictures become the input of a net.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Preprocessing {
    /// Shorter side to 256, middle 224x224, RGB of ImageNet's mean and deviation: usual with PyTorch
    Torchvision,
    /// The same, but shorter side to 232: torchvision's weights IMAGENET1K_V2
    TorchvisionV2,
    /// The same as `torchvision`, but RGB from -1 to 1: torchvision's weights of GoogLeNet
    TorchvisionGooglenet,
    /// To 256x256, middle 224x224, BGR less (104, 117, 123): Caffe's AlexNet and GoogLeNet
    Caffe,
    /// Shorter side to 256, middle 224x224, BGR less (103.939, 116.779, 123.68): Caffe's VGG
    CaffeVgg,
    /// To 28x28, grey from 0 to 1: digits of MNIST, white on black
    Mnist,
    /// The same with a border of two black pixels
    Lenet5,
}

/// How a summary is written.
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
PNG or JPEG file. For each file a line is printed: the digit, how probable it is, the file. Where the net is less than
90 % sure, its second guess follows.

With --test, the 1,000 test digits in this program (from MNIST) are read instead. The time is that of the net alone: one
thread runs all images again and again for about half a second, and the fastest of these passes counts.

The net is LeNet-5; it and its weights are in this program. If some files cannot be read, the others are, and the exit
code is 2.";

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

For each picture, a PNG or JPEG file, the most probable classes are printed, the best first, with their probabilities.
Where several pictures are given, each has its name above. If some cannot be read, the others are, and the exit code
is 2.

A picture becomes the net's input in the way that is declared beside the net: that of the weights which are published
for it. Weights that were trained in another way need --preprocess; nets of ImageNet that were trained with PyTorch
usually need `--preprocess torchvision`.

The 1,000 classes of ImageNet and the ten digits have their names in this program. The net lenet5 reads digits as MNIST
has them, white on black and in the middle; `cnn digits` finds those that are written on paper.";

const CLASSIFY_EXAMPLES: &str = "\
Examples:
  $ cnn classify lenet5 digits/samples/2-test-digit.png --top 2
  100.0 %  2
    0.0 %  0

With weights of torchvision, saved by `safetensors.torch.save_file(model.state_dict(), \"resnet50.safetensors\")`:
  $ cnn classify torchvision-resnet50 --weights resnet50.safetensors cat.jpg dog.png";

const LIST: &str = "\
List the nets, one on each line: its name, the shape it reads -> the shape it gives (channels x height x width), its
trained parameters, the multiplications with a weight in one pass (MACs), and whether weights for it are in this program.";

const LIST_EXAMPLES: &str = "\
Example:
  $ cnn list
  lenet5  1x32x32 -> 10  61,706 parameters  416,520 MACs  weights included";

const SUMMARY: &str = "\
Show the layers of a net in the order in which they run: name, kind with arguments as `cnn::network!` writes them
(arguments that have their default are left out), shape of the output (channels x height x width), trained parameters,
and multiplications with a weight in one pass (MACs).

Auxiliary classifiers, which only training uses, follow with totals of their own; the net's totals leave them out.

The JSON has the keys net, input, output, layers, aux, taps, parameters, macs, weights_bytes and workspace_bytes. A layer
has the keys name, kind, arguments, inputs (names of layers, or \"input\"), output, parameters, macs and aux (null, or the
name of its auxiliary classifier). Shapes are arrays: [channels, height, width], or [features].";

const SUMMARY_EXAMPLES: &str = "\
Examples:
  cnn summary lenet5
  cnn summary lenet5 --format markdown >> README.md
  cnn summary lenet5 --format json | jq .parameters";

const RUN: &str = "\
Run a net on numbers from a file.

The input file holds a tensor `input` of the net's input shape, [C, H, W], or of several inputs, [N, C, H, W]; F32, F16
and BF16 are accepted. The output file then holds `output` and each of the net's taps under its name, all F32: [F] for
vectors, [C, H, W] for maps, and [N, F] or [N, C, H, W] if the input had several.

The output file appears when it is complete: if anything goes wrong there is none, and an older one stays as it was.";

const RUN_EXAMPLES: &str = "\
Example, with Python to make the input and to look at the output:
  $ python -c 'import torch, safetensors.torch as st; st.save_file({\"input\": torch.rand(4, 1, 32, 32)}, \"x.safetensors\")'
  $ cnn run lenet5 --input x.safetensors --output y.safetensors
  $ python -c 'import safetensors.torch as st; print(st.load_file(\"y.safetensors\")[\"output\"])'

With weights of your own, saved by `safetensors.torch.save_file(model.state_dict(), \"mine.safetensors\")`:
  $ cnn run lenet5 --weights mine.safetensors --input x.safetensors --output y.safetensors";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_interface_has_no_contradictions() {
        super::Args::command().debug_assert();
    }
}
