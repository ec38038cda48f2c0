//! The arguments of `cnn summary`.

use std::num::NonZeroUsize;

use clap::ValueEnum;

use super::{Json, count};
use crate::names::NetName;

#[derive(Debug, clap::Args)]
pub(crate) struct SummaryArgs {
    /// Which net: a name that `cnn list` shows, or a file: FILE.rs, FILE.rs::Net, FILE.onnx, FILE.tflite
    #[arg(value_name = "NET", value_parser = NetName, hide_possible_values = true)]
    pub(crate) net: String,
    /// Show N levels of nesting: what lies deeper is added up in the row of its block
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) depth: Option<NonZeroUsize>,
    /// Format for people
    #[arg(long, value_enum, default_value_t, conflicts_with = "json")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// The format of a summary.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Format {
    /// 80 columns for a terminal; numbers are rounded, and layers indented in their blocks
    #[default]
    Text,
    /// A table for a README, with all arguments and exact numbers
    Markdown,
}

pub(super) const ABOUT: &str = "\
Show the layers of a net in the order in which they run, nested as their names say.

A row has the layer's name, its kind with window/stride, the shape of its output (channels x height x width), its \
trained parameters, its multiplications with a weight in one pass (MACs), their share of the net's, the memory of \
its output as F32, and its receptive field.

The net is one of `cnn list`, or in a file. Of a Rust file, FILE.rs, nothing is built: the `network!` in it is compiled by \
this program, wherever it is in the file, and mistakes are shown as rustc shows them. If there are several nets, \
FILE.rs::Net says which. Paths in `#[weights]` begin at the folder of Cargo.toml, as in a build. A file FILE.onnx or \
FILE.tflite is read as `cnn import` reads it, and comes with its weights. `-` is either kind of file on standard input; `-- -::Net` says which net of it. \
All commands that take a NET take files; a net that calls functions or layers of your crate can be shown and drawn, but \
not run.

The receptive field is the side (or height x width) of the window of the input that one number of the output depends \
on, as in Araujo et al., https://distill.pub/2019/computing-receptive-fields. It may be larger than the input; `all` \
is the whole input, as after a global pooling or a fully connected layer.

The memory of all outputs is less in practice: layers are fused, and the workspace below the table reuses memory. \
The depth is the number of convolutions and fully connected layers on the longest path from the input to the output. \
Auxiliary classifiers, which are used only in training, follow with their own totals and are not in the net's.

The JSON has the keys net, input, output, layers, blocks, aux, taps, depth, parameters, macs, activation_bytes, \
weights_bytes and workspace_bytes. A layer has the keys name, kind, arguments, inputs (names of layers, or \
\"input\"), output, parameters, parameters_share, macs, macs_share, activation_bytes, receptive_field (an array of \
height and width, or null for the whole input), receptive_jump (the same for the distance between the fields of \
neighbours), level (of nesting, from 1) and aux (null, or the name of its auxiliary classifier). A block is what \
--depth can fold: it has the keys name, block (null if it has no name in the declaration), level, layers (their \
number), and output, parameters, parameters_share, macs, macs_share, activation_bytes, receptive_field, \
receptive_jump and aux as layers have. With --depth, layers and blocks that lie deeper are left out. The depth has \
convolutions and fully_connected. Shapes are arrays: [channels, height, width], or [features]. Shares are of the \
net's total, from 0 to 1; those of auxiliary classifiers are null.";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn summary lenet5
  cnn summary resnet152 --depth 1
  cnn summary resnet50 --format markdown >> README.md
  cnn summary inception-v1 --json | jq .parameters
  cnn summary src/net.rs::Small
  cnn import model.onnx | cnn summary -";
