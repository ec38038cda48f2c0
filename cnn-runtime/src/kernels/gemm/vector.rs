//! Products with a single pixel: fully connected layers, and convolutions of 1 x 1 maps.
//!
//! Each weight is used once, so the time is that of reading them. Several panels are read at once, since the hardware
//! prefetches several streams better than one. Few accumulators would wait for each other: then k is split over copies
//! of them.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use core::ops::Range;

use super::{F32, Gemm, WeightPanel, WeightType};
use crate::exec::divide::div_rem;
use crate::pack::{HALF_PANEL, PANEL};
use crate::simd::{Simd, Sound, UnsafeKernel};

/// The one pixel of `gemm`; returns the channels that are computed.
///
/// A partition is whole strips of panels that are read at once: how k is split depends on their number, and so
/// do the bits of the results. A half panel after them goes with the last strip.
#[inline(always)]
pub(super) fn run<S: Simd, W: WeightType>(s: S, gemm: &Gemm<W>) -> Range<usize> {
    // The half panel comes alone; a panel of 9 or more channels is whole.
    let whole = (gemm.group_outputs() + PANEL - HALF_PANEL - 1) / PANEL;
    let strips = whole.div_ceil(S::STREAMS).max(1);
    let partition = gemm.partition.of(gemm.groups * strips);
    for strip in partition.clone() {
        let (group, strip) = div_rem(strip, strips);
        let first = strip * S::STREAMS;
        let last = if strip + 1 == strips { whole } else { first + S::STREAMS };
        if last > first {
            let panel = gemm.panel::<S>(group, first * PANEL, 1);
            // SAFETY: the panels of the strip are in the weights.
            unsafe { dispatch(s, VectorTile { gemm, group, panel }, last - first) };
        }
        if last == whole && whole * PANEL < gemm.group_outputs() {
            let panel = gemm.panel::<S>(group, whole * PANEL, 1);
            // SAFETY: the half panel is in the weights.
            unsafe { dispatch(s, VectorTile { gemm, group, panel }, 0) };
        }
    }
    let channel = |strip: usize| {
        let (group, strip) = div_rem(strip, strips);
        group * gemm.group_outputs() + strip * S::STREAMS * PANEL
    };
    channel(partition.start)..channel(partition.end)
}

/// Runs the tile for `panels` whole panels, or for a half one if there are none.
///
/// # Safety
///
/// They must be in the weights.
#[inline(always)]
unsafe fn dispatch<S: Simd, W: WeightType>(s: S, strip: VectorTile<'_, W>, panels: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        if panels == 0 {
            return match const { HALF_PANEL / S::Half::LANES } {
                1 => s.half().run(Sound::new(Streams::<W, 1, 1, 4>(strip))),
                _ => s.half().run(Sound::new(Streams::<W, 1, 2, 2>(strip))),
            };
        }
        match (const { PANEL / S::LANES }, panels) {
            (1, 1) => s.run(Sound::new(Streams::<W, 1, 1, 4>(strip))),
            (1, 2) => s.run(Sound::new(Streams::<W, 2, 1, 4>(strip))),
            (1, 3) => s.run(Sound::new(Streams::<W, 3, 1, 2>(strip))),
            (1, _) => s.run(Sound::new(Streams::<W, 4, 1, 2>(strip))),
            (2, 1) => s.run(Sound::new(Streams::<W, 1, 2, 4>(strip))),
            (2, 2) => s.run(Sound::new(Streams::<W, 2, 2, 2>(strip))),
            (2, 3) => s.run(Sound::new(Streams::<W, 3, 2, 2>(strip))),
            (2, _) => s.run(Sound::new(Streams::<W, 4, 2, 1>(strip))),
            (_, 1) => s.run(Sound::new(Streams::<W, 1, 4, 2>(strip))),
            (_, _) => s.run(Sound::new(Streams::<W, 2, 4, 1>(strip))),
        }
    }
}

/// Numbers that are added up one after another.
const BLOCK: usize = 256;

/// Where a tile begins: the panels that it is over are in the weights of `gemm`.
#[derive(Clone, Copy)]
struct VectorTile<'a, W> {
    gemm: &'a Gemm<W>,
    group: usize,
    /// The first panel.
    panel: WeightPanel,
}

/// A tile of one pixel and `F` panels of `NV` vectors, with k split over `KU` copies of the accumulators; see [`VectorTile`].
struct Streams<'a, W, const F: usize, const NV: usize, const KU: usize>(VectorTile<'a, W>);

