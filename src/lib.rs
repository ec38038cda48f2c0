//! An ahead-of-time compiler for convolutional networks.
//!
//! [`network!`] takes a net of a few lines, checks every shape while rustc runs, plans all memory, and becomes Rust that
//! runs the net: one straight line of kernel calls, all sizes constants, no heap allocation, nothing left to go wrong.
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
//! let mut net = LeNet5::new(&weights); // a workspace of its own, one for each thread
//! let image = [0.0; 32 * 32];
//! let scores: &[f32; 10] = net.forward(&image);
//! # assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
//! assert_eq!(LeNet5::PARAMETERS, 61_706);
//! # Ok(())
//! # }
//! ```
//!
//! # What a declaration becomes
//!
//! For a net `Name`, `network!` emits
//!
//! - `Name<'w>`: the net and its workspace. `new(&weights)`; [`forward`](Network::forward), which allocates nothing, cannot
//!   fail and does not panic; `tap_…()` for each `tap`; the constants `WORKSPACE_BYTES`, `PARAMETERS`, `MACS`,
//!   `STEPS`, `GRAPH`, which the crate `cnn-diagram` draws, and `MEMORY`.
//! - `NameWeights`: packed weights, from `from_safetensors(&bytes)` or `open(path)`, whose [error](weights::WeightsError)
//!   names everything that is wrong with a file at once.
//! - With a workspace of more than 128 KiB, `NameWorkspace`: the net's memory is on the heap then, or, with
//!   `with_workspace(&weights, &mut workspace)`, wherever the caller has it. A smaller workspace is part of `Name`.
//! - An implementation of [`Network`], for code that is generic over nets.
//!
//! Inputs and outputs are arrays in the order channels, rows, columns, as PyTorch has them. Data is `f32`.
//!
//! # The language
//!
//! `->` means "then". A statement ends in `;`, and the next one takes its result. A name before a step is the first part of
//! the names of its tensors: `conv1: conv(6, 5x5)` reads `conv1.weight` and `conv1.bias`. Groups `{ … }` and block calls
//! add a level to names, merges do not. A step without a name is numbered by its position among its siblings, every step
//! counted, as `torch.nn.Sequential` does; so the tensor names of a PyTorch model can be declared as they are.
//!
//! ```
//! cnn::network! {
//!     /// Two convolutions, and the input added to their result (He et al. 2015).
//!     block residual(channels, kernel = 3) {
//!         add {
//!             conv1: conv(channels, kernel x kernel, pad = kernel / 2, bias = false) -> bn1: batch_norm -> relu
//!                 -> conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
//!             skip;
//!         } -> relu;
//!     }
//!
//!     /// A small residual net.
//!     pub Small: 3x32x32 -> 10 {
//!         stem: { conv(16, 3x3, stride = 2, pad = 1) -> relu; };      // stem.0.weight, stem.0.bias
//!         layers: [residual(16); 2];                                  // layers.0.conv1.weight, layers.1.conv1.weight, …
//!         residual(16, kernel = 5);                                   // 2.conv1.weight, …: the third statement's step
//!         tap features;                                               // net.tap_features()
//!         aux head(weight = 0.3) { global_avg_pool -> fc: linear(10); };
//!         concat { max_pool(2x2); half: conv(8, 2x2, stride = 2); };
//!         global_avg_pool -> fc: linear(10);
//!         softmax;
//!     }
//! }
//! # fn main() {
//! # assert_eq!(Small::GRAPH.nodes[2].tensors[0].name, "layers.0.conv1.weight");
//! # assert_eq!(Small::GRAPH.nodes[0].tensors[0].name, "stem.0.weight");
//! # assert!(Small::GRAPH.nodes.iter().any(|node| node.name == "2.conv1"));
//! # }
//! ```
//!
//! | | |
//! | --- | --- |
//! | `Name: 3x224x224 -> 1000 { … }` | a net: shapes are `channels x height x width`, or one number for a vector |
//! | `Other = Name;` | a variant: the layers of a net in braces under another name, with attributes of its own |
//! | `block name(a, b = 2 * a) { … }` | a part that is called as `name(16)` or `name(16, b = 8)` |
//! | `[step; n]` | the step `n` times; `name: [step; n]` calls them `name.0`, `name.1`, … |
//! | `[name1..: step; n]` | the step `n` times, called `name1`, `name2`, … |
//! | `concat { …; …; }` | branches that read the same input, their channels one after another |
//! | `add { …; …; }` `mul { …; …; }` | their sum, their product; a `Cx1x1` branch of `mul` scales whole maps |
//! | `skip` | as a branch, or at the beginning of one: the input itself |
//! | `tap name;` | keeps the value as a further output |
//! | `aux name(weight = 0.3) { … }` | an auxiliary classifier: training's alone, counted separately, not run; `1 / 3` is a third |
//!
//! | layer | arguments (default) |
//! | --- | --- |
//! | `conv` | filters, size, `stride` (1), `pad` (0), `dilation` (1), `groups` (1), `bias` (true) |
//! | `linear` | features, `bias` (true), `store` (`f32`, or `f16`); takes `CxHxW` flattened in that order |
//! | `max_pool` `avg_pool` | size, `stride` (the size), `pad` (0), `dilation` (1), `ceil` (false), `count_include_pad` (true, `avg_pool` only) |
//! | `global_avg_pool` `global_max_pool` | maps to `Cx1x1` |
//! | `flatten` | maps to a vector, in the order C, H, W |
//! | `dropout` | `p` (0.5); does nothing at inference |
//! | `lrn` | `size` (5), `window` (`paper`, `torch` or `onnx`; must be given for even sizes, where they differ), `alpha` (1e-4), `beta` (0.75), `k` (2); alpha is not divided by the size, as in the paper |
//! | `batch_norm` | `eps` (1e-5), `momentum` (0.1) |
//! | `prelu` | `per` (`channel`, or `element`) |
//! | `leaky_relu` `elu` | slope (0.01), alpha (1) |
//! | `selu` | `alpha` (1.6732632), `gamma` (1.050701): the paper's |
//! | `gelu` | `approximate` (`none`, or `tanh`) |
//! | `hard_sigmoid` | `alpha` (1 / 6), `beta` (0.5), as in PyTorch |
//! | `softmax` `log_softmax` | over the features, or over the channels of each pixel |
//! | `step sigmoid tanh relu relu6 softplus softsign silu mish hard_swish identity` | |
//!
//! Sizes are `3x3`, `3 x k` or one number for both directions; height comes first. `pad` is a number, `HxW`,
//! `(top, left, bottom, right)`, `same`, or `same_lower`; a size that begins with a zero is written `(0, 3)`, since Rust
//! reads `0x3` as a hexadecimal number. Arguments are whole-number arithmetic over a block's parameters; where an argument
//! may be any number, such as `alpha`, it is that of decimals, and `1 / 6` a sixth. Attributes on a net: doc comments,
//! `#[weights("…")]`, `#[batch(n)]`, `#[algorithm(exact)]`, `#[store(f16)]`, `#[cfg(…)]` and lint levels.
//!
//! The crate goes by another name in `Cargo.toml`, or is re-exported by a crate of yours? `#![crate = "path::to::cnn"]` before
//! all nets says where emitted code finds it; a macro of yours says `#![crate = $crate::cnn]`, a path as it is:
//!
//! ```
//! extern crate cnn as nets;
//!
//! nets::network! {
//!     #![crate = "nets"]
//!
//!     Small: 4 -> 2 { linear(2); }
//! }
//! # fn main() { assert_eq!(Small::PARAMETERS, 10); }
//! ```
//!
//! With `#[batch(8)]` a pass takes 8 images: `forward` reads `&[[f32; N]; 8]` and gives as many outputs. Layers of large maps
//! run image by image, in memory that the images share; fully connected layers and convolutions of a few pixels take all
//! images, so that their weights are read once a pass.
//!
//! A net can be wanted with several of these attributes. `Other = Name;` is a variant, with the layers of a net that
//! stands in braces in the same `network!`, before or behind it. It begins without any attributes: doc comments, `#[weights]`
//! and `#[cfg]` of the net are not its own. It reads the files that its net reads:
//!
//! ```
//! cnn::network! {
//!     /// Reads digits.
//!     pub Digits: 1x28x28 -> 10 {
//!         conv(8, 5x5) -> relu -> max_pool(2x2);
//!         linear(10) -> softmax;
//!     }
//!
//!     /// [`Digits`] on 8 images in one pass.
//!     #[batch(8)]
//!     pub DigitsBatch8 = Digits;
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let file = models::seeded::weights(Digits::GRAPH, "");
//! let weights = DigitsBatch8Weights::from_safetensors(&file)?; // a file for `Digits`
//! let mut net = DigitsBatch8::new(&weights);
//! let scores: &[[f32; 10]; 8] = net.forward(&[[0.5; 28 * 28]; 8]);
//! # Ok(())
//! # }
//! ```
//!
//! # Weights
//!
//! A file is a state dict as PyTorch saves it:
//!
//! ```python
//! from safetensors.torch import save_file
//! save_file(model.state_dict(), "weights.safetensors")
//! ```
//!
//! F32, F16 and BF16 are read; batch normalisation is folded into the weights before it; `num_batches_tracked` is ignored.
//!
//! - `from_safetensors(&bytes)` reads a file in memory.
//! - `from_safetensors_with(&bytes, &[("module.*", "*")])` gives tensors other names first: a prefix taken away here.
//! - `open(path)` reads a file, or the shards that an index (`model.safetensors.index.json`) names, a few rows at a time, and
//!   needs little more memory than the packed weights. A file may change meanwhile: then the weights are those that it had at
//!   one moment, or there is an error that names it.
//! - `load(&source)` is the general form: a [`Source`](weights::Source) has files, rules for names, and a listener for
//!   progress.
//!
//! # Weights in half precision
//!
//! A fully connected layer uses each weight once for an image, so its time is that of reading them. `linear(4096, store = f16)`
//! keeps them in half precision, and multiplies and sums in `f32`; `#[store(f16)]` above a net is for all of its layers
//! that don't say `store = f32`. Such weights take half the memory, on the heap as in the binary. With AVX2 or AVX-512 a large
//! layer takes 0.53 to 0.6 of the time (AlexNet's three 3.1 instead of 5.3 ms); the portable kernels, which have no
//! instruction for it, take three times as long.
//!
//! It is for those who ask for it, since it costs accuracy: weights are rounded to 11 bits, after a batch normalisation was
//! folded into them. A layer's results are then off by 2e-4 of their size, as a root mean square; AlexNet's logits, behind
//! three such layers, by up to 4.2e-4 of the largest. A weight beyond 65504 is an error of the file. [`trace`] rounds as the
//! net does, but folds nothing; [`mod@reference`] computes with the weights of the file.
//!
//! # Weights in the binary
//!
//! With `#[weights("weights.safetensors")]` above the net (the path is counted from the crate's root; an index is as good)
//! the file is checked when the crate is compiled, and its weights are packed into the binary. `Name::embedded()` then
//! needs no file, no loading and no error handling; for a net with a small workspace it is a `const fn`. A changed file
//! rebuilds the crate. Tensors get other names by `#[weights("weights.safetensors", rename("module.*" => "*"))]`.
//!
//! What it costs: the binary grows by the packed weights, which are about as large as the file in F32. They are read from
//! it page by page as they are used, and never copied to the heap; nets with the same weights share them. Up to a megabyte is
//! a literal in the emitted code. More is packed into a file beside rustc's own output, which is named by a hash of what is
//! in it: packing takes some 0.3 s for 100 MB if `cnn-runtime` is optimised (see [Speed](#speed)). Where binaries are ELF
//! (Linux, Android, FreeBSD, bare metal), the assembler includes that file, for 100 MB in about half a second and 600 MB of
//! memory; elsewhere it is `include_bytes!`, 5 s and 1.5 GB. The assembler's `global_asm!` counts as unsafe code: in a crate
//! that forbids it, say `deny(unsafe_code)` instead of `forbid`.
//!
//! The file stays there, since optimisation at link time reads it again, until the net's weights change. `cargo check`,
//! rustdoc and editors pack nothing: they check the file, and only a build finds what overflows in packing. If rustc writes
//! straight into a folder that all users share, such as that for temporary files, no file is kept: then all weights are a
//! literal, 10 s and 2 GB for 100 MB.
//!
//! Without cargo, which sets `CARGO_MANIFEST_DIR`, paths are counted from the folder that rustc runs in.
//!
//! # Layer by layer
//!
//! `forward` fuses layers, so what most of them give exists nowhere. [`trace`] runs a net as it is declared, with the same
//! kernels, and hands out every value; [`trace::resolve`] knows them by the names of PyTorch's modules.
//!
//! ```
//! use cnn::trace::{Trace, resolve};
//! use cnn::weights::Source;
//! use models::LeNet5;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let file = models::seeded::weights(LeNet5::GRAPH, "");
//! let params = cnn::weights::read(LeNet5::GRAPH, &Source::new(&file))?;
//! let conv2 = resolve(LeNet5::GRAPH, "conv2");
//! Trace::new(LeNet5::GRAPH, &params).run(&[0.5; 32 * 32], |value, numbers| {
//!     if Some(value) == conv2 {
//!         println!("{numbers:?}"); // before the tanh that follows
//!     }
//! })?;
//! # Ok(())
//! # }
//! ```
//!
//! # Speed
//!
//! Convolutions of 3x3, 4x4 and 5x5, and strided ones of a few times that (7x7 with stride 2, 11x11 with stride 4), are computed
//! by Winograd's algorithm where that is faster. Its rounding errors are larger than those of the sum that is written down, so the
//! compiler estimates for each net what they do to its output, and computes the layers that matter most as they are, or in
//! smaller tiles: logits are within 5e-6 of their largest magnitude. Batch normalisations can amplify rounding errors, those of
//! any engine, beyond that; there a net may have 1.75 times the estimated error of the direct algorithm. Transformed weights
//! take more memory. `#[algorithm(exact)]` above a net turns it off: ResNet-50's packed weights are 102 MB then, and not 176, and a
//! pass takes a third longer.
//!
//! Kernels choose AVX-512, or AVX2 with FMA and F16C, at run time where the CPU has them. They are compiled in
//! `cnn-runtime`: optimise that crate in debug builds too, or nets are slow there:
//!
//! ```toml
//! [profile.dev.package.cnn-runtime]
//! opt-level = 3
//! ```
//!
//! # Threads
//!
//! A net runs on the thread that calls it, unless it is given a [`Pool`]: then kernels with enough work are split over the
//! pool's threads. Results have the same bits for any number of threads, and a pass still allocates nothing.
//!
//! ```
//! use cnn::Pool;
//! use models::LeNet5;
//!
//! let pool = Pool::new(2); // this thread and one more; nets can share them
//! let mut net = LeNet5::embedded().with_pool(&pool);
//! let scores = net.forward(&[0.5; 32 * 32]);
//! # assert_eq!(scores, LeNet5::embedded().forward(&[0.5; 32 * 32]));
//! ```
//!
//! Take as many threads as there are cores to spare, not more. Threads of a pool spin for 50 µs behind each kernel, which is
//! what makes splitting it cheap, and sleep when no kernel follows. If another thread runs a net on the same pool at that
//! moment, a kernel is not split. Where many images are at hand, a net for each thread, without a pool, does more of them
//! in a second; a pool makes the single image faster.
//!
//! [`Network::profile`] tells when each kernel of a pass is done; [`Network::STEPS`] says which those are.
//!
//! # Without the standard library
//!
//! The crate is `no_std`. The feature `std` (default) chooses the instruction set at run time; `alloc` gives reading of files
//! and workspaces on the heap. Without both, nets run on embedded weights.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "std")]
extern crate std;

