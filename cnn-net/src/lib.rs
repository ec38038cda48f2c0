//! The description of a convolutional network that the rest of this project shares: no kernels, no dependencies, `no_std`.
//!
//! | module | contents |
//! | --- | --- |
//! | [`op`] | shapes, and the one list of layers with everything that follows from their arguments |
//! | [`graph`] | a net as declared: layers, connections, tensors |
//! | [`memory`] | what a net's workspace holds where, and when |

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod graph;
pub mod memory;
pub mod op;
