//! Windows next to each other.

use super::Reduce;
use super::sums::{BLOCK, Sums};
use crate::exec::divide::{div, div_rem};
use crate::simd::{Simd, UnsafeKernel};
use cnn_net::op::Size;

/// Windows that are reduced channel by channel: what they read stays in L1.
const TOGETHER: usize = 8;
/// Windows of more taps are added up in parts.
const LARGE: usize = 64;

/// Windows next to each other in a row. A vector is readable from each of their taps on, and their pixels writable.
#[derive(Clone, Copy)]
pub(super) struct WindowRow<R> {
    /// The first tap of the first window.
    pub(super) from: *const f32,
    /// The first pixel.
    pub(super) to: *mut f32,
    /// How many windows.
    pub(super) count: usize,
    /// Floats after the first pixel that are written later, or by other windows of these.
    pub(super) spare: usize,
    pub(super) channels: usize,
    /// Distance to the next window, and to the next pixel.
    pub(super) step: [usize; 2],
    /// Distance between taps: rows, columns.
    pub(super) tap: [usize; 2],
    /// One divided by how many taps a mean counts.
    pub(super) scale: f32,
    pub(super) reduce: R,
}

/// A [`WindowRow`] of a size that the compiler knows.
pub(super) struct WholeWindows<R, const KH: usize, const KW: usize>(pub(super) WindowRow<R>);

impl<R: Reduce, const KH: usize, const KW: usize> UnsafeKernel for WholeWindows<R, KH, KW> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let slides = const { KW == 3 } && self.0.channels >= S::LANES;
        // SAFETY: the caller's promise.
        unsafe {
            match self.0.stride() {
                1 if slides => self.0.slide::<S, KH, 1>(s),
                2 if slides => self.0.slide::<S, KH, 2>(s),
                _ => self.0.run(s, Size::new(KH, KW)),
            }
        }
    }
}

/// A [`WindowRow`] of any size.
pub(super) struct ClippedWindows<R>(pub(super) WindowRow<R>, pub(super) Size);

impl<R: Reduce> UnsafeKernel for ClippedWindows<R> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        // SAFETY: the caller's promise.
        unsafe { self.0.run(s, self.1) };
    }
}

impl<R: Reduce> WindowRow<R> {
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn run<S: Simd>(&self, s: S, taps: Size) {
        // SAFETY: the caller's promise; no more than `spare` floats are written after a pixel.
        unsafe {
            if const { S::Half::LANES < S::LANES } && self.channels <= S::Half::LANES {
                self.narrow(s.half(), taps);
            } else if self.channels < S::LANES {
                self.narrow(s, taps);
            } else {
                self.wide(s, taps);
            }
        }
    }

