//! Tiles of several pixels.

#![expect(clippy::needless_range_loop, reason = "indices are those of a matrix, and of several arrays at once")]

use core::cell::Cell;
use core::marker::PhantomData;

use super::block::PixelBlock;
use super::height::{Tall, Width, dispatch};
use super::im2col::Im2col;
use super::{F32, Gemm, WeightPanel, WeightType};
use crate::exec::divide::{div_ceil, div_rem};
use crate::pack::PANEL;
use crate::simd::{Simd, Sound, UnsafeKernel};

/// Loop 1: a block of pixels with one panel of a group. `taps`, if it is not empty, is [`Im2col::table`].
///
/// Weights that are `cold`, which those of a later block are not, come from memory.
///
/// The tiles differ in height by 1 at most, since one of few pixels does not fill the FMA units.
///
/// # Safety
///
/// The block's pixels and the panel must be those of `gemm`.
#[inline(always)]
pub(super) unsafe fn panel<S: Simd, W: WeightType>(
    s: S,
    gemm: &Gemm<W>,
    block: &PixelBlock,
    group: usize,
    panel: WeightPanel,
    taps: &[u32],
    cold: bool,
) {
    let lines = if cold { W::floats(gemm.im2col.depth()) } else { 0 };
    let following = panel.start.wrapping_add(panel.width.panels() * panel.next);
    let tiles = block.len.div_ceil(panel.width.most::<S>());
    let ahead = Cell::new(Ahead::new(following, panel.next, lines, panel.width, tiles));
    let input = gemm.ws.cast_const().wrapping_add(group * gemm.group_step);
    let output = gemm.ws.wrapping_add(group * gemm.group_outputs() + panel.first);
    let (mr, higher) = div_rem(block.len, tiles);
    let mut strip = TileRange { gemm, block, taps, first: 0, tiles: higher, input, output, panel, ahead: &ahead };
    // SAFETY: the caller's promise; all tiles together have the pixels of the block.
    unsafe {
        if higher > 0 {
            dispatch(s, strip, panel.width, mr + 1);
        }
        strip.first = higher * (mr + 1);
        strip.tiles = tiles - higher;
        dispatch(s, strip, panel.width, mr);
    }
}

/// Some tiles of the same height. Their pixels are in the block, whose windows, outputs and residuals are in the workspace; the
/// panel is in the weights.
#[derive(Clone, Copy)]
struct TileRange<'a, W> {
    gemm: &'a Gemm<W>,
    block: &'a PixelBlock,
    /// Where the floats of a window are, if a table is faster than loops.
    taps: &'a [u32],
    /// The first pixel in the block.
    first: usize,
    /// How many tiles.
    tiles: usize,
    /// The workspace, moved by the group's first input channel.
    input: *const f32,
    /// The workspace, moved by the panel's first output channel.
    output: *mut f32,
    panel: WeightPanel,
    ahead: &'a Cell<Ahead>,
}

impl<W: WeightType> Tall for TileRange<'_, W> {
    #[inline(always)]
    unsafe fn run<S: Simd, const MR: usize, const NV: usize>(self, s: S) {
        // SAFETY: the caller's promise.
        s.run(unsafe { Sound::new(TileKernel::<W, MR, NV>(self)) });
    }
}

/// Steps of k between two branches: loops of up to a few hundred steps then have few enough iterations for the branch
/// predictor to foresee their end.
const UNROLL: usize = 4;

/// Tiles of `MR` pixels and `NV` vectors of channels; see [`TileRange`].
struct TileKernel<'a, W, const MR: usize, const NV: usize>(TileRange<'a, W>);

