//! The kernels of layers as declared: what the trace runs, and what the compiler plans where there is nothing to choose.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::op::{
    Activation, Interval, Layer, Op, Padding, Rearrange, Rearrangement, Resize, ResizeMode, Size, Store,
};

use crate::kernels::activation::{Activate, PreluMap};
use crate::kernels::call::KernelCall;
use crate::kernels::conv::Conv2d;
use crate::kernels::conv_transpose::ConvTranspose2d;
use crate::kernels::dense::{Dense, DenseCall};
use crate::kernels::glu::Gate;
use crate::kernels::grn::GrnMap;
use crate::kernels::layout::{CopyMap, StoreChw};
use crate::kernels::merge::{MergeCall, Merging};
use crate::kernels::norm::{LrnMap, ScaleShift};
use crate::kernels::normalise::Normalise;
use crate::kernels::pad::PadMap;
use crate::kernels::pool::{
    AdaptiveAvgPoolCall, AdaptiveMaxPoolCall, AdaptivePool, ChannelMaxCall, ChannelMeanCall, ChannelPool,
};
use crate::kernels::pool::{AvgPoolCall, GlobalAvgPoolCall, GlobalMaxPoolCall, GlobalPool, MaxPoolCall, Pool2d};
use crate::kernels::reshape::ReshapeMap;
use crate::kernels::resize::{BicubicCall, BilinearCall, NearestCall, ResizeMap};
use crate::kernels::shuffle::{ChannelShuffleMap, PixelShuffleMap, PixelUnshuffleMap};
use crate::kernels::softmax::{LogSoftmaxCall, SoftmaxCall, SoftmaxMap};
use crate::kernels::user::{CustomCall, CustomMap, MapEach};
use crate::place::map::Map;

/// Whether the kernel of such a layer applies a function to what it stores.
#[must_use]
pub const fn has_epilogue(op: &Op) -> bool {
    matches!(
        op,
        Op::Conv(_)
            | Op::ConvTranspose(_)
            | Op::Linear(_)
            | Op::BatchNorm(_)
            | Op::Scale { .. }
            | Op::Add
            | Op::Sub
            | Op::Mul
            | Op::Max
    )
}

/// The zeros that the kernel of such a layer reads around its input, for an input and an output of these sizes.
#[must_use]
pub const fn halo(op: &Op, input: Size, output: Size) -> Padding {
    match op {
        Op::Conv(conv) => Conv2d::halo(conv, input, output),
        Op::ConvTranspose(conv) => ConvTranspose2d::halo(conv, input, output),
        _ => Padding::NONE,
    }
}

/// Floats that the kernel of such a layer computes in, for inputs of this many elements together and an output of these
/// channels; none for most.
#[must_use]
pub const fn scratch(op: &Op, inputs: usize, channels: usize) -> Option<usize> {
    match op {
        Op::Grn { .. } => Some(GrnMap::scratch_floats(channels)),
        Op::Custom(layer) => Some(CustomMap::scratch_floats(layer, inputs)),
        _ => None,
    }
}

/// Where the memory begins that a kernel has to itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own {
    /// Its packed weights.
    pub weights: usize,
    /// What it [computes in](scratch).
    pub scratch: usize,
}

