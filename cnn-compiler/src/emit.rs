//! [`Plan`] to Rust: a type for the net, a type for its weights, and a straight line of kernel calls.
//!
//! | part | emits |
//! | --- | --- |
//! | `net` | the two types, `new`, `from_safetensors`, `Network` |
//! | `forward` | `forward`, the taps |
//! | `kernels` | a constant and a call for each kernel, `STEPS`, the packing recipe |
//! | `memory` | `MEMORY` |
//! | `parts` | what these share |
//! | `names` | the block around what is implemented |
//! | `embed` | weights in the binary |
//! | `values` | the runtime's values as expressions |
//! | `user` | the code of user-defined functions and layers |
//! | `train` | the training step |
//! | `targets` | the types of what outputs should be |
//! | `stub` | the types alone, for a net with mistakes |
//! | `width` | what only 64-bit targets can address |

mod embed;
mod forward;
mod kernels;
mod names;
mod net;
mod parts;
mod ports;
mod stub;
mod targets;
mod train;
mod user;
mod values;
mod width;

pub(crate) use embed::{Content, Embedded, embed, embed_model};
pub(crate) use net::net;
pub(crate) use stub::stub;
pub(crate) use train::Training;
pub(crate) use width::Part;
