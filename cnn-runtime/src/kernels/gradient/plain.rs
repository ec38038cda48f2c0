//! The kernels that compute the gradients of a layer's inputs.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::op::{
    Activation, Conv, ConvTranspose, Edge, Interval, Layer, Op, Pad, Padding, Rearrange, Rearrangement, Resize,
    ResizeMode, Size,
};

use super::activation::{ActivateGradient, from_output};
use super::channels::ChannelsGradient;
use super::depthwise::DepthwiseGradient;
use super::gates::{GluGradient, PreluGradient};
use super::grn::GrnGradient;
use super::lrn::LrnGradient;
use super::maxima::{AdaptiveMaxPoolGradient, ChannelMaxGradient, MaxPoolGradient};
use super::means::{AdaptiveAvgPoolGradient, AvgPoolGradient, ChannelMeanGradient};
use super::merge::MergeGradientCall;
use super::normalise::NormaliseGradient;
use super::resize::{BicubicGradientCall, BilinearGradientCall, NearestGradientCall, PadGradient, ResizeGradient};
use super::softmax::{LogSoftmaxGradientCall, SoftmaxGradient, SoftmaxGradientCall};
use super::user::{CustomGradientCall, MapGradient};
use crate::kernels::call::KernelCall;
use crate::kernels::conv::Conv2d;
use crate::kernels::conv_transpose::ConvTranspose2d;
use crate::kernels::layout::{CopyMap, StoreChw};
use crate::kernels::merge::{MergeCall, Merging};
use crate::kernels::norm::ScaleShift;
use crate::kernels::pad::PadMap;
use crate::kernels::plain::Own;
use crate::kernels::reshape::ReshapeMap;
use crate::kernels::shuffle::{ChannelShuffleMap, PixelShuffleMap, PixelUnshuffleMap};
use crate::place::map::Map;

/// What the gradients of a layer's inputs are computed from, besides the gradient of its output and its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// All of the layer's inputs.
    pub inputs: bool,
    /// Its output.
    pub output: bool,
}

impl Reads {
    const NOTHING: Self = Self { inputs: false, output: false };
    const INPUTS: Self = Self { inputs: true, output: false };
    const OUTPUT: Self = Self { inputs: false, output: true };
}

/// What [`input_gradients`] of such a layer reads.
#[must_use]
pub const fn reads(op: &Op) -> Reads {
    match op.closed() {
        Layer::Activation(Activation::Identity) => Reads::NOTHING,
        Layer::Activation(activation) if from_output(activation) => Reads::OUTPUT,
        Layer::Softmax | Layer::LogSoftmax => Reads::OUTPUT,
        Layer::MaxPool(_)
        | Layer::GlobalMaxPool
        | Layer::AdaptiveMaxPool(_)
        | Layer::ChannelMax
        | Layer::Lrn(_)
        | Layer::Norm(_)
        | Layer::Grn { .. }
        | Layer::Prelu(_)
        | Layer::Glu
        | Layer::Activation(_)
        | Layer::Mul
        | Layer::Max
        | Layer::Map(_)
        | Layer::Custom(_) => Reads::INPUTS,
        Layer::Conv(_)
        | Layer::ConvTranspose(_)
        | Layer::Linear(_)
        | Layer::AvgPool(_)
        | Layer::GlobalAvgPool
        | Layer::AdaptiveAvgPool(_)
        | Layer::ChannelMean
        | Layer::Flatten
        | Layer::Rearrange(_)
        | Layer::Resize(_)
        | Layer::Dropout { .. }
        | Layer::BatchNorm(_)
        | Layer::Scale { .. }
        | Layer::Concat
        | Layer::Add
        | Layer::Sub => Reads::NOTHING,
    }
}

/// What the gradients of such a layer compute once more, so that nothing keeps it from the forward pass until then.
#[must_use]
pub const fn recomputed(op: &Op) -> Option<&'static str> {
    match op.closed() {
        Layer::Dropout { .. } => Some("masks of dropout"),
        Layer::BatchNorm(_) | Layer::Norm(_) => Some("normalised values"),
        Layer::Lrn(_) => Some("denominators of lrn"),
        Layer::Grn { .. } => Some("lengths of grn"),
        Layer::MaxPool(_) | Layer::GlobalMaxPool | Layer::AdaptiveMaxPool(_) | Layer::ChannelMax | Layer::Max => {
            Some("places of maxima")
        }
        Layer::Activation(_)
        | Layer::Softmax
        | Layer::LogSoftmax
        | Layer::Prelu(_)
        | Layer::Glu
        | Layer::Mul
        | Layer::Conv(_)
        | Layer::ConvTranspose(_)
        | Layer::Linear(_)
        | Layer::AvgPool(_)
        | Layer::GlobalAvgPool
        | Layer::AdaptiveAvgPool(_)
        | Layer::ChannelMean
        | Layer::Flatten
        | Layer::Rearrange(_)
        | Layer::Resize(_)
        | Layer::Scale { .. }
        | Layer::Concat
        | Layer::Add
        | Layer::Sub
        | Layer::Map(_)
        | Layer::Custom(_) => None,
    }
}

