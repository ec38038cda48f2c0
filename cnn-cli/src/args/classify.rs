//! The arguments of `cnn classify`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;

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
    /// How pictures become its input, if its weights need other preprocessing than its own
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) preprocess: Option<Preprocessing>,
    /// How many classes to print
    #[arg(long, value_name = "N", default_value = "5", value_parser = count)]
    pub(crate) top: NonZeroUsize,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// How pictures become the input of a net.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Preprocessing {
    /// Shorter side to 256, central 224x224, RGB by ImageNet's mean and deviation: usual with PyTorch
    Torchvision,
    /// The same, but shorter side to 232: torchvision's weights IMAGENET1K_V2
    TorchvisionV2,
    /// The same as `torchvision`, by bicubic interpolation: torchvision's weights of EfficientNet-B0
    TorchvisionBicubic,
    /// The same as `torchvision`, but shorter side to 236: torchvision's weights of ConvNeXt-T
    TorchvisionConvnext,
    /// The same as `torchvision`, but RGB from -1 to 1: torchvision's weights of GoogLeNet
    TorchvisionGooglenet,
    /// Shorter side to 342, central 299x299, RGB from -1 to 1: torchvision's weights of Inception-v3
    TorchvisionInceptionV3,
    /// To 256x256, central 224x224, BGR minus (104, 117, 123): Caffe's AlexNet and GoogLeNet
    Caffe,
    /// Shorter side to 256, central 224x224, BGR minus (103.939, 116.779, 123.68): Caffe's VGG
    CaffeVgg,
    /// The ink of one digit, with MNIST's size and position in 28x28, white on black, from 0 to 1
    Mnist,
    /// The same with a border of two black pixels
    Lenet5,
}

pub(super) const ABOUT: &str = "\
Say what a picture shows.

For each picture, a PNG or JPEG file, the most probable classes are printed with their probabilities, the best \
first. If several pictures are given, the name of each is printed above its classes. If some cannot be read, the \
others are still classified, and the exit code is 2.

Each net declares its preprocessing, which is that of the weights published for it. Weights trained with other \
preprocessing need --preprocess, as do nets of files; ImageNet nets trained with PyTorch usually need `--preprocess \
torchvision`.

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
      --json | jq -r '.pictures[] | [.file, .classes[0].label] | @tsv'";
