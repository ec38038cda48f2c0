//! Where numbers are: one workspace of fixed size, maps in it, packed weights, and the bounds that keep kernels inside.

pub mod bounds;
pub mod floats;
#[cfg(feature = "alloc")]
pub mod heap;
pub mod map;
pub mod packed;
pub(crate) mod runs;
#[cfg(feature = "train")]
pub(crate) mod spans;
pub mod workspace;
