//! Convolutions.
//!
//! [`conv2d`] describes a convolution to the micro-kernel of [`gemm`](crate::kernels::gemm); [`depthwise2d`] has its own
//! kernel, since with one input channel for each output channel there is nothing to multiply as matrices.

mod depthwise;

pub use crate::kernels::conv2d::Conv2d;

#[cfg(feature = "alloc")]
use alloc::string::String;

#[cfg(feature = "alloc")]
use cnn_net::literal::Literal;

use crate::exec::run::{Run, nanos_of_floats};
#[cfg(feature = "alloc")]
use crate::kernels::call::{KernelCall, Weights};
use crate::kernels::gemm::{F32, Gemm, WeightType};
use crate::pack::padded;
use crate::place::bounds::{Checked, weights_at};
#[cfg(feature = "alloc")]
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::Kernel;

/// Convolves a map; the weights are [`ConvPanels`](crate::pack::ConvPanels).
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn conv2d(run: Run<'_>, layer: &Checked<Conv2d>, weights: &[f32], ws: &mut [f32]) {
    conv2d_batch(run, layer, Batch::one(ws), weights, ws);
}

/// Convolves a map in the workspace of each image, as [`conv2d`] does, with one pass over the weights.
///
/// # Panics
///
/// As [`conv2d`] does, for the workspace of each image; also if `ws` has no room for all of them.
#[inline(always)]
pub fn conv2d_batch(run: Run<'_>, layer: &Checked<Conv2d>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let weights = Gemm::<F32>::weights_at(&layer, weights);
    // SAFETY: the layer was checked; the workspaces and the weights are as large as it needs.
    unsafe { conv2d_in(run, &layer, batch, weights, ws) }
}

/// [`convolve`] with weights in single precision.
///
/// # Safety
///
/// As stated there.
pub(crate) unsafe fn conv2d_in(run: Run<'_>, layer: &Conv2d, batch: Batch, weights: *const f32, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { convolve::<F32>(run, layer, batch, weights, ws) }
}

/// [`conv2d_batch`] with weights that are stored in a given way.
///
/// # Safety
///
/// The layer was checked, each image has as many floats from `ws` on as it needs, and `weights` are
/// [as many as it reads](Gemm::weights_at).
pub(crate) unsafe fn convolve<W: WeightType>(
    run: Run<'_>,
    layer: &Conv2d,
    batch: Batch,
    weights: *const f32,
    ws: *mut f32,
) where
    Gemm<W>: Kernel<Output = ()>,
{
    // SAFETY: the caller's promise.
    let gemm = unsafe { Gemm::<W>::new(layer, batch, weights, ws) };
    // SAFETY: partitions are pixels or channels of the output, which is not the input; of the residual they read the same.
    unsafe { run.split(gemm.work(), |partition| gemm.part(partition)) };
}

/// Convolves each channel of a map with its own filter; the weights are
/// [`DepthwiseTaps`](crate::pack::DepthwiseTaps).
///
/// # Panics
///
/// As [`conv2d`] does; also if input, output and groups differ in number.
#[inline(always)]
pub fn depthwise2d(run: Run<'_>, layer: &Checked<Conv2d>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let channels = layer.groups;
    let alone = layer.input.channels == channels && layer.output.channels == channels;
    assert!(alone, "a depthwise convolution has a group for each channel");
    let weights = weights_at(weights, layer.weights, [layer.kernel.area() + 1, padded(channels)]);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { depthwise2d_in(run, &layer, weights, ws) }
}

/// # Safety
///
/// The layer was checked, with a group for each channel; `ws` has as many floats as it needs, and `weights` a padded row of
/// biases and one for each tap.
unsafe fn depthwise2d_in(run: Run<'_>, layer: &Conv2d, weights: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([layer.output.elements(), layer.kernel.area() + 1]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not the input; of the residual they read the
    // same rows.
    unsafe { run.split(work, |partition| depthwise::Depthwise::new(*layer, weights, ws, partition)) };
}

#[cfg(feature = "alloc")]
impl KernelCall for Conv2d {
    fn function(&self) -> &'static str {
        if self.is_depthwise() { "depthwise2d" } else { "conv2d" }
    }

    fn descriptor(&self) -> (&'static str, &dyn Literal) {
        ("Conv2d", self)
    }

    fn output(&self) -> Option<(Map, &'static str)> {
        Some((self.output, ".output"))
    }

    fn weights(&self) -> Option<Weights> {
        Some(Weights { offset: self.weights, layout: self.layout(), method: "layout" })
    }

    fn algorithm(&self) -> String {
        "direct".into()
    }

    fn has_batch(&self) -> bool {
        !self.is_depthwise()
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, _: &[f32], weights: &[f32], ws: &mut [f32]) {
        let function = if self.is_depthwise() { depthwise2d } else { conv2d };
        function(run, &self.check(), weights, ws);
    }

    #[cfg(feature = "kernels")]
    fn run_batch(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
        if self.is_depthwise() {
            batch.split(ws).for_each(|ws| depthwise2d(run, &self.check(), weights, ws));
        } else {
            conv2d_batch(run, &self.check(), batch, weights, ws);
        }
    }
}
