//! Element-wise functions.

/// An element-wise function without learned parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `x`.
    Identity,
    /// 1 where `x >= 0`, else 0 (Rosenblatt's perceptron).
    Step,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `x` where `x >= 0`, else `slope * x`.
    LeakyRelu {
        /// Slope of the negative side.
        slope: f32,
    },
    /// `x` where `x > 0`, else `alpha * (exp(x) - 1)`.
    Elu {
        /// Scale of the negative side.
        alpha: f32,
    },
    /// `gamma * elu(alpha, x)`.
    Selu {
        /// Scale of the negative side; [`SELU_ALPHA`](Self::SELU_ALPHA) in the paper.
        alpha: f32,
        /// Scale of both sides; [`SELU_GAMMA`](Self::SELU_GAMMA) in the paper.
        gamma: f32,
    },
    /// `ln(1 + exp(x))`.
    Softplus,
    /// `x / (1 + |x|)`.
    Softsign,
    /// `x * (1 + erf(x / sqrt(2))) / 2`.
    Gelu,
    /// `x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2`, which approximates the one with `erf`.
    GeluTanh,
    /// `x * sigmoid(x)`.
    Silu,
    /// `x * tanh(softplus(x))`.
    Mish,
    /// `min(max(alpha * x + beta, 0), 1)`.
    HardSigmoid {
        /// Slope of the middle part; [`HARD_SIGMOID_ALPHA`](Self::HARD_SIGMOID_ALPHA) in PyTorch.
        alpha: f32,
        /// Value at 0; [`HARD_SIGMOID_BETA`](Self::HARD_SIGMOID_BETA) in PyTorch.
        beta: f32,
    },
    /// `x * min(max(x / 6 + 1/2, 0), 1)`.
    HardSwish,
}

impl Activation {
    /// `alpha` of `selu` (Klambauer, Unterthiner, Mayr & Hochreiter 2017): with this and [`SELU_GAMMA`](Self::SELU_GAMMA),
    /// activations keep the mean 0 and the variance 1.
    pub const SELU_ALPHA: f32 = 1.673_263_2;
    /// `gamma` of `selu`.
    pub const SELU_GAMMA: f32 = 1.050_701;
    /// `alpha` of `hard_sigmoid`, and of the one in `hard_swish`.
    pub const HARD_SIGMOID_ALPHA: f32 = 1.0 / 6.0;
    /// `beta` of `hard_sigmoid`, and of the one in `hard_swish`.
    pub const HARD_SIGMOID_BETA: f32 = 0.5;

    /// The name in the language.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Step => "step",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Relu => "relu",
            Self::Relu6 => "relu6",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Elu { .. } => "elu",
            Self::Selu { .. } => "selu",
            Self::Softplus => "softplus",
            Self::Softsign => "softsign",
            Self::Gelu | Self::GeluTanh => "gelu",
            Self::Silu => "silu",
            Self::Mish => "mish",
            Self::HardSigmoid { .. } => "hard_sigmoid",
            Self::HardSwish => "hard_swish",
        }
    }
}
