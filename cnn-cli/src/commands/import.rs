//! `cnn import`

use std::io::Write;
use std::path::Path;

use cnn_import::{Error, File, Net, Options};
use serde_json::json;

use crate::args::import::ImportArgs;
use crate::failure::{Failure, printable, shown};
use crate::output::Output;
use crate::progress::Bar;
use crate::replace::{prepare, refuse_overwriting};
use crate::stdin::is_dash;

/// Writes the declaration of a model, and its weights. If one of them cannot be written, neither is.
pub(super) fn import(args: &ImportArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let output = args.output.as_deref().filter(|path| !is_dash(path));
    if args.json.json && output.is_none() {
        return Err(Failure::Message("--json needs --output FILE: the declaration itself is no JSON".to_owned()));
    }
    if args.weights.as_deref().is_some_and(is_dash) {
        return Err(Failure::Message("weights can't be written to standard output: name a file".to_owned()));
    }
    for written in output.into_iter().chain(args.weights.as_deref()) {
        refuse_overwriting(&args.model, written)?;
    }
    let refused = |error: Error| Failure::of_file(&args.model, format_args!("cannot be imported: {error}"));
    let bar = Bar::new("importing");
    let steps = 3;
    bar.show(0, steps);
    let file = File::open(&args.model).map_err(refused)?;
    bar.show(1, steps);
    let net = file.import(&Options { name: args.name.clone(), input: args.input }).map_err(refused)?;
    bar.show(2, steps);
    let text = source(&net, &args.model, &file);
    let mut weights = Vec::new();
    if args.weights.is_some() {
        net.write_weights(&mut weights)
            .map_err(|why| Failure::of_file(&args.model, format_args!("has weights that {why}")))?;
    }
    drop(bar);
    let Some(output) = output else {
        finish(args, None, &text, &weights)?;
        return Ok(out.write_all(text.as_bytes())?);
    };
    finish(args, Some(output), &text, &weights)?;
    if args.json.json {
        let mut files = vec![json!({ "path": output.to_string_lossy(), "bytes": text.len() })];
        files.extend(args.weights.iter().map(|path| json!({ "path": path.to_string_lossy(), "bytes": weights.len() })));
        let object = net.with(|graph| {
            json!({
                "net": graph.name,
                "input": graph.input().to_string(),
                "output": graph.output().to_string(),
                "layers": graph.nodes.len(),
                "parameters": graph.parameters(),
                "files": files,
            })
        });
        out.json(&object)?;
    }
    Ok(())
}

/// Writes the files: both, or neither.
fn finish(args: &ImportArgs, output: Option<&Path>, text: &str, weights: &[u8]) -> Result<(), Failure> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |error| Failure::of_file(&path, format_args!("cannot be written: {error}"))
    };
    let mut prepared = Vec::new();
    for (path, bytes) in [(output, text.as_bytes()), (args.weights.as_deref(), weights)] {
        if let Some(path) = path {
            prepared.push((path, prepare(path, bytes).map_err(unwritable(path))?));
        }
    }
    prepared.into_iter().try_for_each(|(path, file)| file.finish().map_err(unwritable(path)))
}

/// The declaration as a Rust file.
fn source(net: &Net<'_>, model: &Path, file: &File) -> String {
    let from = model.file_name().map_or_else(|| shown(model), |name| printable(&name.to_string_lossy()));
    let hash = blake3::hash(file.bytes()).to_hex();
    let mut text =
        format!("// Written by `cnn import` from {from}, BLAKE3 {hash}.\n\nuse cnn::network;\n\nnetwork! {{\n");
    for line in net.declaration().lines() {
        // A net that others can use.
        let is_net = line.starts_with(&format!("{}:", net.name()));
        let public = if is_net { "pub " } else { "" };
        text += &if line.is_empty() { "\n".to_owned() } else { format!("    {public}{line}\n") };
    }
    text + "}\n"
}
