//! The gradients of resized and of padded maps.

use super::adjoint::{Edges, Interpolated, Nearest, adjoint};
use crate::exec::run::Run;
use crate::kernels::pad::PadMap;
use crate::kernels::resize::ResizeMap;
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use cnn_net::op::Pad;
use cnn_net::record;

/// The gradient of a map that was resized.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResizeGradient {
    /// The gradient of the resized map.
    pub upstream: Map,
    /// The gradient of the map.
    pub output: Map,
    /// Whether the middles of the corner pixels stayed where they were; not looked at by [`nearest_gradient`].
    pub align_corners: bool,
}

/// The gradient of a map with reflections or copies of its edges around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PadGradient {
    /// The gradient of the padded map.
    pub upstream: Map,
    /// The gradient of the map.
    pub output: Map,
    /// What was around it.
    pub pad: Pad,
}

record! { ResizeGradient(#read upstream: Map, output: Map) { align_corners: bool = false } }
record! { PadGradient(#read upstream: Map, output: Map, pad: Pad) }
kernel_call! { NearestGradientCall(ResizeGradient) = nearest_gradient, output: output }
kernel_call! { BilinearGradientCall(ResizeGradient) = bilinear_gradient, output: output }
kernel_call! { BicubicGradientCall(ResizeGradient) = bicubic_gradient, output: output }
kernel_call! { PadGradient = pad_gradient, output: output }

impl ResizeGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in their channels, overlap, or are so large that places in them can't be computed.
    pub const fn check(self) -> Checked<Self> {
        self.layer().assert_sizes();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.upstream)))
    }

    /// The layer whose gradient it is.
    const fn layer(&self) -> ResizeMap {
        let Self { upstream, output, align_corners } = *self;
        ResizeMap { input: output, output: upstream, align_corners }
    }
}

impl PadGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If `upstream` is not as large as the padded map, or overlaps the output; if a reflection is not smaller than the map.
    pub const fn check(self) -> Checked<Self> {
        let Self { upstream, output, pad } = self;
        PadMap { input: output, output: upstream, pad }.assert_sizes();
        Checked::new(self, Reach::to(&output).reads(Region::of(&upstream)))
    }
}

/// Adds up the gradients of the copies of each pixel.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn nearest_gradient(run: Run<'_>, layer: &Checked<ResizeGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { nearest_in(run, &layer.get(), ws) }
}

/// Adds up the gradients of what was interpolated between two rows and two columns.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn bilinear_gradient(run: Run<'_>, layer: &Checked<ResizeGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { bilinear_in(run, &layer.get(), ws) }
}

/// Adds up the gradients of what was interpolated between four rows and four columns.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn bicubic_gradient(run: Run<'_>, layer: &Checked<ResizeGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { bicubic_in(run, &layer.get(), ws) }
}

/// Adds up the gradients of each pixel and of those around the map that are the same.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn pad_gradient(run: Run<'_>, layer: &Checked<PadGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { pad_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn pad_in(run: Run<'_>, layer: &PadGradient, ws: *mut f32) {
    let PadGradient { upstream, output, pad: Pad { sides, mode, .. } } = *layer;
    let rows = Edges { before: sides.top, size: output.height, count: upstream.height, mode };
    let columns = Edges { before: sides.left, size: output.width, count: upstream.width, mode };
    // SAFETY: the caller's promise.
    unsafe { adjoint(run, [upstream, output], [rows, columns], ws) }
}

/// # Safety
///
/// As for [`pad_in`].
unsafe fn nearest_in(run: Run<'_>, layer: &ResizeGradient, ws: *mut f32) {
    let ResizeGradient { upstream, output, .. } = *layer;
    let rows = Nearest { size: output.height, count: upstream.height };
    let columns = Nearest { size: output.width, count: upstream.width };
    // SAFETY: the caller's promise.
    unsafe { adjoint(run, [upstream, output], [rows, columns], ws) }
}

/// # Safety
///
/// As for [`pad_in`].
unsafe fn bilinear_in(run: Run<'_>, layer: &ResizeGradient, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { interpolated::<2>(run, layer, ws) }
}

/// # Safety
///
/// As for [`pad_in`].
unsafe fn bicubic_in(run: Run<'_>, layer: &ResizeGradient, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { interpolated::<4>(run, layer, ws) }
}

/// # Safety
///
/// As for [`pad_in`].
unsafe fn interpolated<const T: usize>(run: Run<'_>, layer: &ResizeGradient, ws: *mut f32) {
    let ResizeGradient { upstream, output, .. } = *layer;
    let [rows, columns] = layer.layer().axes();
    let rows = Interpolated::<T> { places: rows, count: upstream.height };
    let columns = Interpolated::<T> { places: columns, count: upstream.width };
    // SAFETY: the caller's promise.
    unsafe { adjoint(run, [upstream, output], [rows, columns], ws) }
}
