//! Softmax and its logarithm, over the channels of each pixel.
//!
//! The largest value is subtracted first, so that large ones don't overflow. What is added up are the numbers that are
//! divided, so the results add up to 1.

use crate::exec::run::Run;
use crate::kernels::pool::{BLOCK, Mean, Sums};
use crate::place::bounds::{Checked, Reach, assert_same_size};
use crate::place::map::Map;
use crate::simd::math::exp;
use crate::simd::{Kernel, Simd, Sound, UnsafeKernel};
use cnn_net::record;

/// A function over the channels of each pixel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SoftmaxMap {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
}

record! { SoftmaxMap(#read input: Map, output: Map) }
kernel_call! { SoftmaxCall(SoftmaxMap) = softmax, output: output }
kernel_call! { LogSoftmaxCall(SoftmaxMap) = log_softmax, output: output }

impl SoftmaxMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input).with_slack())
    }
}

/// `exp(x_i) / sum_j exp(x_j)`.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn softmax(run: Run<'_>, layer: &Checked<SoftmaxMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { each_pixel(run, &layer.get(), false, ws) }
}

/// `x_i - ln(sum_j exp(x_j))`.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn log_softmax(run: Run<'_>, layer: &Checked<SoftmaxMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { each_pixel(run, &layer.get(), true, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn each_pixel(run: Run<'_>, layer: &SoftmaxMap, logarithm: bool, ws: *mut f32) {
    // SAFETY: the caller's promise.
    run.alone(unsafe { SoftmaxKernel::new(layer, logarithm, ws) });
}

/// All pixels.
struct SoftmaxKernel<'a> {
    layer: &'a SoftmaxMap,
    logarithm: bool,
    ws: *mut f32,
}

impl<'a> SoftmaxKernel<'a> {
    /// # Safety
    ///
    /// As for [`each_pixel`].
    unsafe fn new(layer: &'a SoftmaxMap, logarithm: bool, ws: *mut f32) -> Self {
        Self { layer, logarithm, ws }
    }
}

impl Kernel for SoftmaxKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: SoftmaxMap { input, output }, logarithm, ws } = self;
        for y in 0..input.height {
            for x in 0..input.width {
                // SAFETY: both pixels lie in maps that were checked.
                let (from, to) = unsafe { (ws.add(input.at(y, x)), ws.add(output.at(y, x))) };
                let softmax = SoftmaxPixel { from, to, len: input.channels, logarithm };
                // SAFETY: they are as long, and each is followed by a vector.
                s.run(unsafe { Sound::new(softmax) });
            }
        }
    }
}

/// One pixel: `len` floats can be read and written, and a vector after them can be read.
pub(super) struct SoftmaxPixel {
    pub(super) from: *const f32,
    pub(super) to: *mut f32,
    pub(super) len: usize,
    pub(super) logarithm: bool,
}

impl UnsafeKernel for SoftmaxPixel {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, s: S) {
        // SAFETY: the caller's promise; no more than `len` floats are written.
        unsafe {
            let largest = self.largest(s);
            let sum = self.sum_of_exps(s, largest);
            if self.logarithm {
                let shift = s.splat(libm::logf(sum));
                self.scale(s, self.from, largest, shift);
            } else {
                self.scale(s, self.to, s.splat(0.0), s.splat(sum));
            }
        }
    }
}

impl SoftmaxPixel {
    /// The largest number, in all lanes.
    ///
    /// # Safety
    ///
    /// As the description of the type says; so for all methods.
    #[inline(always)]
    pub(super) unsafe fn largest<S: Simd>(&self, s: S) -> S::Vec {
        let mut largest = s.splat(f32::NEG_INFINITY);
        for i in (0..self.len).step_by(S::LANES) {
            // SAFETY: a vector from any of the floats is readable.
            let x = unsafe { s.load(self.from.add(i)) };
            largest = s.max(largest, s.select(s.first_lanes(self.len - i), x, largest));
        }
        s.splat(s.reduce_max(largest))
    }

    /// The sum of `exp(x - largest)`, which softmax also stores.
    ///
    /// # Safety
    ///
    /// As for [`largest`](Self::largest).
    #[inline(always)]
    pub(super) unsafe fn sum_of_exps<S: Simd>(&self, s: S, largest: S::Vec) -> f32 {
        let mut sums = Sums::<S, Mean, 1>::new(s, Mean);
        for first in (0..self.len).step_by(BLOCK * S::LANES) {
            let mut sum = s.splat(0.0);
            for i in (first..self.len.min(first + BLOCK * S::LANES)).step_by(S::LANES) {
                // SAFETY: a vector from any of the floats is readable, and no more than the rest is written.
                let x = unsafe { s.load(self.from.add(i)) };
                let y = exp(s, s.sub(x, largest));
                if !self.logarithm {
                    // SAFETY: as above.
                    unsafe { s.store_first(self.to.add(i), y, self.len - i) };
                }
                sum = s.add(sum, s.select(s.first_lanes(self.len - i), y, s.splat(0.0)));
            }
            sums.add(s, [sum]);
        }
        s.reduce_sum(sums.total(s)[0])
    }

    /// The last step: `exps / last`, or `x - first - last`.
    ///
    /// # Safety
    ///
    /// As for [`largest`](Self::largest); `from` is one of the two pixels.
    #[inline(always)]
    unsafe fn scale<S: Simd>(&self, s: S, from: *const f32, first: S::Vec, last: S::Vec) {
        for i in (0..self.len).step_by(S::LANES) {
            // SAFETY: a vector from any of the floats is readable, and no more than the rest is written.
            unsafe {
                let x = s.load(from.add(i));
                let y = if self.logarithm { s.sub(s.sub(x, first), last) } else { s.div(x, last) };
                s.store_first(self.to.add(i), y, self.len - i);
            }
        }
    }
}
