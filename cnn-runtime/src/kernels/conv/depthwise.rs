//! The kernel of depthwise convolutions.
//!
//! Vectors are over channels, and a tile is several pixels of a row. For the usual widths of a kernel and strides, a row
//! of the window is a sliding one: each vector of the input is loaded once for all the pixels whose windows it is in, and
//! the row's weights stay in registers.

use core::ops::Range;

use crate::exec::divide::{div_ceil, div_rem};
use crate::exec::run::Partition;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::Epilogue;
use crate::pack::padded;
use crate::simd::{Kernel, Simd, Sound, UnsafeKernel};

/// A depthwise convolution.
#[derive(Clone, Copy)]
pub(super) struct Depthwise {
    /// Not a reference, so that its numbers stay in registers while results are stored.
    layer: Conv2d,
    epilogue: Epilogue,
    /// Biases, then taps, in padded rows.
    weights: *const f32,
    ws: *mut f32,
    /// Rows of the output.
    partition: Partition,
}

impl Depthwise {
    /// # Safety
    ///
    /// The layer was checked, with a group for each channel; `ws` has as many floats as it needs, and `weights` a padded row
    /// of biases and one for each tap. Other threads have other partitions.
    pub(super) unsafe fn new(layer: Conv2d, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, epilogue: layer.epilogue(), weights, ws, partition }
    }
}

impl Kernel for Depthwise {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Conv2d { output, kernel, stride, dilation, .. } = &self.layer;
        for y in self.partition.of(output.height) {
            // SAFETY: these are rows of the output; kernel and stride are what is matched.
            unsafe {
                match (kernel.width, stride.width, dilation.width) {
                    (3, 1, 1) => s.run(Sound::new(Row::<3, 1>(self, y))),
                    (3, 2, 1) => s.run(Sound::new(Row::<3, 2>(self, y))),
                    (5, 1, 1) => s.run(Sound::new(Row::<5, 1>(self, y))),
                    (5, 2, 1) => s.run(Sound::new(Row::<5, 2>(self, y))),
                    _ => s.run(Sound::new(Row::<0, 0>(self, y))),
                }
            }
        }
    }
}

/// Pixels of the longest tile.
const MOST: usize = 8;

/// Whether tiles of every length are compiled. Plain code would gain little, and programs for microcontrollers would grow.
const fn every_length<S: Simd>() -> bool {
    S::MR > 2
}

/// A row, which the output has; the kernel is `KW` wide and moves by `STEP` columns, or both are 0 and known at run time only.
struct Row<const KW: usize, const STEP: usize>(Depthwise, usize);

impl<const KW: usize, const STEP: usize> UnsafeKernel for Row<KW, STEP> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let Self(Depthwise { layer, epilogue, ws, .. }, y) = &self;
        let output = &layer.output;
        let mut x = 0;
        while x < output.width {
            let rest = output.width - x;
            // Of nearly equal length, since a short tile can't keep the FMA units busy.
            let len = if const { every_length::<S>() } { div_ceil(rest, div_ceil(rest, MOST)) } else { rest.min(MOST) };
            for c in (0..output.channels).step_by(S::LANES) {
                // SAFETY: the pixels are in the map, and the channels in it.
                unsafe {
                    match len {
                        8 => self.tile::<S, 8>(s, x, c),
                        7 if const { every_length::<S>() } => self.tile::<S, 7>(s, x, c),
                        6 if const { every_length::<S>() } => self.tile::<S, 6>(s, x, c),
                        5 if const { every_length::<S>() } => self.tile::<S, 5>(s, x, c),
                        _ => self.short(s, x..x + len, c),
                    }
                }
            }
            x += len;
        }
        // SAFETY: the output has the row.
        unsafe { epilogue.pass_pixels(s, *ws, output, [*y, 0], output.width, 0..output.channels) };
    }
}

impl<const KW: usize, const STEP: usize> Row<KW, STEP> {
    /// A vector of channels of fewer pixels than [`MOST`].
    ///
    /// # Safety
    ///
    /// They must be in the output.
    #[inline(always)]
    unsafe fn short<S: Simd>(&self, s: S, pixels: Range<usize>, c: usize) {
        let mut x = pixels.start;
        // SAFETY: the caller's promise.
        unsafe {
            if pixels.len() >= 4 {
                self.tile::<S, 4>(s, x, c);
                x += 4;
            }
            for x in x..pixels.end {
                self.tile::<S, 1>(s, x, c);
            }
        }
    }

