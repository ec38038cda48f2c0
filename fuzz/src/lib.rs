//! The fuzz targets, each a function of bytes that panics if something is wrong.
//!
//! | target | meaning of the bytes |
//! | --- | --- |
//! | [`source`](source::expand) | the content of `network! { … }`, as text |
//! | [`nets`](nets::compile) | choices of a generator that knows the language |
//! | [`weights`](weights::load) | rules for names, and a file of weights |
//! | [`index`](index::open) | an index of shards |
//! | [`import`](import::import) | an ONNX file, or a TFLite file |
//! | [`exported`](import::exported) | a model by `cnn_export`, and its tensors |
//! | [`kernels`](kernels::run) | a kernel with its descriptor, weights and workspace |
//! | [`picture`](pictures::picture) | a PNG or JPEG file |
//! | [`drawing`](pictures::drawing) | sizes and strokes of a picture of a digit |
//! | [`preprocess`](preprocess::apply) | a description of inputs, and a picture |

#![forbid(unsafe_code)]

// Renamed to the facade's name, which the module of `models` uses. The facade itself would bring in the compiler for the host.
extern crate cnn_net as cnn;

mod choose;
pub mod import;
pub mod index;
pub mod kernels;
pub mod nets;
pub mod pictures;
pub mod preprocess;
pub mod source;
pub mod weights;

pub use choose::noise;

/// How pictures are read and decoded. Depending on its crate would bring in the compiler.
#[allow(dead_code, reason = "that crate uses the rest")]
#[path = "../../cnn-train/src/picture.rs"]
mod picture;

/// The module of `models` that needs no net.
#[allow(dead_code, reason = "the nets use the rest")]
#[path = "../../models/src"]
mod models {
    pub(crate) mod seeded;
}
