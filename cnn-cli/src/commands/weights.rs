//! The weights of a net: from files, or in this program.

use std::path::{Path, PathBuf};

use cnn::reference::Params;
use cnn::weights::{self, Files, Problem, Progress, Report, Source, Unreadable, WeightsError};
use cnn::{DynNetwork, Pool};

use crate::args::{Rule, WeightedArgs};
use crate::failure::{Failure, shown};
use crate::progress::Bar;
use crate::registry::{Model, OwnWeights};
use crate::tensors::{self, unreadable};

/// More renaming rules than this would not help as options.
const MOST_OPTIONS: usize = 8;

/// The net with the weights of a file, or with those that it comes with.
pub(super) fn start(model: &'static Model, args: &WeightedArgs) -> Result<Box<dyn DynNetwork>, Failure> {
    match (&args.weights, model.embedded) {
        (None, Some(embedded)) => Ok(embedded()),
        (weights, _) => WeightsFile::of(model, weights.as_deref(), &args.rename)?.net(model, None),
    }
}

/// A file of weights, or its shards, opened but not read yet.
pub(super) struct WeightsFile<'a> {
    path: PathBuf,
    files: Files,
    rules: Vec<(&'a str, &'a str)>,
}

impl<'a> WeightsFile<'a> {
    /// The file that the user names, or the weights that come with a net of a file.
    pub(super) fn of(model: &'static Model, named: Option<&Path>, rules: &'a [Rule]) -> Result<Self, Failure> {
        if let Some(path) = named {
            return Self::open(path, rules);
        }
        match &model.own {
            Some(OwnWeights::File { path, rename }) => {
                let own = rename.iter().map(|(from, to)| (from.as_str(), to.as_str()));
                let mut file = Self::open(path, rules)?;
                file.rules = own.chain(file.rules).collect();
                Ok(file)
            }
            Some(OwnWeights::Here(bytes)) => {
                let path = model.declared.as_ref().map_or(Path::new(model.name), |declared| &declared.file);
                Ok(Self { rules: plain(rules), ..Self::here(path, bytes)? })
            }
            None => Err(missing(model)),
        }
    }

    /// A safetensors file in memory; `path` is for messages.
    pub(super) fn here(path: &Path, bytes: &[u8]) -> Result<Self, Failure> {
        let files = Files::from_reader("weights", bytes).map_err(|why| unreadable(path, &why))?;
        Ok(Self { path: path.to_path_buf(), files, rules: Vec::new() })
    }

    pub(super) fn open(path: &Path, rules: &'a [Rule]) -> Result<Self, Failure> {
        Ok(Self { path: path.to_path_buf(), files: tensors::open(path)?, rules: plain(rules) })
    }

    /// A net with these weights, on the threads of a pool.
    pub(super) fn net(&self, model: &Model, pool: Option<Pool>) -> Result<Box<dyn DynNetwork>, Failure> {
        model.can_run()?;
        self.reading(|source| (model.load)(source, pool))
    }

    /// The tensors of a net.
    pub(super) fn params(&self, model: &Model) -> Result<Params, Failure> {
        model.can_run()?;
        self.reading(|source| weights::read(model.graph, source))
    }

    /// What a net finds in them.
    pub(super) fn report(&self, model: &Model) -> Report {
        weights::report(model.graph, &self.source())
    }

    fn source(&self) -> Source<'_> {
        self.files.source().rename(&self.rules)
    }

    fn reading<T>(&self, read: impl FnOnce(&Source<'_>) -> Result<T, WeightsError>) -> Result<T, Failure> {
        let bar = Bar::new("reading weights");
        let result = read(&self.source().on_progress(&|Progress { done, total }| bar.show(done, total)));
        drop(bar);
        result.map_err(|error| self.failure(&error))
    }

    /// The problems with these weights, with the file named once.
    pub(super) fn failure(&self, error: &WeightsError) -> Failure {
        match error.problems.as_slice() {
            [Problem::Unreadable(why @ Unreadable::File { .. })] => unreadable(&self.path, why),
            _ => Failure::Message(format!("{}: {}", shown(&self.path), explained(error))),
        }
    }
}

/// What is wrong with weights; the rules that an error proposes, as options too.
pub(super) fn explained(error: &WeightsError) -> String {
    let mut text = error.to_string();
    let rules = error.problems.iter().flat_map(|problem| match problem {
        Problem::Prefixed { prefix } => vec![(format!("{prefix}*"), "*".to_owned())],
        Problem::Wrapped { rules } if rules.len() <= MOST_OPTIONS => rules.clone(),
        _ => Vec::new(),
    });
    // In quotes for a shell; a name with others is left to its reader.
    let is_plain = |text: &str| text.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '*'));
    let options: Vec<String> = rules
        .filter(|(from, to)| is_plain(from) && is_plain(to))
        .map(|(from, to)| format!("--rename '{from}={to}'"))
        .collect();
    if !options.is_empty() {
        text += &format!("\n  as an option: {}", options.join(" "));
    }
    text
}

/// Says that a net comes without weights.
fn missing(model: &Model) -> Failure {
    let (place, more) = match &model.declared {
        Some(declared) => (shown(&declared.file), ", or name one in `#[weights]`"),
        None => ("this program".to_owned(), ""),
    };
    let advice = format!("give a file with --weights W.safetensors{more}");
    Failure::Message(format!("there are no weights for {} in {place}; {advice}", model.name))
}

fn plain(rules: &[Rule]) -> Vec<(&str, &str)> {
    rules.iter().map(|rule| (rule.from.as_str(), rule.to.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    #[test]
    fn a_net_without_weights_asks_for_some() {
        let args = WeightedArgs { net: "branched".to_owned(), weights: None, rename: Vec::new() };
        let Err(Failure::Message(message)) = start(&BRANCHED, &args) else { panic!("there are no weights") };
        assert_eq!(
            message,
            "there are no weights for branched in this program; give a file with --weights W.safetensors"
        );
    }
}
