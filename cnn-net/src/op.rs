//! What a layer is: its kind and its arguments, with all numbers resolved.
//!
//! This is the one list of layers. The compiler builds these values from a declaration, the static description of a net
//! ([`Graph`](crate::graph::Graph)) holds them, and `cnn_runtime::reference` defines what each computes. Everything
//! else about a layer is in [`Op::facts`], a row for each, and in [`Op::arguments`].

mod activation;
mod adaptive;
mod argument;
mod closed;
mod facts;
mod layers;
mod norm;
mod rearrange;
mod resize;
mod shape;
mod tensors;
mod transposed;
mod user;
mod window;

use self::argument::{Arguments, NOT_NEGATIVE, SHARE};
use self::closed::closed;

pub use self::activation::Activation;
#[doc(hidden)]
pub use self::activation::Function;
pub use self::argument::{Argument, Bounds, Field, Slot, Word};
#[doc(hidden)]
pub use self::facts::LayerKind;
pub use self::facts::{DependsOn, Facts, Kind};
pub use self::layers::{BatchNorm, Conv, Factor, Linear, Lrn, LrnWindow, Pool, PreluPer, Store};
#[doc(hidden)]
pub use self::norm::Normaliser;
pub use self::norm::{Norm, Over};
pub use self::rearrange::{Crop, Edge, Interval, Pad, Rearrange};
#[doc(hidden)]
pub use self::rearrange::{CropTo, PadMode, Rearrangement};
#[doc(hidden)]
pub use self::resize::ResizeMode;
pub use self::resize::{Extent, Interpolation, Resize};
pub use self::shape::{Padding, Shape, Size};
pub use self::tensors::{Dims, Role, Tensors};
pub use self::transposed::{ConvTranspose, TransposedAxis};
#[doc(hidden)]
pub use self::user::last_name;
pub use self::user::{BackwardFn, EachFn, LayerFn, UserFunction, UserLayer, UserTensor};
pub use self::window::{Axis, Window};

/// A layer: what it does to its input (or, for the merges, to its inputs).
///
/// There will be more layers: match it with `_`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// Convolution.
    Conv(Conv),
    /// Transposed convolution.
    ConvTranspose(ConvTranspose),
    /// Fully connected layer.
    Linear(Linear),
    /// Maximum over a window.
    MaxPool(Pool),
    /// Mean over a window.
    AvgPool(Pool),
    /// Mean over each map.
    GlobalAvgPool,
    /// Maximum over each map.
    GlobalMaxPool,
    /// Mean over parts of each map, one for each pixel of an output of this size.
    AdaptiveAvgPool(Size),
    /// Maximum over parts of each map, one for each pixel of an output of this size.
    AdaptiveMaxPool(Size),
    /// Mean over the channels of each pixel.
    ChannelMean,
    /// Maximum over the channels of each pixel.
    ChannelMax,
    /// Turns maps into a vector, in the order C, H, W.
    Flatten,
    /// Numbers reordered, cropped or padded.
    Rearrange(Rearrange),
    /// Maps of another size.
    Resize(Resize),
    /// Does nothing at inference.
    Dropout {
        /// The share of values that training drops.
        p: f32,
    },
    /// Local response normalisation.
    Lrn(Lrn),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// Normalisation by the statistics of the input itself.
    Norm(Norm),
    /// Global response normalisation: each channel, scaled by its length relative to the mean of all channels' lengths,
    /// is added to the input.
    Grn {
        /// Added to the mean of the lengths.
        eps: f32,
    },
    /// Multiplication by learnt factors, or by a fixed one.
    Scale {
        /// What it multiplies by.
        factor: Factor,
    },
    /// `x` where `x >= 0`, else a learned slope times `x`.
    Prelu(PreluPer),
    /// The first half of the channels, times the sigmoid of the second.
    Glu,
    /// An element-wise function.
    Activation(Activation),
    /// `exp(x_i) / sum_j exp(x_j)` over the features, or over the channels at each position of a map.
    Softmax,
    /// The logarithm of softmax.
    LogSoftmax,
    /// The channels of all inputs, one after another.
    Concat,
    /// The sum of the inputs; for this and the merges below, an input of `C x 1 x 1` is broadcast over whole maps, and
    /// one of `1 x H x W` over all channels.
    Add,
    /// The first input minus the others.
    Sub,
    /// The product of the inputs.
    Mul,
    /// The largest of the inputs, element by element.
    Max,
    /// A user-defined element-wise function.
    Map(UserFunction),
    /// A user-defined layer.
    Custom(UserLayer),
}

