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
//! - `NameTrainer`, `NameParams` and `NameTrainerMemory`, with `#[train(batch = n)]`: see [Training](#training).
//! - `NameWorkspace`: the memory that the net computes in. Up to 128 KiB, it is a field of `Name`; a larger one is on
//!   the heap. `with_workspace(&weights, &mut workspace)` uses one that the caller provides.
//! - Implementations of [`Network`], for code that is generic over nets, and of [`DynNetwork`], for `Box<dyn DynNetwork>`.
//!
//! Inputs and outputs are arrays in the order channels, rows, columns, as in PyTorch. Data is `f32`.
//!
//! # The language
//!
//! `->` means "then". A statement ends in `;`, and the next one takes its result. The name before a step is the prefix of
//! its tensors' names: `conv1: conv(6, 5x5)` reads `conv1.weight` and `conv1.bias`. Groups `{ … }` and block calls add a
//! level to names; merges do not. An unnamed step is numbered by its position among its siblings, as in
//! `torch.nn.Sequential`, so the tensor names of any PyTorch model can be reproduced.
//!
//! ```
//! cnn::network! {
//!     /// Two convolutions, with the input added to their result (He et al. 2015).
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
//! | `Name: { left: 1x16x16, right: 2x8x8 } -> 5 { … }` | a net with several inputs, which `from left` and `from right` read: `forward(&left, &right)` |
//! | `Name: 3x64x64 -> { boxes: 4x8x8, scores: 10 } { … }` | a net with several outputs: `forward` returns a struct of references to arrays, `NameOutputs` |
//! | `Name = onnx("model.onnx");`, `Name = tflite("model.tflite");` | a net whose layers and weights are in an ONNX or a TFLite file: see [below](#models-in-onnx-and-tflite-files) |
//! | `Other = Name;` | a variant: the layers of a net with a body `{ … }`, under another name, with its own attributes |
//! | `block name(a, b = 2 * a) { … }` | a reusable part, called as `name(16)` or `name(16, b = 8)`; a parameter is a number, a size, a flag, a word, a layer, a path or a kept value, as the block uses it |
//! | `..name(16)` | the steps of a block, without a level of names |
//! | `const WIDTH = 32;` | a name for a number or a size, for all nets and blocks |
//! | `[step; n]` | the step `n` times, or several of them, `[step -> step; n]`; `name: [step; n]` names them `name.0`, `name.1`, … |
//! | `[name1..: step; n]` | the same, the first step named `name1`, `name2`, … |
//! | `concat { …; …; }` | branches that read the same input; their channels are concatenated |
//! | `add { …; …; }` `sub { …; …; }` `mul { …; …; }` `max { …; …; }` | their sum, the first minus the others, their product, their maximum; a `Cx1x1` branch is broadcast over whole maps, and a `1xHxW` branch over all channels |
//! | `skip` | as a branch, or at the start of one: the input itself |
//! | `keep name;` | keeps the value for `from`, in this body and in those inside it |
//! | `from name` | as a branch, or at the start of a branch or a statement: a kept value, or the value of a tap |
//! | `again name` | applies an earlier step to another value, with the same weights; `name` is its name in this body or an enclosing one, in quotes if it has dots |
//! | `output name;` | writes the value to an output that the net declares, and passes it on |
//! | `output name { … };` | the same, but writes the result of the steps in braces, whose tensors are called `name.…`; the next statement still takes the value before them |
//! | `tap name;` | keeps the value as an extra output |
//! | `aux name(weight = 0.3) { … }` | an auxiliary classifier, used only in training: counted separately and not run; `1 / 3` is a third |
//!
//! | layer | arguments (default) |
//! | --- | --- |
//! | `conv` | filters, size, `stride` (1), `pad` (0), `dilation` (1), `groups` (1), `bias` (true) |
//! | `conv_transpose` | filters, size, `stride` (1), `pad` (0), `output_pad` (0), `dilation` (1), `groups` (1), `bias` (true) |
//! | `linear` | features, `bias` (true), `store` (`f32`, or `f16`); flattens a `CxHxW` input in that order |
//! | `max_pool` `avg_pool` | size, `stride` (the size), `pad` (0), `dilation` (1), `ceil` (false), `count_include_pad` (true, `avg_pool` only) |
//! | `global_avg_pool` `global_max_pool` | turn maps into `Cx1x1` |
//! | `adaptive_avg_pool` `adaptive_max_pool` | size; the output's size; each of its pixels is the mean or the maximum of its part of the map, as in PyTorch |
//! | `channel_mean` `channel_max` | over the channels of each pixel: the output is `1xHxW` |
//! | `flatten` | turns maps into a vector, in the order C, H, W |
//! | `reshape` | shape; `CxHxW` or one number, of as many numbers as the input, in the order C, H, W |
//! | `channels` | range; `channels(0..16)` is the first 16 channels of maps, or features of a vector |
//! | `pixel_shuffle` `pixel_unshuffle` | factor; channels to pixels and back, in PyTorch's order |
//! | `channel_shuffle` | groups |
//! | `crop` | size; `HxW` is the middle, as torchvision's `CenterCrop`, and `(top, left, bottom, right)` are margins |
//! | `pad` | sides, `mode` (`zero`, `reflect` or `replicate`), `value` (0); sides are `1`, `1x2` or `(top, left, bottom, right)` |
//! | `upsample` `resize` | factor, size, `mode` (`nearest`, `bilinear` or `bicubic`), `align_corners` (false); as PyTorch's `interpolate` |
//! | `dropout` | `p` (0.5); does nothing at inference |
//! | `lrn` | `size` (5), `window` (`paper`, `torch` or `onnx`; required for even sizes, where they differ), `alpha` (1e-4), `beta` (0.75), `k` (2); as in the paper, alpha is not divided by the size |
//! | `batch_norm` | `eps` (1e-5), `momentum` (0.1) |
//! | `layer_norm` | `eps` (1e-5), `over` (`channels`, or `all`), `affine` (true); over the channels of each pixel, or over whole inputs like PyTorch's `LayerNorm([C, H, W])` |
//! | `group_norm` | groups, `eps` (1e-5), `affine` (true) |
//! | `instance_norm` | `eps` (1e-5), `affine` (false) |
//! | `rms_norm` | `eps` (1e-6), `over` (`channels`, or `all`), `affine` (true); PyTorch's `eps` is that of the type |
//! | `l2_norm` | `eps` (1e-12), `over` (`channels`, or `all`) |
//! | `grn` | `eps` (1e-6); global response normalisation, as in ConvNeXt V2: `x + x * weight * g / (mean(g) + eps) + bias`, where `g` is the length of each channel, over all pixels |
//! | `scale` | factor (learnt); without one, there is a learnt factor for each channel, in a tensor with the layer's own name |
//! | `prelu` | `per` (`channel`, or `element`) |
//! | `leaky_relu` `elu` | slope (0.01), alpha (1) |
//! | `selu` | `alpha` (1.6732632), `gamma` (1.050701), as in the paper |
//! | `gelu` | `approximate` (`none`, or `tanh`) |
//! | `hard_sigmoid` | `alpha` (1 / 6), `beta` (0.5), as in PyTorch |
//! | `hard_tanh` | `min` (-1), `max` (1) |
//! | `celu` | alpha (1) |
//! | `threshold` | threshold, value; numbers that are not above the threshold become the value |
//! | `glu` | multiplies the first half of the channels by the sigmoid of the second |
//! | `softmax` `log_softmax` | over the features, or over the channels of each pixel |
//! | `map` | function, `derivative` (`none`); paths of functions `fn(f32) -> f32`; the first is applied to each number: see [below](#your-own-functions-and-layers) |
//! | `custom` | type, shape, `scratch` (0), and a name for each tensor; a layer that you implement; with several inputs, `custom(…) { …; …; }` |
//! | `step sigmoid tanh relu relu6 softplus softsign silu mish hard_swish log_sigmoid identity` | |
//!
//! A step's name is a word, a number, or any text in quotes: `"block1-0": conv(8, 3x3)`.
//!
//! Sizes are `3x3`, `3 x k` or one number for both directions; height comes first. `pad` is a number, `HxW`,
//! `(top, left, bottom, right)`, `same`, or `same_lower`; a size that begins with a zero is written `(0, 3)`, since Rust
//! reads `0x3` as a hexadecimal number. Arguments can be whole-number arithmetic over a block's parameters and constants. Where an argument
//! may be fractional, as with `alpha`, the arithmetic is decimal, and `1 / 6` is a sixth. Attributes on a net: doc comments,
//! `#[weights("…")]`, `#[batch(n)]`, `#[algorithm(exact)]`, `#[algorithm(folded)]`, `#[store(f16)]`, `#[memory(small)]`,
//! `#[workspace(max = …)]`, `#[train(batch = n)]`, `#[cfg(…)]` and lint levels.
//!
//! If the crate has another name in your `Cargo.toml`, or another crate re-exports it, `#![crate = "path::to::cnn"]` before
//! all nets tells emitted code where to find it. In your own macros, write the path without quotes:
//! `#![crate = $crate::cnn]`.
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
//! With `#[batch(8)]` a pass takes 8 images: `forward` reads `&[[f32; N]; 8]` and returns 8 outputs. Layers with large maps
//! run image by image, in memory that the images share; fully connected layers and convolutions over few pixels process all
//! images together, so their weights are read once per pass. The exception is layers with few weights between large maps that
//! would have to be kept meanwhile, as in squeeze and excitation. `forward_partial` and `run` take fewer images, and
//! [`run_each`](Network::run_each) takes any number of them from an iterator.
//!
//! To compile the same net with different attributes, declare a variant, `Other = Name;`. It has the layers of `Name`, which
//! must be a net with a body in the same `network!`, before or after the variant. It inherits no attributes: the doc comments,
//! `#[weights]` and `#[cfg]` of `Name` do not apply. It reads the same weight files as `Name`. If it differs from `Name`, or
//! from an earlier variant, only in its batch size, the two also share packed weights: `OtherWeights` is then the same type.
//! (It is another type if it embeds a file itself, limits its workspace, has another visibility, or if a `#[cfg]` could remove
//! the first net.)
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
//! let weights = DigitsWeights::from_safetensors(&file)?;
//! let (mut single, mut batch) = (Digits::new(&weights), DigitsBatch8::new(&weights));
//! let score: &[f32; 10] = single.forward(&[0.5; 28 * 28]);
//! let scores: &[[f32; 10]; 8] = batch.forward(&[[0.5; 28 * 28]; 8]);
//! let three: &[[f32; 10]] = batch.forward_partial(&[[0.5; 28 * 28]; 3])?;
//! # assert_eq!((score.len(), three.len()), (10, 3));
//! # Ok(())
//! # }
//! ```
//!
//! # Your own functions and layers
//!
//! `map(path::to::f)` applies a function `fn(f32) -> f32` to each number, and `custom(path::to::Type, 16x8x8)` is a layer
//! computed by a type that implements [`Custom`](custom::Custom). Both are planned, traced, drawn and counted like all other
//! layers. Paths are resolved at the declaration.
//!
//! ```
//! use cnn::custom::{Custom, Shape, Tensor};
//!
//! /// Mish (Misra 2019), with one exponential: `tanh(ln(1 + e))` is `(e² + 2e) / (e² + 2e + 2)`.
//! fn mish_fast(x: f32) -> f32 {
//!     let e = x.min(20.0).exp();
//!     let squares = e * (e + 2.0);
//!     x * squares / (squares + 2.0)
//! }
//!
//! /// Two more channels, in which each pixel has its row and its column, each times a learnt factor: what a convolution needs
//! /// to know where it is (Liu et al. 2018).
//! struct Coordinates<const C: usize, const H: usize, const W: usize>;
//!
//! impl<const C: usize, const H: usize, const W: usize> Custom<1, 1> for Coordinates<C, H, W> {
//!     const INPUTS: [Shape; 1] = [Shape::map(C, H, W)];
//!     const OUTPUT: Shape = Shape::map(C + 2, H, W);
//!     const TENSORS: [Tensor; 1] = [Tensor::new("weight", [2])];
//!
//!     fn forward([input]: [&[f32]; 1], [weight]: [&[f32]; 1], _: &mut [f32], output: &mut [f32]) {
//!         let (copy, places) = output.split_at_mut(C * H * W);
//!         copy.copy_from_slice(input);
//!         let (rows, columns) = places.split_at_mut(H * W);
//!         for (pixel, (row, column)) in rows.iter_mut().zip(columns).enumerate() {
//!             *row = weight[0] * (pixel / W) as f32;
//!             *column = weight[1] * (pixel % W) as f32;
//!         }
//!     }
//! }
//!
//! cnn::network! {
//!     block located(channels, filters) {
//!         coord: custom(Coordinates<channels, 8, 8>, channels + 2 x 8 x 8, weight = 2);     // the tensor coord.weight
//!         conv: conv(filters, 3x3, pad = 1) -> map(mish_fast);
//!     }
//!
//!     Located: 3x8x8 -> 10 {
//!         a: located(3, 16) -> b: located(16, 16);
//!         global_avg_pool -> fc: linear(10);
//!     }
//! }
//! # fn main() {
//! # assert!((mish_fast(1.0) - 0.865_098_4).abs() < 1e-6);
//! # assert_eq!(Located::GRAPH.nodes[0].tensors[0].name, "a.coord.weight");
//! # let weights = LocatedWeights::from_safetensors(&models::seeded::weights(Located::GRAPH, "")).unwrap();
//! # assert_eq!(Located::new(&weights).forward(&[0.5; 3 * 64]).len(), 10);
//! # }
//! ```
//!
//! The declaration states what the compiler must know but can't read from a type: the shape of the output, `weight = 16x3` for
//! each tensor, `mean = buffer(16)` for one that is not trained, and `scratch = 64` for 64 floats of scratch memory. rustc checks
//! these against the type, and reports a mismatch at the argument. In angle brackets, parameters of blocks and constants of the
//! declaration are numbers, and `{ 2 * c }` is arithmetic; everything else is plain Rust. A layer reads and writes slices, so it
//! need not allocate; whether `forward` can panic now depends on your code too. `MACS` does not count the multiplications of such
//! a layer.
//!
//! # Weights
//!
//! A weight file is a state dict as PyTorch saves it:
//!
//! ```python
//! from safetensors.torch import save_file
//! save_file(model.state_dict(), "weights.safetensors")
//! ```
//!
//! A tensor may have more or fewer dimensions of 1 than declared: `[f, c, k]` of a convolution over a sequence, `[o, i, 1, 1]` of a
//! linear layer. F32, F16 and BF16 are read; batch normalisation and `scale` are folded into the weights before them;
//! `num_batches_tracked` is ignored.
//!
//! - `from_safetensors(&bytes)` reads a file in memory.
//! - `from_safetensors_with(&bytes, &[("module.*", "*")])` renames tensors first; this rule removes a prefix.
//! - `open(path)` reads a file, or the shards that an index (`model.safetensors.index.json`) names, a few rows at a time, and
//!   needs little more memory than the packed weights. If a file changes meanwhile, either the weights are those it held at
//!   one moment, or an error names it.
//! - `load(&source)` is the general form: a [`Source`](weights::Source) holds files, renaming rules, and a progress
//!   listener.
//!
//! # Weights in half precision
//!
//! A fully connected layer uses each weight once per image, so it is bound by memory bandwidth. `linear(4096, store = f16)`
//! stores the weights in half precision, and multiplies and sums in `f32`; `#[store(f16)]` above a net applies to all its
//! fully connected layers without `store = f32`. Such weights take half the memory, on the heap and in the binary. With
//! AVX2 or AVX-512, a large layer takes 0.53 to 0.6 of the time (AlexNet's three take 3.1 instead of 5.3 ms); the portable
//! kernels, which have no conversion instruction, take three times as long.
//!
//! Half precision is never the default, since it costs accuracy: weights are rounded to 11 bits, after any batch normalisation
//! has been folded into them. A layer's results are then off by 2e-4 of their size (RMS), and AlexNet's logits, after three
//! such layers, by up to 4.2e-4 of the largest. A weight beyond 65504 is an error in the file. [`trace`] rounds as the net
//! does, but folds nothing; [`mod@reference`] computes with the weights in the file.
//!
//! # Weights in the binary
//!
//! With `#[weights("weights.safetensors")]` above the net (the path is relative to the crate's root; a shard index works too)
//! the file is checked when the crate is compiled, and its weights are packed into the binary. `Name::embedded()` then
//! needs no file, no loading and no error handling; for a net with a small workspace it is a `const fn`. The crate is rebuilt
//! when the file changes. `#[weights("weights.safetensors", rename("module.*" => "*"))]` renames tensors.
//!
//! The cost: the binary grows by the packed weights, which are about as large as the file in F32. They are paged in from the
//! binary as they are used, and never copied to the heap; nets with the same weights share them. Up to a megabyte is a
//! literal in the emitted code. Larger weights are packed into a file next to rustc's own output, named by a hash of its
//! contents: packing 100 MB takes some 0.3 s if `cnn-runtime` is optimised (see [Speed](#speed)). Where binaries are ELF
//! (Linux, Android, FreeBSD, bare metal), the assembler includes that file, which for 100 MB takes about half a second and
//! 600 MB of memory; elsewhere `include_bytes!` does, in 5 s and 1.5 GB. `global_asm!` counts as unsafe code, so a crate that
//! forbids that must use `deny(unsafe_code)` instead of `forbid`.
//!
//! The file stays there until the net's weights change, since link-time optimisation reads it again. `cargo check`, rustdoc
//! and editors pack nothing: they check the file, and only a build finds values that overflow when they are packed. If rustc
//! writes straight into a folder that all users share, such as the one for temporary files, no file is kept: all weights are
//! then a literal, which takes 10 s and 2 GB for 100 MB.
//!
//! Without cargo, which sets `CARGO_MANIFEST_DIR`, paths are relative to the folder that rustc runs in.
//!
//! # Models in ONNX and TFLite files
//!
//! With the feature `onnx`, a net can come from a file: `pub Net = onnx("model.onnx");`. The file is read and compiled while rustc
//! runs, as if you had pasted in the declaration that `cnn import` writes, and its weights are embedded. Attributes, doc comments and
//! variants work as for any net.
//!
//! ```
//! cnn::network! {
//!     /// The size of its input is not fixed in the file.
//!     pub Small = onnx("cnn-macros/tests/onnx/of_open_size.onnx", input = 3x16x16);
//!
//!     #[batch(8)]
//!     pub SmallBatch8 = Small;
//! }
//! # fn main() {
//! let scores: [f32; 5] = *Small::embedded().forward(&[0.5; 3 * 16 * 16]);
//! # assert_eq!(SmallBatch8::embedded().forward(&[[0.5; 3 * 16 * 16]; 8])[7], scores);
//! # }
//! ```
//!
//! The path is relative to the crate's root. The crate is rebuilt when the file changes, or a file next to it that holds its
//! tensors. Layers and weights are a snapshot of the file at one moment. Blocks that the importer finds are private to the net.
//!
//! - `input = 3x224x224` gives the shape of the input where the file leaves it open; the batch size comes from
//!   `#[batch(n)]`.
//! - `weights = load` embeds no weights. `NameWeights` loads them from the file that
//!   `cnn import model.onnx -w weights.safetensors` writes.
//! - `#[weights("tuned.safetensors")]` above the net embeds the weights of another file instead.
//! - A variant, `Other = Name;`, has the layers and the weights of the file.
//! - `tflite("model.tflite")` is the same for a TFLite file in single or half precision. Its maps are H x W x C; inputs and outputs of
//!   the net are C x H x W, as always.
//!
//! If parts of a model can't be declared, an error at the path lists all of them. Importing large models is slow in debug builds,
//! unless `cnn-import` is optimised in the same way as `cnn-runtime` (see [Speed](#speed)).
//!
//! # Layer by layer
//!
//! `forward` fuses layers, so most layers' outputs are never materialised. [`trace`] runs a net as declared, with the
//! same kernels, and hands out every value; [`trace::resolve`] finds values by the names of PyTorch's modules.
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
//! Convolutions of 3x3, 4x4 and 5x5, and larger strided ones (7x7 with stride 2, 11x11 with stride 4), use Winograd's algorithm where
//! that is faster. Its rounding errors are larger than those of a direct sum, so the compiler estimates how they affect each net's
//! output, and computes the layers that matter most directly or in smaller tiles: logits are accurate to within 5e-6 of their largest
//! magnitude. Batch normalisations can amplify the rounding errors of any engine beyond that; such a net may have 1.75 times the
//! estimated error of the direct algorithm. Transformed weights take more memory. `#[algorithm(exact)]` above a net turns Winograd's
//! algorithm off: ResNet-50's packed weights then take 102 MB instead of 176 MB, and a pass takes a third longer.
//! `#[algorithm(folded)]` says that batch normalisation is already folded into the weights of convolutions with a bias, as in models
//! exported for inference; `cnn import` writes it for such files.
//!
//! Kernels use AVX-512, or AVX2 with FMA and F16C, where the CPU has them; the choice is made at run time. They are
//! compiled in `cnn-runtime`: optimise that crate in debug builds too, or nets will be slow:
//!
//! ```toml
//! [profile.dev.package.cnn-runtime]
//! opt-level = 3
//! ```
//!
//! # In programs
//!
//! A net borrows its weights or shares ownership of them. With an `Arc` it borrows nothing: it can be a field next to them,
//! move to another thread, and take new weights while it is in use.
//!
//! ```
//! use std::error::Error;
//! use std::sync::Arc;
//!
//! use cnn::{DynNetwork, Network, Numbers};
//! use models::{LeNet5, LeNet5Weights, Mlp};
//!
//! /// A worker of a server.
//! struct Worker {
//!     weights: Arc<LeNet5Weights>,
//!     net: LeNet5<'static>,
//! }
//!
//! impl Worker {
//!     fn new(weights: Arc<LeNet5Weights>) -> Self {
//!         Self { net: LeNet5::new(&weights), weights }
//!     }
//!
//!     /// Other weights from the next pass on. The old ones are freed when their last owner lets go of them.
//!     fn replace(&mut self, weights: Arc<LeNet5Weights>) {
//!         self.net.set_weights(&weights);
//!         self.weights = weights;
//!     }
//! }
//!
//! /// Loads, builds and runs any net.
//! fn largest<N: Network>(file: &[u8], pixels: &[f32]) -> Result<f32, Box<dyn Error>> {
//!     let mut net = N::new(Arc::new(N::weights(file)?));
//!     let mut input = N::Input::boxed();
//!     input.floats_mut().copy_from_slice(pixels);
//!     Ok(net.forward(&input).floats().iter().copied().fold(f32::MIN, f32::max))
//! }
//!
//! # fn main() -> Result<(), Box<dyn Error>> {
//! # let file = models::seeded::weights(LeNet5::GRAPH, "");
//! # let mut worker = Worker::new(Arc::new(LeNet5Weights::from_safetensors(&file)?));
//! # worker.replace(Arc::new(LeNet5Weights::from_safetensors(&models::seeded::weights(LeNet5::GRAPH, "other"))?));
//! # assert!(largest::<LeNet5>(&file, &[0.5; LeNet5::INPUT_LEN])? > 0.0);
//! # assert_eq!(Arc::strong_count(&worker.weights), 2);
//! # let mlp = Arc::new(Mlp::weights(&models::seeded::weights(Mlp::GRAPH, ""))?);
//! let nets: Vec<Box<dyn DynNetwork + Send>> = vec![Box::new(LeNet5::embedded()), Box::new(Mlp::new(mlp))];
//! for mut net in nets {
//!     let mut scores = vec![0.0; net.output_len()];
//!     net.run_into(&vec![0.0; net.input_len()], &mut scores)?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A workspace can be held in several ways: `LeNet5::with_workspace` takes a `NameWorkspace` by value or by `&mut`, a `Box`
//! from `NameWorkspace::boxed()`, which never touches the stack, or the guard of a `Mutex`. A `static` workspace is all zeros,
//! so it takes no space in the executable. Nets that don't run at the same time can share one.
//!
//! # Training
//!
//! With the feature `train`, `#[train(batch = 64)]` above a net compiles a training step as well: the forward pass, which keeps what the gradients need, the loss,
//! the backward pass, and an update of every tensor, in memory planned at compile time. A step allocates nothing.
//!
//! ```
//! cnn::network! {
//!     #[train(batch = 8)]
//!     pub Digits: 1x12x12 -> 10 {
//!         conv1: conv(8, 3x3, bias = false) -> bn1: batch_norm -> relu -> max_pool(2x2);
//!         flatten -> dropout(0.2) -> fc: linear(10) -> softmax;
//!     }
//! }
//!
//! use cnn::train::{Decay, Sgd, schedule};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (images, labels) = ([[0.5; 144]; 8], [3; 8]);
//! let sgd = Sgd::new(0.9).weight_decay(5e-4).decaying(Decay::Weights);
//! let mut trainer = DigitsTrainer::new(DigitsParams::init(42), sgd);
//! # let mut first = 0.0;
//! for step in 0..20 {
//!     let score = trainer.step(&images, &labels, schedule::cosine(0.05, 0.0, 20, step)); // &[[f32; 144]; 8], &[u32; 8]
//! #   if step == 0 { first = score.loss }
//! }
//! let score = trainer.evaluate(&images, &labels); // any number of images, as at inference
//! # assert!(score.loss < first);
//!
//! let weights: DigitsWeights = trainer.weights(); // folded and packed, to run
//! let mut net = Digits::new(&weights);
//! let scores = net.forward(&images[0]);
//! let file: Vec<u8> = trainer.to_safetensors(); // PyTorch loads it, and `DigitsParams::from_safetensors`
//! # assert!(scores.iter().all(|score| score.is_finite()));
//! # DigitsParams::from_safetensors(&file)?;
//! # Ok(())
//! # }
//! ```
//!
//! Everything means what it means in PyTorch: batch normalisation uses the statistics of the minibatch and updates its running statistics;
//! dropout is active; the losses of `aux` classifiers are added, each times its weight. [`Trainer::grad`](step::Trainer::grad) gives
//! gradients by the names of their tensors. From a [`Trainer::checkpoint`](step::Trainer::checkpoint), training resumes bit for bit, and
//! [`Trainer::with_pool`](step::Trainer::with_pool) runs steps on several threads, also bit for bit.
//!
//! | option | meaning |
//! | --- | --- |
//! | `batch = 64` | images of a minibatch |
//! | `loss = cross_entropy` | the default: targets are classes, for maps one per pixel; replaces a final `softmax` |
//! | `loss = cross_entropy(smoothing = 0.1)` | with a tenth of each target spread over all classes |
//! | `loss = mean_squared` | targets are numbers; replaces a final `step` |
//! | `loss = binary_cross_entropy` | targets are probabilities; replaces a final `sigmoid` |
//! | `loss(digit = cross_entropy, corners = mean_squared(weight = 0.1))` | a loss for each output, by name; their sum is minimised, and any of them can have a weight |
//! | `only("fc")` `except("conv*", "bn1")` | the layers to train, by their own names or those of the groups they are in; `*` matches any text. The others run as at inference, and have no gradients |
//!
//! Several outputs are compared with several targets, the fields of a struct:
//!
//! ```
//! cnn::network! {
//!     #[train(batch = 8, loss(digit = cross_entropy, corners = mean_squared(weight = 0.1)))]
//!     pub Find: 1x28x28 -> { digit: 10, corners: 8 } {
//!         conv1: conv(8, 3x3) -> relu -> max_pool(2x2) -> fc: linear(32) -> relu;
//!         keep features;
//!         fc1: linear(10);
//!         output digit;
//!         from features -> fc2: linear(8);
//!         output corners;
//!     }
//! }
//!
//! # fn main() {
//! # let images = [[0.5; 784]; 8];
//! let mut trainer = FindTrainer::new(FindParams::init(42), cnn::train::Sgd::new(0.9));
//! let targets = [FindTarget { digit: 3, corners: [0.25; 8] }; 8];
//! let score = trainer.step(&images, &targets, 0.05);
//! let [digit, corners] = trainer.scores() else { unreachable!() }; // what made up the loss
//! # assert!((digit.loss + corners.loss - score.loss).abs() < 1e-9);
//! let found = FindOutputs::from(trainer.predict(&images[0]));
//! # assert_eq!(found.digit.len(), 10);
//! # }
//! ```
//!
//! ## Without an allocator
//!
//! A trainer can use memory that you provide, for example in a `static`: a `NameTrainerMemory` for its optimiser. Then training needs no
//! allocator at all, and gives the same bits. [`embedded_in`](step::Trainer::embedded_in) starts from the weights in the binary, and
//! [`init_in`](step::Trainer::init_in) from a seed.
//!
//! ```
//! use cnn::train::{Init, Sgd};
//!
//! cnn::network! {
//!     #[weights("models/weights/lenet5.safetensors")]
//!     #[train(batch = 1, only("fc3"))]
//!     LeNet5: 1x32x32 -> 10 {
//!         conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
//!         conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
//!         fc1: linear(120) -> tanh;
//!         fc2: linear(84) -> tanh;
//!         fc3: linear(10) -> softmax;
//!     }
//! }
//!
//! # fn main() {
//! # let image = [0.5; 32 * 32];
//! let mut memory: LeNet5TrainerMemory = LeNet5TrainerMemory::new(); // zeros: in a `static`, they take no room in the program file
//! let mut trainer = LeNet5Trainer::embedded_in(&mut memory, Sgd::new(0.9));
//! trainer.step(&[image], &[3], 0.01);
//! let scores: &[f32; 10] = trainer.predict(&image); // by the weights as they are now
//! # assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-5);
//!
//! for (name, numbers) in trainer.tensors() {
//!     // fc3.weight, fc3.bias: to keep them in flash, for `tensor_mut(name)` when the device starts again
//! #   assert!(name.starts_with("fc3.") && numbers.len() >= 10);
//! }
//! let trainer = trainer.redrawn(Init::Torch, 42); // the trained layers forget: for other classes
//! # assert_eq!(trainer.steps(), 1);
//! # assert!(LeNet5Trainer::<Sgd>::MEMORY_BYTES < 48 << 10);
//! # }
//! ```
//!
//! The weights of the frozen layers that precede all trained ones are packed once. If they are embedded, they stay in the binary, so a
//! step's memory holds the other tensors, their gradients, the optimiser's state, and a workspace for each image. Without an
//! allocator, there are no files: save [`tensors`](step::Trainer::tensors), [`states`](step::Trainer::states) and
//! [`steps`](step::Trainer::steps) to resume training.
//!
//! | constant of a trainer | bytes of |
//! | --- | --- |
//! | `TRAIN_BYTES` | a step's memory, without the optimiser's state |
//! | `MEMORY_BYTES` | a `NameTrainerMemory`: the same, with the optimiser's state |
//! | `TRUNK_BYTES` | the packed weights of the frozen layers that precede all trained ones: in the binary, or on the heap |
//!
//! `cnn plan NET --train` lists a step's kernels and its memory, and `cnn diagram NET --memory --train` charts that memory over
//! time.
//!
//! Tensors are in single precision, whatever `store` says. A `map` needs the path of its
//! function's derivative, `map(f, derivative = df)`, and the type of a `custom` must implement [`Backward`](custom::Backward), unless
//! nothing before these layers is trained.
//!
//! # Small targets
//!
//! The fastest plan is not the smallest: Winograd's algorithm computes in scratch memory, and its weights are larger.
//! `#[memory(small)]` gives a net the smallest workspace, and `#[workspace(max = 32_768)]` the fastest plan that fits; if
//! none does, that is a compile error.
//!
//! ```
//! cnn::network! {
//!     pub Fast: 3x32x32 -> 10 {
//!         stem: conv(16, 3x3, pad = 1) -> relu -> conv2: conv(16, 3x3, pad = 1) -> relu;
//!         global_avg_pool -> fc: linear(10);
//!     }
//!
//!     #[memory(small)]
//!     pub Small = Fast;
//!
//!     #[workspace(max = 250_000)]
//!     pub Bounded = Fast;
//! }
//! # fn main() {
//! assert!(Fast::WORKSPACE_BYTES > 400_000);
//! assert!(Bounded::WORKSPACE_BYTES <= 250_000);
//! assert!(Small::WORKSPACE_BYTES < 140_000);
//! # }
//! ```
//!
//! # Threads
//!
//! A net runs on the calling thread. With a [`Pool`], kernels with enough work are split over the pool's threads.
//! Results are bit-identical for any number of threads, and a pass still allocates nothing.
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
//! Use no more threads than there are cores to spare. The threads of a pool spin for 50 µs after each kernel, which makes
//! splitting cheap, and sleep if no other kernel follows. If another thread is running a net on the same pool, a kernel is not
//! split. For many images, one net per thread without a pool gives higher throughput; a pool reduces the latency of a single
//! image.
//!
//! [`DynNetwork::profile`] reports when each kernel of a pass finishes; [`Network::STEPS`] lists these kernels.
//!
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
//! The crate is `no_std`. Without features, nets run on embedded weights and train in the caller's memory; kernels use the instructions
//! of the compilation target.

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
    pub use cnn_runtime::{if_alloc, if_std, load_weights, net_methods, network_methods};
}