/// The kernels of a layer as declared, with nothing fused but a function that its kernel has room for.
#[must_use]
pub fn plain(op: &Op, activation: Activation, inputs: &[Map], output: Map, own: Own) -> Vec<Box<dyn KernelCall>> {
    let Own { weights, scratch } = own;
    let input = inputs[0];
    let merge = |merging| MergeCall { inputs: inputs.to_vec(), output, activation, merging };
    vec![match op.fixed(Size::new(input.height, input.width)).closed() {
        Layer::Conv(conv) => Box::new(Conv2d::of(&conv, input, output).weights(weights).activation(activation)),
        Layer::ConvTranspose(conv) => {
            Box::new(ConvTranspose2d::of(&conv, input, output).weights(weights).activation(activation))
        }
        Layer::Linear(linear) => Box::new(DenseCall {
            layer: Dense::new(input, output).weights(weights).activation(activation),
            f16: linear.store == Store::F16,
            nonzero: false,
        }),
        Layer::MaxPool(pool) => Box::new(MaxPoolCall(Pool2d::of(&pool, input, output))),
        Layer::AvgPool(pool) => Box::new(AvgPoolCall(Pool2d::of(&pool, input, output))),
        Layer::GlobalAvgPool => Box::new(GlobalAvgPoolCall(GlobalPool { input, output })),
        Layer::GlobalMaxPool => Box::new(GlobalMaxPoolCall(GlobalPool { input, output })),
        Layer::AdaptiveAvgPool(_) => Box::new(AdaptiveAvgPoolCall(AdaptivePool { input, output })),
        Layer::AdaptiveMaxPool(_) => Box::new(AdaptiveMaxPoolCall(AdaptivePool { input, output })),
        Layer::ChannelMean => Box::new(ChannelMeanCall(ChannelPool { input, output })),
        Layer::ChannelMax => Box::new(ChannelMaxCall(ChannelPool { input, output })),
        Layer::Flatten => Box::new(StoreChw { map: input, offset: output.offset }),
        // They may be there already.
        Layer::Rearrange(Rearrange::Channels(range)) if slice(range, input, output) == output => return Vec::new(),
        Layer::Rearrange(op) => rearrange(op, input, output),
        Layer::Resize(op) => resize(&op, input, output),
        Layer::Dropout { .. } => Box::new(CopyMap { input, output }),
        Layer::Lrn(lrn) => Box::new(LrnMap { input, output, lrn }),
        Layer::BatchNorm(_) | Layer::Scale { .. } => {
            Box::new(ScaleShift::new(input, output).weights(weights).activation(activation))
        }
        Layer::Norm(norm) => Box::new(Normalise::new(input, output, norm).weights(weights)),
        Layer::Grn { eps } => Box::new(GrnMap { input, output, eps, weights, scratch }),
        Layer::Glu => Box::new(Gate { input, output }),
        Layer::Prelu(per) => Box::new(PreluMap { input, output, weights, per }),
        Layer::Activation(function) => Box::new(Activate::new(input, output, function)),
        Layer::Softmax => Box::new(SoftmaxCall(SoftmaxMap { input, output })),
        Layer::LogSoftmax => Box::new(LogSoftmaxCall(SoftmaxMap { input, output })),
        Layer::Add => Box::new(merge(Merging::Sum)),
        Layer::Sub => Box::new(merge(Merging::Difference)),
        Layer::Mul => Box::new(merge(Merging::Product)),
        Layer::Max => Box::new(merge(Merging::Maximum)),
        Layer::Map(function) => Box::new(MapEach { input, output, function }),
        Layer::Custom(layer) => Box::new(CustomCall { inputs: inputs.to_vec(), output, layer, weights, scratch }),
        Layer::Concat => return copies(inputs, output),
    }]
}

/// Some channels of a map, as many as another has.
const fn slice(range: Interval, input: Map, output: Map) -> Map {
    Map { offset: input.offset + range.first, channels: output.channels, ..input }
}

/// The kernel of a layer that moves numbers. One that leaves some out copies the others.
fn rearrange(op: Rearrange, input: Map, output: Map) -> Box<dyn KernelCall> {
    match op.closed() {
        Rearrangement::PixelShuffle { factor } => Box::new(PixelShuffleMap { input, output, factor }),
        Rearrangement::PixelUnshuffle { factor } => Box::new(PixelUnshuffleMap { input, output, factor }),
        Rearrangement::ChannelShuffle { groups } => Box::new(ChannelShuffleMap { input, output, groups }),
        Rearrangement::Channels(range) => Box::new(CopyMap { input: slice(range, input, output), output }),
        Rearrangement::Reshape(_) if output.pixels() == 1 => Box::new(StoreChw { map: input, offset: output.offset }),
        Rearrangement::Reshape(_) => Box::new(ReshapeMap { input, output }),
        Rearrangement::Crop(crop) => {
            let Padding { top, left, .. } = crop.margins(Size::new(input.height, input.width)).unwrap_or_default();
            let Map { height, width, .. } = output;
            Box::new(CopyMap { input: Map { offset: input.at(top, left), height, width, ..input }, output })
        }
        Rearrangement::Pad(pad) => Box::new(PadMap { input, output, pad }),
    }
}

/// The kernel of a resizing.
fn resize(op: &Resize, input: Map, output: Map) -> Box<dyn KernelCall> {
    let layer = ResizeMap { input, output, align_corners: op.align_corners };
    match op.mode.closed() {
        ResizeMode::Nearest => Box::new(NearestCall(layer)),
        ResizeMode::Bilinear => Box::new(BilinearCall(layer)),
        ResizeMode::Bicubic => Box::new(BicubicCall(layer)),
    }
}

/// Copies each input into its channels of the output, unless it lies there already.
fn copies(inputs: &[Map], output: Map) -> Vec<Box<dyn KernelCall>> {
    let mut copies: Vec<Box<dyn KernelCall>> = Vec::new();
    let mut offset = output.offset;
    for input in inputs {
        let output = Map { offset, channels: input.channels, ..output };
        offset += input.channels;
        if *input != output {
            copies.push(Box::new(CopyMap { input: *input, output }));
        }
    }
    copies
}
