//! Every kernel on every instruction set of this CPU, against loops in `f64` that can be checked at sight.
//!
//! Workspaces begin full of NaN, so a kernel that reads what it must not shows it; and every float outside of the
//! output is compared afterwards, so a kernel that writes what it must not shows that. `CNN_ISA` narrows the tests to one
//! instruction set, and fails where the CPU does not have it.

mod columns;
mod conv;
mod conv_transpose;
#[cfg(feature = "alloc")]
mod dense_f16;
mod elementwise;
mod gemm;
#[cfg(feature = "alloc")]
mod gradient;
mod layout;
mod math;
mod merge;
mod moves;
#[cfg(feature = "alloc")]
mod nonzero;
mod normalise;
mod parts;
mod planar;
mod pool;
mod special;
mod support;
mod user;
mod vectors;
mod winograd;
