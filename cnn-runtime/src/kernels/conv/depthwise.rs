//! The kernel of depthwise convolutions.
//!
//! Vectors are over channels, and a tile is several pixels of a row. For the usual widths of a kernel and strides, a row
//! of the window is a sliding one: each vector of the input is loaded once for all the pixels whose windows it is in, and
//! the row's weights stay in registers.

use crate::exec::divide::div_rem;
use crate::exec::run::Partition;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::Epilogue;
use crate::pack::padded;
use crate::simd::{Kernel, Simd, Sound, UnsafeKernel};

/// A depthwise convolution.
#[derive(Clone, Copy)]
pub(super) struct Depthwise<'a> {
    layer: &'a Conv2d,
    epilogue: Epilogue,
    /// Biases, then taps, in padded rows.
    weights: *const f32,
    ws: *mut f32,
    /// Rows of the output.
    partition: Partition,
}

impl<'a> Depthwise<'a> {
    /// # Safety
    ///
    /// The layer was checked, with a group for each channel; `ws` has as many floats as it needs, and `weights` a padded row
    /// of biases and one for each tap. Other threads have other partitions.
    pub(super) unsafe fn new(layer: &'a Conv2d, weights: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, epilogue: layer.epilogue(), weights, ws, partition }
    }
}

impl Kernel for Depthwise<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Conv2d { output, kernel, stride, dilation, .. } = self.layer;
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

/// A row, which the output has; the kernel is `KW` wide and moves by `STEP` columns, or both are 0 and known at run time only.
struct Row<'a, const KW: usize, const STEP: usize>(Depthwise<'a>, usize);

impl<const KW: usize, const STEP: usize> UnsafeKernel for Row<'_, KW, STEP> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let output = &self.0.layer.output;
        let mut x = 0;
        while x < output.width {
            let rest = output.width - x;
            for c in (0..output.channels).step_by(S::LANES) {
                // SAFETY: the pixels are in the map, and the channels in it.
                unsafe {
                    match rest {
                        8.. => self.tile::<S, 8>(s, x, c),
                        4.. => self.tile::<S, 4>(s, x, c),
                        _ => self.tile::<S, 1>(s, x, c),
                    }
                }
            }
            x += if rest >= 8 {
                8
            } else if rest >= 4 {
                4
            } else {
                1
            };
        }
        // SAFETY: the output has the row.
        unsafe { self.0.epilogue.pass_pixels(s, self.0.ws, output, [self.1, 0], output.width, 0..output.channels) };
    }
}

impl<const KW: usize, const STEP: usize> Row<'_, KW, STEP> {
    /// A vector of channels of `N` pixels.
    ///
    /// # Safety
    ///
    /// They must be in the output.
    #[inline(always)]
    unsafe fn tile<S: Simd, const N: usize>(&self, s: S, x: usize, c: usize) {
        let Self(Depthwise { layer, weights, ws, .. }, y) = *self;
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
                    for tap in 0..kernel.width {
                        let weight = s.load(taps.add(tap * padded));
                        for (i, sum) in sums.iter_mut().enumerate() {
                            let at = (i * stride.width + tap * dilation.width) * input.pixel;
                            *sum = s.mul_add(s.load(from.add(at)), weight, *sum);
                        }
                    }
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
}