/// The zeros that [`input_gradients`] of such a layer reads around `upstream`, where the layer makes an output of one size of an
/// input of another: the gradient of a convolution is a transposed one, and the other way round.
#[must_use]
pub const fn upstream_halo(op: &Op, input: Size, output: Size) -> Padding {
    match op {
        Op::Conv(conv) => ConvTranspose2d::halo(&transposed(conv), output, input),
        Op::ConvTranspose(conv) => Conv2d::halo(&convolution(conv), output, input),
        _ => Padding::NONE,
    }
}

/// Floats that [`input_gradients`] of such a layer compute in, for an input of these channels; none for most. Those of a layer by the
/// user are [its own](crate::kernels::user::CustomMap::scratch_floats).
#[must_use]
pub const fn scratch(op: &Op, channels: usize) -> Option<usize> {
    match op {
        Op::Grn { .. } => Some(GrnGradient::scratch_floats(channels)),
        _ => None,
    }
}

/// The kernels that compute the gradients of a layer's inputs from that of its output, `upstream`; `None` where one is not needed.
///
/// `inputs` and `output` are the layer's own maps. Of those that [`reads`] does not name, only the sizes matter. Gradients have the
/// sizes of the inputs, and don't overlap. If a layer with one input may [run in place](cnn_net::op::Facts::in_place), its gradient may
/// be where `upstream` is. `own` is where the packed weights begin, if there are any: those of the layer's own
/// tensor, without a bias, in the layout that the kernel's [`weights`](KernelCall::weights) says; and where what it [computes in](scratch)
/// begins.
///
/// There are no kernels for layers [without a gradient](Op::differentiable), and none for those whose gradients are computed for all
/// images of a batch: fully connected layers, batch normalisations and dropout. Nor for a gradient that lies in `upstream` already. Those
/// of a layer by the user are [`custom_gradients`].
#[must_use]
pub fn input_gradients(
    op: &Op,
    inputs: &[Map],
    output: Map,
    upstream: Map,
    gradients: &[Option<Map>],
    own: Own,
) -> Vec<Box<dyn KernelCall>> {
    let merged = Merged { inputs, upstream, gradients };
    match (op, inputs, gradients) {
        (Op::Concat, ..) => merged.parts(),
        (Op::Add, ..) => merged.kernels(Merging::Sum),
        (Op::Sub, ..) => merged.kernels(Merging::Difference),
        (Op::Mul, ..) => merged.kernels(Merging::Product),
        (Op::Max, ..) => merged.kernels(Merging::Maximum),
        (_, [input], [Some(gradient)]) => {
            of_input(op, Maps { input: *input, output, upstream, gradient: *gradient }, own)
        }
        _ => Vec::new(),
    }
}

/// The kernels that compute the gradients of a user-defined layer: all of them, one after another, and then those of the inputs as maps;
/// `None` where one is not needed.
#[must_use]
pub fn custom_gradients(all: CustomGradientCall, gradients: &[Option<Map>]) -> Vec<Box<dyn KernelCall>> {
    let mut part = Map { channels: 0, ..all.output };
    let mut maps = Vec::new();
    for (input, gradient) in all.inputs.iter().zip(gradients) {
        part.channels = input.elements();
        maps.extend(gradient.iter().flat_map(|gradient| unflatten(part, *gradient)));
        part.offset += part.channels;
    }
    let all: Box<dyn KernelCall> = Box::new(all);
    [all].into_iter().chain(maps).collect()
}

/// The maps of a layer with one input, and their gradients.
struct Maps {
    input: Map,
    output: Map,
    upstream: Map,
    gradient: Map,
}

