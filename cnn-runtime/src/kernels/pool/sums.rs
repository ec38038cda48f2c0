//! Long sums, in parts.

use super::Reduce;
use crate::simd::Simd;

/// Numbers that are added up one after another: the error of a sum grows with how many these are.
pub(crate) const BLOCK: usize = 16;
/// Sums of blocks, of blocks of these, and so on; what is left over of a million numbers goes into the last.
const LEVELS: usize = 5;

/// A sum of sums of [`BLOCK`] numbers each, of any length, `N` vectors side by side.
pub(crate) struct Sums<S: Simd, R, const N: usize> {
    reduce: R,
    levels: [[S::Vec; N]; LEVELS],
    /// Sums that were added.
    count: usize,
}

impl<S: Simd, R: Reduce, const N: usize> Sums<S, R, N> {
    #[inline(always)]
    pub(crate) fn new(s: S, reduce: R) -> Self {
        Self { reduce, levels: [[s.splat(R::START); N]; LEVELS], count: 0 }
    }

    /// Adds the sum of a block, or of less.
    #[inline(always)]
    pub(crate) fn add(&mut self, s: S, block: [S::Vec; N]) {
        self.fold(s, 0, block);
        self.count += 1;
        let (mut level, mut count) = (1, self.count);
        while level < LEVELS && count.is_multiple_of(BLOCK) {
            let full = core::mem::replace(&mut self.levels[level - 1], [s.splat(R::START); N]);
            self.fold(s, level, full);
            (level, count) = (level + 1, count / BLOCK);
        }
    }

    /// The sum of all.
    #[inline(always)]
    pub(crate) fn total(mut self, s: S) -> [S::Vec; N] {
        for level in 1..LEVELS {
            let below = self.levels[level - 1];
            self.fold(s, level, below);
        }
        self.levels[LEVELS - 1]
    }

    #[inline(always)]
    fn fold(&mut self, s: S, level: usize, values: [S::Vec; N]) {
        for (sum, value) in self.levels[level].iter_mut().zip(values) {
            *sum = self.reduce.fold(s, *sum, value);
        }
    }
}
