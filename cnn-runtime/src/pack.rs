//! Weights in the order in which kernels read them.
//!
//! Packed weights of a net are one array of `f32`; each layer has an offset in it. Channels are padded with zeros to
//! whole vectors, so that kernels load without looking at the end. The weights of a fully connected layer may be in half
//! precision, two in the bits of a float.

mod affine;
mod channels;
mod columns;
mod f16;
mod panels;
pub(crate) mod phases;
pub(crate) mod points;
mod rows;
mod tiles;

pub use self::affine::{Affine, Normalisation};
pub use self::channels::{DepthwiseTaps, pack_gains, pack_scale_shift, pack_slopes, scale_shift_len};
pub use self::columns::ColumnPanels;
#[cfg(feature = "train")]
pub(crate) use self::panels::begin_panel;
pub use self::panels::{ConvPanels, padded};
pub use self::phases::TransposedPanels;
pub use self::rows::DenseRows;
pub use self::tiles::WinogradPanels;
pub use crate::simd::{HALF_PANEL, PANEL};
use cnn_net::op::Size;
use cnn_net::{record, variants};

/// One step of the packing recipe: the parameters of a layer, and where they go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pack {
    /// The layer, an index into [`Graph::nodes`](cnn_net::graph::Graph::nodes).
    pub node: usize,
    /// The batch normalisation or the scale after it that is folded into it, an index into [`Graph::nodes`](cnn_net::graph::Graph::nodes).
    pub norm: Option<usize>,
    /// Where it begins in the packed weights.
    pub offset: usize,
    /// How it is packed.
    pub layout: Layout,
}

impl Pack {
    /// How many floats it packs.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether it packs nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The order of packed weights: one for each kind of kernel that has weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layout {
    /// A convolution or a fully connected layer.
    Conv(ConvPanels),
    /// A convolution by Winograd's algorithm.
    Winograd(WinogradPanels),
    /// A convolution by Winograd's algorithm along columns, or of few filters over a single channel.
    Columns(ColumnPanels),
    /// A fully connected layer, its weights in half precision.
    F16(ConvPanels),
    /// A fully connected layer that leaves zeros out.
    Rows(DenseRows),
    /// A fully connected layer that leaves zeros out, its weights in half precision.
    RowsF16(DenseRows),
    /// A convolution with one filter for each channel.
    Depthwise(DepthwiseTaps),
    /// A transposed convolution.
    Transposed(TransposedPanels),
    /// A batch normalisation or a scale that is not folded: [`pack_scale_shift`].
    ScaleShift {
        /// Channels of its input.
        channels: usize,
    },
    /// What the results of a normalisation are multiplied by, and what is added: [`pack_gains`].
    Gains {
        /// Channels of its input.
        channels: usize,
        /// Pixels that have gains of their own; 1 where all share theirs.
        pixels: usize,
    },
    /// The slopes of a `prelu`: [`pack_slopes`].
    Slopes {
        /// Channels of its input.
        channels: usize,
        /// Pixels that have slopes of their own; 1 where all share theirs.
        pixels: usize,
    },
    /// The tensors of a layer by the user, as they are, one after another.
    Tensors {
        /// How many numbers they have.
        len: usize,
    },
}

variants! {
    Layout {
        Conv(panels),
        Winograd(panels),
        Columns(panels),
        F16(panels),
        Rows(rows),
        RowsF16(rows),
        Depthwise(taps),
        Transposed(panels),
        ScaleShift { channels },
        Gains { channels, pixels },
        Slopes { channels, pixels },
        Tensors { len },
    }
}
record! { ConvPanels(groups: usize, outputs: usize, inputs: usize, kernel: Size) }
record! {
    WinogradPanels(groups: usize, outputs: usize, inputs: usize, kernel: usize, stride: usize, tile: usize)
}
record! { ColumnPanels(outputs: usize, inputs: usize, kernel: Size, tile: usize) }
record! { DenseRows(outputs: usize, inputs: usize, pixels: usize) }
record! { DepthwiseTaps(channels: usize, kernel: Size) }
record! {
    TransposedPanels(
        groups: usize,
        outputs: usize,
        inputs: usize,
        kernel: Size,
        stride: Size,
        dilation: Size,
        pad: Size,
    )
}