/// Compiles networks, declared in a few lines, to Rust. The [crate's page](crate#the-language) describes the language.
#[doc(inline)]
pub use cnn_macros::network;
pub use cnn_net::{graph, memory, op};
#[cfg(feature = "std")]
pub use cnn_runtime::exec::threads::Pool;
pub use cnn_runtime::network::steps::Step;
pub use cnn_runtime::network::{Network, WrongLength};
#[cfg(feature = "alloc")]
pub use cnn_runtime::{reference, trace, weights};

/// What emitted code calls. Not part of the interface: it changes with the compiler.
#[doc(hidden)]
pub mod __rt {
    pub use core::option::Option::{self, None, Some};
    pub use core::primitive::{f32, str, u8, u64, usize};
    pub use core::result::Result::{self, Ok};

    pub use cnn_net::graph::{Aux, Call, Graph, Node, Role, Tap, Tensor, Value};
    pub use cnn_net::memory::{Buffer, Holds, Memory};
    pub use cnn_net::op::{
        Activation, BatchNorm, Conv, Linear, Lrn, LrnWindow, Op, Padding, Pool, PreluPer, Shape, Size, Store,
    };
    pub use cnn_runtime::Checked;
    pub use cnn_runtime::exec::run::{Run, Threads};
    #[cfg(feature = "std")]
    pub use cnn_runtime::exec::threads::Pool as ThreadPool;
    pub use cnn_runtime::kernels::activation::{Activate, PreluMap, activate, prelu};
    pub use cnn_runtime::kernels::conv::{Conv2d, conv2d, conv2d_batch, depthwise2d};
    pub use cnn_runtime::kernels::dense::{
        Dense, dense, dense_batch, dense_f16, dense_f16_batch, dense_nonzero, dense_nonzero_f16,
    };
    pub use cnn_runtime::kernels::layout::{CopyMap, Halo, StoreChw, clear_halo, copy, load_chw, store_chw};
    pub use cnn_runtime::kernels::merge::{Merge, add, mul};
    pub use cnn_runtime::kernels::norm::{LrnMap, ScaleShift, lrn, scale_shift};
    pub use cnn_runtime::kernels::pool::{GlobalPool, Pool2d, avg_pool, global_avg_pool, global_max_pool, max_pool};
    pub use cnn_runtime::kernels::softmax::{SoftmaxMap, log_softmax, softmax};
    pub use cnn_runtime::kernels::strips::{Columns2d, Planar2d, Pooling, columns2d, planar2d};
    pub use cnn_runtime::kernels::winograd::{Winograd2d, winograd2d, winograd2d_batch};
    pub use cnn_runtime::network::steps::{Progress, Step};
    pub use cnn_runtime::network::{Network, WrongLength, exactly, exactly_images};
    pub use cnn_runtime::pack::{ColumnPanels, ConvPanels, DenseRows, DepthwiseTaps, WinogradPanels};
    pub use cnn_runtime::place::map::Map;
    pub use cnn_runtime::place::packed::{Aligned, Packed};
    pub use cnn_runtime::place::workspace::{Batch, Place, Workspace};
    #[cfg(feature = "std")]
    pub use cnn_runtime::weights::Files;
    #[cfg(feature = "alloc")]
    pub use cnn_runtime::weights::{Layout, Pack, Source, WeightsError};
    pub use cnn_runtime::{if_alloc, if_std};
    #[cfg(feature = "std")]
    pub use std::path::Path;
}
