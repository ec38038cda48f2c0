//! Reads trained networks from ONNX files, and writes them as declarations of the compiler `cnn`, with their weights.
//!
//! A declaration is a text that one would check in and edit: blocks and repeats are found again, and layers are called as in the
//! model, as far as the file says how.
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
//! The steps, a module each: `proto` reads the file, `load` makes a graph of it, `fold` and `passes` simplify that, `lower` makes
//! layers, `names` and `blocks` say what they are called and what is said once. The text is written by `cnn_net::language`.

#![forbid(unsafe_code)]

mod blocks;
mod constant;
mod external;
mod fold;
mod graph;
mod load;
mod lower;
mod names;
mod net;
mod passes;
mod proto;
mod report;
mod view;

use std::fs;
use std::path::{Path, PathBuf};

use cnn_net::op::Shape;

pub use self::net::Net;
pub use self::report::{Error, Problem};

/// An ONNX file in memory.
pub struct File {
    bytes: Vec<u8>,
    folder: Option<PathBuf>,
    name: String,
}

/// What a file doesn't say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name of the net; by default that of the file.
    pub name: Option<String>,
    /// The shape of the input, if the file leaves it open.
    pub input: Option<Shape>,
}

impl File {
    /// Reads a file. Tensors in other files next to it are read when it is imported.
    ///
    /// # Errors
    ///
    /// If it can't be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|why| Error::Unreadable(format!("it can't be read: {why}")))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = Some(parent.unwrap_or(Path::new(".")).to_owned());
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { bytes, folder, name })
    }

    /// A file that is in memory; tensors in other files are an error.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, folder: None, name: String::new() }
    }

    /// The file as it is.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Imports the model.
    ///
    /// # Errors
    ///
    /// If the file is not an ONNX file, or has parts that can't be declared: all of them.
    pub fn import(&self, options: &Options) -> Result<Net<'_>, Error> {
        let unreadable = |why: proto::wire::Malformed| Error::Unreadable(format!("it is no ONNX file: {}", why.0));
        let model = proto::model(&self.bytes).map_err(unreadable)?;
        let producer = report::text(model.producer);
        let files = external::Files::new(self.folder.as_deref());
        let mut graph = load::load(model, options.input, &files)?;
        fold::fold(&mut graph, &files);
        passes::simplify(&mut graph);
        let lowered = lower::lower(&graph, &files).map_err(Error::Unsupported)?;
        let name = options.name.clone().unwrap_or_else(|| type_name(&self.name));
        let doc = match &*producer {
            "" => "Imported from ONNX.".to_owned(),
            producer => format!("Imported from ONNX, as written by {producer}."),
        };
        Ok(net::net(&graph, lowered, &name, &doc)?.with_files(files.paths()))
    }
}

/// The name of a file as that of a type: `resnet50.torchscript` is `Resnet50`.
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
