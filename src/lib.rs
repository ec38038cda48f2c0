//! An ahead-of-time compiler for convolutional networks.
//!
//! [`network!`] takes a net declared in a few lines, checks every shape at compile time, plans all memory, and expands to
//! Rust code that runs the net: a straight sequence of kernel calls with constant sizes, no heap allocation, and nothing
//! that can fail.
//!
//! ```
//! use cnn::network;
//!
//! network! {
//!     /// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).
//!     pub LeNet5: 1x32x32 -> 10 {
//!         conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
//!         conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
//!         fc1: linear(120) -> tanh;
//!         fc2: linear(84) -> tanh;
//!         fc3: linear(10) -> softmax;
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let bytes = models::seeded::weights(LeNet5::GRAPH, "");
//! let weights = LeNet5Weights::from_safetensors(&bytes)?; // checked, folded and packed once; threads can share it
//! let mut net = LeNet5::new(&weights); // owns its workspace: create one per thread
//! let image = [0.0; 32 * 32];
//! let scores: &[f32; 10] = net.forward(&image);
//! # assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
//! assert_eq!(LeNet5::PARAMETERS, 61_706);
//! # Ok(())
//! # }
//! ```
//!
//! The book in the repository's folder `guide` explains layers and nets from the beginning, and how to use them in practice.
//!
//! # What a declaration expands to
//!
//! For a net `Name`, `network!` emits
//!
//! - `Name<'w>`: the net and its workspace. `new(&weights)`, or `new(arc)` with shared weights;
//!   [`forward`](Network::forward), which allocates nothing, cannot fail and does not panic; [`run`](DynNetwork::run) and
//!   [`run_into`](DynNetwork::run_into) on slices; `tap_…()` for each `tap`; the constants `INPUT`, `OUTPUT` (shapes),
//!   `INPUT_LEN`, `OUTPUT_LEN`, `WORKSPACE_BYTES`, `PARAMETERS`, `MACS`, `STEPS`, `GRAPH` (which the crate `cnn-diagram`
//!   draws) and `MEMORY`.
//! - `NameWeights`: packed weights, from `from_safetensors(&bytes)` or `open(path)`, whose [error](weights::WeightsError)
//!   lists everything that is wrong with a file at once.
//! - `NameInputs` and `NameOutputs` of nets whose inputs or outputs have names: structs of references to arrays. With
//!   `#[batch(n)]`, `forward` takes and returns arrays of these structs. In traits and slices, which have no names, an image's
//!   inputs follow one another in the order of the declaration, and so do its outputs.
//! - `NameTrainer`, `NameParams` and `NameTrainerMemory`, with the feature `train` and `#[train(batch = n)]`: see [Training](#training).
//! - `NameWorkspace`: the memory that the net computes in. Up to 128 KiB, it is a field of `Name`; a larger one is on
//!   the heap. `with_workspace(&weights, &mut workspace)` uses one that the caller provides.
//! - Implementations of [`Network`], for code that is generic over nets, and of [`DynNetwork`], for `Box<dyn DynNetwork>`.
//!
//! Inputs and outputs are arrays in the order channels, rows, columns, as in PyTorch. Data is `f32`.
#![doc = include_str!("doc/language.md")]
#![doc = include_str!("doc/weights.md")]
#![doc = include_str!("doc/running.md")]
#![doc = include_str!("doc/training.md")]
#![doc = include_str!("doc/targets.md")]
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `std` | yes | the choice of the CPU's instruction set at run time, [`Pool`], and weights from files on disk; includes `alloc` |
//! | `alloc` | yes | weights from safetensors files in memory, workspaces on the heap, [`mod@reference`] and [`trace`] |
//! | `serde` | no | errors about weights as data: [`weights::WeightsError`] and its parts are `Serialize` |
//! | `onnx` | no | nets from ONNX and TFLite files, `Name = onnx("model.onnx");`; only builds pay for it: no part of it is in programs |
//! | `train` | no | training steps, `#[train(batch = 64)]`: see [Training](#training); their kernels take a third longer to build |
//! | `tracing` | no | events of the crate `tracing` when weights are loaded or don't fit |
//!
//! The crate is `no_std`. Without features, nets run on embedded weights, and with `train` alone they train in the caller's memory;
//! kernels use the instructions of the compilation target.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
extern crate std;

