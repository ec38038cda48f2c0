//! The runtime of the [`cnn`](https://docs.rs/cnn) compiler: it is called by the code that `network!` emits.
//!
//! The modules, from the bottom up; none uses a module further down this table:
//!
//! | module | holds |
//! | --- | --- |
//! | [`simd`] | the vector types that all kernels are written in, one file per instruction set |
//! | [`exec`] | which instruction set runs, and on which threads |
//! | [`place`] | where numbers lie: one workspace of fixed size, maps in it, and the bounds that keep kernels inside |
//! | [`pack`] | weights in the order in which kernels read them |
//! | [`train`] | everything that training needs besides gradients: losses, optimisers, schedules, initial weights, dropout |
//! | [`kernels`] | a descriptor and a kernel for each kind of layer |
//! | [`custom`] | the trait of custom layers |
//! | [`mod@reference`] | every layer's mathematics in plain loops: the test oracle |
//! | [`weights`] | loads PyTorch's files into packed weights |
//! | [`trace`] | runs a net node by node, to find where two implementations differ |
//! | [`mod@step`] | what all compiled training steps have in common: parameters, trainers, checkpoints |
//! | [`network`] | what all compiled nets have in common, and the steps of a pass |
//!
//! It is `no_std`, and running a net needs no allocator.
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `std` | yes | the choice of the CPU's instruction set at run time, threads, and weights from files on disk; includes `alloc` |
//! | `alloc` | yes | weights from safetensors files in memory, workspaces on the heap, and the reference executor |
//! | `kernels` | yes | the kernels themselves, not just their descriptors |
//! | `train` | no | training steps: their kernels, gradients in the reference executor, [`mod@train`] and [`mod@step`] |
//! | `serde` | no | errors about weights as data; includes `alloc` |
//! | `tracing` | no | events of the crate `tracing` when weights are loaded or don't fit; includes `alloc` |

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
#[cfg(feature = "train")]
pub mod step;
#[cfg(all(feature = "alloc", feature = "kernels"))]
pub mod trace;
#[cfg(feature = "train")]
pub mod train;
#[cfg(feature = "alloc")]
pub mod weights;