/// The kernels of a layer with one input.
fn of_input(op: &Op, Maps { input, output, upstream, gradient }: Maps, own: Own) -> Vec<Box<dyn KernelCall>> {
    let Own { weights, scratch } = own;
    let size = Size::new(gradient.height, gradient.width);
    vec![match op.fixed(size).closed() {
        Layer::Conv(conv) if conv.is_depthwise(gradient.channels) => {
            Box::new(DepthwiseGradient::of(&conv, upstream, gradient).weights(weights))
        }
        Layer::Conv(conv) => Box::new(ConvTranspose2d::of(&transposed(&conv), upstream, gradient).weights(weights)),
        Layer::ConvTranspose(conv) => Box::new(Conv2d::of(&convolution(&conv), upstream, gradient).weights(weights)),
        Layer::Flatten => return unflatten(upstream, gradient),
        Layer::Rearrange(op) => return rearrange(op, upstream, gradient),
        Layer::Scale { .. } => Box::new(ScaleShift::new(upstream, gradient).weights(weights)),
        Layer::Activation(Activation::Identity) => return copy(upstream, gradient),
        Layer::Activation(activation) => {
            let input = if from_output(activation) { output } else { input };
            Box::new(ActivateGradient::new(input, upstream, gradient, activation))
        }
        Layer::MaxPool(pool) => Box::new(MaxPoolGradient::of(&pool, input, upstream, gradient)),
        Layer::AvgPool(pool) => Box::new(AvgPoolGradient::of(&pool, upstream, gradient)),
        Layer::GlobalAvgPool | Layer::AdaptiveAvgPool(_) => {
            Box::new(AdaptiveAvgPoolGradient { upstream, output: gradient })
        }
        Layer::GlobalMaxPool | Layer::AdaptiveMaxPool(_) => {
            Box::new(AdaptiveMaxPoolGradient { input, upstream, output: gradient })
        }
        Layer::ChannelMean => Box::new(ChannelMeanGradient { upstream, output: gradient }),
        Layer::ChannelMax => Box::new(ChannelMaxGradient { input, upstream, output: gradient }),
        Layer::Resize(op) => resize(&op, upstream, gradient),
        Layer::Lrn(lrn) => Box::new(LrnGradient { input, upstream, output: gradient, lrn }),
        Layer::Norm(norm) => Box::new(NormaliseGradient { input, upstream, output: gradient, norm, weights }),
        Layer::Grn { eps } => Box::new(GrnGradient { input, upstream, output: gradient, eps, weights, scratch }),
        Layer::Prelu(per) => Box::new(PreluGradient { input, upstream, output: gradient, weights, per }),
        Layer::Glu => Box::new(GluGradient { input, upstream, output: gradient }),
        Layer::Map(function) => Box::new(MapGradient { input, upstream, output: gradient, function }),
        Layer::Softmax => {
            Box::new(SoftmaxGradientCall(SoftmaxGradient { results: output, upstream, output: gradient }))
        }
        Layer::LogSoftmax => {
            Box::new(LogSoftmaxGradientCall(SoftmaxGradient { results: output, upstream, output: gradient }))
        }
        // Of all images, by other kernels, or of several inputs.
        Layer::Linear(_)
        | Layer::BatchNorm(_)
        | Layer::Dropout { .. }
        | Layer::Custom(_)
        | Layer::Concat
        | Layer::Add
        | Layer::Sub
        | Layer::Mul
        | Layer::Max => return Vec::new(),
    }]
}

/// The transposed convolution that takes gradients of a convolution's output to those of its input: output `o` has tap `k` of a filter
/// at input `i` if `o * stride + k * dilation = i + pad`. Inputs that no window reaches get nothing.
const fn transposed(conv: &Conv) -> ConvTranspose {
    let Conv { filters, kernel, stride, pad, dilation, groups, .. } = *conv;
    ConvTranspose { filters, kernel, stride, pad, output_pad: Size::new(0, 0), dilation, groups, bias: false }
}

/// The convolution that takes gradients of a transposed convolution's output to those of its input.
const fn convolution(conv: &ConvTranspose) -> Conv {
    let ConvTranspose { filters, kernel, stride, pad, dilation, groups, .. } = *conv;
    Conv { filters, kernel, stride, pad, dilation, groups, bias: false }
}

/// Copies a gradient, unless it lies there already.
fn copy(upstream: Map, gradient: Map) -> Vec<Box<dyn KernelCall>> {
    if upstream == gradient { Vec::new() } else { vec![Box::new(CopyMap { input: upstream, output: gradient })] }
}

