//! How convolutions are computed: what each algorithm needs, and the kernel that it becomes. The plan decides which one is
//! used.

use cnn_net::op::{Conv, Padding, Size};
use cnn_runtime::kernels::call::KernelCall;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::strips::{Columns2d, Planar2d, Pooling};
use cnn_runtime::kernels::winograd::{self, Winograd2d};
use cnn_runtime::pack::{ColumnPanels, WinogradPanels};

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Algorithm {
    /// The sum as declared.
    Direct,
    /// In strips, with vectors over pixels: few filters over a single channel.
    Planar {
        /// How weights are packed, and rows of a tile.
        panels: ColumnPanels,
        /// What is done to the results.
        tail: Tail,
    },
    /// In tiles only along the columns: few channels.
    Columns {
        /// How weights are packed.
        panels: ColumnPanels,
        /// What is done to the results.
        tail: Tail,
    },
    /// In tiles.
    Winograd {
        /// How weights are packed, and the side of a tile.
        panels: WinogradPanels,
        /// Tiles of a block.
        block: usize,
        /// What is done to the results.
        tail: Tail,
    },
}

/// The 2x2 pooling fused into a convolution, if there is one.
type Tail = Option<Pooling>;

impl Algorithm {
    /// Whether it computes the declared sum.
    pub(crate) fn is_exact(&self) -> bool {
        match self {
            Self::Direct => true,
            Self::Planar { panels, .. } => panels.tile == 1,
            Self::Columns { .. } | Self::Winograd { .. } => false,
        }
    }

    /// The pooling fused into it.
    pub(crate) fn pool(&self) -> Tail {
        match self {
            Self::Direct => None,
            Self::Planar { tail, .. } | Self::Columns { tail, .. } | Self::Winograd { tail, .. } => *tail,
        }
    }

    /// Fuses a 2x2 pooling into the convolution if the algorithm allows it, and returns whether it did. `limits` says
    /// whether nothing but a limit is between them.
    pub(crate) fn take_pool(&mut self, pooling: Pooling, limits: bool) -> bool {
        let tail = match self {
            Self::Direct => return false,
            Self::Planar { tail, .. } | Self::Columns { tail, .. } => tail,
            // A tile is whole windows if its side is even, and maxima are taken before the function.
            Self::Winograd { panels, .. } if !panels.tile.is_multiple_of(2) || pooling != Pooling::Max || !limits => {
                return false;
            }
            Self::Winograd { tail, .. } => tail,
        };
        let is_free = tail.is_none();
        *tail = tail.or(Some(pooling));
        is_free
    }

    /// The size of what a step computes, given the size of what it stores.
    pub(crate) fn computed(&self, stored: Size) -> Size {
        if self.pool().is_some() { Size::new(2 * stored.height, 2 * stored.width) } else { stored }
    }

    /// Floats of its scratch memory, for a computed output of this size.
    pub(crate) fn scratch(&self, output: Size) -> Option<usize> {
        match self {
            Self::Direct | Self::Planar { .. } => None,
            Self::Columns { panels, tail } => Some(Columns2d::scratch_floats(panels, output, tail.is_some())),
            Self::Winograd { panels, block, .. } => Some(Winograd2d::scratch_floats(panels, output, *block)),
        }
    }

    /// The zeros that it reads around its input, for input and computed output of these sizes.
    pub(crate) fn halo(&self, conv: &Conv, input: Size, output: Size) -> Padding {
        match self {
            Self::Direct => Conv2d::halo(conv, input, output),
            Self::Planar { panels, .. } => Planar2d::halo(conv, input, output, panels.tile),
            Self::Columns { .. } => Columns2d::halo(conv, input, output),
            Self::Winograd { panels, .. } => winograd::halo(conv, input, output, panels.tile),
        }
    }

    /// The kernel of a convolution, with scratch memory from `scratch` on.
    pub(crate) fn kernel(&self, conv: Conv2d, scratch: usize) -> Box<dyn KernelCall> {
        match *self {
            Self::Direct => Box::new(conv),
            Self::Planar { panels, tail } => Box::new(Planar2d::new(conv).tile(panels.tile).pool(tail)),
            Self::Columns { tail, .. } => Box::new(Columns2d::new(conv).scratch(scratch).pool(tail)),
            Self::Winograd { panels, block, tail } => {
                Box::new(Winograd2d { conv, tile: panels.tile, block, scratch, pool: tail.is_some(), mixed: false })
            }
        }
    }

    /// The kernel of a convolution of gradients.
    pub(crate) fn gradient_kernel(&self, conv: Conv2d, scratch: usize) -> Box<dyn KernelCall> {
        match *self {
            Self::Winograd { panels, block, .. } => Box::new(Winograd2d {
                mixed: true,
                ..Winograd2d::new(conv).tile(panels.tile).block(block).scratch(scratch)
            }),
            Self::Direct | Self::Planar { .. } | Self::Columns { .. } => self.kernel(conv, scratch),
        }
    }
}
