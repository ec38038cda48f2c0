//! Training steps that `network!` compiled: what they have in common.
//!
//! A step has two arrays of floats. Each image of the minibatch has a workspace, all of one layout, and all images share the tensors
//! of the net in the order of their files, the gradients of these, and what is computed once for all images.
//!
//! The frozen layers before all that are trained are the *trunk*. Nothing in them changes, so their weights are packed once, and a step
//! only reads them: in the binary, if they are embedded, or on the heap. Their tensors are not among those that a step shares.

#[cfg(all(feature = "alloc", feature = "kernels"))]
mod files;
#[cfg(feature = "kernels")]
mod images;
mod layout;
#[cfg(feature = "alloc")]
mod loading;
#[cfg(feature = "kernels")]
mod memory;
#[cfg(feature = "kernels")]
mod net;
#[cfg(all(feature = "alloc", feature = "kernels"))]
mod packing;
#[cfg(all(feature = "alloc", feature = "kernels"))]
mod params;
#[cfg(all(feature = "alloc", feature = "kernels"))]
mod saved;
#[cfg(feature = "kernels")]
mod trainer;

#[cfg(feature = "kernels")]
pub use self::images::{Mode, Pass, minibatch};
pub use self::layout::{Constant, Head, StepLayout, TensorPlace};
#[cfg(feature = "alloc")]
pub use self::loading::embedded;
#[cfg(feature = "kernels")]
pub use self::memory::{OwnMemory, StepMemory, TrainerMemory};
#[cfg(feature = "kernels")]
pub use self::net::{Train, TrainEmbedded};
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub use self::params::Params;
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub use self::saved::CheckpointError;
#[cfg(feature = "kernels")]
pub use self::trainer::{Score, Trainer};
