//! The arguments of `cnn import`.

use std::path::PathBuf;

use cnn_net::op::Shape;

use super::Json;
use super::compare::tolerance;

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// An ONNX file, a TFLite file, or a JSON file by the Python package cnn_export; `-` is standard input
    #[arg(value_name = "MODEL")]
    pub(crate) model: PathBuf,
    /// The Rust file to write, replacing an older one; without it, or if it is `-`, it goes to standard output
    #[arg(short, long, value_name = "NET.rs")]
    pub(crate) output: Option<PathBuf>,
    /// The safetensors file to write; without it, weights are left out
    #[arg(short, long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// The name of the net; by default, that of the file
    #[arg(long, value_name = "NAME", value_parser = type_name)]
    pub(crate) name: Option<String>,
    /// The shape of its input, if the file leaves it open: channels x height x width, or features
    #[arg(long, value_name = "CxHxW", value_parser = shape)]
    pub(crate) input: Option<Shape>,
    /// Compare what is written with recorded results; without a file, with those next to the model
    #[arg(long, value_name = "R.safetensors")]
    pub(crate) verify: Option<Option<PathBuf>>,
    /// The largest accepted difference, as a share of the largest magnitude of the recorded tensor
    #[arg(long, value_name = "T", default_value = "1e-4", value_parser = tolerance, requires = "verify")]
    pub(crate) tolerance: f64,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const ABOUT: &str = "\
Turn a trained model into a declaration, a Rust file to check in, and its weights.

The file holds a `network!` with the net and the blocks that it calls. Blocks and repeats are found again, and layers \
have the names that they have in the model, as far as the file says them. The weights are those of the model, in \
single precision, under the names of the declared layers.

PyTorch's models are best exported by the Python package cnn_export, which keeps batch normalisations, dropout and the \
names of the state dict. Models of ONNX's operator sets 7 to 28 are read too, also if their tensors are in other files \
in the same folder, and TFLite files in single or half precision. Maps that these read and give are rows x columns x \
channels; here they are channels x rows x columns. What kind of file it is follows from its content. A model with parts \
that can't be declared is an error that lists all of them: operator, node, why, and what to do. Then no file is written, \
and older ones stay unchanged.

With --verify, the written files are proven before they get their names: the declaration is compiled, the weights are \
read again, and the net runs, layer by layer and as planned, on recorded inputs. If its outputs differ from the \
recorded ones, nothing is written, and the exit code is 1. `cnn compare --help` describes recorded files and the report. \
Without a name, they are MODEL.recorded.safetensors or the folder test_data_set_0, next to the model.

Nothing is printed but a declaration without --output, and the report of --verify. The JSON, which needs --output, has \
the keys net (its name), input and output (shapes), layers (how many), parameters, files (an array of what was written: \
path and bytes), and with --verify also verified, which is the JSON of `cnn compare`.";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn import resnet50.onnx                   print the declaration
  cnn import resnet50.onnx -o resnet50.rs -w resnet50.safetensors
  cnn import detector.onnx --input 3x416x416 --name Detector -o detector.rs
  cnn import net.onnx -o net.rs -w net.safetensors --verify test_data_set_0
  cnn import unet.json -o unet.rs -w unet.safetensors
  cnn import mobilenet.tflite -o mobilenet.rs -w mobilenet.safetensors

To write such files in Python:
  cnn_export.export(model, (3, 224, 224), \"unet.json\")
  image = torch.rand(1, 3, 224, 224)
  torch.onnx.export(model.eval(), (image,), \"resnet50.onnx\")
  converter = tf.lite.TFLiteConverter.from_keras_model(model)
  open(\"mobilenet.tflite\", \"wb\").write(converter.convert())";

/// `3x224x224`, or `784`.
fn shape(text: &str) -> Result<Shape, String> {
    let wrong = || "expected a shape such as `3x224x224`, or a number of features".to_owned();
    let sizes: Result<Vec<usize>, _> = text.split('x').map(str::parse).collect();
    match &*sizes.map_err(|_| wrong())? {
        sizes if sizes.contains(&0) => Err(wrong()),
        [features] => Ok(Shape::Vector(*features)),
        [channels, height, width] => Ok(Shape::map(*channels, *height, *width)),
        _ => Err(wrong()),
    }
}

/// The name of a type.
fn type_name(text: &str) -> Result<String, String> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if begins && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && text != "Self" {
        return Ok(text.to_owned());
    }
    Err("expected the name of a type, such as `ResNet50`".to_owned())
}
