//! Loading: from a safetensors file, as PyTorch writes it, to packed weights.
//!
//! The whole file is checked against the net before the first float is packed, and everything that is wrong with it is
//! reported in one [`WeightsError`]. Values are read a few rows at a time, so a large net needs little more memory than its
//! packed weights.
//!
//! A file on a disk may change while it is being read. Each tensor is read twice, when it is checked and when it is packed: a
//! checksum proves that what is packed is what was checked, or loading ends with an error.
//!
//! A [recipe](Pack) says what is packed where. The compiler emits it as a `static`, since it chose the layouts and which batch
//! normalisations to fold; [`Graph`] remains the description of what was declared.

mod bytes;
mod check;
mod error;
mod file;
#[cfg(feature = "std")]
mod files;
mod fold;
mod format;
mod rename;
mod reparametrised;
mod report;
mod shown;
mod similar;
mod source;
mod tensors;
mod values;
mod window;
mod wrapped;

use crate::pack::{
    Affine, ColumnPanels, ConvPanels, DenseRows, DepthwiseTaps, PANEL, WinogradPanels, pack_scale_shift, pack_slopes,
    padded, scale_shift_len,
};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use cnn_net::graph::{Graph, Role};
use cnn_net::op::{Op, PreluPer, Shape, Store};

pub use self::error::{Cause, Format, Problem, Unreadable, WeightsError};
#[cfg(feature = "std")]
pub use self::files::Files;
pub use self::rename::rule_error;
pub use self::reparametrised::Reparametrisation;
pub use self::report::{Found, Report, report};
pub use self::source::{Progress, Source};
pub use self::tensors::Tensors;

use self::check::{Bad, Checked};
use self::fold::Affines;
use self::window::Window;

/// One step of the packing recipe: the parameters of a layer, and where they go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pack {
    /// The layer, an index into [`Graph::nodes`].
    pub node: usize,
    /// A batch normalisation right after it that is folded into it, an index into [`Graph::nodes`].
    pub norm: Option<usize>,
    /// Where it begins in the packed weights.
    pub offset: usize,
    /// How it is packed.
    pub layout: Layout,
}

impl Pack {
    /// How many floats it packs.
    pub const fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether it packs no floats.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The order of packed weights: one layout for each kind of kernel with weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// A convolution or a fully connected layer.
    Conv(ConvPanels),
    /// A convolution by Winograd's algorithm.
    Winograd(WinogradPanels),
    /// A convolution by Winograd's algorithm along columns, or with few filters over a single channel.
    Columns(ColumnPanels),
    /// A fully connected layer with weights in half precision.
    F16(ConvPanels),
    /// A fully connected layer that skips zeros.
    Rows(DenseRows),
    /// A fully connected layer that skips zeros, with weights in half precision.
    RowsF16(DenseRows),
    /// A convolution in which each channel has its own filter.
    Depthwise(DepthwiseTaps),
    /// A batch normalisation that is not folded: [`pack_scale_shift`].
    ScaleShift {
        /// Channels of its input.
        channels: usize,
    },
    /// The slopes of a `prelu`: [`pack_slopes`].
    Slopes {
        /// Channels of its input.
        channels: usize,
        /// Pixels with their own slopes; 1 if all share theirs.
        pixels: usize,
    },
}

impl Layout {
    /// The layout for a layer that reads a value of this shape; `None` for a layer without weights.
    pub const fn of(op: &Op, input: Shape) -> Option<Self> {
        let channels = input.channels();
        Some(match op {
            Op::Conv(conv) if conv.is_depthwise(channels) => {
                Self::Depthwise(DepthwiseTaps { channels, kernel: conv.kernel })
            }
            Op::Conv(conv) => Self::Conv(ConvPanels {
                groups: conv.groups,
                outputs: conv.filters / conv.groups,
                inputs: channels / conv.groups,
                kernel: conv.kernel,
            }),
            Op::Linear(linear) => {
                let panels = ConvPanels { groups: 1, outputs: linear.features, inputs: channels, kernel: input.size() };
                match linear.store {
                    Store::F32 => Self::Conv(panels),
                    Store::F16 => Self::F16(panels),
                }
            }
            Op::BatchNorm(_) => Self::ScaleShift { channels },
            Op::Prelu(PreluPer::Channel) => Self::Slopes { channels, pixels: 1 },
            Op::Prelu(PreluPer::Element) => Self::Slopes { channels, pixels: input.size().area() },
            Op::MaxPool(_)
            | Op::AvgPool(_)
            | Op::GlobalAvgPool
            | Op::GlobalMaxPool
            | Op::Flatten
            | Op::Dropout { .. }
            | Op::Lrn(_)
            | Op::Activation(_)
            | Op::Softmax
            | Op::LogSoftmax
            | Op::Concat
            | Op::Add
            | Op::Mul => return None,
        })
    }

