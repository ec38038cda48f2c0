//! What training needs besides gradients: losses, optimisers, schedules, initial weights, and the bits of dropout.
//!
//! These are functions on slices, and descriptions in constants, in single or double precision: the
//! [reference](crate::reference::training) and compiled training steps use the same ones. They need no allocator, and give the same
//! results on every machine.

mod clip;
mod dropout;
mod float;
mod init;
mod loss;
mod optimiser;
mod random;
pub mod schedule;

pub use self::clip::{clip_factor, global_norm, scale};
pub use self::dropout::Dropout;
pub use self::float::Float;
pub use self::init::Init;
pub use self::loss::{Criterion, Loss};
pub use self::optimiser::{Adam, AdamW, Decay, Optimiser, Sgd, Update};
pub use self::random::philox;
