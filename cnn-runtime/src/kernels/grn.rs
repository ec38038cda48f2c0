//! Global response normalisation (Woo et al. 2023).
//!
//! With the length `g` of each channel, the root of the sum of its squares, it is `x * (1 + weight * g / (mean(g) + eps)) + bias`. A map
//! is read for the lengths, in strips of channels, and for the results, in rows. In between, lengths become factors, so that what is left
//! is a scale and a shift.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::norm::{ScaleShift, scale_shift_in};
use crate::kernels::pool::{BLOCK, Mean, Sums};
use crate::kernels::terms::PixelTerms;
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::record;

/// Global response normalisation of a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GrnMap {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// Added to the mean of the lengths.
    pub eps: f32,
    /// Where the packed weights and biases ([`pack_gains`](crate::pack::pack_gains)) begin.
    pub weights: usize,
    /// Where its [scratch memory](Self::scratch_floats) begins.
    pub scratch: usize,
}

record! { GrnMap(#read input: Map, output: Map, eps: f32) { weights: usize = 0, scratch: usize = 0 } }
kernel_call! { GrnMap = grn, output: output, weights: weights }

impl GrnMap {
    /// Floats of the scratch memory for these channels: factors and summands.
    #[must_use]
    pub const fn scratch_floats(channels: usize) -> usize {
        2 * padded(channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same, or overlap the scratch memory.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, output, scratch, .. } = &self;
        assert_same_size(input, output);
        let reach = Reach::to(output).scratch(*scratch, Self::scratch_floats(output.channels));
        Checked::new(self, reach.reads_in_place(input))
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Gains { channels: self.input.channels, pixels: 1 }
    }
}

/// Normalises each channel by how its length compares with those of the others.
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn grn(run: Run<'_>, layer: &Checked<GrnMap>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = weights_at(weights, layer.weights, [2, padded(layer.input.channels)]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { grn_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` two padded rows.
unsafe fn grn_in(run: Run<'_>, layer: &GrnMap, weights: *const f32, ws: *mut f32) {
    let GrnMap { input, output, scratch, .. } = *layer;
    let rows = ws.wrapping_add(scratch);
    // SAFETY: the caller's promise; there are as many rows. The scratch memory is apart from both maps.
    unsafe {
        Totals::new(Squares(input), input, ws, rows).compute(run, nanos_of_floats([input.elements()]));
        run.part(Factors { layer, weights, rows });
        scale_shift_in(run, &ScaleShift::new(input, output), rows, ws);
    }
}

/// Squares of a map's numbers.
#[derive(Clone, Copy)]
struct Squares(Map);

impl PixelTerms<1> for Squares {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, s: S, ws: *const f32, (y, x): (usize, usize), c: usize, count: usize) -> [S::Vec; 1] {
        // SAFETY: the caller's promise.
        let value = unsafe { s.load_first(ws.wrapping_add(self.0.at(y, x) + c), count) };
        [s.mul(value, value)]
    }
}

/// Turns sums of squares into factors, and puts the biases after them.
struct Factors<'a> {
    layer: &'a GrnMap,
    weights: *const f32,
    rows: *mut f32,
}

impl Kernel for Factors<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (channels, row) = (self.layer.input.channels, padded(self.layer.input.channels));
        // SAFETY: as promised to `grn_in`: all have two padded rows, and the sums were written.
        unsafe {
            let whole = s.add(mean_length(s, self.rows, channels), s.splat(self.layer.eps));
            for c in (0..channels).step_by(S::LANES) {
                let (weight, bias) = (s.load(self.weights.add(c)), s.load(self.weights.add(row + c)));
                let compared = s.div(s.sqrt(s.load(self.rows.add(c))), whole);
                s.store(self.rows.add(c), s.mul_add(weight, compared, s.splat(1.0)));
                s.store(self.rows.add(row + c), bias);
            }
        }
    }
}

/// In each lane, the mean of the roots of sums.
///
/// # Safety
///
/// `sums` is a padded row, as [`Totals`] write it.
#[inline(always)]
pub(super) unsafe fn mean_length<S: Simd>(s: S, sums: *const f32, channels: usize) -> S::Vec {
    let mut lengths = Sums::<S, Mean, 1>::new(s, Mean);
    for c in (0..channels).step_by(S::LANES) {
        // SAFETY: the caller's promise; lanes that are no channels are 0.
        lengths.add(s, [s.sqrt(unsafe { s.load(sums.add(c)) })]);
    }
    let [length] = lengths.total(s);
    s.div(s.splat(s.reduce_sum(length)), s.splat(channels as f32))
}

/// Vectors of channels that are added up side by side.
const STRIP: usize = 4;

/// Sums over the pixels of a map for each channel, in `N` padded rows: whole vectors, with zeros after the last channel.
#[derive(Clone, Copy)]
pub(super) struct Totals<T, const N: usize> {
    terms: T,
    map: Map,
    ws: *const f32,
    to: *mut f32,
    /// Strips of channels.
    partition: Partition,
}

impl<T: PixelTerms<N>, const N: usize> Totals<T, N> {
    /// # Safety
    ///
    /// `ws` is a workspace in which the maps of the terms were checked, which have the size of `map`, and `to` has `N` padded rows for
    /// its channels, apart from these.
    pub(super) unsafe fn new(terms: T, map: Map, ws: *const f32, to: *mut f32) -> Self {
        Self { terms, map, ws, to, partition: Partition::WHOLE }
    }

    /// Adds them up; `work` is what that takes.
    #[inline(always)]
    pub(super) fn compute(self, run: Run<'_>, work: usize) {
        // SAFETY: partitions are channels, which have their own sums.
        unsafe { run.each_partition(work, |partition| run.part(Self { partition, ..self })) };
    }

    /// The sums of `V` vectors of channels from `c` on; returns how many channels that is.
    #[inline(always)]
    fn strip<S: Simd, const V: usize>(&self, s: S, c: usize) -> usize {
        let Map { height, width, channels, .. } = self.map;
        let mut sums: [Sums<S, Mean, N>; V] = core::array::from_fn(|_| Sums::new(s, Mean));
        for y in 0..height {
            for first in (0..width).step_by(BLOCK) {
                let mut blocks = [[s.splat(0.0); N]; V];
                for x in first..width.min(first + BLOCK) {
                    for (i, block) in blocks.iter_mut().enumerate() {
                        let c = c + i * S::LANES;
                        // SAFETY: as promised to `new`.
                        let terms = unsafe { self.terms.at(s, self.ws, (y, x), c, channels - c) };
                        block.iter_mut().zip(terms).for_each(|(sum, term)| *sum = s.add(*sum, term));
                    }
                }
                sums.iter_mut().zip(blocks).for_each(|(sums, block)| sums.add(s, block));
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            for (row, sum) in sums.total(s).into_iter().enumerate() {
                // SAFETY: as promised to `new`; a padded row ends with a whole vector.
                unsafe { s.store(self.to.add(row * padded(channels) + c + i * S::LANES), sum) };
            }
        }
        V * S::LANES
    }
}

impl<T: PixelTerms<N>, const N: usize> Kernel for Totals<T, N> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let (channels, strip) = (self.map.channels, STRIP * S::LANES);
        let strips = self.partition.of(channels.div_ceil(strip));
        let (mut c, end) = (strips.start * strip, channels.min(strips.end * strip));
        while c < end {
            c += if channels - c >= strip { self.strip::<S, STRIP>(s, c) } else { self.strip::<S, 1>(s, c) };
        }
    }
}
