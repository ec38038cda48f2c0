//! The gradients of learnt slopes' inputs, and of gated linear units.

use crate::exec::divide::div_rem;
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::glu::Gate;
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, Region, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, math};
use cnn_net::op::PreluPer;
use cnn_net::record;

/// The gradient of what learnt slopes were applied to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreluGradient {
    /// What they were applied to.
    pub input: Map,
    /// The gradient of the output.
    pub upstream: Map,
    /// The gradient of the input; may be one of the two.
    pub output: Map,
    /// Where the packed slopes ([`pack_slopes`](crate::pack::pack_slopes)) begin.
    pub weights: usize,
    /// Whether slopes are per channel, or per channel and pixel.
    pub per: PreluPer,
}

/// The gradient of the input of a gated linear unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GluGradient {
    /// The input.
    pub input: Map,
    /// The gradient of the output: half as many channels.
    pub upstream: Map,
    /// The gradient of the input; may be the input.
    pub output: Map,
}

record! { PreluGradient(#read input: Map, #read upstream: Map, output: Map, per: PreluPer) { weights: usize = 0 } }
record! { GluGradient(#read input: Map, #read upstream: Map, output: Map) }
kernel_call! { PreluGradient = prelu_gradient, output: output, weights: weights }
kernel_call! { GluGradient = glu_gradient, output: output }

impl PreluGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or the output overlaps another one without being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, .. } = &self;
        assert_same_size(input, output);
        assert_same_size(upstream, output);
        Checked::new(self, Reach::to(output).reads_in_place(input).reads_in_place(upstream))
    }

    /// How its slopes are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Slopes { channels: self.input.channels, pixels: self.rows() }
    }

    /// Rows of slopes.
    const fn rows(&self) -> usize {
        match self.per {
            PreluPer::Channel | PreluPer::Tensor => 1,
            PreluPer::Element => self.input.pixels(),
        }
    }
}

impl GluGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If `upstream` has not half of the channels and the same pixels; if input and output differ in size, or the output overlaps what
    /// is read without being the input.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output } = self;
        assert_same_size(&input, &output);
        Gate { input, output: upstream }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads_in_place(&input).reads(Region::of(&upstream)))
    }
}

/// Multiplies a gradient by learnt slopes, where they were applied.
///
/// # Panics
///
/// If the workspace is too small, or the slopes end early.
#[inline(always)]
pub fn prelu_gradient(run: Run<'_>, layer: &Checked<PreluGradient>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let slopes = weights_at(weights, layer.weights, [layer.rows(), padded(layer.input.channels)]);
    // SAFETY: the layer was checked; the workspace and the slopes are as large as it needs.
    unsafe { prelu_in(run, &layer, slopes, ws) }
}

/// Multiplies a gradient by the sigmoid of a gate, and by what that depends on.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn glu_gradient(run: Run<'_>, layer: &Checked<GluGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { glu_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs; `slopes` are padded rows for it.
unsafe fn prelu_in(run: Run<'_>, layer: &PreluGradient, slopes: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([3, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the others alone.
    unsafe { run.split(work, |partition| Prelu::new(layer, slopes, ws, partition)) };
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn glu_in(run: Run<'_>, layer: &GluGradient, ws: *mut f32) {
    let work = nanos_of_floats([5, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the others alone.
    unsafe { run.split(work, |partition| Glu::new(layer, ws, partition)) };
}

struct Prelu<'a> {
    layer: &'a PreluGradient,
    slopes: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Prelu<'a> {
    /// # Safety
    ///
    /// As for [`prelu_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a PreluGradient, slopes: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, slopes, ws, partition }
    }
}

impl Kernel for Prelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let PreluGradient { input, upstream, output, per, .. } = self.layer;
        let rows = self.partition.of(input.height);
        for pixel in rows.start * input.width..rows.end * input.width {
            let (y, x) = div_rem(pixel, input.width);
            let row = match per {
                PreluPer::Channel | PreluPer::Tensor => 0,
                PreluPer::Element => pixel * padded(input.channels),
            };
            for c in (0..input.channels).step_by(S::LANES) {
                let rest = input.channels - c;
                // SAFETY: the channels are in all maps, and there is a padded row of slopes for the pixel.
                unsafe {
                    let value = s.load_first(self.ws.add(input.at(y, x) + c), rest);
                    let upstream = s.load_first(self.ws.add(upstream.at(y, x) + c), rest);
                    let slope = s.load(self.slopes.add(row + c));
                    let gradient = s.select(s.less(s.splat(0.0), value), upstream, s.mul(slope, upstream));
                    s.store_first(self.ws.add(output.at(y, x) + c), gradient, rest);
                }
            }
        }
    }
}

struct Glu<'a> {
    layer: &'a GluGradient,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Glu<'a> {
    /// # Safety
    ///
    /// As for [`glu_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a GluGradient, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for Glu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let GluGradient { input, upstream, output } = self.layer;
        let half = upstream.channels;
        for y in self.partition.of(input.height) {
            for x in 0..input.width {
                let from = self.ws.wrapping_add(input.at(y, x)).cast_const();
                let to = self.ws.wrapping_add(output.at(y, x));
                for c in (0..half).step_by(S::LANES) {
                    let rest = half - c;
                    // SAFETY: these are channels of all maps, which were checked; both halves are read before they are written.
                    unsafe {
                        let value = s.load_first(from.wrapping_add(c), rest);
                        let gate = s.load_first(from.wrapping_add(half + c), rest);
                        let upstream = s.load_first(self.ws.add(upstream.at(y, x) + c), rest);
                        let open = math::sigmoid(s, gate);
                        let closed = math::sigmoid(s, s.sub(s.splat(0.0), gate));
                        let first = s.mul(upstream, open);
                        s.store_first(to.wrapping_add(c), first, rest);
                        s.store_first(to.wrapping_add(half + c), s.mul(s.mul(first, closed), value), rest);
                    }
                }
            }
        }
    }
}
