//! The procedural macro of the [`cnn`](https://docs.rs/cnn) crate; the compiler itself is `cnn-compiler`.
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `onnx` | no | nets from ONNX and TFLite files |
//! | `train` | no | training steps |

#![forbid(unsafe_code)]

use proc_macro::TokenStream;

/// Compiles convolutional networks, declared in a few lines, to Rust. The language is described in the `cnn` crate.
#[proc_macro]
pub fn network(input: TokenStream) -> TokenStream {
    cnn_compiler::network(input.into()).into()
}
