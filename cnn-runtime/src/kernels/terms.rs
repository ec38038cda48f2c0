//! What sums over pixels add up.

use crate::simd::Simd;

/// Numbers of single pixels that are added up.
pub(crate) trait PixelTerms<const N: usize>: Copy {
    /// Those of the `count` channels from `c` on, or as many as a vector has; 0 in other lanes.
    ///
    /// # Safety
    ///
    /// `ws` is the workspace of an image, in which the maps of the terms were checked; pixel and channels are theirs.
    unsafe fn at<S: Simd>(&self, s: S, ws: *const f32, pixel: (usize, usize), c: usize, count: usize) -> [S::Vec; N];
}
