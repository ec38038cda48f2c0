//! The arguments of `cnn classify`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use super::pictures::PictureArgs;
use super::{Json, WeightedArgs, count};

#[derive(Debug, clap::Args)]
pub(crate) struct ClassifyArgs {
    #[command(flatten)]
    pub(crate) weighted: WeightedArgs,
    /// Pictures, PNG or JPEG; `-` is standard input
    #[arg(value_name = "IMAGE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The names of its classes, one per line, in the order of its outputs
    #[arg(long, value_name = "LABELS.txt")]
    pub(crate) labels: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) pictures: PictureArgs,
    /// How many classes to print
    #[arg(long, value_name = "N", default_value = "5", value_parser = count)]
    pub(crate) top: NonZeroUsize,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const ABOUT: &str = "\
Say what a picture shows.

For each picture, a PNG or JPEG file, the most probable classes are printed with their probabilities, the best \
first. If several pictures are given, the name of each is printed above its classes. If some cannot be read, the \
others are still classified, and the exit code is 2.

Each net declares its preprocessing, which is that of the weights published for it. Weights trained with other \
preprocessing need --preprocess, as do nets of files; ImageNet nets trained with PyTorch usually need `--preprocess \
torchvision`, and those that `cnn train` trained `--preprocess train`, with the same --mean and --std. With --resize, the \
input may have any height and width.

The names of the 1,000 ImageNet classes and of the ten digits are in this program. The nets lenet5 and mlp read \
digits as in MNIST, white on black; a digit on plain paper is converted to that. `cnn digits` finds digits on any \
paper, and thickens thin pens.

The JSON has the keys net and pictures, an array in the order of the files: file, classes (an array, the best first: \
class, which is its number, label and probability), and error; classes is empty if error is not null.";

pub(super) const EXAMPLES: &str = "\
Examples:
  $ cnn classify lenet5 digits/samples/2-test-digit.png --top 2
  100.0 %  2
    0.0 %  8

With torchvision's weights, saved by
  safetensors.torch.save_file(model.state_dict(), \"resnet50.safetensors\")
all pictures of a folder, and the best class of each by jq:
  $ cnn classify torchvision-resnet50 --weights resnet50.safetensors *.jpg
  $ cnn classify torchvision-resnet50 --weights resnet50.safetensors *.jpg \\
      --json | jq -r '.pictures[] | [.file, .classes[0].label] | @tsv'

Nets of your own: one that `cnn train` trained, and one of 3x240x320:
  $ cnn classify net.rs --weights w.safetensors --preprocess train a.jpg
  $ cnn classify wide.rs --weights w.safetensors a.jpg \\
      --preprocess torchvision --resize cover";
