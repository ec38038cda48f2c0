//! Why a file could not be read.

use alloc::string::String;
#[cfg(feature = "std")]
use alloc::{string::ToString, sync::Arc};
use core::error::Error;
use core::fmt;

use super::format::Format;
use super::shown::Text;

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Unreadable {
    /// It has no bytes.
    Empty,
    /// It is in another format.
    Other(Format),
    /// It ends within its header.
    Truncated {
        /// The length of the header according to the file.
        header: u64,
        /// The length of the file.
        file: usize,
    },
    /// It is damaged, according to the `safetensors` crate.
    Damaged(String),
    /// One of several files, or one that could not be opened or read, or that changed while it was being read.
    File {
        /// Which.
        path: String,
        /// Why.
        error: FileError,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::Other(format) => write!(f, "{format}"),
            Self::Truncated { header: 0, file } => {
                write!(f, "the file has {file} bytes, too few for a safetensors file")
            }
            Self::Truncated { header, file } => write!(
                f,
                "the header should be {header} bytes long, but the file has only {file}: truncated, or not safetensors"
            ),
            Self::Damaged(why) => write!(f, "not a valid safetensors file: {}", Text(why)),
            Self::File { path, error } => write!(f, "{}: {error}", Text(path)),
        }
    }
}

/// The source is the system's error, if a file could not be opened or read.
impl Error for Unreadable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::File { error, .. } => error.io(),
            Self::Empty | Self::Other(_) | Self::Truncated { .. } | Self::Damaged(_) => None,
        }
    }
}

/// Why a file could not be opened or read, or what is wrong with it. Two are equal if their texts are.
#[derive(Clone, Debug)]
pub struct FileError {
    text: String,
    #[cfg(feature = "std")]
    io: Option<Arc<std::io::Error>>,
}

impl FileError {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            #[cfg(feature = "std")]
            io: None,
        }
    }

    /// The kind of the system's error, if it is one.
    #[cfg(feature = "std")]
    #[must_use]
    pub fn kind(&self) -> Option<std::io::ErrorKind> {
        self.io.as_ref().map(|error| error.kind())
    }

    /// The system's error, if it is one.
    fn io(&self) -> Option<&(dyn Error + 'static)> {
        #[cfg(feature = "std")]
        return self.io.as_deref().map(|error| error as _);
        #[cfg(not(feature = "std"))]
        None
    }
}

#[cfg(feature = "std")]
impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        Self { text: error.to_string(), io: Some(Arc::new(error)) }
    }
}

impl PartialEq for FileError {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for FileError {}

/// As its text.
#[cfg(feature = "serde")]
impl serde::Serialize for FileError {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Text(&self.text))
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.io()
    }
}
