//! placeholder

#![no_std]
#![forbid(unsafe_code)]

pub use cnn_macros::network;
pub use cnn_runtime::network::{Network, WrongLength};
pub use cnn_runtime::{graph, op};
#[cfg(feature = "alloc")]
pub use cnn_runtime::{reference, weights};

/// What emitted code calls. Not part of the interface: it changes with the compiler.
#[doc(hidden)]
pub mod __rt {
    pub use cnn_runtime::activation::{Activate, PreluMap, activate, prelu};
    pub use cnn_runtime::conv::{Conv2d, Depthwise2d, conv2d, depthwise2d};
    pub use cnn_runtime::dense::{Dense, dense};
    pub use cnn_runtime::graph::{Aux, Call, Graph, Node, Role, Tap, Tensor, Value};
    pub use cnn_runtime::if_alloc;
    pub use cnn_runtime::isa::Isa;
    pub use cnn_runtime::join::{add, clear_halo, copy, load_chw, mul, store_chw};
    pub use cnn_runtime::map::Map;
    pub use cnn_runtime::network::{Network, WrongLength};
    pub use cnn_runtime::norm::{LrnMap, ScaleShift, lrn, scale_shift};
    pub use cnn_runtime::op::{Activation, BatchNorm, Conv, Linear, Lrn, Op, Padding, Pool, PreluPer, Shape, Size};
    pub use cnn_runtime::pack::{ConvPanels, DepthwiseTaps};
    pub use cnn_runtime::packed::{Aligned, Packed};
    pub use cnn_runtime::pool::{Pool2d, avg_pool, global_avg_pool, global_max_pool, max_pool};
    pub use cnn_runtime::softmax::{log_softmax, softmax};
    #[cfg(feature = "alloc")]
    pub use cnn_runtime::weights::{Layout, Pack, WeightsError};
    pub use cnn_runtime::workspace::{Place, Workspace};
}
