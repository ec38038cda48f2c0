//! The description of a convolutional network that the rest of this project shares: no kernels, no dependencies, `no_std`.
//!
//! | module | contents |
//! | --- | --- |
//! | [`op`] | shapes, and the one list of layers with all that follows from their arguments |
//! | [`graph`] | a net as declared: layers, connections, tensors |
//! | `language` | layers as a declaration calls them |
//! | `literal` | values as Rust source |
//! | [`memory`] | what lies where in a net's workspace, and when |
//! | `text` | numbers as people read them |
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `alloc` | no | depths of nets, and the text of declarations |

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
#[cfg(feature = "alloc")]
pub mod text;