impl Layout {
    /// Packs `weight`, which gives the elements of the layer's tensor by their position, with `affine` of each output
    /// channel, into `packed` of [`len`](Self::len) elements. Slopes and the tensors of a layer by the user know no `affine`, and batch
    /// normalisations no `weight`.
    /// Gives whether all of it is finite.
    #[cfg(any(feature = "alloc", feature = "train"))]
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
            // The bits of two halves say nothing as a float.
            Self::F16(panels) => return panels.pack_f16(weight, affine, packed),
            Self::RowsF16(rows) => return rows.pack_f16(weight, affine, packed),
            Self::Depthwise(taps) => taps.pack(weight, affine, packed),
            Self::Transposed(panels) => panels.pack(weight, affine, packed),
            Self::ScaleShift { channels } => pack_scale_shift(channels, affine, packed),
            Self::Gains { channels, pixels } => pack_gains(channels, pixels, weight, affine, packed),
            Self::Slopes { channels, pixels } => pack_slopes(channels, pixels, weight, packed),
            Self::Tensors { .. } => packed.iter_mut().enumerate().for_each(|(index, to)| *to = weight(index)),
        }
        // Without a branch for each number, which takes several times as long.
        packed.chunks(1024).all(|some| some.iter().fold(true, |finite, value| finite & value.is_finite()))
    }

    /// How many floats it takes.
    #[must_use]
    pub const fn len(&self) -> usize {
        match *self {
            Self::Conv(panels) => panels.len(),
            Self::Winograd(panels) => panels.len(),
            Self::Columns(panels) => panels.len(),
            Self::F16(panels) => panels.f16_len(),
            Self::Rows(rows) => rows.len(),
            Self::RowsF16(rows) => rows.f16_len(),
            Self::Depthwise(taps) => taps.len(),
            Self::Transposed(panels) => panels.len(),
            Self::ScaleShift { channels } => scale_shift_len(channels),
            Self::Gains { channels, pixels } => 2 * pixels * padded(channels),
            Self::Slopes { channels, pixels } => pixels * padded(channels),
            Self::Tensors { len } => len,
        }
    }

    /// Whether it takes none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Numbers of the tensor that is packed; of a batch normalisation or a scale, those of each.
    #[must_use]
    pub const fn tensor_len(&self) -> usize {
        match *self {
            Self::Conv(panels) | Self::F16(panels) => panels.groups * panels.outputs * panels.depth(),
            Self::Winograd(panels) => panels.groups * panels.outputs * panels.inputs * panels.kernel * panels.kernel,
            Self::Columns(panels) => panels.outputs * panels.inputs * panels.kernel.area(),
            Self::Rows(rows) | Self::RowsF16(rows) => rows.outputs * rows.depth(),
            Self::Depthwise(taps) => taps.channels * taps.kernel.area(),
            Self::Transposed(panels) => panels.groups * panels.inputs * panels.outputs * panels.kernel.area(),
            Self::ScaleShift { channels } => channels,
            Self::Gains { channels, pixels } | Self::Slopes { channels, pixels } => channels * pixels,
            Self::Tensors { len } => len,
        }
    }

    /// For how many outputs `affine` is asked.
    #[cfg(feature = "train")]
    pub(crate) const fn affines(&self) -> usize {
        match *self {
            Self::Conv(_)
            | Self::F16(_)
            | Self::Winograd(_)
            | Self::Columns(_)
            | Self::Rows(_)
            | Self::RowsF16(_)
            | Self::Depthwise(_)
            | Self::ScaleShift { .. }
            | Self::Gains { .. } => self.rows(),
            Self::Transposed(panels) => panels.groups * panels.outputs,
            Self::Slopes { .. } | Self::Tensors { .. } => 0,
        }
    }

    /// Weights of an output channel, if they are in half precision.
    #[cfg(feature = "alloc")]
    pub(crate) const fn depth_of_halves(&self) -> Option<usize> {
        match *self {
            Self::F16(panels) => Some(panels.depth()),
            Self::RowsF16(rows) => Some(rows.depth()),
            Self::Conv(_)
            | Self::Winograd(_)
            | Self::Columns(_)
            | Self::Rows(_)
            | Self::Depthwise(_)
            | Self::Transposed(_)
            | Self::ScaleShift { .. }
            | Self::Gains { .. }
            | Self::Slopes { .. }
            | Self::Tensors { .. } => None,
        }
    }

    /// One past the last row of this row's panel: rows of a panel are packed together.
    #[cfg(feature = "alloc")]
    pub(crate) const fn panel_end(&self, row: usize) -> usize {
        let outputs = match *self {
            Self::Conv(panels) | Self::F16(panels) => panels.outputs,
            Self::Winograd(panels) => panels.outputs,
            Self::Columns(panels) => panels.outputs,
            Self::Rows(rows) | Self::RowsF16(rows) => rows.outputs,
            Self::Depthwise(_) | Self::Transposed(_) | Self::ScaleShift { .. } | Self::Gains { .. } => return row + 1,
            Self::Slopes { channels, .. } => return channels,
            Self::Tensors { len } => return len,
        };
        let in_group = row % outputs;
        let end = (in_group / PANEL + 1) * PANEL;
        row - in_group + if end < outputs { end } else { outputs }
    }

    /// Output channels: the first dimension of the tensor, which is packed in this order. Of gains, all elements. That of a
    /// transposed convolution, whose first dimension is another, is packed as a whole, and so a single row.
    #[cfg(any(feature = "alloc", feature = "train"))]
    pub(crate) const fn rows(&self) -> usize {
        match *self {
            Self::Conv(panels) | Self::F16(panels) => panels.groups * panels.outputs,
            Self::Winograd(panels) => panels.groups * panels.outputs,
            Self::Columns(panels) => panels.outputs,
            Self::Rows(rows) | Self::RowsF16(rows) => rows.outputs,
            Self::Depthwise(taps) => taps.channels,
            Self::Transposed(_) => 1,
            Self::ScaleShift { channels } | Self::Slopes { channels, .. } => channels,
            Self::Gains { channels, pixels } => channels * pixels,
            Self::Tensors { len } => len,
        }
    }
}

impl Pack {
    /// The weights of a node, which begin at `offset`.
    #[must_use]
    pub const fn new(node: usize, offset: usize, layout: Layout) -> Self {
        Self { node, norm: None, offset, layout }
    }

    /// With a batch normalisation folded into them.
    #[must_use]
    pub const fn norm(self, norm: usize) -> Self {
        Self { norm: Some(norm), ..self }
    }
}
