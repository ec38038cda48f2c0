//! A net of a Rust file.

use std::path::Path;

use cnn::weights::Source;
use cnn::{Description, Pool, Step};
use cnn_compiler::file::{File, Found, Wrong};

use super::planned::Planned;
use super::{crate_root, kept, with_name};
use crate::failure::{Failure, printable};
use crate::registry::{Declared, Load, Loaded, Model, OwnWeights};

/// The most nets that a message lists.
const MOST: usize = 20;

/// The net of a Rust file; the only one, if none is named.
pub(super) fn of_rust(path: &Path, bytes: Vec<u8>, net: Option<&str>) -> Result<&'static Model, Failure> {
    with_weights(path, bytes, net, |found| own_weights(found, path))
}

/// The same with weights from elsewhere.
pub(super) fn with_weights(
    path: &Path,
    bytes: Vec<u8>,
    net: Option<&str>,
    weights: impl FnOnce(&Found) -> Result<Option<OwnWeights>, Failure>,
) -> Result<&'static Model, Failure> {
    let text =
        String::from_utf8(bytes).map_err(|_| Failure::of_file(path, "is no text in UTF-8, as Rust files are"))?;
    // Editors on Windows begin files with a byte order mark.
    let text: &'static str = text.trim_start_matches('\u{feff}').to_owned().leak();
    let failure = |mistakes| Failure::Mistakes { path: path.to_path_buf(), text, mistakes };
    let file = File::parse(text).map_err(|wrong| failure(vec![wrong]))?;
    let nets = file.nets();
    let name = match chosen(&nets, net, path) {
        Ok(name) => name,
        // A net with such a mistake has no name.
        Err(unknown) => return Err(Some(file.mistakes()).filter(|all| !all.is_empty()).map_or(unknown, failure)),
    };
    let found = compile(&file, &name).map_err(failure)?;
    let weights = weights(&found)?;
    Ok(model(&found, Declared { file: path.to_path_buf(), text }, weights))
}

/// The name of the net that is meant.
fn chosen(nets: &[String], named: Option<&str>, path: &Path) -> Result<String, Failure> {
    let mut distinct = nets.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let listed = || {
        let all: Vec<String> = distinct.iter().take(MOST).map(|net| format!("`{}`", with_name(path, net))).collect();
        let more = distinct.len().saturating_sub(MOST);
        all.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
    };
    let name = match (named, nets) {
        (_, []) => {
            let help = "a net is declared as in `cnn::network! { Net: 1x32x32 -> 10 { … } }`";
            return Err(Failure::of_file(path, format_args!("has no net: {help}")));
        }
        (Some(name), _) if !distinct.iter().any(|net| net == name) => {
            let name = printable(name);
            return Err(Failure::of_file(path, format_args!("has no net `{name}`, but {}", listed())));
        }
        (Some(name), _) => name,
        (None, _) => match distinct.as_slice() {
            [only] => only,
            several => {
                let count = several.len();
                return Err(Failure::of_file(path, format_args!("has {count} nets: say which, {}", listed())));
            }
        },
    };
    if nets.iter().filter(|net| *net == name).count() > 1 {
        let help = "put the one that you mean into a file of its own";
        return Err(Failure::of_file(path, format_args!("declares `{name}` several times: {help}")));
    }
    Ok(name.to_owned())
}

/// A net, which is in the file.
fn compile(file: &File, name: &str) -> Result<Found, Vec<Wrong>> {
    file.compile(name).unwrap_or_else(|| Err(Vec::new()))
}

/// The file of `#[weights("…")]`, relative to the root of the crate, as for the macro.
fn own_weights(found: &Found, path: &Path) -> Result<Option<OwnWeights>, Failure> {
    let Some(weights) = &found.weights else { return Ok(None) };
    let root = crate_root(path).map_err(|error| Failure::unreadable(path, &error))?;
    Ok(Some(OwnWeights::File { path: root.join(&weights.path), rename: weights.rename.clone() }))
}

/// A net as the commands know it.
pub(super) fn model(found: &Found, declared: Declared, own: Option<OwnWeights>) -> &'static Model {
    let Found { name, doc, plan, .. } = found;
    let graph = plan.describe(name, doc, kept::graph);
    let steps: Vec<Step<'static>> = plan.calls.iter().map(|call| call.describe(kept::step)).collect();
    let description = Description::new(graph, steps.leak(), plan.memory(kept::memory), plan.bytes());
    let (text, name) = (declared.text, graph.name);
    let load: &'static Load =
        Box::leak(Box::new(move |source: &Source<'_>, pool| load(text, name, description, source, pool)));
    Box::leak(Box::new(Model {
        name,
        graph,
        workspace_bytes: description.workspace_bytes,
        steps: description.steps,
        batch: found.options.images,
        batched: Vec::new(),
        memory: description.memory,
        year: 0,
        new: "",
        load,
        embedded: None,
        preprocess: None,
        labels: &[],
        own,
        declared: Some(declared),
    }))
}

/// Makes the net of a text that was compiled before.
fn load(text: &str, name: &str, description: Description, source: &Source<'_>, pool: Option<Pool>) -> Loaded {
    let found = File::parse(text).ok().and_then(|file| compile(&file, name).ok());
    let found = found.unwrap_or_else(|| panic!("{name} was compiled before, and compiling it again gives the same"));
    let net = Planned::load(found.single.unwrap_or(found.plan), description, source, pool)?;
    Ok(Box::new(net))
}
