//! The arguments of `cnn new`.

use std::path::PathBuf;

use super::{Json, Rule};
use crate::names::NetName;

#[derive(Debug, clap::Args)]
pub(crate) struct NewArgs {
    /// The folder of the crate, which gets its name; it is created, or is empty
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Which net: a name that `cnn list` shows, or a file: FILE.rs, FILE.rs::Net, FILE.onnx, FILE.tflite
    #[arg(long, value_name = "NET", value_parser = NetName, hide_possible_values = true)]
    pub(crate) net: String,
    /// Its weights: a safetensors file, or the index (`.json`) of several; made-up ones if none come with the net
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO")]
    pub(crate) rename: Vec<Rule>,
    /// Results of another implementation for the crate's test: `input.NAME` and `output.NAME`; or a folder of ONNX's test data
    #[arg(long, value_name = "R.safetensors")]
    pub(crate) recorded: Option<PathBuf>,
    /// Depend on the crate `cnn` in this folder, a checkout, instead of the published one
    #[arg(long, value_name = "CHECKOUT")]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const ABOUT: &str = "\
Make a crate that runs a net.

The crate has the declaration (src/net.rs), its weights, which become part of the program (weights.safetensors), a program \
that runs the net on a file of inputs (src/main.rs), and a test, which compares the net with recorded results \
(recorded.safetensors). `cargo test` proves it, `cargo run --release -- recorded.safetensors` runs it.

Results that are not given are recorded here, with the net's layers run one by one on random inputs. Given ones are those \
that `cnn compare --recorded` reads. In both cases the net is compared with them first: if it differs, the differences are \
printed, no crate is made, and the exit code is 1.

The declaration is written anew, with the net's blocks and attributes, but without the comments and constants of the file it \
was in. A net that calls functions or layers of your own crate can't be moved to another.

A folder that is not empty is refused. The crate appears when it is complete: if anything goes wrong, there is none.

Nothing is printed without --json, except if weights are made up. The JSON has the keys net, made_up_weights, and files (an \
array of what was written: path and bytes).";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn new digits --net lenet5 --weights lenet5.safetensors
  cnn new classifier --net resnet50.onnx --recorded test_data_set_0
  cnn new small --net src/net.rs::Small --weights small.safetensors
  cd small && cargo test";
