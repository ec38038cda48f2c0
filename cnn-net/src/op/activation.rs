//! Element-wise functions.

use super::argument::{ANY, Arguments, NOT_NEGATIVE, POSITIVE, Word};
use super::closed::closed;

/// An element-wise function without learnt parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
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
    /// `ln(1 + exp(beta * x)) / beta` where `beta * x <= threshold`, else `x`.
    Softplus {
        /// How sharp it bends; positive.
        beta: f32,
        /// From where on it is a straight line.
        threshold: f32,
    },
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
    /// `min(max(x, min), max)`.
    HardTanh {
        /// The least result.
        min: f32,
        /// The largest result; not below `min`.
        max: f32,
    },
    /// `x` where `x > 0`, else `alpha * (exp(x / alpha) - 1)`: unlike `elu`, with the slope 1 at 0 for every `alpha`.
    Celu {
        /// Scale of the negative side; positive.
        alpha: f32,
    },
    /// `x` where `x > threshold`, else `value`.
    Threshold {
        /// What an input must exceed to stay as it is.
        threshold: f32,
        /// The value that replaces all others.
        value: f32,
    },
    /// `ln(1 / (1 + exp(-x)))`, the logarithm of `sigmoid`.
    LogSigmoid,
    /// 0 where `|x| <= lambda`, else `x`.
    HardShrink {
        /// The largest size of a number that becomes 0.
        lambda: f32,
    },
    /// 0 where `|x| <= lambda`, else nearer to 0 by `lambda`.
    SoftShrink {
        /// The largest size of a number that becomes 0.
        lambda: f32,
    },
}

closed! {
    Activation as Function {
        Identity, Step, Sigmoid, Tanh, Relu, Relu6, LeakyRelu { slope: f32 }, Elu { alpha: f32 },
        Selu { alpha: f32, gamma: f32 }, Softplus { beta: f32, threshold: f32 }, Softsign, Gelu, GeluTanh, Silu, Mish,
        HardSigmoid { alpha: f32, beta: f32 }, HardSwish, HardTanh { min: f32, max: f32 }, Celu { alpha: f32 },
        Threshold { threshold: f32, value: f32 }, LogSigmoid, HardShrink { lambda: f32 }, SoftShrink { lambda: f32 },
    }
}

/// How an activation is called and drawn.
#[non_exhaustive]
pub struct Names {
    /// In the language.
    pub language: &'static str,
    /// A letter or two, on a drawing.
    pub short: &'static str,
    /// In prose.
    pub long: &'static str,
    /// The formula, with default arguments.
    pub formula: &'static str,
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

    /// `softplus` with its default arguments.
    pub const SOFTPLUS: Self = Self::Softplus { beta: 1.0, threshold: 20.0 };

    /// All functions, with their default arguments, in the order of the documentation.
    pub const ALL: [Self; 23] = [
        Self::Step,
        Self::Sigmoid,
        Self::Tanh,
        Self::Relu,
        Self::LeakyRelu { slope: 0.01 },
        Self::Relu6,
        Self::Elu { alpha: 1.0 },
        Self::Selu { alpha: Self::SELU_ALPHA, gamma: Self::SELU_GAMMA },
        Self::SOFTPLUS,
        Self::Softsign,
        Self::Gelu,
        Self::GeluTanh,
        Self::Silu,
        Self::Mish,
        Self::HardSigmoid { alpha: Self::HARD_SIGMOID_ALPHA, beta: Self::HARD_SIGMOID_BETA },
        Self::HardSwish,
        Self::HardTanh { min: -1.0, max: 1.0 },
        Self::Celu { alpha: 1.0 },
        Self::Threshold { threshold: 1.0, value: 0.0 },
        Self::LogSigmoid,
        Self::HardShrink { lambda: 0.5 },
        Self::SoftShrink { lambda: 0.5 },
        Self::Identity,
    ];

