//! The arguments of `cnn compare`.

use std::path::PathBuf;

use super::{Json, WeightedArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) weighted: WeightedArgs,
    /// Its input: a safetensors file with a tensor `input`, or one for each input of the net
    #[arg(long, value_name = "X.safetensors", required_unless_present = "recorded")]
    pub(crate) input: Option<PathBuf>,
    /// The expected results: a safetensors file with tensors named `output`, `logits`, `act.conv1`, …
    #[arg(long, value_name = "E.safetensors", required_unless_present = "recorded")]
    pub(crate) expected: Option<PathBuf>,
    /// Both in one file, `input.NAME` and `output.NAME`; or a folder of ONNX's test data
    #[arg(long, value_name = "R.safetensors", conflicts_with_all = ["input", "expected"])]
    pub(crate) recorded: Option<PathBuf>,
    /// The largest accepted difference, as a share of the largest magnitude of the expected tensor
    #[arg(long, value_name = "T", default_value = "1e-4", value_parser = tolerance)]
    pub(crate) tolerance: f64,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) fn tolerance(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "expected a number such as 1e-4".to_owned())
}

pub(super) const USAGE: &str = "\
cnn compare [OPTIONS] <NET> [--weights <W.safetensors>]
           --input <X.safetensors> --expected <E.safetensors>
       cnn compare [OPTIONS] <NET> [--weights <W.safetensors>]
           --recorded <R.safetensors>";

pub(super) const ABOUT: &str = "\
Compare a net, layer by layer, with the numbers of another implementation.

For each tensor of the file with the expected numbers, a line shows its largest magnitude, and the largest (max) and \
the root mean square (rms) difference as shares of that magnitude. If the largest difference exceeds the tolerance, \
the line is marked. The first layer that differs follows: its name, kind and arguments, and whether the tensor \
before it agrees.

Tensors are named `output`, after taps of the net (`logits`), after auxiliary classifiers (`aux1`), or `act.NAME` \
for layers and modules as PyTorch names them. `act.conv1` is the output of that layer, before any function after it; \
`act.layer1.0` or `act.features` is the output of the last layer inside. The output and the taps are compared twice: \
with the layers run one by one (`layers`), and with the compiled net (`forward`), where layers are fused and \
Winograd's algorithm may be used.

A recorded file (--recorded) has what a net read and what it gave: tensors `input.NAME` and `output.NAME`, with the \
names of the net's inputs and outputs, or `input.input` and `output.output` if it doesn't name its only one. Inputs have \
the shape of the net's input, [C, H, W] or [F], or are flat; several inputs are [N, C, H, W] or [N, F]. Those of a \
model that has channels last, [H, W, C], are put in order. The Python package cnn_export writes \
such files. ONNX's test data (`test_data_set_0` with input_0.pb and output_0.pb) are read, too.

Shapes are those of `cnn trace`; dimensions of 1 do not matter, and maps may be flattened. F32, F16 and BF16 are \
accepted; numbers rounded to F16 need a tolerance of 1e-3, and to BF16 of 1e-2. A net that stores its weights in \
F16, as alexnet-f16 does, needs 1e-3 too.

The JSON has the keys net, agrees, tolerance, tensors, first_difference and problems. A tensor has the keys name, \
layer (null for the input), run (`layers` or `forward`), shape, largest, max, rms, max_share, rms_share (the last \
two of the largest magnitude; numbers that are not finite are null) and agrees. The first difference is null, or the \
name and run of a tensor and its layer with kind and arguments. Problems are texts, one for each tensor that could \
not be compared; then agrees is false.

Exit code: 0 if all agree, 1 if any differs, 2 if a tensor could not be compared or anything else went wrong.";

pub(super) const EXAMPLES: &str = "\
Example, with PyTorch to make the expected numbers:
  acts = {}

  def keep(name):
      # A clone, since a later function may work in place.
      def hook(module, input, output):
          acts[f\"act.{name}\"] = output.detach().clone()
      return hook

  for name, module in model.named_modules():
      if name:
          module.register_forward_hook(keep(name))
  acts[\"logits\"] = model(x)
  save_file({name: y.contiguous() for name, y in acts.items()}, \"e.safetensors\")

  $ cnn compare lenet5 --weights w.safetensors \\
      --input x.safetensors --expected e.safetensors

The expected numbers may also come from another build or machine:
  $ cnn trace lenet5 --weights w.safetensors \\
      --input x.safetensors --output e.safetensors";
