//! The arguments of layers.

use super::argument::{ANY, Arguments, Field, NOT_NEGATIVE, Slot, Word, words};
use super::{Padding, Size, Window};
use crate::{record, variants};

/// A two-dimensional convolution (a cross-correlation, as in every framework: the kernel is not flipped).
///
/// Tensors: `weight` `[filters, in_channels / groups, kernel.height, kernel.width]`, and `bias` `[filters]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv {
    /// Output channels.
    pub filters: usize,
    /// Extent of a filter.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Zeros around the input.
    pub pad: Padding,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// The number of independent groups that input and output channels are split into.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

record! {
    Conv(filters: usize, kernel: Size) {
        stride: Size = Size::square(1),
        pad: Padding = Padding::NONE,
        dilation: Size = Size::square(1),
        groups: usize = 1,
        bias: bool = true,
    }
}

impl Conv {
    /// The window that it moves over its input.
    #[must_use]
    pub const fn window(&self) -> Window {
        let Self { kernel, stride, dilation, pad, .. } = *self;
        Window { kernel, stride, dilation, pad, ceil: false }
    }

    /// Whether it is depthwise: it filters each input channel separately, to one output channel each.
    #[must_use]
    pub const fn is_depthwise(&self, channels: usize) -> bool {
        self.groups > 1 && self.groups == channels && self.filters == channels
    }

    /// Its arguments in the language.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        let one = Some(Size::square(1));
        to.positional().count("filters", &mut self.filters, None);
        to.positional().size("size", &mut self.kernel, None);
        to.size("stride", &mut self.stride, one);
        to.pad(&mut self.pad);
        to.size("dilation", &mut self.dilation, one);
        to.count("groups", &mut self.groups, Some(1));
        to.flag("bias", &mut self.bias, true);
    }
}

/// A fully connected layer. Maps are flattened in the order C, H, W first.
///
/// Tensors: `weight` `[features, inputs]`, and `bias` `[features]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Linear {
    /// Output features.
    pub features: usize,
    /// Whether a bias is added.
    pub bias: bool,
    /// How its weights are kept in memory.
    pub store: Store,
}

record! { Linear(features: usize) { bias: bool = true, store: Store = Store::F32 } }

/// How weights are stored in memory. Sums are in `f32` either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Store {
    /// As they are.
    #[default]
    F32,
    /// Rounded to half precision: half the memory, and half the time where reading weights dominates.
    F16,
}

impl Store {
    /// The word in the language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
        }
    }

    /// Bytes of a weight.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 => 2,
        }
    }
}

/// Max or average pooling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pool {
    /// Extent of the window.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Padding: never the maximum; counted by the average if `count_include_pad`.
    pub pad: Padding,
    /// Distance between the taps of a window.
    pub dilation: Size,
    /// Whether the output size is rounded up. A last window that would start in the far padding is dropped.
    pub ceil: bool,
    /// Whether an average also counts the taps in the padding (but never those that `ceil` adds beyond it).
    pub count_include_pad: bool,
}

record! {
    Pool(kernel: Size, stride: Size) {
        pad: Padding = Padding::NONE,
        dilation: Size = Size::square(1),
        ceil: bool = false,
        count_include_pad: bool = true,
    }
}

impl Pool {
    /// The window that it moves over its input.
    #[must_use]
    pub const fn window(&self) -> Window {
        let Self { kernel, stride, dilation, pad, ceil, .. } = *self;
        Window { kernel, stride, dilation, pad, ceil }
    }

    /// Its arguments in the language.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        to.positional().size("size", &mut self.kernel, None);
        let stride = Field { value: &mut self.stride, default: Some(self.kernel) };
        to.argument("stride", Slot::SizeLike(stride, "size"));
        to.pad(&mut self.pad);
        to.size("dilation", &mut self.dilation, Some(Size::square(1)));
        to.flag("ceil", &mut self.ceil, false);
    }
}

/// Local response normalisation: `a / (k + alpha * sum a^2)^beta`, with the sum over the neighbouring channels in its
/// [window](LrnWindow).
///
/// Krizhevsky, Sutskever, Hinton 2012, section 3.3: alpha is not divided by the size, unlike in PyTorch, Caffe, ONNX.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lrn {
    /// Channels that are summed over, `n` in the paper.
    pub size: usize,
    /// Which ones, if `size` is even.
    pub window: LrnWindow,
    /// Weight of the sum.
    pub alpha: f32,
    /// Exponent.
    pub beta: f32,
    /// Added to the sum.
    pub k: f32,
}

