//! Training steps that `network!` compiled: what they have in common.
//!
//! A step has two arrays of floats. Each image of the minibatch has a workspace, all of one layout, and all images share the tensors
//! of the net in the order of their files, the gradients of these, and what is computed once for all images.

#[cfg(feature = "kernels")]
mod images;
mod layout;
#[cfg(all(feature = "alloc", feature = "kernels"))]
mod packing;
#[cfg(all(feature = "alloc", feature = "kernels"))]
mod params;
#[cfg(all(feature = "alloc", feature = "kernels"))]
mod saved;
#[cfg(all(feature = "alloc", feature = "kernels"))]
mod trainer;

#[cfg(feature = "kernels")]
pub use self::images::{Mode, Pass, minibatch};
pub use self::layout::{Constant, Head, StepLayout, TensorPlace};
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub use self::params::{Params, Train};
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub use self::saved::CheckpointError;
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub use self::trainer::{Score, Trainer};
