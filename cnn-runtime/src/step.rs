//! What all training steps compiled by `network!` have in common.
//!
//! A step has two arrays of floats. One holds a workspace for each image of the minibatch, all with the same layout. The other is
//! shared by all images: the net's tensors in file order, their gradients, and whatever is computed once for all images.
//!
//! The frozen layers that precede all trained ones are the *trunk*. Nothing in them changes, so their weights are packed once, and a
//! step only reads them: from the binary if they are embedded, or else from the heap. The shared array does not contain their tensors.

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
