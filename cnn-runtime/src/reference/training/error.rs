//! Why a net could not be trained.

use alloc::string::String;
use core::fmt;

use super::super::RunError;

/// Why a pass of training was not possible.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainError {
    /// An input or a tensor has the wrong number of elements, or a tensor is missing.
    Run(RunError),
    /// The minibatch has no images.
    NoImages,
    /// There are more or fewer targets than the loss needs.
    Targets {
        /// How many it needs.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The loss needs targets of the other kind.
    Kind {
        /// Whether it needs classes, and not numbers.
        classes: bool,
    },
    /// A class that the net does not have.
    Class {
        /// Which target it is.
        index: usize,
        /// The class.
        class: u32,
        /// How many the net has.
        classes: usize,
    },
    /// There are not as many losses as outputs.
    Outputs {
        /// How many outputs the net has.
        expected: usize,
        /// How many losses there are.
        found: usize,
    },
    /// An auxiliary classifier has the shape of no output, so there are no targets for it.
    Aux,
    /// A batch normalisation has only one number per channel, which has no variance.
    OneNumber {
        /// The layer.
        node: String,
    },
    /// A layer that gradients cannot pass.
    NoGradient {
        /// The layer.
        node: String,
        /// Why they can't.
        why: &'static str,
    },
}

impl core::error::Error for TrainError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Run(error) => Some(error),
            _ => None,
        }
    }
}

impl From<RunError> for TrainError {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(error) => error.fmt(f),
            Self::Outputs { expected, found } => {
                write!(f, "the number of losses is {found}, and that of outputs is {expected}")
            }
            Self::Aux => f.write_str("an auxiliary classifier has the shape of no output"),
            Self::NoImages => f.write_str("the minibatch has no images"),
            Self::Targets { expected, found } => write!(f, "there are {found} targets, not {expected}"),
            Self::Kind { classes: true } => f.write_str("the loss needs classes as targets, not numbers"),
            Self::Kind { classes: false } => f.write_str("the loss needs numbers as targets, not classes"),
            Self::Class { index, class, classes } => {
                write!(f, "target {index} is class {class}, but there are {classes}, counted from 0")
            }
            Self::OneNumber { node } => write!(
                f,
                "`{node}` has one number per channel in this minibatch, which has no variance: train with two images or more"
            ),
            Self::NoGradient { node, why } => write!(f, "`{node}` can't be trained: {why}"),
        }
    }
}
