//! [`Optimised`] to [`Plan`]: kernels with all their numbers, one workspace, one array of packed weights.

mod arena;
mod calls;
mod layout;
mod recipe;

use cnn_runtime::activation::{Activate, PreluMap};
use cnn_runtime::conv::Conv2d;
use cnn_runtime::dense::Dense;
use cnn_runtime::graph::Graph;
use cnn_runtime::map::Map;
use cnn_runtime::norm::{LrnMap, ScaleShift};
use cnn_runtime::op::{Activation, Padding};
use cnn_runtime::pool::Pool2d;
use cnn_runtime::weights::Pack;

use crate::describe::describe;
use crate::optimise::Optimised;

pub use arena::Buffer;
pub(crate) use arena::round_up;

/// A net as the kernels that run it.
pub struct Plan {
    /// The net's steps.
    pub(crate) net: Optimised,
    /// The kernels, in order.
    pub calls: Vec<Call>,
    /// How the weights are packed.
    pub recipe: Vec<Pack>,
    /// Floats of packed weights.
    pub packed_len: usize,
    /// Floats of the workspace.
    pub workspace_len: usize,
    /// The most floats that are alive at once: no workspace could be smaller.
    pub lower_bound: usize,
    /// The buffers in the workspace.
    pub buffers: Vec<Buffer>,
    /// Where the output is, in the order channels, rows, columns.
    pub output: Range,
    /// Where the taps are, in their order.
    pub taps: Vec<Range>,
}

/// Floats next to each other in the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first one.
    pub offset: usize,
    /// How many.
    pub len: usize,
}

/// One kernel call.
pub struct Call {
    /// The name of the layer.
    pub name: String,
    /// The node that it computes or serves; none for the net's input.
    pub node: Option<usize>,
    /// What the call does, for the reader of the emitted code: `1x32x32 -> 6x28x28`.
    pub doc: String,
    /// The kernel and its numbers.
    pub kernel: Kernel,
}

/// A kernel and its numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// The net's input into the workspace.
    LoadChw(Map),
    /// Zeros around a map.
    ClearHalo(Map, Padding),
    /// A value into the order channels, rows, columns.
    StoreChw(Map, usize),
    /// One map into another.
    Copy(Map, Map),
    /// Convolution.
    Conv2d(Conv2d),
    /// Depthwise convolution.
    Depthwise2d(Conv2d),
    /// Fully connected layer.
    Dense(Dense),
    /// Maximum over a window.
    MaxPool(Pool2d),
    /// Mean over a window.
    AvgPool(Pool2d),
    /// Maximum over each map.
    GlobalMaxPool(Map, Map),
    /// Mean over each map.
    GlobalAvgPool(Map, Map),
    /// Local response normalisation.
    Lrn(LrnMap),
    /// A batch normalisation that could not be folded.
    ScaleShift(ScaleShift),
    /// Learnt slopes.
    Prelu(PreluMap),
    /// An element-wise function.
    Activate(Activate),
    /// Softmax over the channels.
    Softmax(Map, Map),
    /// Its logarithm.
    LogSoftmax(Map, Map),
    /// Sum.
    Add(Vec<Map>, Map, Activation),
    /// Product.
    Mul(Vec<Map>, Map, Activation),
}

/// Plans a net.
pub fn plan(net: Optimised) -> Plan {
    let layout = layout::layout(&net);
    let (recipe, packed_len) = recipe::recipe(&net);
    calls::calls(net, layout, recipe, packed_len)
}

impl Plan {
    /// Hands the description of the net, as it was declared, to `read`.
    pub fn describe<R>(&self, name: &str, doc: &str, read: impl FnOnce(&Graph<'_>) -> R) -> R {
        describe(name, doc, &self.net.shaped, read)
    }
}
