//! A descriptor and a kernel for each kind of layer.

pub mod activation;
pub mod conv;
pub mod dense;
pub mod gemm;
pub mod join;
pub mod norm;
pub mod pool;
pub mod softmax;
pub mod winograd;