    /// Packs `weight`, which gives the elements of the layer's tensor by their position, with `affine` of each output
    /// channel, into `packed` of [`len`](Self::len) elements. Slopes have no `affine`, and normalisations no `weight`.
    /// Returns whether all packed numbers are finite.
    pub(crate) fn pack(
        &self,
        weight: impl Fn(usize) -> f32,
        affine: impl Fn(usize) -> Affine,
        packed: &mut [f32],
    ) -> bool {
        match *self {
            Self::Conv(panels) => panels.pack(weight, affine, packed),
            Self::Winograd(panels) => panels.pack(weight, affine, packed),
            Self::Columns(panels) => panels.pack(weight, affine, packed),
            Self::Rows(rows) => rows.pack(weight, affine, packed),
            // The bits of two halves mean nothing as a float.
            Self::F16(panels) => return panels.pack_f16(weight, affine, packed),
            Self::RowsF16(rows) => return rows.pack_f16(weight, affine, packed),
            Self::Depthwise(taps) => taps.pack(weight, affine, packed),
            Self::ScaleShift { channels } => pack_scale_shift(channels, affine, packed),
            Self::Slopes { channels, pixels } => pack_slopes(channels, pixels, weight, packed),
        }
        // Without a branch for each number, which would take several times as long.
        packed.chunks(1024).all(|some| some.iter().fold(true, |finite, value| finite & value.is_finite()))
    }

    /// How many floats it takes.
    pub const fn len(&self) -> usize {
        match *self {
            Self::Conv(panels) => panels.len(),
            Self::Winograd(panels) => panels.len(),
            Self::Columns(panels) => panels.len(),
            Self::F16(panels) => panels.f16_len(),
            Self::Rows(rows) => rows.len(),
            Self::RowsF16(rows) => rows.f16_len(),
            Self::Depthwise(taps) => taps.len(),
            Self::ScaleShift { channels } => scale_shift_len(channels),
            Self::Slopes { channels, pixels } => pixels * padded(channels),
        }
    }

    /// Whether it takes none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of weights of an output channel, if they are in half precision.
    const fn depth_of_halves(&self) -> Option<usize> {
        match *self {
            Self::F16(panels) => Some(panels.depth()),
            Self::RowsF16(rows) => Some(rows.depth()),
            _ => None,
        }
    }

    /// The row after this row's panel: the rows of a panel are packed together.
    const fn panel_end(&self, row: usize) -> usize {
        let outputs = match *self {
            Self::Conv(panels) | Self::F16(panels) => panels.outputs,
            Self::Winograd(panels) => panels.outputs,
            Self::Columns(panels) => panels.outputs,
            Self::Rows(rows) | Self::RowsF16(rows) => rows.outputs,
            Self::Depthwise(_) | Self::ScaleShift { .. } => return row + 1,
            Self::Slopes { channels, .. } => return channels,
        };
        let in_group = row % outputs;
        let end = (in_group / PANEL + 1) * PANEL;
        row - in_group + if end < outputs { end } else { outputs }
    }

    /// Output channels: the first dimension of the tensor, which is packed in this order.
    const fn rows(&self) -> usize {
        match *self {
            Self::Conv(panels) | Self::F16(panels) => panels.groups * panels.outputs,
            Self::Winograd(panels) => panels.groups * panels.outputs,
            Self::Columns(panels) => panels.outputs,
            Self::Rows(rows) | Self::RowsF16(rows) => rows.outputs,
            Self::Depthwise(taps) => taps.channels,
            Self::ScaleShift { channels } | Self::Slopes { channels, .. } => channels,
        }
    }
}

