//! The nets that commands are given: by name, or in a file.
//!
//! | argument | net |
//! | --- | --- |
//! | `resnet50` | one of this program |
//! | `net.rs`, `net.rs::Name` | of a `network!` in this Rust file, which is not built |
//! | `model.onnx`, `model.tflite` | as `cnn import` reads it, with its weights |
//! | `-`, `-::Name` | either kind of file on standard input; the latter after `--` |
//!
//! A net of a file is planned by the compiler, like one that `network!` compiles, and its kernels run as planned
//! ([`planned`]). Its [`Model`] stays in memory until the program ends, like those of this program: a command is given one net.

mod declared;
mod imported;
mod kept;
mod planned;
mod text;

use std::io;
use std::path::{Path, PathBuf};

use cnn::op::{Op, UserFunction, UserLayer};

use crate::failure::{Failure, printable, shown};
use crate::limited;
use crate::registry::{Model, OwnWeights};
use crate::stdin::is_dash;

pub(crate) use self::text::{declared, planned, rust_file, type_name};

/// The largest Rust file that is read.
const MOST_RUST: usize = 64 << 20;
/// The largest model that is read from standard input. ONNX itself allows no more.
const MOST_MODEL: usize = 2 << 30;

/// An argument that names a net.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Given<'a> {
    /// One of this program.
    Name(&'a str),
    /// One of a file: its path, and the net's name.
    Rust(&'a Path, Option<&'a str>),
    /// One of a model.
    Imported(&'a Path),
    /// Standard input, and the net's name.
    Stdin(Option<&'a str>),
}

impl<'a> Given<'a> {
    pub(crate) fn new(argument: &'a str) -> Self {
        let (path, net) = match argument.rsplit_once("::") {
            Some((path, net)) if is_file(path) => (path, Some(net)),
            _ => (argument, None),
        };
        match (extension(path).as_deref(), net) {
            _ if is_dash(Path::new(path)) => Self::Stdin(net),
            (Some("rs"), _) => Self::Rust(Path::new(path), net),
            (Some("onnx" | "tflite"), None) => Self::Imported(Path::new(path)),
            _ => Self::Name(argument),
        }
    }
}

/// Whether a text before `::` is that of a file with nets.
fn is_file(path: &str) -> bool {
    is_dash(Path::new(path)) || extension(path).as_deref() == Some("rs")
}

fn extension(path: &str) -> Option<String> {
    Some(Path::new(path).extension()?.to_str()?.to_ascii_lowercase())
}

impl Model {
    /// The net of an argument.
    pub(crate) fn given(argument: &str) -> Result<&'static Self, Failure> {
        match Given::new(argument) {
            Given::Name(name) => Self::named(name).map_err(|failure| misnamed(name).unwrap_or(failure)),
            Given::Rust(path, net) => {
                let bytes = read(path, MOST_RUST)?;
                declared::of_rust(path, bytes, net)
            }
            Given::Imported(path) => imported::of_file(path),
            Given::Stdin(net) => {
                let path = Path::new("-");
                let bytes = read_model(path)?;
                if net.is_none() && imported::is_model(&bytes) {
                    imported::of_bytes(path, bytes)
                } else {
                    declared::of_rust(path, bytes, net)
                }
            }
        }
    }

    /// Fails if the net has user-defined functions or layers, whose code is not in this program.
    pub(crate) fn can_run(&self) -> Result<(), Failure> {
        let Some(declared) = &self.declared else { return Ok(()) };
        let missing = self.graph.inference().find_map(|node| {
            if let Op::Map(UserFunction { path, code: None, .. }) | Op::Custom(UserLayer { path, code: None, .. }) =
                node.op
            {
                return Some((node.name, path));
            }
            None
        });
        let Some((layer, path)) = missing else { return Ok(()) };
        let (path, layer) = (printable(path), printable(layer));
        Err(Failure::of_file(
            &declared.file,
            format_args!(
                "can't be run: its layer `{layer}` calls `{path}`, which is code of your crate: run the net there, \
                 where `network!` compiles it; `cnn summary`, `cnn diagram` and `cnn plan` need no code"
            ),
        ))
    }
}

/// A net of a Rust file that this program writes, with its weights.
pub(crate) fn declared_in(
    file: &Path,
    text: Vec<u8>,
    net: &str,
    weights: OwnWeights,
) -> Result<&'static Model, Failure> {
    declared::with_weights(file, text, Some(net), |_| Ok(Some(weights)))
}

/// The content of standard input, which should be a model.
pub(crate) fn read_model(path: &Path) -> Result<Vec<u8>, Failure> {
    read(path, MOST_MODEL)
}

/// The content of a file, or of standard input.
fn read(path: &Path, most: usize) -> Result<Vec<u8>, Failure> {
    let bytes = limited::read(path, most).map_err(|error| Failure::unreadable(path, &error))?;
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {} MiB", most >> 20));
    bytes.ok_or_else(|| Failure::unreadable(path, &too_large()))
}

/// What is wrong with an argument that names no net, if it is a path.
fn misnamed(argument: &str) -> Option<Failure> {
    if let Some((path, net)) = argument.rsplit_once("::")
        && matches!(extension(path).as_deref(), Some("onnx" | "tflite"))
    {
        let net = printable(net);
        return Some(Failure::of_file(Path::new(path), format_args!("has one net: leave out `::{net}`")));
    }
    let path = Path::new(argument);
    let what = if path.is_dir() { "a folder" } else { "a file of another kind" };
    let help = "nets are in files that end in .rs, .onnx or .tflite, or have a name that `cnn list` shows";
    path.exists().then(|| Failure::of_file(path, format_args!("is {what}: {help}")))
}

/// The folder of `Cargo.toml` for a Rust file, as cargo finds it; the file's own folder, if there is none.
fn crate_root(file: &Path) -> io::Result<PathBuf> {
    let file = if is_dash(file) { std::env::current_dir()?.join("-") } else { std::path::absolute(file)? };
    let folder = file.parent().unwrap_or(&file);
    let root = folder.ancestors().find(|folder| folder.join("Cargo.toml").is_file());
    Ok(root.unwrap_or(folder).to_path_buf())
}

/// The argument that means a net of a file, for a message.
fn with_name(file: &Path, net: &str) -> String {
    format!("{}::{net}", if is_dash(file) { "-- -".to_owned() } else { shown(file) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_names_or_files() {
        for (argument, given) in [
            ("resnet50", Given::Name("resnet50")),
            ("torchvision/resnet50", Given::Name("torchvision/resnet50")),
            ("torchvision::GoogLeNet", Given::Name("torchvision::GoogLeNet")),
            ("a/b.rs", Given::Rust(Path::new("a/b.rs"), None)),
            ("a::b/c.RS", Given::Rust(Path::new("a::b/c.RS"), None)),
            ("a::b/c.rs::Net", Given::Rust(Path::new("a::b/c.rs"), Some("Net"))),
            ("c.rs::", Given::Rust(Path::new("c.rs"), Some(""))),
            ("./lenet5.onnx", Given::Imported(Path::new("./lenet5.onnx"))),
            ("lenet5.TFLite", Given::Imported(Path::new("lenet5.TFLite"))),
            ("-", Given::Stdin(None)),
            ("-::Net", Given::Stdin(Some("Net"))),
        ] {
            assert_eq!(Given::new(argument), given, "{argument}");
        }
    }
}