impl<W: WeightType, const MR: usize, const NV: usize> UnsafeKernel for TileKernel<'_, W, MR, NV> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let TileRange { gemm, block, taps, input, panel, .. } = self.0;
        let mut first = self.0.first;
        let mut ahead = self.0.ahead.get();
        for _ in 0..self.0.tiles {
            let mut pixels = [input; MR];
            for (i, pixel) in pixels.iter_mut().enumerate() {
                // SAFETY: the tile's pixels are in the block, and their windows in the workspace.
                *pixel = unsafe { input.add(*block.windows.as_ptr().add(first + i)) };
            }
            // SAFETY: every window of these pixels is in the workspace, and the whole panel in the weights; outputs and
            // residuals are in the workspace.
            unsafe {
                let bias = Rows::<F32>::new(panel.start, panel.next);
                let mut tile = [bias.load::<S, NV>(s); MR];
                let weights = Rows::<W>::new(bias.skip::<S, NV>(1).at, panel.next);
                if taps.is_empty() {
                    multiply_segments::<S, W, MR, NV>(s, &gemm.im2col, &pixels, weights, &mut ahead, &mut tile);
                } else {
                    multiply_taps::<S, W, MR, NV>(s, taps, &pixels, weights, &mut tile);
                }
                self.finish(s, first, tile);
            }
            first += MR;
        }
        self.0.ahead.set(ahead);
    }
}

/// Weights that come next, on their way from memory while others are used: small maps need each panel for a few tiles
/// only, and the hardware's own prefetching begins anew with each.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    /// The next line of the first panel.
    at: *const f32,
    /// The distance to the same line of the second panel.
    next: usize,
    /// Lines that are left.
    lines: usize,
    /// How many are asked for at once.
    step: usize,
}

impl Ahead {
    /// `lines` from `at` on, and as many from `next` floats later on where tiles are over two panels, while `tiles` tiles are
    /// computed. Half panels come last.
    pub(super) fn new(at: *const f32, next: usize, lines: usize, width: Width, tiles: usize) -> Self {
        let lines = if width == Width::Half { 0 } else { lines };
        Self { at, next, lines, step: div_ceil(UNROLL, tiles) }
    }

    /// Asks for some lines of each panel.
    #[inline(always)]
    fn fetch<S: Simd, const NV: usize>(&mut self, s: S) {
        for _ in 0..self.step.min(self.lines) {
            s.prefetch(self.at);
            if const { NV * S::LANES > PANEL } {
                s.prefetch(self.at.wrapping_add(self.next));
            }
            self.at = self.at.wrapping_add(PANEL);
            self.lines -= 1;
        }
    }
}

/// Rows of a panel, or of two panels side by side, from one on: the weights of a k.
#[derive(Clone, Copy)]
pub(super) struct Rows<W> {
    /// The row.
    at: *const f32,
    /// The distance to the same row of the second panel.
    next: usize,
    weight_type: PhantomData<W>,
}

impl<W: WeightType> Rows<W> {
    pub(super) const fn new(at: *const f32, next: usize) -> Self {
        Self { at, next, weight_type: PhantomData }
    }

    /// The row `k` rows on, for tiles of `NV` vectors.
    #[inline(always)]
    pub(super) fn skip<S: Simd, const NV: usize>(self, k: usize) -> Self {
        let width = const { if NV * S::LANES > PANEL { PANEL } else { NV * S::LANES } };
        Self::new(self.at.wrapping_add(k * W::floats(width)), self.next)
    }

    /// The row.
    ///
    /// # Safety
    ///
    /// It must be readable.
    #[inline(always)]
    unsafe fn load<S: Simd, const NV: usize>(self, s: S) -> [S::Vec; NV] {
        if const { NV * S::LANES <= PANEL } {
            // SAFETY: the caller's promise.
            return unsafe { W::load_row(s, self.at) };
        }
        let mut row = [s.splat(0.0); NV];
        for (j, vector) in row.iter_mut().enumerate() {
            // SAFETY: the caller's promise; here a vector is a panel.
            *vector = unsafe { W::load_row::<S, 1>(s, self.at.add(j * self.next)) }[0];
        }
        row
    }
}

