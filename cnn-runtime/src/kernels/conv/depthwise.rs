//! The kernel of depthwise convolutions.
//!
//! Vectors are over channels, and a tile is several pixels of a row. For the usual widths of a kernel and strides, a row
//! of the window is a sliding one: each vector of the input is loaded once for all the pixels whose windows it is in, and
//! the row's weights stay in registers.

use core::ops::Range;

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::Partition;
use crate::kernels::conv2d::Conv2d;
use crate::kernels::epilogue::Epilogue;
use crate::pack::{PANEL, padded};
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
        let Conv2d { kernel, stride, dilation, .. } = &self.layer;
        // SAFETY: kernel and stride are what is matched.
        unsafe {
            match (kernel.width, stride.width, dilation.width) {
                (3, 1, 1) => s.run(Sound::new(Rows::<3, 1>(self))),
                (3, 2, 1) => s.run(Sound::new(Rows::<3, 2>(self))),
                (5, 1, 1) => s.run(Sound::new(Rows::<5, 1>(self))),
                (5, 2, 1) => s.run(Sound::new(Rows::<5, 2>(self))),
                _ => s.run(Sound::new(Rows::<0, 0>(self))),
            }
        }
    }
}

/// Pixels of the longest tile.
const MOST: usize = 8;

/// Floats of the windows of a tile, which should leave room in L1 for those of the next one and for the results.
const WINDOWS: usize = 6144;

/// Floats of the largest input that L2 may hold.
const L2: usize = 1 << 18;

/// Whether tiles of every length are compiled. Plain code would gain little, and programs for microcontrollers would grow.
const fn every_length<S: Simd>() -> bool {
    S::MR > 2
}

/// The partition's rows; the kernel is `KW` wide and moves by `STEP` columns, or both are 0 and known at run time only.
struct Rows<const KW: usize, const STEP: usize>(Depthwise);

impl<const KW: usize, const STEP: usize> UnsafeKernel for Rows<KW, STEP> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        let output = &self.0.layer.output;
        let rows = self.0.partition.of(output.height);
        let [height, panels] = self.at_once();
        for y in rows.clone().step_by(height) {
            for c in (0..output.channels).step_by(panels * PANEL) {
                let rows = y..rows.end.min(y + height);
                let channels = c..output.channels.min(c + panels * PANEL);
                // SAFETY: the output has these rows and channels.
                unsafe { self.strips(s, rows, channels) };
            }
        }
    }
}

impl<const KW: usize, const STEP: usize> Rows<KW, STEP> {
    /// How many rows and panels of channels tiles go down before they move to the right.
    ///
    /// Where an input is in L2, windows stay in L1 while a tile goes down the rows: a row of the input, which several rows of
    /// windows cover, is read from L2 once. Larger inputs are read in the order of memory, which the hardware prefetches.
    fn at_once(&self) -> [usize; 2] {
        let Conv2d { input, output, kernel, stride, .. } = &self.0.layer;
        if input.height * input.row > L2 {
            return [1, div_ceil(output.channels, PANEL)];
        }
        let columns = (MOST - 1) * stride.width + kernel.width;
        [output.height.max(1), div(WINDOWS, kernel.height * columns * PANEL).max(1)]
    }

    /// Some channels of some rows: tiles go down the rows, then to the right.
    ///
    /// # Safety
    ///
    /// They must be in the output.
    #[inline(always)]
    unsafe fn strips<S: Simd>(&self, s: S, rows: Range<usize>, channels: Range<usize>) {
        let Depthwise { layer, epilogue, ws, .. } = &self.0;
        let output = &layer.output;
        let mut x = 0;
        while x < output.width {
            let rest = output.width - x;
            // Of nearly equal length, since a short tile can't keep the FMA units busy.
            let len = if const { every_length::<S>() } { div_ceil(rest, div_ceil(rest, MOST)) } else { rest.min(MOST) };
            for y in rows.clone() {
                // SAFETY: the caller's promise.
                unsafe {
                    self.pixels(s, y, x..x + len, channels.clone());
                    epilogue.pass_pixels(s, *ws, output, [y, x], len, channels.clone());
                }
            }
            x += len;
        }
    }

    /// Some channels of a tile.
    ///
    /// # Safety
    ///
    /// They must be in the output.
    #[inline(always)]
    unsafe fn pixels<S: Simd>(&self, s: S, y: usize, pixels: Range<usize>, channels: Range<usize>) {
        for c in channels.step_by(S::LANES) {
            // SAFETY: the caller's promise.
            unsafe {
                match pixels.len() {
                    8 => self.tile::<S, 8>(s, [y, pixels.start, c]),
                    7 if const { every_length::<S>() } => self.tile::<S, 7>(s, [y, pixels.start, c]),
                    6 if const { every_length::<S>() } => self.tile::<S, 6>(s, [y, pixels.start, c]),
                    5 if const { every_length::<S>() } => self.tile::<S, 5>(s, [y, pixels.start, c]),
                    _ => self.short(s, y, pixels.clone(), c),
                }
            }
        }
    }

    /// A vector of channels of fewer pixels than [`MOST`].
    ///
    /// # Safety
    ///
    /// They must be in the output.
    #[inline(always)]
    unsafe fn short<S: Simd>(&self, s: S, y: usize, pixels: Range<usize>, c: usize) {
        let mut x = pixels.start;
        // SAFETY: the caller's promise.
        unsafe {
            if pixels.len() >= 4 {
                self.tile::<S, 4>(s, [y, x, c]);
                x += 4;
            }
            for x in x..pixels.end {
                self.tile::<S, 1>(s, [y, x, c]);
            }
        }
    }

    /// A vector of channels of `N` pixels.
    ///
    /// # Safety
    ///
    /// They must be in the output.
    #[inline(always)]
    unsafe fn tile<S: Simd, const N: usize>(&self, s: S, [y, x, c]: [usize; 3]) {
        let Self(Depthwise { layer, weights, ws, .. }) = self;
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
            self.finish(s, [y, x, c], sums);
        }
    }

    /// Stores a tile's results.
    ///
    /// # Safety
    ///
    /// As for [`tile`](Self::tile).
    #[inline(always)]
    unsafe fn finish<S: Simd, const N: usize>(&self, s: S, [y, x, c]: [usize; 3], sums: [S::Vec; N]) {
        let Self(Depthwise { layer, epilogue, ws, .. }) = *self;
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
            // The compiler would not unroll such a loop, and then the sums would not stay in registers.
            macro_rules! columns {
                ($($j:literal)*) => {
                    $(if const { $j < (N - 1) * STEP + KW } {
                        let value = s.load(from.wrapping_add($j * input.pixel));
                        columns!(value, $j: 0 1 2 3 4);
                    })*
                };
                ($value:ident, $j:literal: $($tap:literal)*) => {
                    $(if let Some(i) = const { Self::pixel($j, $tap, N) } {
                        sums[i] = s.mul_add($value, weights[$tap], sums[i]);
                    })*
                };
            }
            columns!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18);
        }
    }

    /// The pixel of `n` whose window has a column at a tap.
    const fn pixel(column: usize, tap: usize, n: usize) -> Option<usize> {
        match column.checked_sub(tap) {
            Some(moved) if tap < KW && STEP > 0 && moved.is_multiple_of(STEP) && moved / STEP < n => Some(moved / STEP),
            _ => None,
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
