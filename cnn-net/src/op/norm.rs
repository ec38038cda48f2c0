//! Normalisations by the statistics of the input itself.

use super::argument::{Arguments, NOT_NEGATIVE, Word, words};
use super::closed::closed;
use super::{DependsOn, Facts, Kind, Shape, Tensors};
use crate::variants;

/// A normalisation by statistics of the input itself: nothing is carried over from training.
///
/// Variances are biased: sums of squares over the number of elements. In a vector, each feature is a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Norm {
    /// Layer normalisation: `(x - mean) / sqrt(var + eps) * weight + bias`.
    ///
    /// Tensors, if it is affine: `weight` and `bias`, `[channels]` over the channels, and of the input's shape over all.
    Layer {
        /// What the statistics are over.
        over: Over,
        /// Added to the variance.
        eps: f32,
        /// Whether it has tensors.
        affine: bool,
    },
    /// Group normalisation: the same with the statistics of a group of channels, over all of their pixels.
    ///
    /// Tensors, if it is affine: `weight` and `bias`, each `[channels]`.
    Group {
        /// How many groups the channels are split into.
        groups: usize,
        /// Added to the variance.
        eps: f32,
        /// Whether it has tensors.
        affine: bool,
    },
    /// Instance normalisation: the same with the statistics of each map.
    ///
    /// Tensors, if it is affine: `weight` and `bias`, each `[channels]`.
    Instance {
        /// Added to the variance.
        eps: f32,
        /// Whether it has tensors.
        affine: bool,
    },
    /// Root mean square normalisation: `x / sqrt(mean(x^2) + eps) * weight`.
    ///
    /// Tensors, if it is affine: `weight`, `[channels]` over the channels, and of the input's shape over all.
    Rms {
        /// What the mean is over.
        over: Over,
        /// Added to the mean.
        eps: f32,
        /// Whether it has a tensor.
        affine: bool,
    },
    /// Division by the Euclidean length: `x / max(sqrt(sum(x^2)), eps)`.
    L2 {
        /// What the sum is over.
        over: Over,
        /// The least divisor.
        eps: f32,
    },
}

/// What is normalised together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// The channels of each pixel.
    #[default]
    Channels,
    /// All channels of all pixels.
    All,
}

closed! {
    Norm as Normaliser {
        Layer { over: Over, eps: f32, affine: bool }, Group { groups: usize, eps: f32, affine: bool },
        Instance { eps: f32, affine: bool }, Rms { over: Over, eps: f32, affine: bool }, L2 { over: Over, eps: f32 },
    }
}
variants! { Over { Channels, All } }
words! { Over { Channels, All } }

impl Over {
    /// The word in the language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Channels => "channels",
            Self::All => "all",
        }
    }
}

impl Norm {
    /// All of them with their defaults, in the order of the documentation.
    pub(super) const ALL: [Self; 5] = [
        Self::Layer { over: Over::Channels, eps: 1e-5, affine: true },
        Self::Group { groups: 1, eps: 1e-5, affine: true },
        Self::Instance { eps: 1e-5, affine: false },
        Self::Rms { over: Over::Channels, eps: 1e-6, affine: true },
        Self::L2 { over: Over::Channels, eps: 1e-12 },
    ];

    /// The facts about it.
    pub(super) const fn facts(&self) -> Facts {
        let facts = Facts::of(Kind::Normalisation, self.names()).in_place();
        match self {
            Self::Layer { over: Over::Channels, .. }
            | Self::Rms { over: Over::Channels, .. }
            | Self::L2 { over: Over::Channels, .. } => facts,
            Self::Layer { over: Over::All, .. }
            | Self::Rms { over: Over::All, .. }
            | Self::L2 { over: Over::All, .. }
            | Self::Group { .. } => facts.depending_on(DependsOn::Input),
            Self::Instance { .. } => facts.reading(DependsOn::Map),
        }
    }

