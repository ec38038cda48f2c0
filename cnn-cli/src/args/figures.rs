//! The arguments of `cnn figures`.

use std::path::PathBuf;

use super::Json;
use super::diagram::{Format, Theme};

#[derive(Debug, clap::Args)]
pub(crate) struct FiguresArgs {
    /// The folder to write to; it is created if needed, and older figures in it are replaced
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Their colours
    #[arg(long, value_enum, default_value_t)]
    pub(crate) theme: Theme,
    /// Output format
    #[arg(long, value_enum, default_value = "svg")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const ABOUT: &str = "\
Draw figures that explain convolutional networks.

A perceptron, how it learns, the curves of all activations, a multilayer perceptron, a convolution step by step, max, average and \
global average pooling, local response normalisation, and batch normalisation: one file each, and a page that shows \
and explains them, index.html. All numbers are computed. The page needs no network; its drawings are SVG in any \
case.

A PNG has the colours of the light theme unless --theme says otherwise.

Nothing is printed without --json. The JSON has the key files, an array of what was written: path and bytes.";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn figures figures && xdg-open figures/index.html
  cnn figures slides --format png --theme dark";
