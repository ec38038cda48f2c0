//! What lies where in a workspace, and when: for those who look at it.

use crate::{record, variants};

/// The workspace of one image over time. `cnn::Network::MEMORY` is one in static memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory<'a> {
    /// Floats of the workspace.
    pub floats: usize,
    /// The most floats that are in use at once: no workspace could be smaller.
    pub lower_bound: usize,
    /// What happens at each time: `input`, the layers in the order in which they run, what was fused left out, `output`.
    pub times: &'a [&'a str],
    /// What lies in it.
    pub buffers: &'a [Buffer<'a>],
}

/// A part of a workspace for some time. Buffers of the same time do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer<'a> {
    /// The layer whose result it is made for. Others may write into it before, as the branches of a concat do, or over it
    /// later.
    pub name: &'a str,
    /// What it is for.
    pub holds: Holds,
    /// Where it begins, in floats.
    pub offset: usize,
    /// How many floats it has.
    pub len: usize,
    /// When it is written first; counts into [`times`](Memory::times).
    pub first: usize,
    /// When it is read last.
    pub last: usize,
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// What layers give.
    Values,
    /// Intermediate results of one kernel.
    Scratch,
    /// An output, or what a tap keeps, in the order channels, rows, columns.
    Output,
}

variants! { Holds { Values, Scratch, Output } }
record! { Buffer<'a>(name: &'a str, holds: Holds, offset: usize, len: usize, first: usize, last: usize) }
record! { Memory<'a>(floats: usize, lower_bound: usize, times: &'a [&'a str], buffers: &'a [Buffer<'a>]) }