    /// Pixels of a vector at most.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn narrow<S: Simd>(&self, s: S, taps: Size) {
        let Self { mut from, mut to, count, spare, channels, step, .. } = *self;
        // The pixels that leave room for a whole vector.
        let roomy = div((spare + channels).saturating_sub(S::LANES - channels), channels).min(count);
        // SAFETY: the caller's promise.
        unsafe {
            for _ in 0..roomy {
                s.store(to, self.vector(s, from, taps));
                (from, to) = (from.wrapping_add(step[0]), to.wrapping_add(step[1]));
            }
            for _ in roomy..count {
                s.store_first(to, self.vector(s, from, taps), channels);
                (from, to) = (from.wrapping_add(step[0]), to.wrapping_add(step[1]));
            }
        }
    }

    /// Pixels of a vector or more: the last one overlaps the one before.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn wide<S: Simd>(&self, s: S, taps: Size) {
        let Self { mut from, mut to, count, channels, step, .. } = *self;
        let last = channels - S::LANES;
        for _ in 0..count {
            // SAFETY: the caller's promise.
            unsafe {
                for c in (0..last).step_by(S::LANES) {
                    s.store(to.add(c), self.vector(s, from.add(c), taps));
                }
                s.store(to.add(last), self.vector(s, from.add(last), taps));
            }
            (from, to) = (from.wrapping_add(step[0]), to.wrapping_add(step[1]));
        }
    }

    /// Taps between two windows; 0 where it is no whole number.
    fn stride(&self) -> usize {
        let (taps, rest) = div_rem(self.step[0], self.tap[1]);
        if rest == 0 { taps } else { 0 }
    }

    /// Windows three taps wide, `STRIDE` apart, that share columns with the next: each column is reduced once. Pixels are of a
    /// vector or more.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn slide<S: Simd, const KH: usize, const STRIDE: usize>(&self, s: S) {
        let Self { count, channels, step, .. } = *self;
        for first in (0..count).step_by(TOGETHER) {
            let len = TOGETHER.min(count - first);
            for c in (0..channels).step_by(S::LANES) {
                // The last vector overlaps the previous one.
                let c = c.min(channels - S::LANES);
                let mut from = self.from.wrapping_add(first * step[0] + c);
                let mut to = self.to.wrapping_add(first * step[1] + c);
                // SAFETY: the caller's promise.
                unsafe {
                    let mut columns = [self.column::<S, KH>(s, from, 0), s.splat(0.0)];
                    if STRIDE == 1 {
                        columns[1] = self.column::<S, KH>(s, from, 1);
                    }
                    for _ in 0..len {
                        if STRIDE == 2 {
                            columns[1] = self.column::<S, KH>(s, from, 1);
                        }
                        let third = self.column::<S, KH>(s, from, 2);
                        let sum = self.reduce.fold_two(s, columns[0], columns[1], third);
                        s.store(to, self.reduce.finish(s, sum, self.scale));
                        columns = if STRIDE == 1 { [columns[1], third] } else { [third, columns[1]] };
                        (from, to) = (from.wrapping_add(step[0]), to.wrapping_add(step[1]));
                    }
                }
            }
        }
    }

    /// A vector of channels over a column of a window.
    ///
    /// # Safety
    ///
    /// It must be readable from the window's first tap, `from`, on.
    #[inline(always)]
    unsafe fn column<S: Simd, const KH: usize>(&self, s: S, from: *const f32, x: usize) -> S::Vec {
        // SAFETY: the caller's promise.
        let tap = |y: usize| unsafe { s.load(from.add(y * self.tap[0] + x * self.tap[1])) };
        let mut sum = if KH % 2 == 1 { tap(0) } else { self.reduce.fold(s, tap(0), tap(1)) };
        for y in (2 - KH % 2..KH).step_by(2) {
            sum = self.reduce.fold_two(s, sum, tap(y), tap(y + 1));
        }
        sum
    }

    /// A vector of channels over the taps of a window.
    ///
    /// # Safety
    ///
    /// These must be readable from `from` on.
    #[inline(always)]
    unsafe fn vector<S: Simd>(&self, s: S, from: *const f32, taps: Size) -> S::Vec {
        if taps.height * taps.width > LARGE {
            // SAFETY: the caller's promise.
            let sum = unsafe { self.large(s, from, taps) };
            return self.reduce.finish(s, sum, self.scale);
        }
        let [mut y, mut x] = [0, 0];
        let mut next = || {
            // SAFETY: the caller's promise.
            let value = unsafe { s.load(from.add(y * self.tap[0] + x * self.tap[1])) };
            [y, x] = if x + 1 < taps.width { [y, x + 1] } else { [y + 1, 0] };
            value
        };
        let mut sum = if taps.area() % 2 == 1 { next() } else { s.splat(R::START) };
        for _ in 0..taps.area() / 2 {
            sum = self.reduce.fold_two(s, sum, next(), next());
        }
        self.reduce.finish(s, sum, self.scale)
    }

    /// The sum of [`vector`](Self::vector) over many taps, in parts.
    ///
    /// # Safety
    ///
    /// As for [`vector`](Self::vector).
    #[inline(always)]
    unsafe fn large<S: Simd>(&self, s: S, from: *const f32, taps: Size) -> S::Vec {
        let mut sums = Sums::<S, R, 1>::new(s, self.reduce);
        for y in 0..taps.height {
            for first in (0..taps.width).step_by(BLOCK) {
                let mut block = s.splat(R::START);
                for x in first..taps.width.min(first + BLOCK) {
                    // SAFETY: the caller's promise.
                    let value = unsafe { s.load(from.add(y * self.tap[0] + x * self.tap[1])) };
                    block = self.reduce.fold(s, block, value);
                }
                sums.add(s, [block]);
            }
        }
        sums.total(s)[0]
    }
}
