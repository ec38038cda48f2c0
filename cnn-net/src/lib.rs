//! The description of convolutional networks that all of this project shares: no kernels, no dependencies, `no_std`.
//!
//! | module | contents |
//! | --- | --- |
//! | [`op`] | shapes, and the single list of layers, with everything that follows from their arguments |
//! | [`graph`] | a net as declared: layers, connections, tensors |
//! | `language` | layers as they are spelt in a declaration |
//! | `literal` | values as Rust source |
//! | [`memory`] | what a net's workspace holds, where and when |
//! | `receptive` | how much of the input an output depends on |
//! | `text` | numbers formatted for people |
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `alloc` | no | the depth of nets, and the text of declarations |

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
pub mod receptive;
#[cfg(feature = "alloc")]
pub mod text;
