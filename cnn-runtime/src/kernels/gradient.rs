//! Gradients, as a compiled training step will compute them; the [reference](mod@crate::reference) has their mathematics.
//!
//! A layer's `upstream` is the gradient of its output. Kernels write the gradient of an input, which may be where `upstream` was, or
//! those of parameters. The latter are sums over all images of a minibatch, and every one is added up in the order of the images,
//! whichever partition it falls into.

pub mod activation;
pub mod dense;
pub mod loss;
mod outer;
