//! A file of weights: a net on them, or its tensors as they are.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use cnn::reference::Params;
use cnn::weights::{self, Source};

use crate::failure::{Failure, shown};
use crate::registry::{Model, Runnable};

/// A file that was read, and not looked at yet.
pub(super) struct WeightsFile {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl WeightsFile {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = fs::read(path).map_err(|error| Failure::unreadable(path, &error))?;
        Ok(Self { path: path.to_path_buf(), bytes })
    }

    /// A net on these weights.
    pub(super) fn net(&self, model: &Model) -> Result<Box<dyn Runnable>, Failure> {
        (model.load)(&self.bytes).map_err(|error| self.failure(error))
    }

    /// The tensors of a net.
    pub(super) fn params(&self, model: &Model) -> Result<Params, Failure> {
        weights::read(model.graph, &Source::new(&self.bytes)).map_err(|error| self.failure(error))
    }

    fn failure(&self, error: impl Display) -> Failure {
        Failure::Message(format!("{}: {error}", shown(&self.path)))
    }
}