/// Reads safetensors files and packs what `recipe` says into `packed`, which is left unchanged if anything is wrong with the
/// file (except for numbers that overflow while a batch normalisation is folded, or that are too large for `f16`).
///
/// F32, F16 and BF16 are accepted. Tensors of auxiliary classifiers may be missing, and `num_batches_tracked`, which
/// PyTorch's batch normalisation writes, is ignored.
///
/// # Errors
///
/// All mismatches between the file and the net, at once.
///
/// # Panics
///
/// If `recipe` does not belong to `graph`, or does not fit into `packed`.
pub fn load(graph: &Graph<'_>, recipe: &[Pack], source: &Source<'_>, packed: &mut [f32]) -> Result<(), WeightsError> {
    let checked = check::check(graph, source).map_err(|problems| WeightsError::new(graph, problems))?;
    let mut problems = Vec::new();
    let mut memory = Vec::new();
    for step in recipe {
        let finite = pack(&checked, step, &mut memory, &mut packed[step.offset..][..step.len()]);
        match finite.and_then(|finite| if finite { Ok(None) } else { overflow(&checked, step).map(Some) }) {
            Ok(problem) => problems.extend(problem),
            Err(why) => return Err(WeightsError::unreadable(graph, why)),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(WeightsError::new(graph, problems)) }
}

/// Checks safetensors files the way [`load`] does before it packs anything.
///
/// # Errors
///
/// All mismatches between the file and the net, at once.
pub fn verify(graph: &Graph<'_>, source: &Source<'_>) -> Result<(), WeightsError> {
    check::check(graph, source).map(drop).map_err(|problems| WeightsError::new(graph, problems))
}

/// Reads safetensors files like [`load`], but keeps the tensors as they are: by name, for the
/// [reference executor](crate::reference::run). Tensors that the net does not know are left out.
///
/// # Errors
///
/// All mismatches between the file and the net, at once.
pub fn read(graph: &Graph<'_>, source: &Source<'_>) -> Result<BTreeMap<String, Vec<f32>>, WeightsError> {
    let checked = check::check(graph, source).map_err(|problems| WeightsError::new(graph, problems))?;
    let tensors = graph.nodes.iter().flat_map(|node| node.tensors);
    let found = tensors.filter_map(|tensor| {
        let floats = checked.named(tensor.name).transpose()?;
        Some(floats.map(|floats| (tensor.name.to_string(), floats)))
    });
    found.collect::<Result<_, _>>().map_err(|why| WeightsError::unreadable(graph, why))
}

/// The problem in a step of the recipe whose numbers became infinite.
fn overflow(checked: &Checked<'_>, step: &Pack) -> Result<Problem, Unreadable> {
    let node = &checked.graph().nodes[step.node];
    if let Some(depth) = step.layout.depth_of_halves() {
        let ((weight, _), affines) = (checked.expect(step.node, Role::Weight), Affines::new(checked, step)?);
        let mut infinite = Bad::default();
        weight.each(|mut position, values| {
            values.for_each(|value| {
                if !affines.of(position / depth).half(value).is_finite() {
                    infinite.see(position);
                }
                position += 1;
            });
        })?;
        let tensor = node.tensors.iter().find(|tensor| tensor.role == Role::Weight);
        if let (Some(first), Some(tensor)) = (infinite.first, tensor) {
            return Ok(Problem::BeyondF16 { name: tensor.name.to_string(), count: infinite.count, first });
        }
    }
    Ok(Problem::Overflow { layer: node.name.to_string() })
}

/// Packs one step of the recipe. Returns whether all of it is finite. What was packed is what was checked, or there is an error.
fn pack(checked: &Checked<'_>, step: &Pack, memory: &mut Vec<f32>, packed: &mut [f32]) -> Result<bool, Unreadable> {
    let (weight, sum) = checked.expect(step.node, Role::Weight);
    let affines = Affines::new(checked, step)?;
    let read = |bytes| checked.packed(bytes);
    let window = Window::new(&step.layout, weight, memory, &read);
    // Called once for each channel, in order, and for all channels of a panel before their weights are taken.
    let affine = |channel: usize| {
        window.reach(channel);
        affines.of(channel)
    };
    let finite = match weight.len() {
        1 => step.layout.pack(|_| window.at(0), affine, packed),
        _ => step.layout.pack(|index| window.at(index), affine, packed),
    };
    window.finish(sum).map(|()| finite)
}
