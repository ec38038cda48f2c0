//! Gradients of convolutions.
//!
//! Gradients of weights are sums of outer products of pixels, which are taken in blocks: while one is in the cache, each tile of the
//! gradients is in registers for all of its pixels.
//!
//! That of the input is a transposed convolution of `upstream` with the same weights, for which there is a kernel
//! ([`conv_transpose2d`](crate::kernels::conv_transpose::conv_transpose2d)); where channels are few, or the map is small,
//! [`conv_input_gradient`] is faster.

mod block;
mod depthwise;
mod input;
mod packed;
mod plane;

pub use self::input::{ConvInputGradient, conv_input_gradient};

use core::mem::MaybeUninit;

use crate::exec::divide::{div, div_ceil};
use crate::exec::run::{Run, nanos_of_macs};
use crate::kernels::activation::Elementwise;
use crate::kernels::conv2d::Conv2d;
use crate::place::bounds::{Checked, Reach, Region, assert_product};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd, Sound};
use cnn_net::op::{Activation, Size};
use cnn_net::record;

use self::block::{Block, Pixels, Shares};
use self::plane::Planes;
use super::{WeightGradient, assert_apart, gradients_at};

/// The gradients of the weights of a convolution, and perhaps of its bias: sums over the pixels of its output, and over the images.
///
/// Weights are raw: for each output, in the order height, width, inputs of the group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvWeightGradient {
    /// What the convolution read, with its halo of zeros.
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
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
    /// Where the gradients of the weights begin among all gradients.
    pub weight: usize,
    /// Where those of the bias begin.
    pub bias: Option<usize>,
}

record! {
    ConvWeightGradient(#read input: Map, #read upstream: Map, kernel: Size) {
        stride: Size = Size::square(1),
        pad_top: usize = 0,
        pad_left: usize = 0,
        dilation: Size = Size::square(1),
        groups: usize = 1,
        weight: usize = 0,
        bias: Option<usize> = None,
    }
}
batch_call! { ConvWeightGradient = conv_weight_gradient }

impl ConvWeightGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the groups don't divide the channels; if windows don't move, or begin before the workspace; if the gradients of weights and bias
    /// overlap.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, kernel, groups, weight, bias, .. } = &self;
        let divides =
            *groups > 0 && input.channels.is_multiple_of(*groups) && upstream.channels.is_multiple_of(*groups);
        assert!(divides, "the groups don't divide the channels");
        assert_product(&[kernel.height, kernel.width, input.channels, upstream.channels]);
        let windows = self.conv().windows(upstream.height, upstream.width, *kernel);
        assert_apart(*weight, self.filter() * upstream.channels, *bias, upstream.channels);
        // Nothing in the workspace is written.
        Checked::new(self, Reach::of(Region::span(0, 0)).reads(windows).reads(Region::of(upstream)))
    }

    /// The convolution.
    const fn conv(&self) -> Conv2d {
        let Self { input, upstream, kernel, stride, pad_top, pad_left, dilation, groups, .. } = *self;
        let activation = Elementwise::of(Activation::Identity);
        let (output, weights, residual) = (upstream, 0, None);
        Conv2d { input, output, kernel, stride, pad_top, pad_left, dilation, groups, weights, residual, activation }
    }

    /// Weights of one output.
    const fn filter(&self) -> usize {
        self.kernel.area() * self.inputs()
    }

    /// Input channels of a group.
    const fn inputs(&self) -> usize {
        div(self.input.channels, self.groups)
    }

    /// How many taps of a row of a filter are next to each other in the map: all, or one.
    const fn taps_together(&self) -> usize {
        let whole = self.groups == 1 && self.dilation.width == 1 && self.input.pixel == self.input.channels;
        if whole { self.kernel.width } else { 1 }
    }

    /// Output channels of a group.
    const fn outputs(&self) -> usize {
        div(self.upstream.channels, self.groups)
    }

    /// Whether each channel has its own filter.
    const fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.inputs() == 1 && self.outputs() == 1
    }

    /// Products of vectors with a number for each pixel, if vectors are over inputs: this many of these that lie next to each other.
    const fn over_inputs(&self, lanes: usize, columns: usize) -> usize {
        // Products of fewer rows take no less time.
        let rows = if self.outputs() > 4 { self.outputs() } else { 4 };
        div_ceil(columns, lanes) * div(self.filter(), columns) * rows
    }

    /// Products if vectors are over outputs.
    const fn over_outputs(&self, lanes: usize) -> usize {
        div_ceil(self.outputs(), lanes) * self.filter()
    }

    /// Whether vectors over outputs are fewer than those over inputs.
    const fn is_over_outputs(&self, lanes: usize) -> bool {
        self.over_outputs(lanes) < self.over_inputs(lanes, self.taps_together() * self.inputs())
    }
}

/// Computes the gradients of weights and bias, from the images of a minibatch.
///
/// # Panics
///
/// If the workspace is too small, or `gradients` end early.
#[inline(always)]
pub fn conv_weight_gradient(
    run: Run<'_>,
    layer: &Checked<ConvWeightGradient>,
    batch: Batch,
    ws: &mut [f32],
    gradients: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let ConvWeightGradient { upstream, weight, bias, .. } = layer;
    let to = gradients_at(gradients, weight, [upstream.channels, layer.filter()]);
    let to_bias = bias.map(|bias| gradients_at(gradients, bias, [upstream.channels]));
    // SAFETY: the layer was checked; the workspaces and the gradients are as large as it needs, and the latter apart.
    unsafe { weight_in(run, &WeightGradient::new(layer, batch, ws, to, to_bias)) }
}

/// # Safety
///
/// All partitions of the kernel can run at the same time.
unsafe fn weight_in(run: Run<'_>, whole: &WeightGradient<ConvWeightGradient>) {
    let upstream = whole.layer.upstream;
    let work = nanos_of_macs([upstream.elements(), whole.layer.filter(), whole.batch.images]);
    // SAFETY: the caller's promise; partitions are outputs of the layer, each with a filter and a bias, or taps of all filters.
    unsafe { run.split(work, |partition| WeightGradient { partition, ..*whole }) };
}

impl Kernel for WeightGradient<ConvWeightGradient> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer, batch, ws, to, to_bias, partition } = self;
        let outputs = partition.of(layer.upstream.channels);
        let (packed, mut buffers) = (layer.packs::<S>(), MaybeUninit::uninit());
        // SAFETY: as the description of the type says; the buffers outlive it.
        if let Some(planes) = unsafe { Planes::new::<S>(&self, outputs.clone(), buffers.as_mut_ptr()) } {
            // SAFETY: as above.
            return s.run(unsafe { Sound::new(planes) });
        }
        let (most, packs) = match packed {
            Some(most) => (most, Some(buffers.as_mut_ptr())),
            None => (Shares::of(&layer.upstream), None),
        };
        for (index, pixels) in Pixels::of(&layer.upstream, batch.images, most).enumerate() {
            let ws = ws.wrapping_add(pixels.image * batch.floats);
            let block = Block { layer: &layer, ws, floats: batch.floats, pixels, to, adds: index > 0, packs };
            // SAFETY: the gradients of the partition are its own, and there is room for them.
            unsafe {
                block.weights(s, partition);
                if let Some(to_bias) = to_bias {
                    block.bias(s, outputs.clone(), to_bias);
                }
            }
        }
    }
}
