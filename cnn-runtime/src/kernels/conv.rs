//! Convolutions.
//!
//! [`conv2d`] describes a convolution to the micro-kernel of [`gemm`](crate::kernels::gemm); [`depthwise2d`] has a kernel of its
//! own, since with one input channel for each output channel there is nothing to multiply as matrices. [`planar2d`] is for few filters
//! over a single channel.

mod depthwise;
mod planar;

pub use self::planar::{Planar2d, Pooling, planar2d};

#[cfg(feature = "alloc")]
use alloc::{borrow::ToOwned as _, string::String};

#[cfg(feature = "alloc")]
use cnn_net::literal::Literal;

use crate::exec::divide::div;
use crate::exec::run::{Run, floats};
#[cfg(feature = "alloc")]
use crate::kernels::call::{KernelCall, Weights};
use crate::kernels::gemm::{F32, Gemm, Patch, Stored};
use crate::pack::{ConvPanels, DepthwiseTaps, HALF_PANEL, Layout, padded};
use crate::place::bounds::{Checked, Reach, Region, Windows, assert_product, weights_at};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::Kernel;
use cnn_net::op::{Activation, Conv, Padding, Size};
use cnn_net::record;

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

record! {
    Conv2d(#read input: Map, output: Map, kernel: Size) {
        stride: Size = Size::square(1),
        pad_top: usize = 0,
        pad_left: usize = 0,
        dilation: Size = Size::square(1),
        groups: usize = 1,
        weights: usize = 0,
        #read residual: Option<Map> = None,
        activation: Activation = Activation::Identity,
    }
}

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
    let weights = layer.panels_at::<F32>(weights);
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
/// [as many as it reads](Conv2d::panels_at).
pub(crate) unsafe fn convolve<W: Stored>(run: Run<'_>, layer: &Conv2d, batch: Batch, weights: *const f32, ws: *mut f32)
where
    Gemm<W>: Kernel<Output = ()>,
{
    // SAFETY: the caller's promise.
    let gemm = unsafe { Gemm::<W>::new(layer, layer.patch(), batch, weights, ws) };
    // SAFETY: shares are pixels or channels of the output, which is not the input; of the residual they read the same.
    unsafe { run.split(gemm.work(), |share| gemm.part(share)) };
}

/// Convolves each channel of a map with a filter of its own; the weights are
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
    let work = floats([layer.output.elements(), layer.kernel.area() + 1]);
    // SAFETY: the caller's promise; shares are rows of the output, which is not the input; of the residual they read the
    // same rows.
    unsafe { run.split(work, |share| depthwise::Depthwise::new(layer, weights, ws, share)) };
}

impl Conv2d {
    /// A convolution of one map into another, with its weights at the beginning and nothing fused into it.
    pub const fn of(conv: &Conv, input: Map, output: Map) -> Self {
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

    /// Whether each channel has a filter of its own.
    const fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.input.channels && self.groups == self.output.channels
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        let Self { input, output, kernel, groups, .. } = *self;
        if self.is_depthwise() {
            return Layout::Depthwise(DepthwiseTaps { channels: input.channels, kernel });
        }
        let (outputs, inputs) = (div(output.channels, groups), div(input.channels, groups));
        Layout::Conv(ConvPanels { groups, outputs, inputs, kernel })
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

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the groups don't divide the channels; if windows don't move, or begin before the workspace; if the output overlaps
    /// what is read, but for a residual that is the output; if the residual has another size.
    pub const fn check(self) -> Checked<Self> {
        Checked::new(self, self.reach(self.output.height, self.output.width))
    }

    /// What it reads and writes, if it computes so many rows and columns, and its residual.
    pub(crate) const fn reach(&self, height: usize, width: usize) -> Reach {
        let Self { input, output, kernel, groups, .. } = self;
        let divides = *groups > 0 && input.channels.is_multiple_of(*groups) && output.channels.is_multiple_of(*groups);
        assert!(divides, "the groups don't divide the channels");
        assert_product(&[kernel.height, kernel.width, input.channels]);
        let windows = self.windows(height, width, *kernel);
        // Only depthwise convolutions read whole vectors.
        let windows = if *groups == input.channels { windows.spilling() } else { windows };
        Reach::to(output).reads(windows).reads_residual(&self.residual, output)
    }

    /// All that it reads of its input for so many rows and columns of the output, with a kernel of this size.
    pub(crate) const fn windows(&self, height: usize, width: usize, kernel: Size) -> Region {
        let Self { input, stride, dilation, pad_top, pad_left, .. } = self;
        let vertical = Windows {
            count: height,
            stride: stride.height,
            taps: kernel.height,
            dilation: dilation.height,
            before: *pad_top,
        };
        let horizontal = Windows {
            count: width,
            stride: stride.width,
            taps: kernel.width,
            dilation: dilation.width,
            before: *pad_left,
        };
        Region::windows(input, vertical, horizontal)
    }

    /// Where the first window begins.
    pub(crate) const fn first(&self) -> usize {
        self.input.offset - self.pad_top * self.input.row - self.pad_left * self.input.pixel
    }

    /// Its packed weights, if there are as many as it reads.
    ///
    /// # Panics
    ///
    /// If there are not.
    #[inline(always)]
    pub(crate) fn panels_at<W: Stored>(&self, weights: &[f32]) -> *const f32 {
        let Self { input, output, kernel, groups, .. } = self;
        let columns = (output.channels / groups).next_multiple_of(HALF_PANEL);
        let depth = kernel.area() * (input.channels / groups);
        weights_at(weights, self.weights, [*groups, W::floats(columns), depth + W::PER_FLOAT])
    }

    /// How the floats of a window lie in the input. Where nothing is between the taps of a kernel row, it is one segment.
    fn patch(&self) -> Patch {
        let Self { input, kernel, dilation, groups, .. } = self;
        let inputs = div(input.channels, *groups);
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
        "direct".to_owned()
    }

    fn has_batch(&self) -> bool {
        !self.is_depthwise()
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, _: &[f32], weights: &[f32], ws: &mut [f32]) {
        let function = if self.is_depthwise() { depthwise2d } else { conv2d };
        function(run, &self.check(), weights, ws);
    }
}