    /// A vector of channels of `N` pixels.
    ///
    /// # Safety
    ///
    /// They must be in the output.
    #[inline(always)]
    unsafe fn tile<S: Simd, const N: usize>(&self, s: S, x: usize, c: usize) {
        let Self(Depthwise { layer, weights, ws, .. }, y) = self;
        let Conv2d { input, kernel, stride, dilation, .. } = layer;
        let padded = padded(input.channels);
        // SAFETY: `depthwise2d` checked all windows, each with a vector after it, and the padded rows of weights.
        unsafe {
            let mut sums = [s.load(weights.add(c)); N];
            let mut taps = weights.add(c + padded);
            let mut from =
                ws.add(layer.first() + y * stride.height * input.row + x * stride.width * input.pixel + c).cast_const();
            for _ in 0..kernel.height {
                if KW > 0 {
                    self.slide(s, from, taps, &mut sums);
                } else {
                    self.each_tap(s, from, taps, &mut sums);
                }
                taps = taps.add(kernel.width * padded);
                from = from.wrapping_add(dilation.height * input.row);
            }
            self.finish(s, x, c, sums);
        }
    }

    /// Stores a tile's results.
    ///
    /// # Safety
    ///
    /// As for [`tile`](Self::tile).
    #[inline(always)]
    unsafe fn finish<S: Simd, const N: usize>(&self, s: S, x: usize, c: usize, sums: [S::Vec; N]) {
        let Self(Depthwise { layer, epilogue, ws, .. }, y) = *self;
        let output = layer.output;
        let rest = output.channels - c;
        let to = ws.wrapping_add(output.at(y, x) + c);
        if rest >= S::LANES && epilogue.residual().is_none() {
            for (i, sum) in sums.into_iter().enumerate() {
                // SAFETY: the caller's promise; these are channels of the output.
                unsafe { s.store(to.add(i * output.pixel), epilogue.activate(s, sum)) };
            }
            return;
        }
        for (i, sum) in sums.into_iter().enumerate() {
            // SAFETY: the caller's promise; no channels after the last one are written.
            unsafe {
                let result = epilogue.finish(s, sum, ws, [y, x + i, c], rest);
                s.store_first(to.add(i * output.pixel), result, rest);
            }
        }
    }

    /// Adds a row of the window.
    ///
    /// # Safety
    ///
    /// `N` such rows must be readable from `from` on, and `KW` rows of weights from `taps` on.
    #[inline(always)]
    unsafe fn slide<S: Simd, const N: usize>(&self, s: S, from: *const f32, taps: *const f32, sums: &mut [S::Vec; N]) {
        let input = &self.0.layer.input;
        let padded = padded(input.channels);
        // SAFETY: the caller's promise.
        unsafe {
            let mut weights = [s.splat(0.0); KW];
            for (tap, weight) in weights.iter_mut().enumerate() {
                *weight = s.load(taps.add(tap * padded));
            }
            let mut column = from;
            for j in 0..(N - 1) * STEP + KW {
                let value = s.load(column);
                column = column.wrapping_add(input.pixel);
                for (tap, weight) in weights.iter().enumerate() {
                    if let Some((i, 0)) = j.checked_sub(tap).map(|moved| div_rem(moved, STEP))
                        && i < N
                    {
                        sums[i] = s.mul_add(value, *weight, sums[i]);
                    }
                }
            }
        }
    }

    /// Adds a row of the window, of any width: one column after another, since the weights of many would not stay in registers.
    ///
    /// # Safety
    ///
    /// `N` such rows must be readable from `from` on, and as many rows of weights from `taps` on.
    #[inline(always)]
    unsafe fn each_tap<S: Simd, const N: usize>(
        &self,
        s: S,
        mut from: *const f32,
        mut taps: *const f32,
        sums: &mut [S::Vec; N],
    ) {
        let Conv2d { input, kernel, stride, dilation, .. } = &self.0.layer;
        for _ in 0..kernel.width {
            // SAFETY: the caller's promise.
            unsafe {
                let weight = s.load(taps);
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = s.mul_add(s.load(from.add(i * stride.width * input.pixel)), weight, *sum);
                }
            }
            from = from.wrapping_add(dilation.width * input.pixel);
            taps = taps.wrapping_add(padded(input.channels));
        }
    }
}
