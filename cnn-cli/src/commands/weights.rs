//! The weights of a net: from files, or in this program.

use std::path::{Path, PathBuf};

use cnn::reference::Params;
use cnn::weights::{self, Files, Problem, Progress, Report, Source, Unreadable, WeightsError};
use cnn::{DynNetwork, Pool};

use crate::args::Rule;
use crate::failure::{Failure, shown};
use crate::progress::Bar;
use crate::registry::Model;
use crate::tensors::unreadable;

/// The net with the weights of a file, or with those in this program.
pub(super) fn start(model: &Model, weights: Option<&Path>, rules: &[Rule]) -> Result<Box<dyn DynNetwork>, Failure> {
    match (weights, model.embedded) {
        (Some(path), _) => WeightsFile::open(path, rules)?.net(model, None),
        (None, Some(embedded)) => Ok(embedded()),
        (None, None) => {
            let advice = "give a file with --weights W.safetensors";
            Err(Failure::Message(format!("there are no weights for {} in this program; {advice}", model.name)))
        }
    }
}

/// A file of weights, or its shards, opened but not read yet.
pub(super) struct WeightsFile<'a> {
    path: PathBuf,
    files: Files,
    rules: Vec<(&'a str, &'a str)>,
}

impl<'a> WeightsFile<'a> {
    pub(super) fn open(path: &Path, rules: &'a [Rule]) -> Result<Self, Failure> {
        let files = Files::open(path).map_err(|why| unreadable(path, &why))?;
        let rules = rules.iter().map(|rule| (rule.from.as_str(), rule.to.as_str())).collect();
        Ok(Self { path: path.to_path_buf(), files, rules })
    }

    /// A net with these weights, on the threads of a pool.
    pub(super) fn net(&self, model: &Model, pool: Option<Pool>) -> Result<Box<dyn DynNetwork>, Failure> {
        self.reading(|source| (model.load)(source, pool))
    }

    /// The tensors of a net.
    pub(super) fn params(&self, model: &Model) -> Result<Params, Failure> {
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
            _ => Failure::Message(format!("{}: {error}", shown(&self.path))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    #[test]
    fn a_net_without_weights_asks_for_some() {
        let Err(Failure::Message(message)) = start(&BRANCHED, None, &[]) else { panic!("there are no weights") };
        assert_eq!(
            message,
            "there are no weights for branched in this program; give a file with --weights W.safetensors"
        );
    }
}
