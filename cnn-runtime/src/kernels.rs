//! A descriptor and a kernel for each kind of layer.

pub mod activation;
pub mod conv;
mod conv2d;
pub mod dense;
mod epilogue;
pub mod gemm;
pub mod layout;
pub mod merge;
pub mod norm;
pub mod pool;
pub mod softmax;
pub mod strips;
mod transform;
pub mod winograd;
