//! Windows in one direction.

use super::Pool2d;
use crate::exec::divide::{div, div_ceil};

/// The taps of a window in one direction that lie in the input.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    /// Row or column of the first one.
    pub(crate) first: usize,
    /// How many there are.
    pub(crate) taps: usize,
    /// How many there would be with the padding.
    pub(crate) padded: usize,
}

/// One direction of a pooling.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    pub(crate) size: usize,
    pub(crate) taps: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
    pub(crate) before: usize,
    pub(crate) after: usize,
}

impl Axis {
    /// The first window that the edges don't clip, and the one after the last, of `count`.
    pub(super) fn whole(self, count: usize) -> (usize, usize) {
        let Self { size, taps, stride, dilation, before, .. } = self;
        let first = div_ceil(before, stride);
        let end = (size + before).checked_sub((taps - 1) * dilation + 1).map_or(0, |last| div(last, stride) + 1);
        (first, end.min(count))
    }

    /// Whether each element is under one of `count` windows, and no other.
    #[cfg(feature = "train")]
    #[inline(always)]
    pub(crate) fn tile(self, count: usize) -> bool {
        let Self { size, taps, stride, dilation, before, .. } = self;
        (taps - 1) * dilation < stride && taps == stride && count * stride >= size + before
    }

    /// The taps of window `index`.
    #[inline(always)]
    pub(crate) fn span(self, index: usize) -> Span {
        let Self { size, taps, stride, dilation, before, after } = self;
        let start = index * stride;
        if start >= before && start - before + (taps - 1) * dilation < size {
            return Span { first: start - before, taps, padded: taps };
        }
        let skipped = div_ceil(before.saturating_sub(start), dilation);
        let end = div_ceil((size + before).saturating_sub(start), dilation).min(taps);
        let inside = end.saturating_sub(skipped);
        Span {
            // A window in the padding has no tap, and need not begin anywhere near the input.
            first: if inside == 0 { 0 } else { (start + skipped * dilation).saturating_sub(before) },
            taps: inside,
            padded: div_ceil((size + before + after).saturating_sub(start), dilation).min(taps),
        }
    }
}

impl Pool2d {
    /// Both directions.
    pub(crate) const fn axes(&self) -> [Axis; 2] {
        let Self { input, kernel, stride, pad, dilation, .. } = self;
        [
            Axis {
                size: input.height,
                taps: kernel.height,
                stride: stride.height,
                dilation: dilation.height,
                before: pad.top,
                after: pad.bottom,
            },
            Axis {
                size: input.width,
                taps: kernel.width,
                stride: stride.width,
                dilation: dilation.width,
                before: pad.left,
                after: pad.right,
            },
        ]
    }
}
