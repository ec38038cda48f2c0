//! The gradients of layers that add up pixels: means over windows, interpolation, padding.
//!
//! An output of such a layer is a sum of inputs in the same channel, each times a factor for its row and one for its column. So the
//! gradient of an input is a sum of those of outputs, times the same factors: the adjoint map. It is computed pixel by pixel, from
//! the few outputs that depend on it.

use core::ops::Range;

use crate::exec::divide::{div, div_ceil, div_rem};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::pad::source;
use crate::kernels::pool::{Axis, part};
use crate::kernels::resize::Axis as Places;
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Edge, PadMode};

/// One direction of a layer.
pub(super) trait Direction: Copy {
    /// The outputs that may depend on an input, and perhaps some others.
    fn outputs(&self, input: usize) -> Range<usize>;

    /// The factor of an input in one of these.
    fn factor(&self, output: usize, input: usize) -> f32;
}

/// Means over windows.
#[derive(Clone, Copy)]
pub(super) struct WindowMeans {
    pub(super) axis: Axis,
    /// How many there are.
    pub(super) count: usize,
    /// Whether they count taps in the padding.
    pub(super) padded: bool,
}

impl Direction for WindowMeans {
    #[inline(always)]
    fn outputs(&self, input: usize) -> Range<usize> {
        let Axis { taps, stride, dilation, before, .. } = self.axis;
        let (place, extent) = (input + before, (taps - 1) * dilation);
        div_ceil(place.saturating_sub(extent), stride)..(div(place, stride) + 1).min(self.count)
    }

    #[inline(always)]
    fn factor(&self, output: usize, input: usize) -> f32 {
        let Axis { stride, dilation, before, .. } = self.axis;
        if dilation > 1 && div_rem(input + before - output * stride, dilation).1 > 0 {
            return 0.0;
        }
        let span = self.axis.span(output);
        1.0 / (if self.padded { span.padded } else { span.taps }).max(1) as f32
    }
}

/// Means over parts that cover the input evenly.
#[derive(Clone, Copy)]
pub(super) struct PartMeans {
    pub(super) size: usize,
    /// How many there are.
    pub(super) count: usize,
}

impl Direction for PartMeans {
    #[inline(always)]
    fn outputs(&self, input: usize) -> Range<usize> {
        let Self { size, count } = *self;
        div(input * count, size)..div_ceil((input + 1) * count, size)
    }

    #[inline(always)]
    fn factor(&self, output: usize, _: usize) -> f32 {
        let (_, len) = part(self.size, self.count, output);
        1.0 / len.max(1) as f32
    }
}

/// Rows or columns around a map that repeat some of its own.
#[derive(Clone, Copy)]
pub(super) struct Edges {
    pub(super) before: usize,
    pub(super) size: usize,
    /// With those around it.
    pub(super) count: usize,
    pub(super) mode: Edge,
}

impl Direction for Edges {
    #[inline(always)]
    fn outputs(&self, input: usize) -> Range<usize> {
        let Self { before, size, count, mode } = *self;
        let (place, last) = (before + input, size - 1);
        match mode.closed() {
            PadMode::Zero => place..place + 1,
            PadMode::Replicate => {
                let first = if input == 0 { 0 } else { place };
                first..if input == last { count } else { place + 1 }
            }
            PadMode::Reflect => {
                let first = if input <= before { before - input } else { place };
                let mirrored = before + last + (last - input);
                let end = if mirrored < count { mirrored } else { place };
                first..end + 1
            }
        }
    }

    #[inline(always)]
    fn factor(&self, output: usize, input: usize) -> f32 {
        if source(output, self.before, self.size, self.mode) == Some(input) { 1.0 } else { 0.0 }
    }
}

/// Copies of the nearest pixel.
#[derive(Clone, Copy)]
pub(super) struct Nearest {
    pub(super) size: usize,
    /// How many outputs there are.
    pub(super) count: usize,
}

impl Direction for Nearest {
    #[inline(always)]
    fn outputs(&self, input: usize) -> Range<usize> {
        // Output `i` is a copy of input `floor(i * size / count)`.
        let Self { size, count } = *self;
        div_ceil(input * count, size)..div_ceil((input + 1) * count, size)
    }

    #[inline(always)]
    fn factor(&self, _: usize, _: usize) -> f32 {
        1.0
    }
}

/// Interpolation between `T` inputs.
#[derive(Clone, Copy)]
pub(super) struct Interpolated<const T: usize> {
    pub(super) places: Places,
    /// How many outputs there are.
    pub(super) count: usize,
}

