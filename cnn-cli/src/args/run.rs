//! The arguments of `cnn run`.

use std::path::PathBuf;

use super::pictures::PictureArgs;
use super::{Json, WeightedArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) weighted: WeightedArgs,
    /// Its input: a safetensors file with a tensor `input`, or one for each input of the net
    #[arg(long, value_name = "X.safetensors", required_unless_present = "image", conflicts_with = "PictureArgs")]
    pub(crate) input: Option<PathBuf>,
    /// Pictures, PNG or JPEG, instead of numbers; can be repeated; `-` is standard input
    #[arg(long, value_name = "IMAGE", conflicts_with = "input")]
    pub(crate) image: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) pictures: PictureArgs,
    /// The safetensors file to write; an older one is replaced; `-` is standard output
    #[arg(short, long, value_name = "Y.safetensors")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const ABOUT: &str = "\
Run a net on numbers from a file, or on pictures.

The input file holds a tensor `input` of the net's input shape, [C, H, W], or several inputs, [N, C, H, W]; F32, F16 \
and BF16 are accepted. The output file then holds `output` and each of the net's taps under its name, all F32: [F] \
for vectors, [C, H, W] for maps, and [N, F] or [N, C, H, W] for several inputs. A net that names its inputs and outputs has \
a tensor for each, under its name. Inputs may also be those of a recorded file, `input.NAME`, which \
`cnn compare --help` describes.

With --image, the input is a picture, or several ones, by the net's preprocessing or that of --preprocess, --resize, --mean and \
--std, which `cnn classify --help` describes. This is how to get the maps of a detector.

A net of a file is not compiled; the kernels of its plan run one after another, as they do in the compiled net, so the \
numbers are the same, bit by bit.

The output file appears when it is complete: if anything goes wrong, none is written, and an older one stays \
unchanged.

Nothing is printed without --json. The JSON has the keys net, output (the file), and tensors (an array of name and \
shape: what was written).";

pub(super) const EXAMPLES: &str = "\
Example, with Python to make the input and to look at the output:
  import torch, safetensors.torch as st
  st.save_file({\"input\": torch.rand(4, 1, 32, 32)}, \"x.safetensors\")

  $ cnn run lenet5 --input x.safetensors --output y.safetensors

  print(st.load_file(\"y.safetensors\")[\"output\"])

With your own weights, saved by
  st.save_file(model.state_dict(), \"mine.safetensors\")

  $ cnn run lenet5 --weights mine.safetensors \\
      --input x.safetensors --output y.safetensors

A net of your own, and one with its weights:
  $ cnn run src/net.rs::Small --weights small.safetensors \\
      --input x.safetensors --output y.safetensors
  $ cnn run model.onnx --input x.safetensors --output y.safetensors

A picture in a net of your own, of any height and width:
  $ cnn run detect.rs --weights w.safetensors --image street.jpg \\
      --preprocess yolov5 --output y.safetensors";
