//! The arguments of `cnn diagram`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;

use super::{Json, count};
use crate::names::NetName;

#[derive(Debug, clap::Args)]
pub(crate) struct DiagramArgs {
    /// Which net: a name that `cnn list` shows, or a file: FILE.rs, FILE.rs::Net, FILE.onnx, FILE.tflite
    #[arg(value_name = "NET", required_unless_present = "all", conflicts_with = "all")]
    #[arg(value_parser = NetName, hide_possible_values = true)]
    pub(crate) net: Option<String>,
    /// The file to write, replacing an older one; without it, or if it is `-`, an SVG goes to standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "all")]
    pub(crate) output: Option<PathBuf>,
    /// Draw all nets into this folder, with a page that shows them: index.html
    #[arg(long, value_name = "DIR")]
    pub(crate) all: Option<PathBuf>,
    /// How much the drawing shows
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["all", "memory"])]
    pub(crate) detail: Detail,
    /// Width of the drawing in pixels; at least 320
    #[arg(long, value_name = "PX", default_value_t = 760, value_parser = clap::value_parser!(u32).range(320..=10_000))]
    pub(crate) width: u32,
    /// Its colours
    #[arg(long, value_enum, default_value_t, conflicts_with = "all")]
    pub(crate) theme: Theme,
    /// Draw blocks and groups each time they occur, instead of once
    #[arg(long, conflicts_with = "memory")]
    pub(crate) unfold: bool,
    /// Draw the net's memory over time, instead of its layers
    #[arg(long, conflicts_with = "all")]
    pub(crate) memory: bool,
    /// With --memory: that of a training step, of an image of the minibatch
    #[arg(long, requires = "memory")]
    pub(crate) train: bool,
    /// With --train: images of a minibatch; by default, what `#[train]` says, or 64
    #[arg(long, value_name = "N", requires = "train", value_parser = count)]
    pub(crate) batch: Option<NonZeroUsize>,
    /// Output format; by default, it follows from the name of the file
    #[arg(long, value_enum, conflicts_with = "all")]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// How much a drawing shows.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Detail {
    /// Kinds of layers and their windows, as articles draw nets
    #[default]
    Article,
    /// Also filters, strides, padding, parameters, and shapes where they change
    Full,
}

/// The colours of a drawing.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Theme {
    /// Those that the reader's system prefers
    #[default]
    Auto,
    /// Dark on light
    Light,
    /// Light on dark
    Dark,
}

/// The format of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines and text, for browsers and editors such as Inkscape
    Svg,
    /// Pixels, two for each pixel of the width
    Png,
}

pub(super) const ABOUT: &str = "\
Draw a net as an SVG or a PNG.

Layers run from left to right, in rows. A block that is called more than once, or a group that is repeated, is drawn \
once, below; a pile of blocks represents consecutive calls. Letters on a layer show the functions after it: R for \
ReLU, BN for batch normalisation; the legend lists them all. In an SVG, pointing at a layer shows its name, \
arguments, shapes, parameters and multiplications (MACs).

With --memory, the drawing is a chart of the net's memory: a rectangle for each buffer, from its first write to its \
last read; the line is the most memory in use at once. With --train too, it is that of a training step, one image of the \
minibatch: activations until gradients have read them, and the gradients. What all images share (tensors, their \
gradients, packed weights) is in the words above it, and so is what is computed once more instead of being kept.

With --all, every net is drawn at both levels of detail, as files and on a page, index.html, which also has the \
table of all architectures. It needs no network.

A PNG has the colours of the light theme unless --theme says otherwise. Its text is set in DejaVu Sans, which is in \
this program.

Nothing is printed but a drawing without --output. The JSON, which needs --output or --all, has the key files, an \
array of what was written: path and bytes.";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn diagram resnet50 -o resnet50.svg
  cnn diagram inception-v1 --detail full --width 1100 -o inception.png
  cnn diagram resnet50 --detail full --width 1000 -o a4.png    all on one page
  cnn diagram vgg16 --memory -o memory.svg
  cnn diagram resnet50 --memory --train --batch 32 -o step.svg
  cnn diagram --all gallery && xdg-open gallery/index.html";
