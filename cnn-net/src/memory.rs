//! What a workspace holds, where and when: for charts and other inspection.

use crate::{record, variants};

/// The workspace of one image over time. `cnn::Network::MEMORY` is one in static memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory<'a> {
    /// Floats of the workspace.
    pub floats: usize,
    /// The peak of live floats: no workspace could be smaller.
    pub lower_bound: usize,
    /// What happens at each time: `input`, then the layers that were not fused away, in execution order, then `output`.
    pub times: &'a [&'a str],
    /// What it holds.
    pub buffers: &'a [Buffer<'a>],
}

/// A part of a workspace over a live range. Buffers that are live at the same time do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer<'a> {
    /// The layer whose result it was allocated for. Other layers may write into it earlier, as the branches of a concat
    /// do, or overwrite it in place later.
    pub name: &'a str,
    /// What it is for.
    pub holds: Holds,
    /// Its offset in the workspace, in floats.
    pub offset: usize,
    /// Its length in floats.
    pub len: usize,
    /// When it is first written; an index into [`times`](Memory::times).
    pub first: usize,
    /// When it is last read; an index into [`times`](Memory::times).
    pub last: usize,
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The outputs of layers.
    Values,
    /// Intermediate results of one kernel.
    Scratch,
    /// An output of the net or of a tap, in the order channels, rows, columns.
    Output,
    /// In a training step, the gradient of the loss with respect to outputs of layers.
    Gradient,
}

variants! { Holds { Values, Scratch, Output, Gradient } }
record! { Buffer<'a>(name: &'a str, holds: Holds, offset: usize, len: usize, first: usize, last: usize) }
record! { Memory<'a>(floats: usize, lower_bound: usize, times: &'a [&'a str], buffers: &'a [Buffer<'a>]) }
