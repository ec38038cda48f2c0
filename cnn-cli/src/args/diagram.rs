//! The arguments of `cnn diagram`.

use std::path::PathBuf;

use clap::ValueEnum;

#[derive(Debug, clap::Args)]
pub(crate) struct DiagramArgs {
    /// Which net; `cnn list` shows them
    #[arg(value_name = "NET", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) net: Option<String>,
    /// The file to write, an older one is replaced; without it, an SVG goes to standard output
    #[arg(short, long, value_name = "FILE", conflicts_with = "all")]
    pub(crate) output: Option<PathBuf>,
    /// Draw all nets into this folder, with a page that shows them: index.html
    #[arg(long, value_name = "DIR")]
    pub(crate) all: Option<PathBuf>,
    /// How much the drawing tells
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["all", "memory"])]
    pub(crate) detail: Detail,
    /// How wide the drawing is, in pixels; 320 at least
    #[arg(long, value_name = "PX", default_value_t = 760, value_parser = clap::value_parser!(u32).range(320..=10_000))]
    pub(crate) width: u32,
    /// Its colours
    #[arg(long, value_enum, default_value_t, conflicts_with = "all")]
    pub(crate) theme: Theme,
    /// Draw blocks and groups each time they occur, not once
    #[arg(long, conflicts_with = "memory")]
    pub(crate) unfold: bool,
    /// Draw the memory that the net computes in over time, not its layers
    #[arg(long, conflicts_with = "all")]
    pub(crate) memory: bool,
    /// How to write it; without this, as the name of the file says
    #[arg(long, value_enum, conflicts_with = "all")]
    pub(crate) format: Option<Format>,
}

/// How much a drawing tells.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Detail {
    /// Kinds of layers and their windows, as articles draw nets
    #[default]
    Article,
    /// Filters, strides, padding, parameters too, and shapes where they change
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

/// How a drawing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines and text, for browsers and editors such as Inkscape
    Svg,
    /// Pixels, two for each of the width
    Png,
}

pub(crate) const ABOUT: &str = "\
Draw a net as an SVG or a PNG.

Layers run from left to right, in rows. A block of the declaration that is called more than once is drawn once, below, and so
is a group that is repeated; a pile of blocks stands for calls that follow each other. Letters on a layer are what follows it: R for ReLU, BN for batch
normalisation; the legend has them all. In an SVG, pointing at a layer tells its name, arguments, shapes, parameters and
multiplications (MACs).

With --memory, the drawing is a chart of the memory that the net computes in: a rectangle for each buffer, from when it is
written to when it is read last; the line is the most that is in use at once.

With --all, every net is drawn at both levels of detail, as files and on a page, index.html, which also has the table of all
architectures. It needs no network.

A PNG has the colours of the light theme unless told otherwise. Its text is set in DejaVu Sans, which is in this program.";

pub(crate) const EXAMPLES: &str = "\
Examples:
  cnn diagram resnet50 -o resnet50.svg
  cnn diagram inception-v1 --detail full --width 1100 -o inception.png
  cnn diagram resnet50 --detail full --width 1000 -o a4.png    all numbers on one page
  cnn diagram vgg16 --memory -o memory.svg
  cnn diagram --all gallery && xdg-open gallery/index.html";
