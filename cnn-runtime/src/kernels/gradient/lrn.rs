//! The gradient of local response normalisation.
//!
//! With the denominators `d_i = k + alpha * sum a_j^2`, it is `dy_i / d_i^beta - 2 alpha beta a_i * sum dy_j a_j / d_j^(beta + 1)`, where
//! the sum is over the channels whose windows contain `i`. Its terms are computed first, for a stretch of channels, and kept on the
//! stack.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::norm::sum_of_squares;
use crate::place::bounds::{Checked, Reach, Region, assert_product, assert_same_size};
use crate::place::map::Map;
use crate::simd::{Kernel, PANEL, Simd, math};
use cnn_net::op::Lrn;
use cnn_net::record;

/// The gradient of what was normalised by its neighbours in other channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrnGradient {
    /// What was normalised.
    pub input: Map,
    /// The gradient of the results.
    pub upstream: Map,
    /// The gradient of the input; not one of the two.
    pub output: Map,
    /// The formula's constants.
    pub lrn: Lrn,
}

record! { LrnGradient(#read input: Map, #read upstream: Map, output: Map, lrn: Lrn) }
kernel_call! { LrnGradient = lrn_gradient, output: output }

impl LrnGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or the output overlaps the others.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, lrn } = &self;
        assert_same_size(input, output);
        assert_same_size(upstream, output);
        assert_product(&[lrn.size, 4]);
        assert_product(&[input.channels, 8]);
        Checked::new(self, Reach::to(output).reads(Region::of(input)).reads(Region::of(upstream)))
    }
}

/// Computes the gradient of what was normalised by its neighbours.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn lrn_gradient(run: Run<'_>, layer: &Checked<LrnGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { lrn_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn lrn_in(run: Run<'_>, layer: &LrnGradient, ws: *mut f32) {
    let window = layer.lrn.size.min(2 * layer.input.channels);
    let work = nanos_of_floats([2 * window + 12, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not what is read.
    unsafe { run.split(work, |partition| LrnKernel::new(layer, ws, partition)) };
}

/// Channels whose gradients are computed together.
const CHUNK: usize = 8 * PANEL;
/// Terms that are computed together: those of a chunk, and of usual windows around it.
const TERMS: usize = CHUNK + 4 * PANEL;

/// Terms with zeros around them, so that whole vectors can be read.
type Terms = [f32; TERMS + 2 * PANEL];

struct LrnKernel<'a> {
    layer: &'a LrnGradient,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> LrnKernel<'a> {
    /// # Safety
    ///
    /// As for [`lrn_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a LrnGradient, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for LrnKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let LrnGradient { input, lrn, .. } = self.layer;
        // However far the window reaches, there are no other channels than these.
        let reach = lrn.reach().map(|channels| channels.min(input.channels));
        for y in self.partition.of(input.height) {
            for x in 0..input.width {
                let pixel = Pixel {
                    input: self.ws.wrapping_add(input.at(y, x)),
                    upstream: self.ws.wrapping_add(self.layer.upstream.at(y, x)),
                    to: self.ws.wrapping_add(self.layer.output.at(y, x)),
                    channels: input.channels,
                    reach,
                    lrn: *lrn,
                };
                // SAFETY: a pixel of each map, all of which have as many channels.
                unsafe { pixel.gradients(s) };
            }
        }
    }
}

/// A pixel.
#[derive(Clone, Copy)]
struct Pixel {
    input: *const f32,
    upstream: *const f32,
    to: *mut f32,
    channels: usize,
    /// Channels that a window covers before and after its own.
    reach: [usize; 2],
    lrn: Lrn,
}

