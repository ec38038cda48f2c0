//! The arguments of `cnn check-weights`.

use std::path::PathBuf;

use super::{Json, Rule};
use crate::names::NetName;

#[derive(Debug, clap::Args)]
pub(crate) struct CheckWeightsArgs {
    /// Which net: a name that `cnn list` shows, or a file: FILE.rs, FILE.rs::Net, FILE.onnx, FILE.tflite
    #[arg(value_name = "NET", value_parser = NetName, hide_possible_values = true)]
    pub(crate) net: String,
    /// A safetensors file, or the index (`.json`) of several; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rename: Vec<Rule>,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const ABOUT: &str = "\
Say whether a file of weights fits a net, tensor by tensor.

Tensors that fit are listed with their shape and type as `found`; those that PyTorch writes for its own use and no \
net needs, as `ignored`. Then every problem follows on a line: tensors that are missing, unexpected, under another \
name, of another shape (with the probable cause: HWIO instead of OIHW, a transposed matrix), of another type, or not \
finite. If there is any, the exit code is 2.

The JSON has the keys net, file, fits, found (an array of name, shape and dtype), ignored (an array of names, at \
most 1,000) and problems (an array of texts).";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn check-weights torchvision-resnet50 resnet50.safetensors
  cnn check-weights resnet50 model.safetensors.index.json
  cnn check-weights resnet50 parallel.safetensors \\
      --rename 'module.*=*' --rename '*.gamma=*.weight'
  zstdcat resnet50.safetensors.zst | cnn check-weights torchvision-resnet50 -

To write such a file in Python:
  safetensors.torch.save_file(model.state_dict(), \"resnet50.safetensors\")";