record! { Lrn(size: usize, alpha: f32, beta: f32, k: f32) { window: LrnWindow = LrnWindow::Paper } }

/// Which of the existing channels a local response normalisation sums over. For odd sizes, all variants are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LrnWindow {
    /// From `i - size / 2` to `i + size / 2`, as the paper's formula has it: `size + 1` channels, if `size` is even.
    #[default]
    Paper,
    /// From `i - size / 2` to `i + (size - 1) / 2`, as PyTorch has it: `size` channels.
    Torch,
    /// From `i - (size - 1) / 2` to `i + size / 2`, as ONNX has it: `size` channels.
    Onnx,
}

impl LrnWindow {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Paper, Self::Torch, Self::Onnx];

    /// The word in the language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Torch => "torch",
            Self::Onnx => "onnx",
        }
    }
}

impl Lrn {
    /// How many channels before and after its own a sum covers, where they exist.
    #[must_use]
    pub const fn reach(&self) -> [usize; 2] {
        match self.window {
            LrnWindow::Paper => [self.size / 2, self.size / 2],
            LrnWindow::Torch => [self.size / 2, self.size.saturating_sub(1) / 2],
            LrnWindow::Onnx => [self.size.saturating_sub(1) / 2, self.size / 2],
        }
    }

    /// Its arguments in the language.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        to.count("size", &mut self.size, Some(5));
        to.real("alpha", &mut self.alpha, NOT_NEGATIVE, Some(1e-4));
        to.real("beta", &mut self.beta, NOT_NEGATIVE, Some(0.75));
        to.real("k", &mut self.k, NOT_NEGATIVE, Some(2.0));
        // An even size has no channel in the middle, and frameworks differ in which they sum over.
        let agreed = !self.size.is_multiple_of(2);
        to.word("window", &mut self.window, agreed.then_some(0));
    }
}

/// Batch normalisation with the running statistics: `(x - mean) / sqrt(var + eps) * weight + bias` in each channel.
///
/// Tensors: `running_mean` and `running_var`, and if it is affine also `weight` and `bias`, each `[channels]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub eps: f32,
    /// Weight of a new batch in the running statistics while training; not used at inference.
    pub momentum: f32,
    /// Whether it has `weight` and `bias`.
    pub affine: bool,
}

record! { BatchNorm(eps: f32, momentum: f32) { affine: bool = true } }

/// What each slope of a `prelu` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreluPer {
    /// One slope per channel, tensor `weight` `[channels]`; a file may also hold one for all, `[1]`.
    Channel,
    /// One slope per element, tensor `weight` of the input's shape.
    Element,
    /// One slope for all, tensor `weight` `[1]`.
    Tensor,
}

impl PreluPer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Channel, Self::Element, Self::Tensor];

    /// The word in the language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Element => "element",
            Self::Tensor => "tensor",
        }
    }
}

/// What a `scale` multiplies by. What is learnt is a tensor with the layer's own name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Factor {
    /// A fixed number.
    Fixed(f32),
    /// A learnt factor for each channel, `[channels]`.
    Channel,
    /// One learnt factor for all, `[1]`.
    Tensor,
}

impl Factor {
    /// Its arguments in the language.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        let mut fixed = if let Self::Fixed(number) = *self { Some(number) } else { None };
        to.positional().argument("factor", Slot::Perhaps(&mut fixed, ANY, "learnt"));
        match fixed {
            Some(number) => *self = Self::Fixed(number),
            // A fixed one is the same for all.
            None => to.word("per", &mut Learnt(self), Some(0)),
        }
    }
}

/// What each learnt factor is for.
struct Learnt<'a>(&'a mut Factor);

impl Word for Learnt<'_> {
    fn words(&self) -> &'static [&'static str] {
        &["channel", "tensor"]
    }

    fn index(&self) -> usize {
        usize::from(*self.0 == Factor::Tensor)
    }

    fn set(&mut self, index: usize) {
        *self.0 = if index == 0 { Factor::Channel } else { Factor::Tensor };
    }
}

variants! { Factor { Fixed(number), Channel, Tensor } }
variants! { Store { F32, F16 } }
variants! { LrnWindow { Paper, Torch, Onnx } }
variants! { PreluPer { Channel, Element, Tensor } }

words! {
    Store { F32, F16 }
    LrnWindow { Paper, Torch, Onnx }
    PreluPer { Channel, Element, Tensor }
}
