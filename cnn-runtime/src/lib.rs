//! The run side of the [`cnn`](https://docs.rs/cnn) compiler: what the code that `network!` emits calls.
//!
//! | module | holds |
//! | --- | --- |
//! | [`op`], [`graph`] | the vocabulary: kinds of layers with their arguments, and the static description of a net |
//! | [`map`], [`workspace`] | where values lie: one workspace of fixed size, maps in it |
//! | `heap` | large zeroed memory |
//! | [`isa`], [`simd`] | which instruction set runs, and the vectors that all kernels are written in |
//! | [`run`], [`steps`] | what kernels are handed first; which kernels a pass consists of |
//! | [`memory`] | what lies where in a workspace, and when |
//! | `threads` | several threads for one pass |
//! | [`gemm`] | the micro-kernel that convolutions and fully connected layers share |
//! | [`winograd`] | convolutions with fewer multiplications |
//! | [`conv`], [`dense`], [`pool`], [`norm`], [`activation`], [`softmax`], [`join`] | a kernel for each kind of layer |
//! | [`pack`], [`weights`] | weights as kernels want them, from files as PyTorch writes them |
//! | [`mod@reference`] | every layer's mathematics in plain loops: the oracle of the tests |
//! | [`trace`] | a net node by node, for those who look for where two implementations differ |
//!
//! It is `no_std`, and running a net needs no allocator. The feature `alloc` adds reading weights and workspaces on the
//! heap, the feature `std` (default) adds choosing the instruction set at run time.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod activation;
mod bounds;
pub mod conv;
pub mod dense;
mod divide;
pub mod gemm;
pub mod graph;
#[cfg(feature = "alloc")]
pub mod heap;
pub mod isa;
pub mod join;
pub mod map;
pub mod math;
pub mod memory;
pub mod network;
pub mod norm;
pub mod op;
pub mod pack;
pub mod packed;
pub mod pool;
#[cfg(feature = "alloc")]
pub mod reference;
pub mod run;
mod runs;
pub mod simd;
pub mod softmax;
pub mod steps;
#[cfg(feature = "std")]
pub mod threads;
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub mod trace;
#[cfg(feature = "alloc")]
pub mod weights;
pub mod winograd;
pub mod workspace;

pub use bounds::Checked;

/// Its content, if the feature `alloc` of this crate is on. Emitted code can't ask for another crate's features.
#[cfg(feature = "alloc")]
#[macro_export]
macro_rules! if_alloc {
    ($($content:tt)*) => { $($content)* };
}

/// Its content, if the feature `alloc` of this crate is on. Emitted code can't ask for another crate's features.
#[cfg(not(feature = "alloc"))]
#[macro_export]
macro_rules! if_alloc {
    ($($content:tt)*) => {};
}

/// Its content, if the feature `std` of this crate is on. Emitted code can't ask for another crate's features.
#[cfg(feature = "std")]
#[macro_export]
macro_rules! if_std {
    ($($content:tt)*) => { $($content)* };
}

/// Its content, if the feature `std` of this crate is on. Emitted code can't ask for another crate's features.
#[cfg(not(feature = "std"))]
#[macro_export]
macro_rules! if_std {
    ($($content:tt)*) => {};
}
