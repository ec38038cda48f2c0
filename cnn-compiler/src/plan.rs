//! [`Optimised`] to [`Plan`]: kernels with all their numbers, one workspace, one array of packed weights.

mod accuracy;
mod algorithm;
mod arena;
mod batch;
mod calls;
mod layout;
mod pooling;
mod recipe;

use cnn_net::graph::Graph;
use cnn_net::op::{Activation, Op, Padding, Store};
use cnn_runtime::kernels::activation::{Activate, PreluMap};
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::dense::Dense;
use cnn_runtime::kernels::norm::{LrnMap, ScaleShift};
use cnn_runtime::kernels::pool::Pool2d;
use cnn_runtime::kernels::strips::{Columns2d, Planar2d};
use cnn_runtime::kernels::winograd::Winograd2d;
use cnn_runtime::place::map::Map;
use cnn_runtime::weights::Pack;

use crate::describe::describe;
use crate::optimise::{Fused, Optimised, Step, StepKind, ValueId};

use self::accuracy::Model;
use self::algorithm::{Algorithm, Choice};

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
    /// Floats of the workspace of an image.
    pub workspace_len: usize,
    /// Floats from the workspace of an image to that of the next one of a batch, which overlaps it: `plan/batch.rs` says how.
    pub distance: usize,
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
    /// Whether it takes all images of a batch, if its kernel can.
    pub shared: bool,
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
    /// Convolution of few filters over a single channel.
    Planar2d(Planar2d),
    /// Convolution by Winograd's algorithm.
    Winograd2d(Winograd2d),
    /// Convolution by Winograd's algorithm along columns.
    Columns2d(Columns2d),
    /// Depthwise convolution.
    Depthwise2d(Conv2d),
    /// Fully connected layer.
    Dense {
        /// Its numbers.
        layer: Dense,
        /// How its weights are stored.
        store: Store,
        /// Whether zeros of its input are left out.
        nonzero: bool,
    },
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

/// Plans a net for so many images a pass; `exact` turns algorithms off that compute another sum than the one that is written
/// down.
pub fn plan(net: Optimised, exact: bool, images: usize) -> Plan {
    let stream = algorithm::stream(net.weight_bytes());
    let model = Model::of(&net);
    let choices = net.steps.iter().map(|step| {
        let choices = net.choices(step, stream, exact, images);
        choices.into_iter().map(|choice| model.error(step.inputs[0], choice)).collect()
    });
    let algorithms = accuracy::settle(&model, &choices.collect::<Vec<_>>());
    let mut net = Chosen { net, algorithms };
    net.fuse_pools();
    let layout = layout::layout(&net);
    let (recipe, packed_len) = recipe::recipe(&net);
    let batch = net.batch(images);
    calls::calls(net, layout, batch, recipe, packed_len)
}

/// A net with an algorithm for each of its steps.
struct Chosen {
    net: Optimised,
    /// That of each step; direct, where there is nothing to choose.
    algorithms: Vec<Algorithm>,
}

impl Optimised {
    /// Bytes of all weights that run, as they are declared.
    fn weight_bytes(&self) -> usize {
        let tensors = self.steps.iter().flat_map(|step| &self.shaped.tensors[step.node]);
        tensors.map(|tensor| tensor.shape.iter().product::<usize>() * size_of::<f32>()).sum()
    }

    /// The ways to compute a step that has weights, the fastest first, where a byte of them costs `stream`; none for others.
    fn choices(&self, step: &Step, stream: f64, exact: bool, images: usize) -> Vec<Choice> {
        let input = step.inputs[0];
        let (fused, conv) = match (&step.kind, &self.shaped.graph.nodes[step.node].op) {
            (StepKind::Conv(fused), Op::Conv(conv)) => (fused, conv),
            (StepKind::Linear(_), Op::Linear(linear)) => {
                let zeros = images == 1 && self.has_zeros(input);
                return vec![algorithm::linear(linear, self.values[input], stream, zeros)];
            }
            _ => return Vec::new(),
        };
        let (channels, output) = (self.values[input].channels(), self.values[step.output].size());
        // Nothing lies between pixels, nothing is added.
        let plain = !fused.residual && !self.is_joined(input);
        let mut choices = if plain && Planar2d::fits(conv, channels, output) {
            algorithm::planar(conv, output)
        } else {
            algorithm::choices(conv, channels, output, stream, plain)
        };
        choices.retain(|choice| !exact || choice.algorithm.is_exact());
        choices
    }

    /// Whether many elements of a value are zero, since a ReLU computed them.
    fn has_zeros(&self, value: ValueId) -> bool {
        let Some(step) = self.steps.iter().find(|step| step.output == value) else { return false };
        match step.kind {
            StepKind::Conv(Fused { activation, .. })
            | StepKind::Linear(Fused { activation, .. })
            | StepKind::Activate { activation }
            | StepKind::ScaleShift { activation }
            | StepKind::Add { activation }
            | StepKind::Mul { activation } => matches!(activation, Activation::Relu | Activation::Relu6),
            StepKind::MaxPool | StepKind::Flatten | StepKind::Lrn | StepKind::Concat => {
                step.inputs.iter().all(|input| self.has_zeros(*input))
            }
            StepKind::AvgPool
            | StepKind::GlobalAvgPool
            | StepKind::GlobalMaxPool
            | StepKind::Prelu
            | StepKind::Softmax
            | StepKind::LogSoftmax => false,
        }
    }

    /// Whether a value is a part of a concat, between whose channels those of others lie.
    fn is_joined(&self, value: ValueId) -> bool {
        self.steps.iter().any(|step| step.kind == StepKind::Concat && step.inputs.contains(&value))
    }
}

impl Plan {
    /// Hands the description of the net, as it was declared, to `read`.
    pub fn describe<R>(&self, name: &str, doc: &str, read: impl FnOnce(&Graph<'_>) -> R) -> R {
        describe(name, doc, &self.net.shaped, read)
    }
}
