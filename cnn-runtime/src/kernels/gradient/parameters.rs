//! Gradients of factors and of slopes.

use crate::exec::run::{Run, nanos_of_floats};
use crate::kernels::minibatch::sums::{ChannelSums, Each, ElementSums, reach, scratch_len};
use crate::kernels::terms::PixelTerms;
use crate::place::bounds::{Checked, Reach, Region, assert_same_size};
use crate::place::map::Map;
use crate::place::spans::{Span, assert_apart, enter_shared};
use crate::place::workspace::Batch;
use crate::simd::Simd;
use cnn_net::op::PreluPer;
use cnn_net::record;

/// The gradients of the factors of a `scale`: `sum x * dy` in each channel, or over all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleWeightGradient {
    /// What the layer read.
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
    /// Where the gradients are written.
    pub weight: usize,
    /// Whether there is one factor for all.
    pub total: bool,
    /// Where sums of an image are in its workspace: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

/// The gradients of the slopes of a `prelu`: `sum x * dy` of the negative inputs, in each channel, for each element or over all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreluWeightGradient {
    /// What the layer read.
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
    /// What each slope is for.
    pub per: PreluPer,
    /// Where the gradients are written, in the order C, H, W.
    pub weight: usize,
    /// Where sums of an image are in its workspace, unless slopes are per element: [`scratch_len`](Self::scratch_len) floats.
    pub scratch: usize,
}

record! {
    ScaleWeightGradient(#read input: Map, #read upstream: Map, weight: usize) { total: bool = false, scratch: usize = 0 }
}
record! {
    PreluWeightGradient(#read input: Map, #read upstream: Map, per: PreluPer, weight: usize) { scratch: usize = 0 }
}
batch_call! { ScaleWeightGradient = scale_weight_gradient }
batch_call! { PreluWeightGradient = prelu_weight_gradient }

impl ScaleWeightGradient {
    /// Floats of an image's workspace that its sums take.
    #[must_use]
    pub const fn scratch_len(channels: usize) -> usize {
        scratch_len(1, channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap the sums.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, scratch, .. } = &self;
        assert_same_size(input, upstream);
        let reach = reach(*scratch, 1, input).reads(Region::of(input)).reads(Region::of(upstream));
        assert_apart(&[self.span()], &[]);
        Checked::new(self, reach)
    }

    const fn span(&self) -> Span {
        Span::new(self.weight, &[if self.total { 1 } else { self.input.channels }])
    }
}

impl PreluWeightGradient {
    /// Floats of an image's workspace that its sums take.
    #[must_use]
    pub const fn scratch_len(channels: usize) -> usize {
        scratch_len(1, channels)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap the sums.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, per, scratch, .. } = &self;
        assert_same_size(input, upstream);
        let written = match per {
            PreluPer::Channel | PreluPer::Tensor => reach(*scratch, 1, input),
            PreluPer::Element => Reach::of(Region::span(0, 0)),
        };
        let reach = written.reads(Region::of(input)).reads(Region::of(upstream));
        assert_apart(&[self.span()], &[]);
        Checked::new(self, reach)
    }

    const fn span(&self) -> Span {
        let Map { height, width, channels, .. } = self.input;
        match self.per {
            PreluPer::Channel => Span::new(self.weight, &[channels]),
            PreluPer::Element => Span::new(self.weight, &[channels, height, width]),
            PreluPer::Tensor => Span::new(self.weight, &[1]),
        }
    }
}

/// Computes the gradients of factors.
///
/// # Panics
///
/// If a workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn scale_weight_gradient(
    run: Run<'_>,
    layer: &Checked<ScaleWeightGradient>,
    batch: Batch,
    ws: &mut [f32],
    shared: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let to = enter_shared(shared, &[&[layer.span()]]).wrapping_add(layer.weight);
    let ScaleWeightGradient { input, upstream, scratch, .. } = layer;
    let products = Products { input, upstream, only_negative: false };
    // SAFETY: the layer was checked; the workspaces and the gradients are as large as it needs.
    unsafe {
        if layer.total {
            total_in(run, products, batch, ws, scratch, to);
        } else {
            channels_in(run, products, input, batch, ws, scratch, to);
        }
    }
}

