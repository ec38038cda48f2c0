//! The outputs that depend on an input: what its gradient is summed over.

use core::ops::Range;

use super::Axis;
use crate::exec::divide::div_ceil;

impl Axis {
    /// The first output whose place has this whole number, or a larger one.
    #[inline(always)]
    const fn first_from(&self, whole: usize) -> usize {
        let distance = (whole * self.over).saturating_sub(self.start);
        if self.step == 0 && distance > 0 { usize::MAX } else { div_ceil(distance, self.step) }
    }

    /// The outputs, of `count`, that depend on an input by `T` taps.
    #[inline(always)]
    pub(crate) fn dependents<const T: usize>(&self, input: usize, count: usize) -> Range<usize> {
        // Tap `k` is input `whole + k - T / 2`, or the one at the edge.
        let first = if input == 0 { 0 } else { self.first_from((input + T / 2 + 1).saturating_sub(T)) };
        let end = if input + 1 == self.size { count } else { self.first_from(input + T / 2 + 1) };
        first..end.min(count)
    }
}