closed! {
    Op as Layer {
        Conv(conv: Conv), ConvTranspose(conv: ConvTranspose), Linear(linear: Linear), MaxPool(pool: Pool), AvgPool(pool: Pool),
        GlobalAvgPool, GlobalMaxPool, AdaptiveAvgPool(size: Size), AdaptiveMaxPool(size: Size), ChannelMean, ChannelMax,
        Flatten, Rearrange(rearrange: Rearrange), Resize(resize: Resize), Dropout { p: f32 }, Lrn(lrn: Lrn),
        BatchNorm(norm: BatchNorm), Norm(norm: Norm), Grn { eps: f32 }, Scale { factor: Factor }, Prelu(per: PreluPer),
        Glu, Activation(activation: Activation), Softmax, LogSoftmax, Concat, Add, Sub, Mul, Max, Map(function: UserFunction), Custom(layer: UserLayer),
    }
}

impl Op {
    /// The facts about this layer.
    #[must_use]
    pub const fn facts(&self) -> Facts {
        use DependsOn::{Input, Map, Part, Pixel};
        use Kind::*;
        match self {
            Self::Conv(conv) => Facts::of(Convolution, ["conv", "C", "convolution"]).over(conv.window()),
            Self::ConvTranspose(_) => {
                Facts::of(Convolution, ["conv_transpose", "CT", "transposed convolution"]).over_maps()
            }
            Self::Linear(_) => Facts::of(FullyConnected, ["linear", "FC", "fully connected"]),
            Self::MaxPool(pool) => {
                Facts::of(MaxPooling, ["max_pool", "MP", "max pooling"]).over(pool.window()).keeping_zeros()
            }
            Self::AvgPool(pool) => Facts::of(AveragePooling, ["avg_pool", "AP", "average pooling"]).over(pool.window()),
            Self::GlobalAvgPool => {
                Facts::of(AveragePooling, ["global_avg_pool", "GAP", "global average pooling"]).reading(Map)
            }
            Self::GlobalMaxPool => Facts::of(MaxPooling, ["global_max_pool", "GMP", "global max pooling"]).reading(Map),
            Self::AdaptiveAvgPool(_) => {
                Facts::of(AveragePooling, ["adaptive_avg_pool", "AAP", "adaptive average pooling"]).reading(Part)
            }
            Self::AdaptiveMaxPool(_) => Facts::of(MaxPooling, ["adaptive_max_pool", "AMP", "adaptive max pooling"])
                .reading(Part)
                .keeping_zeros(),
            Self::ChannelMean => Facts::of(AveragePooling, ["channel_mean", "CM", "mean of channels"]).reading(Pixel),
            Self::ChannelMax => Facts::of(MaxPooling, ["channel_max", "CX", "maximum of channels"]).reading(Pixel),
            Self::Flatten => Facts::of(Reordering, ["flatten", "F", "flatten"]).keeping_zeros(),
            Self::Rearrange(rearrange) => rearrange.facts(),
            Self::Resize(resize) => resize.facts(),
            Self::Dropout { .. } => Facts::of(Regularisation, ["dropout", "D", "dropout"]).in_place().keeping_zeros(),
            Self::Lrn(_) => Facts::of(ResponseNormalisation, ["lrn", "LRN", "local response normalisation"])
                .over_maps()
                .keeping_zeros(),
            Self::BatchNorm(_) => Facts::of(BatchNormalisation, ["batch_norm", "BN", "batch normalisation"]).in_place(),
            Self::Norm(norm) => norm.facts(),
            Self::Grn { .. } => {
                Facts::of(Normalisation, ["grn", "GRN", "global response normalisation"]).reading(Input).in_place()
            }
            Self::Scale { .. } => Facts::of(Scaling, ["scale", "Sc", "scale"]).in_place().keeping_zeros(),
            Self::Prelu(_) => Facts::of(Kind::Activation, ["prelu", "PR", "PReLU"]).in_place(),
            Self::Glu => Facts::of(Gating, ["glu", "GLU", "gated linear unit"]).keeping_zeros(),
            Self::Activation(activation) => {
                let names = activation.names();
                Facts::of(Kind::Activation, [names.language, names.short, names.long])
                    .in_place()
                    .trained(activation.differentiable())
            }
            Self::Softmax => Facts::of(Kind::Softmax, ["softmax", "S", "softmax"]).in_place(),
            Self::LogSoftmax => Facts::of(Kind::Softmax, ["log_softmax", "LS", "logarithm of softmax"]).in_place(),
            Self::Concat => Facts::of(Concatenation, ["concat", "CAT", "concatenation"]).keeping_zeros(),
            Self::Add => Facts::of(Addition, ["add", "+", "sum"]).in_place(),
            Self::Sub => Facts::of(Addition, ["sub", "−", "difference"]).in_place(),
            Self::Mul => Facts::of(Multiplication, ["mul", "×", "product"]).in_place(),
            Self::Max => Facts::of(Maximum, ["max", "max", "maximum"]).in_place(),
            Self::Map(function) => Facts::of(Kind::Activation, ["map", "ƒ", user::last_name(function.path)])
                .in_place()
                .trained(function.differentiable()),
            Self::Custom(layer) => Facts::of(Kind::Custom, ["custom", "U", user::last_name(layer.path)]),
        }
    }

