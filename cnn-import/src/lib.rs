//! Reads trained networks from PyTorch, from ONNX files and from TFLite files, and writes them as declarations of the compiler `cnn`,
//! with their weights.
//!
//! A declaration is source code to check in and edit: blocks and repeats are recovered, and layers are named as in the model, if
//! the file contains their names.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = cnn_import::File::open("resnet50.onnx")?;
//! let net = file.import(&cnn_import::Options::default())?;
//! println!("{}", net.declaration());
//! net.write_weights(&mut std::fs::File::create("resnet50.safetensors")?)?;
//! # Ok(())
//! # }
//! ```
//!
//! If a model has parts that can't be declared, the error lists all of them, and nothing is returned.
//!
//! Each step is a module: `proto` reads an ONNX file, and `load` builds a graph from it; `torch` does both for PyTorch, and
//! `tflite` for TFLite; `fold` and `passes` simplify the graph, `lower` turns it into layers, `names` names them, and `blocks`
//! finds what is repeated. `cnn_net::language` writes the text.

#![forbid(unsafe_code)]

mod blocks;
mod constant;
mod external;
mod fold;
mod folded;
mod format;
mod graph;
mod load;
mod lower;
mod names;
mod net;
mod passes;
mod proto;
mod recorded;
mod regular;
mod report;
mod tflite;
mod torch;
mod view;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use cnn_net::op::Shape;

pub use self::net::Net;
pub use self::recorded::Recorded;
pub use self::report::{Error, Problem};
pub use self::tflite::is_tflite;

/// A model's file in memory: an ONNX file, a TFLite file, or the output of the Python package `cnn_export`.
pub struct File {
    bytes: Vec<u8>,
    folder: Option<PathBuf>,
    name: String,
    /// The tensors of a model by `cnn_export`, if they are in memory too.
    tensors: Option<Vec<u8>>,
    /// The model by `cnn_export`, once it is read.
    exported: OnceCell<Result<torch::Model, String>>,
}

/// What a file may leave open.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name of the net; by default, the file's.
    pub name: Option<String>,
    /// The shape of the input, for a file with an open input size.
    pub input: Option<Shape>,
}

impl File {
    /// Reads a file. Tensors in files next to it are read when it is imported.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = regular::read(path).map_err(|why| Error::Unreadable(format!("it can't be read: {why}")))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = Some(parent.unwrap_or(Path::new(".")).to_owned());
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { bytes, folder, name, tensors: None, exported: OnceCell::new() })
    }

    /// A file in memory; tensors in other files are an error.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, folder: None, name: String::new(), tensors: None, exported: OnceCell::new() }
    }

    /// A model exported by `cnn_export`, in memory, with its tensors.
    #[must_use]
    pub fn exported(graph: Vec<u8>, tensors: Vec<u8>) -> Self {
        Self { tensors: Some(tensors), ..Self::new(graph) }
    }

    /// The raw file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Imports the model.
    ///
    /// # Errors
    ///
    /// If the file is not a model, or has parts that can't be declared; the error lists all of them.
    pub fn import(&self, options: &Options) -> Result<Net<'_>, Error> {
        let files = match &self.tensors {
            Some(tensors) => external::Files::of(tensors),
            None => external::Files::new(self.folder.as_deref()),
        };
        let (mut graph, mut doc) = self.graph(options.input, &files)?;
        if !is_tflite(&self.bytes) && lower::has_channels_last(&graph) {
            doc += " Its input is C x H x W here, and H x W x C in the model.";
        }
        fold::fold(&mut graph, &files);
        passes::simplify(&mut graph);
        let lowered = lower::lower(&graph, &files).map_err(Error::Unsupported)?;
        let name = options.name.clone().unwrap_or_else(|| type_name(&self.name));
        Ok(net::net(&graph, lowered, &name, &doc)?.with_files(files.paths()))
    }

    /// The graph of the model, and where it comes from.
    fn graph(&self, input: Option<Shape>, files: &external::Files) -> Result<(graph::Graph<'_>, String), Error> {
        if torch::is_json(&self.bytes) {
            let unreadable = |why: &String| Error::Unreadable(format!("it is no model by `cnn_export`: {why}"));
            let model = self.exported.get_or_init(|| torch::parse(&self.bytes)).as_ref().map_err(unreadable)?;
            let doc = format!("Imported from PyTorch, where it is {}.", model.class());
            return Ok((torch::load(model, input, files)?, doc));
        }
        if is_tflite(&self.bytes) {
            let (graph, has_maps) = tflite::load(&self.bytes, input)?;
            let doc = "Imported from TFLite.";
            let order =
                if has_maps { " Inputs and outputs are C x H x W here, and H x W x C in the file." } else { "" };
            return Ok((graph, format!("{doc}{order}")));
        }
        let unreadable = |why: proto::wire::Malformed| {
            Error::Unreadable(format::other(&self.bytes).unwrap_or_else(|| format!("it is no ONNX file: {}", why.0)))
        };
        let model = proto::model(&self.bytes).map_err(unreadable)?;
        let doc = match &*report::text(model.producer) {
            "" => "Imported from ONNX.".to_owned(),
            producer => format!("Imported from ONNX, as written by {producer}."),
        };
        Ok((load::load(model, input, files)?, doc))
    }
}

/// A file's name as a type's name: `resnet50.torchscript` becomes `Resnet50`.
fn type_name(stem: &str) -> String {
    let stem = stem.split('.').next().unwrap_or_default();
    let mut name = String::new();
    for word in stem.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(1);
        name += &first.to_ascii_uppercase();
        name += rest;
    }
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name != "Self" { name } else { format!("Net{name}") }
}

#[cfg(test)]
mod tests {
    use super::type_name;

    #[test]
    fn files_name_nets() {
        let names = ["resnet50.torchscript", "squeezenet1_0", "my-net", "3d", "", "self"].map(type_name);
        assert_eq!(names, ["Resnet50", "Squeezenet10", "MyNet", "Net3d", "Net", "NetSelf"]);
    }
}