impl<W: WeightType, const F: usize, const NV: usize, const KU: usize> UnsafeKernel for Streams<'_, W, F, NV, KU> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let VectorTile { gemm, group, panel } = self.0;
        let distance = W::panel_floats(NV * S::LANES, gemm.im2col.depth());
        let mut panels = [panel.start; F];
        for (f, start) in panels.iter_mut().enumerate() {
            *start = panel.start.wrapping_add(f * distance);
        }
        let channel = group * gemm.group_outputs() + panel.first;
        // SAFETY: the window, the panels, the output and the residual are where `Gemm` says.
        unsafe {
            let window = gemm.ws.add(gemm.windows.offset + group * gemm.group_step);
            let sums = self.accumulate(s, window, panels);
            let to = gemm.ws.add(gemm.output.offset + channel);
            let rest = gemm.group_outputs() - panel.first;
            for f in 0..F {
                for j in 0..NV {
                    let at = (f * NV + j) * S::LANES;
                    if at < rest {
                        let y = gemm.epilogue.finish(s, sums[f][j], gemm.ws, [0, 0, channel + at], rest - at);
                        s.store_first(to.add(at), y, rest - at);
                    }
                }
            }
        }
    }
}

impl<W: WeightType, const F: usize, const NV: usize, const KU: usize> Streams<'_, W, F, NV, KU> {
    /// The biases plus the product of the window with the panels, in parts of [`BLOCK`] or a little more: the error of a sum
    /// grows with how many numbers are added one after another.
    ///
    /// # Safety
    ///
    /// The window and the panels must be readable.
    #[inline(always)]
    unsafe fn accumulate<S: Simd>(&self, s: S, window: *const f32, panels: [*const f32; F]) -> [[S::Vec; NV]; F] {
        let im2col = &self.0.gemm.im2col;
        let zero = [[s.splat(0.0); NV]; F];
        let (mut whole, mut sums, mut count) = (zero, [zero; KU], 0);
        // SAFETY: the loops stay inside of the window and of the panels, of which each k takes a row.
        unsafe {
            for f in 0..F {
                sums[0][f] = F32::load_row::<S, NV>(s, panels[f]);
            }
            let mut row = NV * S::LANES;
            for y in 0..im2col.rows {
                for segment in 0..im2col.segments {
                    let from = window.add(y * im2col.row + segment * im2col.segment);
                    for first in (0..im2col.len).step_by(BLOCK) {
                        let len = BLOCK.min(im2col.len - first);
                        Self::add(s, from.add(first), len, &panels, row, &mut sums);
                        row += len * W::floats(NV * S::LANES);
                        count += len;
                        if count >= BLOCK {
                            whole = Self::sum(s, whole, &sums);
                            (sums, count) = ([zero; KU], 0);
                        }
                    }
                }
            }
        }
        Self::sum(s, whole, &sums)
    }

    /// Adds the product of `len` numbers with the rows of the panels from `row` on.
    ///
    /// # Safety
    ///
    /// They must be readable.
    #[inline(always)]
    unsafe fn add<S: Simd>(
        s: S,
        from: *const f32,
        len: usize,
        panels: &[*const f32; F],
        mut row: usize,
        sums: &mut [[[S::Vec; NV]; F]; KU],
    ) {
        let mut k = 0;
        // SAFETY: the caller's promise.
        unsafe {
            while k + KU <= len {
                for (u, sums) in sums.iter_mut().enumerate() {
                    step::<S, W, F, NV>(s, *from.add(k + u), panels, row + u * W::floats(NV * S::LANES), sums);
                }
                row += KU * W::floats(NV * S::LANES);
                k += KU;
            }
            while k < len {
                step::<S, W, F, NV>(s, *from.add(k), panels, row, &mut sums[0]);
                row += W::floats(NV * S::LANES);
                k += 1;
            }
        }
    }

    /// The whole with all copies of the accumulators.
    #[inline(always)]
    fn sum<S: Simd>(s: S, mut whole: [[S::Vec; NV]; F], sums: &[[[S::Vec; NV]; F]; KU]) -> [[S::Vec; NV]; F] {
        for f in 0..F {
            for j in 0..NV {
                let mut sum = sums[0][f][j];
                for copy in &sums[1..] {
                    sum = s.add(sum, copy[f][j]);
                }
                whole[f][j] = s.add(whole[f][j], sum);
            }
        }
        whole
    }
}

/// Adds `a` times the vectors at `row` of each panel.
///
/// # Safety
///
/// These must be readable.
#[inline(always)]
unsafe fn step<S: Simd, W: WeightType, const F: usize, const NV: usize>(
    s: S,
    a: f32,
    panels: &[*const f32; F],
    row: usize,
    sums: &mut [[S::Vec; NV]; F],
) {
    let a = s.splat(a);
    for f in 0..F {
        // SAFETY: the caller's promise.
        let b = unsafe { W::load_row::<S, NV>(s, panels[f].add(row)) };
        for j in 0..NV {
            sums[f][j] = s.mul_add(a, b[j], sums[f][j]);
        }
    }
}
