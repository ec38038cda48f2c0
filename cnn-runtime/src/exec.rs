//! How a pass runs: on which instruction set, on which threads.

pub(crate) mod divide;
pub mod isa;
pub mod run;
pub mod shared;
#[cfg(feature = "std")]
pub mod threads;