impl<const T: usize> Direction for Interpolated<T> {
    #[inline(always)]
    fn outputs(&self, input: usize) -> Range<usize> {
        self.places.dependents::<T>(input, self.count)
    }

    #[inline(always)]
    fn factor(&self, output: usize, input: usize) -> f32 {
        let taps = self.places.taps::<T>(self.places.interpolated::<T>(self.places.at(output)));
        // Beyond an edge, several taps are the same input.
        let weights = taps.at.into_iter().zip(taps.weights);
        weights.map(|(at, weight)| if at == input { weight } else { 0.0 }).sum()
    }
}

/// Writes the gradient of a layer's input, `output`, from that of its output.
///
/// # Safety
///
/// Both maps lie in `ws`, apart from each other; they have as many channels, and the directions are those of a layer that makes the
/// one of the other.
pub(super) unsafe fn adjoint<D: Direction>(
    run: Run<'_>,
    [upstream, output]: [Map; 2],
    directions: [D; 2],
    ws: *mut f32,
) {
    let work = nanos_of_floats([2, output.elements().saturating_add(upstream.elements())]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not what is read.
    unsafe { run.split(work, |partition| Adjoint::new([upstream, output], directions, ws, partition)) };
}

/// Some rows of a gradient.
struct Adjoint<D> {
    upstream: Map,
    output: Map,
    rows: D,
    columns: D,
    ws: *mut f32,
    partition: Partition,
}

impl<D> Adjoint<D> {
    /// # Safety
    ///
    /// As for [`adjoint`]; other threads have other partitions.
    unsafe fn new([upstream, output]: [Map; 2], [rows, columns]: [D; 2], ws: *mut f32, partition: Partition) -> Self {
        Self { upstream, output, rows, columns, ws, partition }
    }
}

impl<D: Direction> Kernel for Adjoint<D> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { upstream, output, rows, columns, ws, partition } = self;
        for y in partition.of(output.height) {
            for x in 0..output.width {
                let to = ws.wrapping_add(output.at(y, x));
                let mut sum =
                    Sum { to, channels: output.channels, summands: [NOTHING; TOGETHER], count: 0, first: true };
                for row in rows.outputs(y) {
                    let factor = rows.factor(row, y);
                    if factor == 0.0 {
                        continue;
                    }
                    for column in columns.outputs(x) {
                        let factor = factor * columns.factor(column, x);
                        if factor != 0.0 {
                            let from = ws.wrapping_add(upstream.at(row, column)).cast_const();
                            // SAFETY: pixels of maps that lie in the workspace, and have as many channels.
                            unsafe { sum.add(s, Summand { from, factor }) };
                        }
                    }
                }
                // SAFETY: as above.
                unsafe { sum.store(s) };
            }
        }
    }
}

/// Pixels that are added up before the sum is stored.
const TOGETHER: usize = 16;

/// A pixel that is added, times a factor.
#[derive(Clone, Copy)]
struct Summand {
    from: *const f32,
    factor: f32,
}

const NOTHING: Summand = Summand { from: core::ptr::null(), factor: 0.0 };

/// A sum of pixels. All of them, and `to`, are of as many channels, which can be read, or written.
struct Sum {
    to: *mut f32,
    channels: usize,
    summands: [Summand; TOGETHER],
    /// How many summands are not stored yet.
    count: usize,
    /// Whether none has been stored.
    first: bool,
}

impl Sum {
    /// Adds a pixel.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn add<S: Simd>(&mut self, s: S, summand: Summand) {
        if self.count == TOGETHER {
            // SAFETY: the caller's promise.
            unsafe { self.store(s) };
            (self.count, self.first) = (0, false);
        }
        if let Some(slot) = self.summands.get_mut(self.count) {
            *slot = summand;
            self.count += 1;
        }
    }

    /// Stores what was added so far.
    ///
    /// # Safety
    ///
    /// As the type's documentation says.
    #[inline(always)]
    unsafe fn store<S: Simd>(&self, s: S) {
        for c in (0..self.channels).step_by(S::LANES) {
            let rest = self.channels - c;
            // SAFETY: the caller's promise.
            unsafe {
                let to = self.to.add(c);
                let mut sum = if self.first { s.splat(0.0) } else { s.load_first(to, rest) };
                for Summand { from, factor } in self.summands.iter().take(self.count) {
                    sum = s.mul_add(s.load_first(from.add(c), rest), s.splat(*factor), sum);
                }
                s.store_first(to, sum, rest);
            }
        }
    }
}
