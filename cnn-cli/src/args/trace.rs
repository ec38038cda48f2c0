//! The arguments of `cnn trace`.

use std::path::PathBuf;

use super::{Json, WeightedArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct TraceArgs {
    #[command(flatten)]
    pub(crate) weighted: WeightedArgs,
    /// Its input: a safetensors file with a tensor `input`, or one for each input of the net
    #[arg(long, value_name = "X.safetensors")]
    pub(crate) input: PathBuf,
    /// The safetensors file to write; an older one is replaced; `-` is standard output
    #[arg(short, long, value_name = "T.safetensors")]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const USAGE: &str = "\
cnn trace [OPTIONS] <NET> [--weights <W.safetensors>]
           --input <X.safetensors> --output <T.safetensors>";

pub(super) const ABOUT: &str = "\
Run a net layer by layer and keep the output of every layer.

The layers run one by one, as declared: `cnn run` computes a convolution, its batch normalisation and its ReLU at \
once; here each of them has a separate result. The kernels are the same, without Winograd's algorithm, and take a \
few times as long. Weights that a net stores in F16, as alexnet-f16 does, are rounded here too.

The input file is the same as for `cnn run`. The output file holds each layer under its name, `act.conv1`, as well \
as `output`, the net's taps, and its auxiliary classifiers if the weights have their tensors. All are F32, in the \
order channels, rows, columns: [F] for vectors, [C, H, W] for maps, and [N, F] or [N, C, H, W] for several inputs. \
If layers without weights share a name, as unnamed ones in branches can, the last one is kept.

Nothing is printed without --json. The JSON has the keys net, output (the file), and tensors (an array of name and \
shape: what was written).";

pub(super) const EXAMPLES: &str = "\
Example, with Python to look at the output:
  $ cnn trace lenet5 --weights w.safetensors \\
      --input x.safetensors --output t.safetensors

  import safetensors.torch as st
  print(st.load_file(\"t.safetensors\")[\"act.conv1\"])";