/// Loop 0: adds the product of `MR` windows with a panel of `NV` vectors.
///
/// # Safety
///
/// The windows that begin at `pixels` must be readable, as must a panel as deep as `im2col`.
#[inline(always)]
pub(super) unsafe fn multiply_segments<S: Simd, W: WeightType, const MR: usize, const NV: usize>(
    s: S,
    im2col: &Im2col,
    pixels: &[*const f32; MR],
    mut weights: Rows<W>,
    ahead: &mut Ahead,
    tile: &mut [[S::Vec; NV]; MR],
) {
    for row in 0..im2col.rows {
        for segment in 0..im2col.segments {
            let mut k = row * im2col.row + segment * im2col.segment;
            let end = k + im2col.len;
            // SAFETY: the loops stay inside of the window and of the panel, of which each k takes a row.
            unsafe {
                while k + UNROLL <= end {
                    ahead.fetch::<S, NV>(s);
                    for u in 0..UNROLL {
                        step::<S, W, MR, NV>(s, pixels, k + u, weights.skip::<S, NV>(u), tile);
                    }
                    weights = weights.skip::<S, NV>(UNROLL);
                    k += UNROLL;
                }
                while k < end {
                    step::<S, W, MR, NV>(s, pixels, k, weights, tile);
                    weights = weights.skip::<S, NV>(1);
                    k += 1;
                }
            }
        }
    }
}

/// Loop 0 for windows of short segments: a single loop over a table of places.
///
/// # Safety
///
/// The floats at `taps` from each of `pixels` must be readable, as must a panel of as many rows.
#[inline(always)]
unsafe fn multiply_taps<S: Simd, W: WeightType, const MR: usize, const NV: usize>(
    s: S,
    taps: &[u32],
    pixels: &[*const f32; MR],
    mut weights: Rows<W>,
    tile: &mut [[S::Vec; NV]; MR],
) {
    let (groups, rest) = taps.as_chunks::<UNROLL>();
    // SAFETY: the caller's promise.
    unsafe {
        for group in groups {
            for (u, tap) in group.iter().enumerate() {
                step::<S, W, MR, NV>(s, pixels, *tap as usize, weights.skip::<S, NV>(u), tile);
            }
            weights = weights.skip::<S, NV>(UNROLL);
        }
        for tap in rest {
            step::<S, W, MR, NV>(s, pixels, *tap as usize, weights, tile);
            weights = weights.skip::<S, NV>(1);
        }
    }
}

/// Adds the product of float `k` of each window with a row of the panel.
///
/// # Safety
///
/// They must be readable.
#[inline(always)]
unsafe fn step<S: Simd, W: WeightType, const MR: usize, const NV: usize>(
    s: S,
    pixels: &[*const f32; MR],
    k: usize,
    weights: Rows<W>,
    tile: &mut [[S::Vec; NV]; MR],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let b = weights.load::<S, NV>(s);
        for i in 0..MR {
            let a = s.splat(*pixels[i].add(k));
            for j in 0..NV {
                tile[i][j] = s.mul_add(a, b[j], tile[i][j]);
            }
        }
    }
}

impl<W: WeightType, const MR: usize, const NV: usize> TileKernel<'_, W, MR, NV> {
    /// Adds the residual to the tile that begins at pixel `first` of the block, clamps and stores.
    ///
    /// # Safety
    ///
    /// The tile's pixels must be in the block, with outputs and residuals in the workspace.
    #[inline(always)]
    unsafe fn finish<S: Simd>(&self, s: S, first: usize, mut tile: [[S::Vec; NV]; MR]) {
        let TileRange { gemm, block, output, panel, .. } = self.0;
        // SAFETY: no channels but the panel's are read or written.
        unsafe {
            if gemm.epilogue.residual().is_some() {
                for i in 0..MR {
                    let residual = output.add(*block.residuals.as_ptr().add(first + i));
                    for j in 0..NV {
                        let channel = j * S::LANES;
                        if panel.channels > channel {
                            let from = residual.add(channel);
                            tile[i][j] = s.add(tile[i][j], s.load_first(from, panel.channels - channel));
                        }
                    }
                }
            }
            gemm.epilogue.activate_tile(s, &mut tile);
            let outputs = block.outputs.as_ptr().add(first);
            let next = *outputs + MR * panel.channels;
            if panel.channels == NV * S::LANES || panel.only && *outputs.add(MR) == next {
                for i in 0..MR {
                    for j in 0..NV {
                        s.store(output.add(*outputs.add(i)).add(j * S::LANES), tile[i][j]);
                    }
                }
                return;
            }
            for i in 0..MR {
                let to = output.add(*outputs.add(i));
                for j in 0..NV {
                    let channel = j * S::LANES;
                    if panel.channels > channel {
                        s.store_first(to.add(channel), tile[i][j], panel.channels - channel);
                    }
                }
            }
        }
    }
}
