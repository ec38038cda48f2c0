//! Everything that can go wrong, with cause and remedy.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use cnn_digits::idx::IdxError;
use cnn_runtime::step::CheckpointError;
use cnn_runtime::weights::WeightsError;

use crate::picture::PictureError;

/// Why a net is not trained.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file or a folder that can't be read or written.
    File {
        /// Its path.
        path: PathBuf,
        /// What was tried: `read` or `written`.
        tried: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// A file that is not an IDX file.
    Idx {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: IdxError,
    },
    /// A picture that can't be decoded.
    Picture {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: PictureError,
    },
    /// Data that is not a set of examples.
    Data {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, beginning with a verb, and what to do.
        problem: String,
    },
    /// Data or options that don't fit the net, or each other.
    Misfit(String),
    /// Weights that don't fit the net.
    Weights {
        /// Their file.
        path: PathBuf,
        /// All mismatches.
        error: WeightsError,
    },
    /// A checkpoint for another net or optimiser.
    Checkpoint {
        /// Its file.
        path: PathBuf,
        /// What it lacks.
        error: CheckpointError,
    },
}

impl Error {
    pub(crate) fn unreadable(path: &Path, error: io::Error) -> Self {
        Self::File { path: path.to_path_buf(), tried: "read", error }
    }

    pub(crate) fn unwritable(path: &Path, error: io::Error) -> Self {
        Self::File { path: path.to_path_buf(), tried: "written", error }
    }

    pub(crate) fn data(path: &Path, problem: impl Into<String>) -> Self {
        Self::Data { path: path.to_path_buf(), problem: problem.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, tried, error } => write!(f, "{} cannot be {tried}: {error}", shown(path)),
            Self::Idx { path, error: error @ IdxError::Read(_) } => write!(f, "{} {error}", shown(path)),
            Self::Idx { path, .. } if is_picture(path) => {
                let help = "name the folder that has a folder of pictures for each class";
                write!(f, "{} is a picture: {help}", shown(path))
            }
            Self::Idx { path, error } => write!(f, "{} is no IDX file of images or labels: {error}", shown(path)),
            Self::Picture { path, error } => write!(f, "{} {error}; mend or remove it", shown(path)),
            Self::Data { path, problem } => write!(f, "{} {problem}", shown(path)),
            Self::Misfit(problem) => f.write_str(problem),
            Self::Weights { path, error } => write!(f, "{}: {error}", shown(path)),
            Self::Checkpoint { path, error } => write!(f, "{}: {error}", shown(path)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::File { error, .. } => Some(error),
            Self::Idx { error, .. } => Some(error),
            Self::Picture { error, .. } => Some(error),
            Self::Weights { error, .. } => Some(error),
            Self::Checkpoint { error, .. } => Some(error),
            Self::Data { .. } | Self::Misfit(_) => None,
        }
    }
}

/// Whether a file's name is that of a picture.
fn is_picture(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| ["png", "jpg", "jpeg"].iter().any(|picture| extension == *picture))
}

/// A path for a terminal, with control characters escaped.
pub(crate) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy())
}

/// The most characters that are shown of a text from elsewhere.
const MOST: usize = 500;

/// A text from elsewhere for a terminal: cut, and with control characters escaped.
pub(crate) fn printable(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    let mut shown: String = text.chars().take(MOST).map(escaped).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
