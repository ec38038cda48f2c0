//! The net of an ONNX or a TFLite file, compiled from the declaration that `cnn import` would write.

use std::path::Path;

use cnn_import::{Error, File, Options, is_tflite};

use super::declared::model;
use super::text::{compiled, invocation};
use crate::failure::Failure;
use crate::progress::Bar;
use crate::registry::{Declared, Model, OwnWeights};

/// Whether a file begins as ONNX files do, with the version of the format, or as TFLite files. No text begins in this way.
pub(super) fn is_model(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x08) || is_tflite(bytes)
}

pub(super) fn of_file(path: &Path) -> Result<&'static Model, Failure> {
    let file = File::open(path).map_err(|error| unread(path, error))?;
    of(path, &file)
}

pub(super) fn of_bytes(path: &Path, bytes: Vec<u8>) -> Result<&'static Model, Failure> {
    of(path, &File::new(bytes))
}

fn unread(path: &Path, error: Error) -> Failure {
    let error = error.to_string();
    // Here, that is an option for something else.
    let import =
        if error.contains("`--input") { "\n  `cnn import` has this option, and its output is read here" } else { "" };
    Failure::of_file(path, format_args!("cannot be imported: {error}{import}"))
}

fn of(path: &Path, file: &File) -> Result<&'static Model, Failure> {
    let bar = Bar::new("importing");
    bar.show(0, 2);
    let net = file.import(&Options::default()).map_err(|error| unread(path, error))?;
    bar.show(1, 2);
    let mut weights = Vec::new();
    net.write_weights(&mut weights).map_err(|why| Failure::of_file(path, format_args!("has weights that {why}")))?;
    let text: &'static str = invocation(net.declaration()).leak();
    let found = compiled(text, net.name()).map_err(|why| {
        Failure::of_file(path, format_args!("is imported as a net with mistakes, which `cnn import` shows: {why}"))
    })?;
    drop(bar);
    let weights = OwnWeights::Here(weights.into());
    Ok(model(&found, Declared { file: path.to_path_buf(), text }, Some(weights)))
}
