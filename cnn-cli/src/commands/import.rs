//! `cnn import`

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cnn_import::{Error, File, Net, Options};
use serde_json::{Value, json};

use super::compare::Compared;
use super::weights::WeightsFile;
use crate::args::import::ImportArgs;
use crate::failure::{Failure, printable, shown};
use crate::net;
use crate::output::Output;
use crate::progress::Bar;
use crate::recorded::next_to;
use crate::registry::OwnWeights;
use crate::replace::{Prepared, prepare, refuse_overwriting, refuse_twice};
use crate::stdin::is_dash;

/// Writes the declaration of a model, and its weights. If one of them cannot be written, neither is.
pub(super) fn import(args: &ImportArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let output = args.output.as_deref().filter(|path| !is_dash(path));
    possible(args, output)?;
    let refused = |error: Error| Failure::of_file(&args.model, format_args!("cannot be imported: {error}"));
    let bar = Bar::new("importing");
    let steps = 3;
    bar.show(0, steps);
    let file = if is_dash(&args.model) {
        File::new(net::read_model(&args.model)?)
    } else {
        File::open(&args.model).map_err(refused)?
    };
    bar.show(1, steps);
    let net = file.import(&Options { name: args.name.clone(), input: args.input }).map_err(refused)?;
    keep(net.files().iter(), args, output)?;
    bar.show(2, steps);
    let text = source(&net, &args.model, &file);
    let mut weights = Vec::new();
    if args.weights.is_some() || args.verify.is_some() {
        net.write_weights(&mut weights)
            .map_err(|why| Failure::of_file(&args.model, format_args!("has weights that {why}")))?;
    }
    drop(bar);
    let written = Written::prepare(args, output, &text, &weights)?;
    let verified =
        args.verify.as_ref().map(|recorded| written.verify(args, recorded.as_deref(), net.name(), &text, weights));
    let verified = verified.transpose()?;
    let is_proven = verified.as_ref().is_none_or(Compared::agrees);
    let files = if is_proven { written.finish()? } else { Vec::new() };
    if output.is_none() {
        out.write_all(text.as_bytes())?;
    }
    if args.json.json {
        out.json(&object(&net, &files, verified.as_ref()))?;
    } else if let Some(verified) = &verified {
        verified.write(out)?;
    }
    out.flush()?;
    verified.map_or(Ok(()), Compared::into_result)
}

/// Refuses what can't be done before the model is read.
fn possible(args: &ImportArgs, output: Option<&Path>) -> Result<(), Failure> {
    let message = |text: &str| Err(Failure::Message(text.to_owned()));
    if args.json.json && output.is_none() {
        return message("--json needs --output FILE: the declaration itself is no JSON");
    }
    if args.verify.is_some() && output.is_none() {
        return message("--verify needs --output FILE: `cnn compare MODEL.onnx --recorded FILE` writes nothing");
    }
    if args.weights.as_deref().is_some_and(is_dash) {
        return message("weights can't be written to standard output: name a file");
    }
    if let (Some(output), Some(weights)) = (output, &args.weights) {
        refuse_twice(output, weights)?;
    }
    keep(args.verify.iter().flatten().chain([&args.model]), args, output)
}

/// Refuses to write over files that are read.
fn keep<'p>(read: impl Iterator<Item = &'p PathBuf>, args: &ImportArgs, output: Option<&Path>) -> Result<(), Failure> {
    let written: Vec<&Path> = output.into_iter().chain(args.weights.as_deref()).collect();
    let mut read = read;
    read.try_for_each(|read| written.iter().try_for_each(|written| refuse_overwriting(read, written)))
}

/// What is printed as JSON.
fn object(net: &Net<'_>, files: &[(PathBuf, usize)], verified: Option<&Compared>) -> Value {
    let files: Vec<Value> =
        files.iter().map(|(path, bytes)| json!({ "path": path.to_string_lossy(), "bytes": bytes })).collect();
    let mut object = net.with(|graph| {
        json!({
            "net": graph.name,
            "input": graph.input().to_string(),
            "output": graph.output().to_string(),
            "layers": graph.nodes.len(),
            "parameters": graph.parameters(),
            "files": files,
        })
    });
    if let Some(verified) = verified {
        object["verified"] = verified.json();
    }
    object
}

/// Files that are written but don't have their names yet: both get them, or neither.
struct Written {
    declaration: Option<(PathBuf, Prepared, usize)>,
    weights: Option<(PathBuf, Prepared, usize)>,
}

impl Written {
    fn prepare(args: &ImportArgs, output: Option<&Path>, text: &str, weights: &[u8]) -> Result<Self, Failure> {
        let prepare = |path: Option<&Path>, bytes: &[u8]| {
            let Some(path) = path else { return Ok(None) };
            let prepared = prepare(path, bytes).map_err(|error| unwritable(path, error))?;
            Ok::<_, Failure>(Some((path.to_path_buf(), prepared, bytes.len())))
        };
        let declaration = prepare(output, text.as_bytes())?;
        Ok(Self { declaration, weights: prepare(args.weights.as_deref(), weights)? })
    }

    /// Compares what the files hold now with recorded results. What is not in a file was handed to the system, as is.
    fn verify(
        &self,
        args: &ImportArgs,
        recorded: Option<&Path>,
        name: &str,
        text: &str,
        weights: Vec<u8>,
    ) -> Result<Compared, Failure> {
        let recorded = recorded.map_or_else(|| next_to(&args.model), |path| Ok(path.to_path_buf()))?;
        let text = match place(self.declaration.as_ref()) {
            Some(path) => fs::read(path).map_err(|error| Failure::unreadable(path, &error))?,
            None => text.as_bytes().to_vec(),
        };
        let file = self.declaration.as_ref().map_or(args.model.as_path(), |(path, ..)| path);
        let weights = match place(self.weights.as_ref()) {
            Some(path) => OwnWeights::File { path: path.to_path_buf(), rename: Vec::new() },
            None => OwnWeights::Here(weights.into()),
        };
        let model = net::declared_in(file, text, name, weights)?;
        Compared::recorded(model, &WeightsFile::of(model, None, &[])?, &recorded, args.tolerance)
    }

    /// Gives the files their names, and lists them with their lengths in bytes.
    fn finish(self) -> Result<Vec<(PathBuf, usize)>, Failure> {
        let mut files = Vec::new();
        for (path, file, bytes) in self.declaration.into_iter().chain(self.weights) {
            file.finish().map_err(|error| unwritable(&path, error))?;
            files.push((path, bytes));
        }
        Ok(files)
    }
}

/// Where a written file is.
fn place(of: Option<&(PathBuf, Prepared, usize)>) -> Option<&Path> {
    of.and_then(|(_, file, _)| file.path())
}

fn unwritable(path: &Path, error: std::io::Error) -> Failure {
    Failure::of_file(path, format_args!("cannot be written: {error}"))
}

/// The declaration as a Rust file.
fn source(net: &Net<'_>, model: &Path, file: &File) -> String {
    let from = model.file_name().map_or_else(|| shown(model), |name| printable(&name.to_string_lossy()));
    let hash = blake3::hash(file.bytes()).to_hex();
    let comment = format!("// Written by `cnn import` from {from}, BLAKE3 {hash}.\n");
    net::rust_file(&comment, net.declaration(), net.name(), &[])
}
