//! The matrix that im2col would make, as a view of the map.
//!
//! It has a row for each pixel of the output and a column for each float of a window.

use crate::exec::divide::div;
use crate::kernels::conv2d::Conv2d;

/// The most floats of a window that may have a table of them.
pub(super) const MOST_TAPS: usize = 256;
/// Segments from this length on are faster as loops.
const LONG_SEGMENT: usize = 20;

/// Where its rows begin in the map.
#[derive(Clone, Copy, Debug)]
pub(super) struct PixelGrid {
    /// The first one.
    pub(super) offset: usize,
    /// Distance between those of two rows of the output.
    pub(super) row: usize,
    /// Distance between those of two columns.
    pub(super) pixel: usize,
}

impl PixelGrid {
    /// The windows of a convolution.
    pub(super) const fn of(layer: &Conv2d) -> Self {
        let Conv2d { input, stride, .. } = layer;
        Self { offset: layer.first(), row: stride.height * input.row, pixel: stride.width * input.pixel }
    }
}

/// A row: the floats of a window lie in the map as `rows` x `segments` stretches of `len`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Im2col {
    /// Rows of the window.
    pub(super) rows: usize,
    /// Distance between these.
    pub(super) row: usize,
    /// Stretches in a row.
    pub(super) segments: usize,
    /// Distance between these.
    pub(super) segment: usize,
    /// Contiguous floats of a stretch.
    pub(super) len: usize,
}

impl Im2col {
    /// The windows of a convolution. Where nothing lies between the taps of a kernel row, that is one segment.
    pub(super) fn of(layer: &Conv2d) -> Self {
        let Conv2d { input, kernel, dilation, groups, .. } = layer;
        let inputs = div(input.channels, *groups);
        let contiguous = *groups == 1 && dilation.width == 1 && input.pixel == input.channels;
        let (segments, len) = if contiguous { (1, kernel.width * inputs) } else { (kernel.width, inputs) };
        Self {
            rows: kernel.height,
            row: dilation.height * input.row,
            segments,
            segment: dilation.width * input.pixel,
            len,
        }
    }

    /// A single segment.
    pub(super) const fn segment(len: usize) -> Self {
        Self { rows: 1, row: 0, segments: 1, segment: 0, len }
    }

    /// k: the floats of a window.
    pub(super) const fn depth(&self) -> usize {
        self.rows * self.segments * self.len
    }

    /// Where the floats of a window are, counted from the first; empty where two loops are faster, since segments are
    /// long, or the window is too large for a table.
    pub(super) fn table<'a>(&self, taps: &'a mut [u32; MOST_TAPS]) -> &'a [u32] {
        let depth = self.depth();
        if self.len >= LONG_SEGMENT || depth > MOST_TAPS || self.rows * self.segments == 1 {
            return &[];
        }
        let mut rest = taps.iter_mut();
        for row in 0..self.rows {
            for segment in 0..self.segments {
                let start = row * self.row + segment * self.segment;
                for k in start..start + self.len {
                    let (Some(tap), Ok(at)) = (rest.next(), u32::try_from(k)) else { return &[] };
                    *tap = at;
                }
            }
        }
        taps.get(..depth).unwrap_or_default()
    }
}
