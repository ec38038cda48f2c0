//! What a layer is: its kind and its arguments, with all numbers resolved.
//!
//! This is the one list of layers. The compiler builds these values from a declaration, the static description of a
//! net ([`Graph`](crate::graph::Graph)) holds them, and `cnn_runtime::reference` defines the mathematics of each.

mod activation;
mod shape;

pub use self::activation::Activation;
pub use self::shape::{Padding, Shape, Size};

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
    /// The number of independent parts that input and output channels are split into.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

impl Conv {
    /// Whether, with this many input channels, each has its own filter and produces one output channel.
    pub const fn is_depthwise(&self, channels: usize) -> bool {
        self.groups > 1 && self.groups == channels && self.filters == channels
    }
}

/// A fully connected layer. Maps are first flattened in the order C, H, W.
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

/// How weights are kept in memory. Sums are in `f32` either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// As they are.
    #[default]
    F32,
    /// Rounded to half precision: half the memory, and half the time where reading weights takes most of it.
    F16,
}

impl Store {
    /// The word in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
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
    /// Padding: never the maximum; included in the average if `count_include_pad`.
    pub pad: Padding,
    /// Distance between the taps of a window.
    pub dilation: Size,
    /// Whether to round the output size up. A last window that would start in the far padding is dropped.
    pub ceil: bool,
    /// Whether an average counts the taps that lie in the padding too (never those that `ceil` adds beyond it).
    pub count_include_pad: bool,
}

/// Local response normalisation: `a / (k + alpha * sum a^2)^beta`, where the sum is over the channels around each one that
/// its [window](LrnWindow) covers.
///
/// Krizhevsky, Sutskever, Hinton 2012, section 3.3: alpha is not divided by the size, unlike in PyTorch, Caffe and ONNX.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lrn {
    /// Channels that are summed over, `n` in the paper.
    pub size: usize,
    /// Which channels these are, if `size` is even.
    pub window: LrnWindow,
    /// The factor of the sum.
    pub alpha: f32,
    /// Exponent.
    pub beta: f32,
    /// Added to the sum.
    pub k: f32,
}

/// Which channels a local response normalisation sums over, as far as they exist. For odd sizes all windows are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// All windows.
    pub const ALL: [Self; 3] = [Self::Paper, Self::Torch, Self::Onnx];

    /// The word in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Torch => "torch",
            Self::Onnx => "onnx",
        }
    }
}

impl Lrn {
    /// How many channels before and after its own a sum covers, if they exist.
    pub const fn reach(&self) -> [usize; 2] {
        match self.window {
            LrnWindow::Paper => [self.size / 2, self.size / 2],
            LrnWindow::Torch => [self.size / 2, self.size.saturating_sub(1) / 2],
            LrnWindow::Onnx => [self.size.saturating_sub(1) / 2, self.size / 2],
        }
    }
}

/// Batch normalisation with the running statistics: `(x - mean) / sqrt(var + eps) * weight + bias` in each channel.
///
/// Tensors: `weight`, `bias`, `running_mean`, `running_var`, each `[channels]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub eps: f32,
    /// Weight of a new batch in the running statistics while training; not used at inference.
    pub momentum: f32,
}

/// What a `prelu` has a slope for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreluPer {
    /// One slope per channel, tensor `weight` `[channels]`; a file may also hold a single one for all, `[1]`.
    Channel,
    /// One slope per element, tensor `weight` with the shape of the input.
    Element,
}

/// A layer: what it does to its input (or, for the merges, to its inputs).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Convolution.
    Conv(Conv),
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
    /// Turns maps into a vector, in the order C, H, W.
    Flatten,
    /// Does nothing at inference.
    Dropout {
        /// The share of values that training drops.
        p: f32,
    },
    /// Local response normalisation.
    Lrn(Lrn),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// `x` where `x >= 0`, else a learned slope times `x`.
    Prelu(PreluPer),
    /// An element-wise function.
    Activation(Activation),
    /// `exp(x_i) / sum_j exp(x_j)` over the features, or over the channels at each position of a map.
    Softmax,
    /// The logarithm of softmax.
    LogSoftmax,
    /// The channels of all inputs, one after another.
    Concat,
    /// The sum of the inputs.
    Add,
    /// The product of the inputs; an input of `C x 1 x 1` scales whole maps.
    Mul,
}

impl Op {
    /// The name in the language: `conv`, `max_pool`, `relu`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Conv(_) => "conv",
            Self::Linear(_) => "linear",
            Self::MaxPool(_) => "max_pool",
            Self::AvgPool(_) => "avg_pool",
            Self::GlobalAvgPool => "global_avg_pool",
            Self::GlobalMaxPool => "global_max_pool",
            Self::Flatten => "flatten",
            Self::Dropout { .. } => "dropout",
            Self::Lrn(_) => "lrn",
            Self::BatchNorm(_) => "batch_norm",
            Self::Prelu(_) => "prelu",
            Self::Activation(activation) => activation.name(),
            Self::Softmax => "softmax",
            Self::LogSoftmax => "log_softmax",
            Self::Concat => "concat",
            Self::Add => "add",
            Self::Mul => "mul",
        }
    }
}