/// The gradient of a map whose numbers another has in the order C, H, W.
fn unflatten(upstream: Map, gradient: Map) -> Vec<Box<dyn KernelCall>> {
    if (upstream.height, upstream.width) == (gradient.height, gradient.width) {
        return copy(upstream, gradient);
    }
    if gradient.pixels() == 1 {
        return vec![Box::new(StoreChw { map: upstream, offset: gradient.offset })];
    }
    vec![Box::new(ReshapeMap { input: upstream, output: gradient })]
}

/// The gradient of numbers that were moved: they are moved back.
fn rearrange(op: Rearrange, upstream: Map, gradient: Map) -> Vec<Box<dyn KernelCall>> {
    let (input, output) = (upstream, gradient);
    vec![match op.closed() {
        Rearrangement::PixelShuffle { factor } => Box::new(PixelUnshuffleMap { input, output, factor }),
        Rearrangement::PixelUnshuffle { factor } => Box::new(PixelShuffleMap { input, output, factor }),
        Rearrangement::ChannelShuffle { groups } => {
            Box::new(ChannelShuffleMap { input, output, groups: gradient.channels / groups })
        }
        Rearrangement::Reshape(_) => return unflatten(upstream, gradient),
        Rearrangement::Crop(crop) => {
            let margins = crop.margins(Size::new(gradient.height, gradient.width)).unwrap_or_default();
            Box::new(PadMap { input, output, pad: Pad::new(margins) })
        }
        Rearrangement::Pad(Pad { sides, mode: Edge::Zero, .. }) => {
            let Map { height, width, .. } = gradient;
            return copy(Map { offset: upstream.at(sides.top, sides.left), height, width, ..upstream }, gradient);
        }
        Rearrangement::Pad(pad) => Box::new(PadGradient { upstream, output, pad }),
        Rearrangement::Channels(Interval { first, .. }) => Box::new(ChannelsGradient { upstream, output, first }),
    }]
}

/// The gradient of a resizing.
fn resize(op: &Resize, upstream: Map, output: Map) -> Box<dyn KernelCall> {
    let layer = ResizeGradient { upstream, output, align_corners: op.align_corners };
    match op.mode.closed() {
        ResizeMode::Nearest => Box::new(NearestGradientCall(layer)),
        ResizeMode::Bilinear => Box::new(BilinearGradientCall(layer)),
        ResizeMode::Bicubic => Box::new(BicubicGradientCall(layer)),
    }
}

/// The maps of a layer with several inputs.
struct Merged<'a> {
    inputs: &'a [Map],
    upstream: Map,
    gradients: &'a [Option<Map>],
}

impl Merged<'_> {
    /// The gradients that are needed, with their numbers.
    fn needed(&self) -> impl Iterator<Item = (usize, Map)> {
        self.gradients.iter().enumerate().filter_map(|(index, gradient)| Some((index, (*gradient)?)))
    }

    /// Of channels one after another: those of each input.
    fn parts(&self) -> Vec<Box<dyn KernelCall>> {
        let part = |(index, gradient): (usize, Map)| {
            let before: usize = self.inputs.iter().take(index).map(|input| input.channels).sum();
            let offset = self.upstream.offset + before;
            copy(Map { offset, channels: gradient.channels, ..self.upstream }, gradient)
        };
        self.needed().flat_map(part).collect()
    }

    /// Of maps that were merged element by element.
    fn kernels(&self, merging: Merging) -> Vec<Box<dyn KernelCall>> {
        self.needed().flat_map(|(index, gradient)| self.of(merging, index, gradient)).collect()
    }

    /// The gradient of one of them.
    fn of(&self, merging: Merging, index: usize, output: Map) -> Vec<Box<dyn KernelCall>> {
        let (upstream, mut inputs) = (self.upstream, self.inputs.to_vec());
        let whole = upstream.pixels() == output.pixels() && upstream.channels == output.channels;
        let passes = merging == Merging::Sum || merging == Merging::Difference && index == 0;
        if whole && passes {
            return copy(upstream, output);
        }
        if whole && merging == Merging::Product {
            // Another product: with the gradient in place of the input.
            inputs[index] = upstream;
            return vec![Box::new(MergeCall { inputs, output, activation: Activation::Identity, merging })];
        }
        if matches!(merging, Merging::Sum | Merging::Difference) {
            // They are not looked at.
            inputs.clear();
        }
        vec![Box::new(MergeGradientCall { inputs, index, upstream, output, merging })]
    }
}
