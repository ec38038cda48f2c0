//! What a training step computes for all images of a minibatch: statistics, sums, and weights in the order of the kernels.
//!
//! These kernels have two arrays. The workspaces of the images are of one layout ([`Batch`](crate::place::workspace::Batch)), and
//! `shared` are the floats that all images share: parameters and their gradients, in the order of their tensors, and whatever is
//! computed once for all images. Offsets of a descriptor are in `shared` unless it says otherwise.
//!
//! Sums over images don't depend on threads: each image has sums of its own, which are added up from the first image to the last.

pub mod batch_norm;
pub mod order;
pub mod pack;
pub(crate) mod sums;