/// Computes the gradients of slopes.
///
/// # Panics
///
/// If a workspace is too small, or `shared` ends early.
#[inline(always)]
pub fn prelu_weight_gradient(
    run: Run<'_>,
    layer: &Checked<PreluWeightGradient>,
    batch: Batch,
    ws: &mut [f32],
    shared: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let to = enter_shared(shared, &[&[layer.span()]]).wrapping_add(layer.weight);
    let PreluWeightGradient { input, upstream, scratch, .. } = layer;
    let products = Products { input, upstream, only_negative: true };
    // SAFETY: the layer was checked; the workspaces and the gradients are as large as it needs.
    unsafe {
        match layer.per {
            PreluPer::Channel => channels_in(run, products, input, batch, ws, scratch, to),
            PreluPer::Element => elements_in(run, products, batch, ws, to),
            PreluPer::Tensor => total_in(run, products, batch, ws, scratch, to),
        }
    }
}

/// # Safety
///
/// The maps and the scratch memory were checked, the workspaces are as large as they need, and there is room for a number for each
/// channel of `map`.
pub(super) unsafe fn channels_in<T: PixelTerms<1>>(
    run: Run<'_>,
    terms: T,
    map: Map,
    batch: Batch,
    ws: *mut f32,
    scratch: usize,
    to: *mut f32,
) {
    // SAFETY: the caller's promise.
    let sums = unsafe { ChannelSums::new(Each(terms), map, batch, ws, scratch) };
    sums.compute(run, nanos_of_floats([2, batch.images, map.elements()]));
    for channel in 0..map.channels {
        let [sum] = sums.total(channel);
        // SAFETY: the caller's promise.
        unsafe { *to.wrapping_add(channel) = sum as f32 };
    }
    run.done();
}

/// # Safety
///
/// The maps and the scratch memory were checked, the workspaces are as large as they need, and there is room for a number.
unsafe fn total_in(run: Run<'_>, products: Products, batch: Batch, ws: *mut f32, scratch: usize, to: *mut f32) {
    let map = products.input;
    // SAFETY: the caller's promise.
    let sums = unsafe { ChannelSums::new(Each(products), map, batch, ws, scratch) };
    sums.compute(run, nanos_of_floats([2, batch.images, map.elements()]));
    let mut total = 0.0;
    for channel in 0..map.channels {
        let [sum] = sums.total(channel);
        total += sum;
    }
    // SAFETY: the caller's promise.
    unsafe { *to = total as f32 };
    run.done();
}

/// # Safety
///
/// The maps were checked, the workspaces are as large as they need, and there is room for a number for each element.
unsafe fn elements_in(run: Run<'_>, products: Products, batch: Batch, ws: *mut f32, to: *mut f32) {
    // SAFETY: the caller's promise.
    let sums = unsafe { ElementSums::new(products, products.input, batch, ws, [Some(to)]) };
    sums.compute(run, nanos_of_floats([2, batch.images, products.input.elements()]));
    run.done();
}

/// Products of inputs, perhaps only of the negative ones, with the upstream.
#[derive(Clone, Copy)]
struct Products {
    input: Map,
    upstream: Map,
    only_negative: bool,
}

impl PixelTerms<1> for Products {
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, s: S, ws: *const f32, (y, x): (usize, usize), c: usize, count: usize) -> [S::Vec; 1] {
        // SAFETY: the caller's promise.
        let load = |map: &Map| unsafe { s.load_first(ws.wrapping_add(map.at(y, x) + c), count) };
        let (input, zero) = (load(&self.input), s.splat(0.0));
        let product = s.mul(input, load(&self.upstream));
        [if self.only_negative { s.select(s.less(zero, input), zero, product) } else { product }]
    }
}