    /// The name in the language: `conv`, `max_pool`, `relu`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.facts().name
    }

    /// The window that it moves over its input, if it has one.
    #[must_use]
    pub const fn window(&self) -> Option<Window> {
        self.facts().window
    }

    /// The extent of its filters or of its window, if it has one.
    #[must_use]
    pub const fn kernel(&self) -> Option<Size> {
        match (self, self.facts().window) {
            (Self::ConvTranspose(conv), _) => Some(conv.kernel),
            (_, Some(window)) => Some(window.kernel),
            (_, None) => None,
        }
    }

    /// The layer with this window instead, if it has one.
    #[must_use]
    pub fn with_window(mut self, window: Window) -> Self {
        let Window { kernel, stride, dilation, pad, ceil } = window;
        if let Self::Conv(conv) = &mut self {
            *conv = Conv { kernel, stride, dilation, pad, ..*conv };
        } else if let Self::MaxPool(pool) | Self::AvgPool(pool) = &mut self {
            *pool = Pool { kernel, stride, dilation, pad, ceil, ..*pool };
        }
        self
    }

    /// Whether it passes its input on unchanged at inference.
    #[must_use]
    pub const fn is_identity(&self) -> bool {
        matches!(self, Self::Dropout { .. } | Self::Activation(Activation::Identity))
    }

    /// Whether training can pass through it: whether it has a usable gradient.
    ///
    /// # Errors
    ///
    /// Why it has none.
    pub const fn differentiable(&self) -> Result<(), &'static str> {
        self.facts().differentiable
    }

    /// The parameter tensors of this layer for an input of this shape.
    #[must_use]
    pub fn tensors(&self, input: Shape) -> Tensors {
        let channels = input.channels();
        match self {
            Self::Conv(Conv { filters, kernel, groups, bias, .. }) => {
                Tensors::biased(&[*filters, channels / groups, kernel.height, kernel.width], *filters, *bias)
            }
            Self::ConvTranspose(ConvTranspose { filters, kernel, groups, bias, .. }) => {
                Tensors::biased(&[channels, filters / groups, kernel.height, kernel.width], *filters, *bias)
            }
            Self::Linear(Linear { features, bias, .. }) => {
                Tensors::biased(&[*features, input.elements()], *features, *bias)
            }
            Self::BatchNorm(norm) => Tensors::statistics(channels, norm.affine),
            Self::Norm(norm) => norm.tensors(input),
            Self::Grn { .. } => Tensors::affine(&[channels], true),
            Self::Scale { factor: Factor::Channel } | Self::Prelu(PreluPer::Channel) => {
                Tensors::biased(&[channels], channels, false)
            }
            Self::Scale { factor: Factor::Tensor } | Self::Prelu(PreluPer::Tensor) => Tensors::biased(&[1], 1, false),
            Self::Prelu(PreluPer::Element) => match input {
                Shape::Map { channels, height, width } => Tensors::biased(&[channels, height, width], channels, false),
                Shape::Vector(features) => Tensors::biased(&[features], features, false),
            },
            Self::Custom(layer) => Tensors::user(layer.tensors),
            Self::MaxPool(_)
            | Self::AvgPool(_)
            | Self::GlobalAvgPool
            | Self::GlobalMaxPool
            | Self::AdaptiveAvgPool(_)
            | Self::AdaptiveMaxPool(_)
            | Self::ChannelMean
            | Self::ChannelMax
            | Self::Flatten
            | Self::Rearrange(_)
            | Self::Resize(_)
            | Self::Dropout { .. }
            | Self::Lrn(_)
            | Self::Scale { factor: Factor::Fixed(_) }
            | Self::Glu
            | Self::Activation(_)
            | Self::Softmax
            | Self::LogSoftmax
            | Self::Concat
            | Self::Add
            | Self::Sub
            | Self::Mul
            | Self::Max
            | Self::Map(_) => Tensors::NONE,
        }
    }

    /// Every layer that a declaration can call, in the order of the documentation. Arguments have their defaults, if any.
    pub fn layers() -> impl Iterator<Item = Self> {
        let pool = Pool::new(Size::square(1), Size::square(1));
        let before = [
            Self::Conv(Conv::new(1, Size::square(1))),
            Self::ConvTranspose(ConvTranspose::new(1, Size::square(1))),
            Self::Linear(Linear::new(1)),
            Self::MaxPool(pool),
            Self::AvgPool(pool),
            Self::GlobalAvgPool,
            Self::GlobalMaxPool,
            Self::AdaptiveAvgPool(Size::square(1)),
            Self::AdaptiveMaxPool(Size::square(1)),
            Self::ChannelMean,
            Self::ChannelMax,
            Self::Flatten,
            Self::Dropout { p: 0.5 },
            Self::Lrn(Lrn::new(5, 1e-4, 0.75, 2.0)),
            Self::BatchNorm(BatchNorm::new(1e-5, 0.1)),
        ];
        let norms = Norm::ALL.into_iter().map(Self::Norm);
        let learnt = [Self::Grn { eps: 1e-6 }, Self::Scale { factor: Factor::Channel }, Self::Prelu(PreluPer::Channel)];
        let moves = Rearrange::ALL.into_iter().map(Self::Rearrange).chain(Resize::ALL.map(Self::Resize));
        let before = before.into_iter().chain(moves).chain(norms).chain(learnt);
        before.chain(Activation::named().map(Self::Activation)).chain([
            Self::Glu,
            Self::Softmax,
            Self::LogSoftmax,
            Self::Map(UserFunction::new("")),
            Self::Custom(UserLayer::new("", Shape::Vector(1))),
        ])
    }

    /// Shows the arguments in the order of a call.
    pub fn arguments(&mut self, to: &mut dyn Argument) {
        let to = &mut Arguments::new(to);
        match self {
            Self::Conv(conv) => conv.arguments(to),
            Self::ConvTranspose(conv) => conv.arguments(to),
            Self::Linear(linear) => {
                to.positional().count("features", &mut linear.features, None);
                to.flag("bias", &mut linear.bias, true);
                to.word("store", &mut linear.store, Some(0));
            }
            // A maximum doesn't count padding.
            Self::MaxPool(pool) => pool.arguments(to),
            Self::AvgPool(pool) => {
                pool.arguments(to);
                to.flag("count_include_pad", &mut pool.count_include_pad, true);
            }
            Self::Rearrange(rearrange) => rearrange.arguments(to),
            Self::Resize(resize) => resize.arguments(to),
            Self::Dropout { p } => to.positional().real("p", p, SHARE, Some(0.5)),
            Self::Lrn(lrn) => lrn.arguments(to),
            Self::BatchNorm(norm) => {
                to.real("eps", &mut norm.eps, NOT_NEGATIVE, Some(1e-5));
                to.real("momentum", &mut norm.momentum, SHARE, Some(0.1));
                to.flag("affine", &mut norm.affine, true);
            }
            Self::Norm(norm) => norm.arguments(to),
            Self::Grn { eps } => to.real("eps", eps, NOT_NEGATIVE, Some(1e-6)),
            Self::Scale { factor } => factor.arguments(to),
            Self::Prelu(per) => to.word("per", per, Some(0)),
            Self::Activation(activation) => activation.arguments(to),
            Self::AdaptiveAvgPool(size) | Self::AdaptiveMaxPool(size) => to.positional().size("size", size, None),
            Self::Map(function) => function.arguments(to),
            Self::Custom(layer) => layer.arguments(to),
            Self::GlobalAvgPool
            | Self::GlobalMaxPool
            | Self::ChannelMean
            | Self::ChannelMax
            | Self::Flatten
            | Self::Glu
            | Self::Softmax
            | Self::LogSoftmax
            | Self::Concat
            | Self::Add
            | Self::Sub
            | Self::Mul
            | Self::Max => {}
        }
    }
}
