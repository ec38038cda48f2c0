//! `cnn new`

mod files;
mod folder;
mod recording;

use std::io::Write;
use std::path::Path;

use cnn::graph::Graph;
use cnn::op::{Linear, Op, Store};
use cnn::reference::Params;
use cnn::weights::Files;
use models::seeded;
use serde_json::json;

use super::compare::Compared;
use super::weights::WeightsFile;
use crate::args::new::NewArgs;
use crate::failure::Failure;
use crate::net::{declared, planned};
use crate::output::Output;
use crate::recorded;
use crate::registry::Model;
use crate::tensors::{Tensor, serialized, tensors, unreadable};

use self::folder::Folder;
use self::recording::Recording;

/// Makes a crate, or nothing.
pub(super) fn new(args: &NewArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let folder = Folder::vacant(&args.folder)?;
    let dependency = files::dependency(args.path.as_deref())?;
    let model = Model::given(&args.net)?;
    model.can_run()?;
    let found = planned(model)?;
    let (params, made_up) = weights(model, args)?;
    let file = WeightsFile::here(Path::new("weights.safetensors"), &as_file(model, model.graph, &params)?)?;
    let recording = match &args.recorded {
        Some(path) => Recording::read(path, model)?,
        None => Recording::run(model, &params)?,
    };
    let recorded = recording.file(model)?;
    let tolerance = tolerance(model);
    let path = args.recorded.as_deref().unwrap_or(Path::new("recorded.safetensors"));
    let compared = compared(model, &file, path, &recorded, tolerance)?;
    if !compared.agrees() {
        compared.write(out)?;
        out.flush()?;
        return compared.into_result();
    }
    let (declaration, graph) = declared(model.graph).map_err(unwritable)?;
    let weights = as_file(model, &graph, &params)?;
    let options = &found.options;
    let texts = files::Crate { model, declaration: &declaration, options, dependency: &dependency, tolerance };
    let mut all = texts.files(folder.name(), &args.net);
    all.extend([("weights.safetensors".to_owned(), weights), ("recorded.safetensors".to_owned(), recorded)]);
    folder.write(&all)?;
    if args.json.json {
        let files = all
            .iter()
            .map(|(name, bytes)| json!({ "path": args.folder.join(name).to_string_lossy(), "bytes": bytes.len() }));
        let files: Vec<_> = files.collect();
        return out.json(&json!({ "net": model.name, "made_up_weights": made_up, "files": files }));
    }
    if made_up {
        let name = model.name;
        writeln!(out, "weights.safetensors is made up, since no weights of {name} are given; --weights names a file")?;
    }
    Ok(())
}

/// The weights of the net, and whether they are made up.
fn weights(model: &'static Model, args: &NewArgs) -> Result<(Params, bool), Failure> {
    if args.weights.is_none() && model.own.is_none() {
        let file = seeded::weights(model.graph, "");
        let params = WeightsFile::here(Path::new("weights.safetensors"), &file)?.params(model)?;
        let made_up = !params.is_empty();
        return Ok((params, made_up));
    }
    Ok((WeightsFile::of(model, args.weights.as_deref(), &args.rename)?.params(model)?, false))
}

/// Weights as one safetensors file, under the names of a graph of the same net.
fn as_file(model: &Model, graph: &Graph<'static>, params: &Params) -> Result<Vec<u8>, Failure> {
    let own = |graph: &Graph<'static>| graph.nodes.iter().flat_map(|node| node.own_tensors());
    let tensors = own(model.graph).zip(own(graph)).filter_map(|(tensor, named)| {
        // Files may lack those of auxiliary classifiers.
        Some(Tensor::of(named.name, tensor.shape, params.get(tensor.name)?))
    });
    serialized(&tensors.collect::<Vec<_>>()).map_err(unwritable)
}

fn unwritable(why: impl std::fmt::Display) -> Failure {
    Failure::Message(format!("the files of the crate cannot be made: {why}"))
}

/// The net, compared with the recorded results of its test.
fn compared(
    model: &'static Model,
    weights: &WeightsFile<'_>,
    path: &Path,
    file: &[u8],
    tolerance: f64,
) -> Result<Compared, Failure> {
    let files = Files::from_reader("recorded", file).map_err(|why| unreadable(path, &why))?;
    Compared::of_recorded(
        model,
        weights,
        path,
        &tensors(&files, path, &format!("{}output", recorded::OUTPUT))?,
        tolerance,
    )
}

/// What the test of the crate accepts.
fn tolerance(model: &Model) -> f64 {
    let is_half = |op: &Op| matches!(op, Op::Linear(Linear { store: Store::F16, .. }));
    if model.graph.nodes.iter().any(|node| is_half(&node.op)) { 1e-3 } else { 1e-4 }
}
