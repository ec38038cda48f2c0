//! Convolutions.
//!
//! [`conv2d`] describes a convolution to the micro-kernel of [`gemm`](crate::gemm); [`depthwise2d`] has a kernel of its
//! own, since with one input channel for each output channel there is nothing to multiply as matrices. [`planar2d`] is for few filters
//! over a single channel.

mod depthwise;
mod planar;

pub use self::planar::{Planar2d, Pooling, planar2d};

use core::marker::PhantomData;

use crate::activation::Finish;
use crate::bounds::{Windows, assert_map, assert_same, weights_at};
use crate::gemm::{F32, Gemm, Lattice, Patch, Stored};
use crate::map::Map;
use crate::op::{Activation, Conv, Padding, Size};
use crate::pack::{HALF_PANEL, padded};
use crate::run::{Run, Share, floats};
use crate::simd::Kernel;
use crate::workspace::Batch;

/// A convolution of a map with its zero halo, with everything that is fused into it:
/// `output = activation(conv(input) + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2d {
    /// What it reads. At least `pad_top` rows and `pad_left` columns before it, and as many behind it as the last
    /// windows cover, are zeros in the workspace.
    pub input: Map,
    /// What it writes.
    pub output: Map,
    /// Extent of a filter.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Rows of the halo above the input that the first window covers.
    pub pad_top: usize,
    /// Columns of the halo left of the input that the first window covers.
    pub pad_left: usize,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// Independent parts of the channels.
    pub groups: usize,
    /// Where the packed weights begin.
    pub weights: usize,
    /// Added before the activation; of the output's shape. It may be the output itself.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Activation,
}

/// Convolves a map; the weights are [`ConvPanels`](crate::pack::ConvPanels).
///
/// # Panics
///
/// If what it reads or writes, with a vector behind it, lies outside of the workspace or of the weights, or the groups
/// don't divide the channels.
pub fn conv2d(run: Run<'_>, layer: &Conv2d, weights: &[f32], ws: &mut [f32]) {
    conv2d_batch(run, layer, Batch::one(ws), weights, ws);
}

/// Convolves a map in the workspace of each image, as [`conv2d`] does, with one pass over the weights.
///
/// # Panics
///
/// As [`conv2d`] does, for the workspace of each image; also if `ws` has no room for all of them.
pub fn conv2d_batch(run: Run<'_>, layer: &Conv2d, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    convolve::<F32>(run, layer, batch, weights, ws);
}

/// [`conv2d_batch`] with weights that are stored in a given way.
pub(crate) fn convolve<W: Stored>(run: Run<'_>, layer: &Conv2d, batch: Batch, weights: &[f32], ws: &mut [f32])
where
    Gemm<W>: Kernel<Output = ()>,
{
    let Conv2d { input, output, groups, .. } = layer;
    let offset = layer.assert(batch.floats);
    assert!(batch.images.checked_mul(batch.floats).is_some_and(|all| all <= ws.len()), "no room for {batch:?}");
    let divides = *groups > 0 && input.channels % groups == 0 && output.channels % groups == 0;
    assert!(divides, "{groups} groups don't divide the channels");
    let patch = layer.patch();
    let columns = (output.channels / groups).next_multiple_of(HALF_PANEL);
    let gemm = Gemm {
        weights: weights_at(weights, layer.weights, [*groups, W::floats(columns), patch.depth() + W::PER_FLOAT]),
        stored: PhantomData,
        ws: ws.as_mut_ptr(),
        batch,
        inputs: input.elements(),
        windows: Lattice { offset, row: layer.stride.height * input.row, pixel: layer.stride.width * input.pixel },
        patch,
        output: *output,
        residual: layer.residual,
        groups: *groups,
        group_step: input.channels / groups,
        finish: Finish::of(layer.activation),
        share: Share::WHOLE,
    };
    // SAFETY: shares are pixels or channels of the output, which is not the input; of the residual they read the same.
    unsafe { run.split(gemm.work(), |share| Gemm { share, ..gemm }) };
}

/// Convolves each channel of a map with a filter of its own; the weights are
/// [`DepthwiseTaps`](crate::pack::DepthwiseTaps).
///
/// # Panics
///
/// As [`conv2d`] does; also if input, output and groups differ in number.
pub fn depthwise2d(run: Run<'_>, layer: &Conv2d, weights: &[f32], ws: &mut [f32]) {
    let channels = layer.groups;
    let alone = layer.input.channels == channels && layer.output.channels == channels;
    assert!(alone, "a depthwise convolution has a group for each channel");
    let offset = layer.assert(ws.len());
    let weights = weights_at(weights, layer.weights, [layer.kernel.area() + 1, padded(channels)]);
    let ws = ws.as_mut_ptr();
    let work = floats(layer.output.elements() * (layer.kernel.area() + 1));
    // SAFETY: shares are rows of the output, which is not the input; of the residual they read the same rows.
    unsafe { run.split(work, |share| depthwise::Depthwise { layer, offset, weights, ws, share }) };
}

impl Conv2d {
    /// A convolution of one map into another, with its weights at the beginning and nothing fused into it.
    pub const fn new(conv: &Conv, input: Map, output: Map) -> Self {
        Self {
            input,
            output,
            kernel: conv.kernel,
            stride: conv.stride,
            pad_top: conv.pad.top,
            pad_left: conv.pad.left,
            dilation: conv.dilation,
            groups: conv.groups,
            weights: 0,
            residual: None,
            activation: Activation::Identity,
        }
    }

    /// The zeros that a convolution reads around an input of this size, for an output of that.
    pub const fn halo(conv: &Conv, input: Size, output: Size) -> Padding {
        let Conv { kernel, stride, pad, dilation, .. } = conv;
        let height = (output.height - 1) * stride.height + dilation.height * (kernel.height - 1) + 1;
        let width = (output.width - 1) * stride.width + dilation.width * (kernel.width - 1) + 1;
        Padding {
            top: pad.top,
            left: pad.left,
            bottom: height.saturating_sub(pad.top + input.height),
            right: width.saturating_sub(pad.left + input.width),
        }
    }

    /// Panics unless all windows, the output and the residual lie in a workspace of so many floats. Returns where the
    /// first window begins.
    fn assert(&self, floats: usize) -> usize {
        let Self { input, output, kernel, stride, dilation, .. } = self;
        let windows = Windows {
            vertical: [output.height, stride.height, kernel.height, dilation.height],
            horizontal: [output.width, stride.width, kernel.width, dilation.width],
            before: [self.pad_top, self.pad_left],
        };
        let offset = windows.assert(input, floats);
        assert_map(output, floats);
        if let Some(residual) = &self.residual {
            assert_same(residual, output, floats);
        }
        offset
    }

    /// How the floats of a window lie in the input. Where nothing is between the taps of a kernel row, it is one segment.
    fn patch(&self) -> Patch {
        let Self { input, kernel, dilation, groups, .. } = self;
        let inputs = input.channels / groups;
        let contiguous = *groups == 1 && dilation.width == 1 && input.pixel == input.channels;
        let (segments, len) = if contiguous { (1, kernel.width * inputs) } else { (kernel.width, inputs) };
        Patch {
            rows: kernel.height,
            row: dilation.height * input.row,
            segments,
            segment: dilation.width * input.pixel,
            len,
        }
    }
}
