//! The run side of the [`cnn`](https://docs.rs/cnn) compiler: what the code that `network!` emits calls.
//!
//! From the bottom up; no module uses one further down this table:
//!
//! | module | holds |
//! | --- | --- |
//! | [`simd`] | the vectors that all kernels are written in, one file for each instruction set |
//! | [`exec`] | which instruction set runs, and on which threads |
//! | [`place`] | where numbers lie: one workspace of fixed size, maps in it, and the bounds that keep kernels inside |
//! | [`pack`] | weights in the order in which kernels read them |
//! | [`train`] | losses, optimisers, schedules, initial weights, dropout: what training needs besides gradients |
//! | [`kernels`] | a descriptor and a kernel for each kind of layer |
//! | [`custom`] | the trait of layers by the user |
//! | [`mod@reference`] | every layer's mathematics in plain loops: the oracle of the tests |
//! | [`weights`] | loads files as PyTorch writes them into packed weights |
//! | [`trace`] | runs a net node by node, to find where two implementations differ |
//! | [`mod@step`] | what all compiled training steps have in common: parameters, trainers, checkpoints |
//! | [`network`] | what all compiled nets have in common, and the steps of a pass |
//!
//! It is `no_std`, and running a net needs no allocator.
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `std` | yes | the choice of the CPU's instruction set at run time, threads, and weights from a disk; includes `alloc` |
//! | `alloc` | yes | weights from safetensors files in memory, workspaces on the heap, and the reference executor |
//! | `kernels` | yes | the kernels, and not only their descriptors |
//! | `serde` | no | errors about weights as data; includes `alloc` |
//! | `tracing` | no | events of the crate `tracing` when weights are loaded, or do not fit; includes `alloc` |

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod custom;
#[macro_use]
mod emitted;
pub mod exec;
pub mod kernels;
pub mod network;
pub mod pack;
pub mod place;
#[cfg(feature = "alloc")]
pub mod reference;
pub mod simd;
pub mod step;
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub mod trace;
pub mod train;
#[cfg(feature = "alloc")]
pub mod weights;