/// Compiles networks, declared in a few lines, to Rust. The [crate documentation](crate#the-language) describes the language.
#[doc(inline)]
pub use cnn_macros::network;
#[cfg(feature = "alloc")]
pub use cnn_net::receptive;
pub use cnn_net::{graph, memory, op};
pub use cnn_runtime::custom;
pub use cnn_runtime::exec::shared::Shared;
#[cfg(feature = "std")]
pub use cnn_runtime::exec::threads::Pool;
pub use cnn_runtime::network::steps::Step;
pub use cnn_runtime::network::{Description, DynNetwork, Network, Numbers, Side, WrongLength};
pub use cnn_runtime::place::workspace::{Space, Workspace};
#[cfg(feature = "train")]
pub use cnn_runtime::train;
/// Nets with a training step, which `#[train(…)]` compiles.
#[cfg(feature = "train")]
pub mod step {
    #[cfg(feature = "alloc")]
    pub use cnn_runtime::step::{CheckpointError, Params};
    pub use cnn_runtime::step::{Score, Train, TrainEmbedded, Trainer, TrainerMemory};
}
#[cfg(feature = "alloc")]
pub use cnn_runtime::{reference, trace, weights};

/// What emitted code calls. Not part of the public API: it changes with the compiler.
#[doc(hidden)]
pub mod __rt {
    pub use core::convert::Into;
    pub use core::option::Option::{self, None, Some};
    pub use core::primitive::{f32, str, u8, u32, u64, usize};
    pub use core::result::Result::{self, Ok};

    pub use cnn_net::graph::{Aux, Call, Graph, Input, Node, Output, Role, Tap, Tensor, Value};
    pub use cnn_net::memory::{Buffer, Holds, Memory};
    pub use cnn_net::op::*;
    pub use cnn_runtime::custom::LayerCode;
    pub use cnn_runtime::exec::run::{PoolOf, Run};
    pub use cnn_runtime::exec::shared::Shared;
    #[cfg(feature = "std")]
    pub use cnn_runtime::exec::threads::Pool as ThreadPool;
    pub use cnn_runtime::kernels::*;
    pub use cnn_runtime::network::{Description, DynNetwork, Network, Numbers, WrongLength, steps::Step};
    pub use cnn_runtime::network::{at_most, each_image, images, part};
    pub use cnn_runtime::pack::{
        ColumnPanels, ConvPanels, DenseRows, DepthwiseTaps, Layout, Pack, TransposedPanels, WinogradPanels,
    };
    pub use cnn_runtime::place::bounds::Checked;
    pub use cnn_runtime::place::map::Map;
    pub use cnn_runtime::place::packed::{Aligned, Packed};
    pub use cnn_runtime::place::workspace::{Batch, LargeWorkspace, Space, Workspace};
    #[cfg(all(feature = "alloc", feature = "train"))]
    pub use cnn_runtime::step::Params;
    #[cfg(feature = "train")]
    pub use cnn_runtime::step::{Constant, Head, Pass, Score, StepLayout, TensorPlace, minibatch};
    #[cfg(feature = "train")]
    pub use cnn_runtime::step::{OwnMemory, StepMemory, Train, TrainEmbedded, Trainer, TrainerMemory};
    #[cfg(feature = "train")]
    pub use cnn_runtime::train::{Optimiser, Sgd};
    pub use cnn_runtime::{if_64_bits, if_alloc, if_std, load_weights, net_methods, network_methods};
}
