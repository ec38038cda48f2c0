//! What a convolutional network is, to everything in this project that asks: no kernels, no dependencies, `no_std`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`op`] | shapes, and the one list of layers with all that follows from their arguments |
//! | [`graph`] | a net as it was declared: layers, connections, tensors |
//! | `language` | layers as a declaration calls them |
//! | `literal` | values as Rust source |
//! | [`memory`] | what lies where in a net's workspace, and when |

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod graph;
#[cfg(feature = "alloc")]
pub mod language;
pub mod literal;
pub mod memory;
pub mod op;