    /// All that a declaration can call, each once: `gelu` is the name of two forms.
    pub(super) fn named() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|activation| *activation != Self::GeluTanh)
    }

    /// Its names and its formula.
    #[must_use]
    pub const fn names(&self) -> Names {
        let [language, short, long, formula] = match self {
            Self::Identity => ["identity", "I", "identity", "x"],
            Self::Step => ["step", "St", "step", "1 if x ≥ 0, else 0"],
            Self::Sigmoid => ["sigmoid", "σ", "sigmoid", "1 / (1 + exp(−x))"],
            Self::Tanh => ["tanh", "T", "tanh", "(exp(2x) − 1) / (exp(2x) + 1)"],
            Self::Relu => ["relu", "R", "ReLU", "max(x, 0)"],
            Self::Relu6 => ["relu6", "R6", "ReLU6", "min(max(x, 0), 6)"],
            Self::LeakyRelu { .. } => ["leaky_relu", "LR", "leaky ReLU", "x if x ≥ 0, else 0.01 x"],
            Self::Elu { .. } => ["elu", "E", "ELU", "x if x > 0, else exp(x) − 1"],
            Self::Selu { .. } => ["selu", "SE", "SELU", "1.05 x if x > 0, else 1.05 · 1.67 (exp(x) − 1)"],
            Self::Softplus { .. } => ["softplus", "S+", "softplus", "ln(1 + exp(x))"],
            Self::Softsign => ["softsign", "SS", "softsign", "x / (1 + |x|)"],
            Self::Gelu => ["gelu", "G", "GELU", "x (1 + erf(x / √2)) / 2"],
            Self::GeluTanh => ["gelu", "G", "GELU", "x (1 + tanh(√(2 / π) (x + 0.044715 x³))) / 2"],
            Self::Silu => ["silu", "SL", "SiLU", "x sigmoid(x)"],
            Self::Mish => ["mish", "M", "Mish", "x tanh(softplus(x))"],
            Self::HardSigmoid { .. } => ["hard_sigmoid", "Hσ", "hard sigmoid", "min(max(x / 6 + 0.5, 0), 1)"],
            Self::HardSwish => ["hard_swish", "HS", "hard swish", "x min(max(x / 6 + 0.5, 0), 1)"],
            Self::HardTanh { .. } => ["hard_tanh", "HT", "hard tanh", "min(max(x, −1), 1)"],
            Self::Celu { .. } => ["celu", "CE", "CELU", "x if x > 0, else exp(x) − 1"],
            Self::Threshold { .. } => ["threshold", "Th", "threshold", "x if x > threshold, else value"],
            Self::HardShrink { .. } => ["hard_shrink", "HK", "hard shrink", "0 if |x| ≤ 0.5, else x"],
            Self::SoftShrink { .. } => ["soft_shrink", "SK", "soft shrink", "x − min(max(x, −0.5), 0.5)"],
            Self::LogSigmoid => ["log_sigmoid", "Lσ", "logarithm of sigmoid", "−ln(1 + exp(−x))"],
        };
        Names { language, short, long, formula }
    }

    /// The name in the language.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.names().language
    }

    /// The smallest and the largest result, if it only clamps its input. A maximum can then be taken before it.
    #[must_use]
    pub const fn limits(&self) -> Option<[f32; 2]> {
        match self {
            Self::Identity => Some([f32::NEG_INFINITY, f32::INFINITY]),
            Self::Relu => Some([0.0, f32::INFINITY]),
            Self::Relu6 => Some([0.0, 6.0]),
            Self::HardTanh { min, max } => Some([*min, *max]),
            _ => None,
        }
    }

    /// Whether all negative inputs give 0.
    #[must_use]
    pub const fn is_rectifier(&self) -> bool {
        match self {
            Self::Relu | Self::Relu6 => true,
            Self::HardTanh { min, .. } => *min == 0.0,
            Self::Threshold { threshold, value } => *threshold >= 0.0 && *value == 0.0,
            _ => false,
        }
    }

    /// Whether training can pass through it.
    ///
    /// # Errors
    ///
    /// Why it can't.
    pub const fn differentiable(&self) -> Result<(), &'static str> {
        match self {
            Self::Step => Err("its slope is 0 everywhere, so nothing before it can learn"),
            // At a kink, the slope of one of its sides is used.
            _ => Ok(()),
        }
    }

    /// Two arguments of which the first must not be larger, if there are any.
    #[must_use]
    pub const fn ordered(&self) -> Option<[(&'static str, f32); 2]> {
        match self {
            Self::HardTanh { min, max } => Some([("min", *min), ("max", *max)]),
            _ => None,
        }
    }

    /// Its arguments in the language.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        match self {
            Self::LeakyRelu { slope } => to.positional().real("slope", slope, ANY, Some(0.01)),
            Self::Elu { alpha } => to.positional().real("alpha", alpha, ANY, Some(1.0)),
            Self::Selu { alpha, gamma } => {
                to.real("alpha", alpha, ANY, Some(Self::SELU_ALPHA));
                to.real("gamma", gamma, ANY, Some(Self::SELU_GAMMA));
            }
            Self::HardSigmoid { alpha, beta } => {
                to.real("alpha", alpha, ANY, Some(Self::HARD_SIGMOID_ALPHA));
                to.real("beta", beta, ANY, Some(Self::HARD_SIGMOID_BETA));
            }
            Self::Gelu | Self::GeluTanh => to.word("approximate", &mut Approximate(self), Some(0)),
            Self::HardTanh { min, max } => {
                to.real("min", min, ANY, Some(-1.0));
                to.real("max", max, ANY, Some(1.0));
            }
            Self::Celu { alpha } => to.positional().real("alpha", alpha, POSITIVE, Some(1.0)),
            Self::Softplus { beta, threshold } => {
                to.real("beta", beta, POSITIVE, Some(1.0));
                to.real("threshold", threshold, ANY, Some(20.0));
            }
            Self::HardShrink { lambda } | Self::SoftShrink { lambda } => {
                to.positional().real("lambda", lambda, NOT_NEGATIVE, Some(0.5));
            }
            Self::Threshold { threshold, value } => {
                to.positional().real("threshold", threshold, ANY, None);
                to.positional().real("value", value, ANY, None);
            }
            Self::Identity
            | Self::Step
            | Self::Sigmoid
            | Self::Tanh
            | Self::Relu
            | Self::Relu6
            | Self::Softsign
            | Self::Silu
            | Self::Mish
            | Self::HardSwish
            | Self::LogSigmoid => {}
        }
    }
}

/// Which of the two forms of `gelu` it is.
struct Approximate<'a>(&'a mut Activation);

impl Word for Approximate<'_> {
    fn words(&self) -> &'static [&'static str] {
        &["none", "tanh"]
    }

    fn index(&self) -> usize {
        usize::from(*self.0 == Activation::GeluTanh)
    }

    fn set(&mut self, index: usize) {
        *self.0 = if index == 0 { Activation::Gelu } else { Activation::GeluTanh };
    }
}