impl Pixel {
    /// Writes all gradients.
    ///
    /// # Safety
    ///
    /// There are as many channels; so for all methods.
    #[inline(always)]
    unsafe fn gradients<S: Simd>(self, s: S) {
        let [before, after] = self.reach;
        for first in (0..self.channels).step_by(CHUNK) {
            let end = self.channels.min(first + CHUNK);
            let mut sums = [0.0; CHUNK];
            // The channels whose windows contain one of these.
            let containing = first.saturating_sub(after)..self.channels.min(end + before);
            for term in containing.clone().step_by(TERMS) {
                let count = TERMS.min(containing.end - term);
                // SAFETY: the caller's promise; these are channels.
                unsafe {
                    let terms = self.terms(s, term, count);
                    self.add_terms(s, &mut sums, [first, end], &terms, [term, count]);
                }
            }
            for c in (first..end).step_by(S::LANES) {
                // SAFETY: these are channels, and a chunk has whole vectors.
                unsafe { self.finish(s, c, s.load(sums.as_ptr().add(c - first))) };
            }
        }
    }

    /// The terms of some channels.
    #[inline(always)]
    unsafe fn terms<S: Simd>(self, s: S, first: usize, count: usize) -> Terms {
        let mut terms: Terms = [0.0; TERMS + 2 * PANEL];
        for i in (0..count).step_by(S::LANES) {
            // SAFETY: the caller's promise; there is room for whole vectors, of which only terms are written.
            unsafe {
                let c = first + i;
                let [base, power] = self.denominator(s, c);
                let [value, upstream] =
                    [self.input, self.upstream].map(|from| s.load_first(from.add(c), self.channels - c));
                let term = s.div(s.mul(s.mul(upstream, value), power), base);
                s.store_first(terms.as_mut_ptr().add(PANEL + i), term, count - i);
            }
        }
        terms
    }

    /// The denominators of a vector of channels, and these to the power of `-beta`.
    #[inline(always)]
    unsafe fn denominator<S: Simd>(self, s: S, c: usize) -> [S::Vec; 2] {
        let Lrn { alpha, beta, k, .. } = self.lrn;
        // SAFETY: the caller's promise.
        let sum = unsafe { sum_of_squares(s, self.reach, self.input, c, self.channels) };
        let base = s.mul_add(sum, s.splat(alpha), s.splat(k));
        let power = if beta == 0.75 && k >= f32::MIN_POSITIVE {
            math::pow_minus_three_quarters(s, s.min(s.splat(f32::MAX), base))
        } else {
            s.map(base, |base| libm::powf(base, -beta))
        };
        [base, power]
    }

    /// Adds each of `count` terms from channel `term` on to the sums of those of the channels `first..end` that its window contains.
    #[inline(always)]
    unsafe fn add_terms<S: Simd>(
        self,
        s: S,
        sums: &mut [f32; CHUNK],
        [first, end]: [usize; 2],
        terms: &Terms,
        [term, count]: [usize; 2],
    ) {
        let [before, after] = self.reach;
        for c in (first..end).step_by(S::LANES) {
            // Vectors of terms that begin at channels from `c - after` to `c + before`, as far as they have a term in common with these.
            let from = (PANEL + c).saturating_sub(after + term).max(PANEL + 1 - S::LANES);
            let to = (PANEL + c + before + 1).saturating_sub(term).min(PANEL + count);
            // SAFETY: a chunk has whole vectors, and there are zeros around the terms.
            unsafe {
                let at = sums.as_mut_ptr().add(c - first);
                let mut sum = s.load(at);
                for index in from..to {
                    sum = s.add(sum, s.load(terms.as_ptr().add(index)));
                }
                s.store(at, sum);
            }
        }
    }

    /// Writes the gradients of a vector of channels, given their sums.
    #[inline(always)]
    unsafe fn finish<S: Simd>(self, s: S, c: usize, sum: S::Vec) {
        let rest = self.channels - c;
        // SAFETY: the caller's promise.
        unsafe {
            let [_, power] = self.denominator(s, c);
            let [value, upstream] = [self.input, self.upstream].map(|from| s.load_first(from.add(c), rest));
            let factor = s.splat(2.0 * self.lrn.alpha * self.lrn.beta);
            let gradient = s.neg_mul_add(s.mul(factor, value), sum, s.mul(upstream, power));
            s.store_first(self.to.add(c), gradient, rest);
        }
    }
}
