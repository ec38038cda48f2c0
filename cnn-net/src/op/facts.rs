//! The facts of a layer, and the kinds of layers.

use super::closed::closed;
use super::window::Window;

/// What callers may want to know about a layer.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Facts {
    /// In the language: `max_pool`.
    pub name: &'static str,
    /// A letter or two, on a drawing.
    pub short: &'static str,
    /// In prose: `max pooling`.
    pub long: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Whether it needs feature maps, and can't take a vector.
    pub reads_maps: bool,
    /// The window that it moves over its input.
    pub window: Option<Window>,
    /// What each number of its output depends on, if it neither moves a window nor moves numbers.
    pub depends_on: DependsOn,
    /// Whether it can run in place: everything that a number depends on is read before that number is written.
    pub in_place: bool,
    /// Whether zeros in its input stay zeros, or most of them do.
    pub keeps_zeros: bool,
    /// Whether it has a usable gradient, and if not, why.
    pub differentiable: Result<(), &'static str>,
}

/// What a number of a layer's output depends on, of each input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DependsOn {
    /// A single number.
    Element,
    /// All channels of its pixel; all features of a vector.
    Pixel,
    /// A part of its map, whose size follows from those of the input and of the output.
    Part,
    /// All of its map.
    Map,
    /// All of the input, as far as is known.
    Input,
}

impl DependsOn {
    /// For layers of a kind, unless their facts say otherwise.
    const fn of(kind: Kind) -> Self {
        match kind {
            Kind::ResponseNormalisation | Kind::Normalisation | Kind::Gating | Kind::Softmax => Self::Pixel,
            // What a user-defined layer reads is unknown.
            Kind::FullyConnected | Kind::Custom => Self::Input,
            Kind::Convolution
            | Kind::MaxPooling
            | Kind::AveragePooling
            | Kind::Reordering
            | Kind::Rearrangement
            | Kind::Resampling
            | Kind::Regularisation
            | Kind::BatchNormalisation
            | Kind::Scaling
            | Kind::Activation
            | Kind::Concatenation
            | Kind::Addition
            | Kind::Multiplication
            | Kind::Maximum => Self::Element,
        }
    }
}

/// Kinds of layers: they decide what counts towards a net's depth, and the colours in drawings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Filters that move over maps.
    Convolution,
    /// A matrix over all features.
    FullyConnected,
    /// A maximum over a window, a map or channels.
    MaxPooling,
    /// A mean over a window, a map or channels.
    AveragePooling,
    /// The same numbers in another order.
    Reordering,
    /// Numbers moved, cropped or padded.
    Rearrangement,
    /// Maps of another size.
    Resampling,
    /// Does nothing at inference.
    Regularisation,
    /// A normalisation over channels.
    ResponseNormalisation,
    /// A normalisation by statistics of a batch.
    BatchNormalisation,
    /// A normalisation by statistics of the input itself.
    Normalisation,
    /// Factors of channels.
    Scaling,
    /// A product of a value's halves.
    Gating,
    /// An element-wise function.
    Activation,
    /// Scores to probabilities.
    Softmax,
    /// Channels one after another.
    Concatenation,
    /// A sum or a difference of branches.
    Addition,
    /// A product of branches.
    Multiplication,
    /// The element-wise maximum of branches.
    Maximum,
    /// A custom layer, written by the user.
    Custom,
}

closed! {
    Kind as LayerKind {
        Convolution, FullyConnected, MaxPooling, AveragePooling, Reordering, Rearrangement, Resampling, Regularisation,
        ResponseNormalisation, BatchNormalisation, Normalisation, Scaling, Gating, Activation, Softmax, Concatenation,
        Addition, Multiplication, Maximum, Custom,
    }
}

impl Facts {
    /// A layer without a window that takes maps and vectors.
    pub(super) const fn of(kind: Kind, [name, short, long]: [&'static str; 3]) -> Self {
        Self {
            name,
            short,
            long,
            kind,
            reads_maps: false,
            window: None,
            depends_on: DependsOn::of(kind),
            in_place: false,
            keeps_zeros: false,
            differentiable: Ok(()),
        }
    }

    pub(super) const fn over_maps(self) -> Self {
        Self { reads_maps: true, ..self }
    }

    pub(super) const fn in_place(self) -> Self {
        Self { in_place: true, ..self }
    }

    pub(super) const fn keeping_zeros(self) -> Self {
        Self { keeps_zeros: true, ..self }
    }

    pub(super) const fn trained(self, differentiable: Result<(), &'static str>) -> Self {
        Self { differentiable, ..self }
    }

    /// Over maps, of which a number depends on this.
    pub(super) const fn reading(self, depends_on: DependsOn) -> Self {
        Self { reads_maps: true, depends_on, ..self }
    }

    pub(super) const fn depending_on(self, depends_on: DependsOn) -> Self {
        Self { depends_on, ..self }
    }

    pub(super) const fn over(self, window: Window) -> Self {
        Self { reads_maps: true, window: Some(window), ..self }
    }
}
