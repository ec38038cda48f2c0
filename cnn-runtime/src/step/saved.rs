//! Files saved in training: weights, and checkpoints from which it resumes as if it had never stopped.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use safetensors::tensor::{Dtype, View};

use crate::weights::{Problem, Source, Tensors};

/// A tensor of a file of F32.
pub(super) struct Entry<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) shape: Cow<'a, [usize]>,
    pub(super) numbers: &'a [f32],
}

impl View for &Entry<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.numbers.iter().flat_map(|number| number.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        size_of_val(self.numbers)
    }
}

/// A safetensors file.
pub(super) fn write(entries: &[Entry<'_>]) -> Vec<u8> {
    let file = safetensors::serialize(entries.iter().map(|entry| (&entry.name, entry)), None);
    file.expect("tensors have as many bytes as their shapes say")
}

/// Why training cannot resume from a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It is not a safetensors file, or cannot be read.
    Unreadable(Problem),
    /// It is the checkpoint of a net with other layers, or with other trained layers.
    OtherNet {
        /// The net whose checkpoint it should be.
        expected: &'static str,
    },
    /// It is the checkpoint of another optimiser, or contains only weights.
    Missing {
        /// The tensor that it should have.
        name: String,
        /// How many numbers that tensor should have.
        expected: usize,
        /// How many it has, if it exists.
        found: Option<usize>,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(problem) => write!(f, "the checkpoint can't be read: {problem}"),
            Self::OtherNet { expected } => write!(
                f,
                "the checkpoint is of a net whose layers are not those of `{expected}`, or in which others are trained\n\
                 help: a training goes on with the net that it began with; to train another, begin with the weights that fit"
            ),
            Self::Missing { name, expected, found: None } => write!(
                f,
                "the checkpoint has no tensor `{name}` of {expected} numbers\n\
                 help: it is of another optimiser, or a file of weights alone, which `from_safetensors` reads"
            ),
            Self::Missing { name, expected, found: Some(found) } => {
                write!(
                    f,
                    "the checkpoint's tensor `{name}` has {found} numbers, not {expected}\nhelp: it is of another net"
                )
            }
        }
    }
}

impl core::error::Error for CheckpointError {}

/// The tensors of a checkpoint.
pub(super) struct Saved(BTreeMap<String, Vec<f32>>);

impl Saved {
    pub(super) fn open(file: &[u8]) -> Result<Self, CheckpointError> {
        let tensors = Tensors::open(&Source::new(file)).map_err(CheckpointError::Unreadable)?;
        let read = |name: &str| {
            let numbers = tensors.read(name).map_err(CheckpointError::Unreadable)?;
            Ok((name.to_string(), numbers.unwrap_or_default()))
        };
        tensors.names().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Copies the numbers of a tensor.
    pub(super) fn take(&self, name: &str, to: &mut [f32]) -> Result<(), CheckpointError> {
        let found = self.0.get(name);
        match found {
            Some(numbers) if numbers.len() == to.len() => {
                to.copy_from_slice(numbers);
                Ok(())
            }
            _ => {
                Err(CheckpointError::Missing { name: name.to_string(), expected: to.len(), found: found.map(Vec::len) })
            }
        }
    }
}