    /// In the language, on a drawing, and in prose.
    const fn names(&self) -> [&'static str; 3] {
        match self {
            Self::Layer { .. } => ["layer_norm", "LN", "layer normalisation"],
            Self::Group { .. } => ["group_norm", "GN", "group normalisation"],
            Self::Instance { .. } => ["instance_norm", "IN", "instance normalisation"],
            Self::Rms { .. } => ["rms_norm", "RMS", "root mean square normalisation"],
            Self::L2 { .. } => ["l2_norm", "L2", "L2 normalisation"],
        }
    }

    /// Added to a variance or a mean square, or the least divisor.
    #[must_use]
    pub const fn eps(&self) -> f32 {
        match self {
            Self::Layer { eps, .. }
            | Self::Group { eps, .. }
            | Self::Instance { eps, .. }
            | Self::Rms { eps, .. }
            | Self::L2 { eps, .. } => *eps,
        }
    }

    /// The number of groups of channels that are normalised together with all of their pixels; `None` if the channels
    /// of each pixel are.
    #[must_use]
    pub const fn groups(&self, channels: usize) -> Option<usize> {
        match self {
            Self::Layer { over, .. } | Self::Rms { over, .. } | Self::L2 { over, .. } => match over {
                Over::Channels => None,
                Over::All => Some(1),
            },
            Self::Group { groups, .. } => Some(*groups),
            Self::Instance { .. } => Some(channels),
        }
    }

    /// Whether the mean is subtracted first.
    #[must_use]
    pub const fn is_centred(&self) -> bool {
        matches!(self, Self::Layer { .. } | Self::Group { .. } | Self::Instance { .. })
    }

    /// Whether it divides by a length, and not by the root of a mean.
    #[must_use]
    pub const fn is_by_length(&self) -> bool {
        matches!(self, Self::L2 { .. })
    }

    /// Whether it has a `weight`, and whether a `bias`.
    const fn has(&self) -> [bool; 2] {
        match self {
            Self::Layer { affine, .. } | Self::Group { affine, .. } | Self::Instance { affine, .. } => [*affine; 2],
            Self::Rms { affine, .. } => [*affine, false],
            Self::L2 { .. } => [false; 2],
        }
    }

    /// Whether there is a weight for each element instead of each channel.
    #[must_use]
    pub const fn is_per_element(&self) -> bool {
        let is_over_all = match self {
            Self::Layer { over, .. } | Self::Rms { over, .. } => matches!(over, Over::All),
            Self::Group { .. } | Self::Instance { .. } | Self::L2 { .. } => false,
        };
        is_over_all && self.has()[0]
    }

    /// Its tensors for an input of this shape.
    pub(super) fn tensors(&self, input: Shape) -> Tensors {
        let [weight, bias] = self.has();
        match input {
            _ if !weight => Tensors::NONE,
            Shape::Map { channels, height, width } if self.is_per_element() => {
                Tensors::affine(&[channels, height, width], bias)
            }
            Shape::Map { channels, .. } | Shape::Vector(channels) => Tensors::affine(&[channels], bias),
        }
    }

    /// Its arguments in the language.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        match self {
            Self::Layer { over, eps, affine } => {
                to.real("eps", eps, NOT_NEGATIVE, Some(1e-5));
                to.word("over", over, Some(0));
                to.flag("affine", affine, true);
            }
            Self::Group { groups, eps, affine } => {
                to.positional().count("groups", groups, None);
                to.real("eps", eps, NOT_NEGATIVE, Some(1e-5));
                to.flag("affine", affine, true);
            }
            Self::Instance { eps, affine } => {
                to.real("eps", eps, NOT_NEGATIVE, Some(1e-5));
                to.flag("affine", affine, false);
            }
            Self::Rms { over, eps, affine } => {
                to.real("eps", eps, NOT_NEGATIVE, Some(1e-6));
                to.word("over", over, Some(0));
                to.flag("affine", affine, true);
            }
            Self::L2 { over, eps } => {
                to.real("eps", eps, NOT_NEGATIVE, Some(1e-12));
                to.word("over", over, Some(0));
            }
        }
    }
}
