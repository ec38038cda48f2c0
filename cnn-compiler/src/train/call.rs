//! The kernels of a step, by how they are called.

use cnn_runtime::kernels::call::{BatchCall, KernelCall};
use cnn_runtime::kernels::dropout::DropoutMap;
use cnn_runtime::kernels::gradient::loss::{CrossEntropy, NumbersLoss};
use cnn_runtime::kernels::minibatch::batch_norm::{BatchNormRunning, BatchNormStatistics};

/// A kernel of a step.
#[derive(Debug)]
pub struct Call {
    /// What it is for: a layer's name, and what is done for it.
    pub name: String,
    /// The kernel.
    pub kernel: Kernel,
    /// Whether its weights are those of the trunk, which are packed once.
    pub trunk: bool,
}

impl Call {
    /// Of a kernel that reads nothing of the trunk.
    pub(super) fn new(name: String, kernel: Kernel) -> Self {
        Self { name, kernel, trunk: false }
    }
}

/// Kernels by how they are called.
#[derive(Debug)]
pub enum Kernel {
    /// On an image, which it reads from an input.
    Load(usize, Box<dyn KernelCall>),
    /// On the workspace of an image.
    Image(Box<dyn KernelCall>),
    /// On the workspace of an image, with the mask of a step.
    Dropout(DropoutMap),
    /// The loss of a head, on the workspace of an image; it has the targets of an output.
    Loss(usize, Box<LossOf>),
    /// The batched form of an image's kernel.
    Images(Box<dyn KernelCall>),
    /// On all images, or on none.
    Batch(Box<dyn BatchCall>),
    /// Of a batch normalisation: in training, and in evaluation.
    Norm(Box<BatchNormStatistics>, BatchNormRunning),
}

/// The kernel of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LossOf {
    /// Of classes.
    CrossEntropy(CrossEntropy),
    /// Of numbers.
    MeanSquared(NumbersLoss),
    /// Of probabilities.
    BinaryCrossEntropy(NumbersLoss),
}

impl LossOf {
    /// The function that runs it.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::CrossEntropy(_) => "cross_entropy",
            Self::MeanSquared(_) => "mean_squared",
            Self::BinaryCrossEntropy(_) => "binary_cross_entropy",
        }
    }
}

impl Kernel {
    /// The function that runs it.
    #[must_use]
    pub fn function(&self) -> &'static str {
        match self {
            Self::Load(_, kernel) | Self::Image(kernel) | Self::Images(kernel) => kernel.function(),
            Self::Batch(kernel) => kernel.function(),
            Self::Dropout(_) => "dropout",
            Self::Loss(_, loss) => loss.function(),
            Self::Norm(..) => "batch_norm_statistics",
        }
    }

    /// Whether it is called for each image.
    #[must_use]
    pub fn is_of_image(&self) -> bool {
        match self {
            Self::Load(..) | Self::Image(_) | Self::Dropout(_) | Self::Loss(..) => true,
            Self::Images(_) | Self::Batch(_) | Self::Norm(..) => false,
        }
    }
}
