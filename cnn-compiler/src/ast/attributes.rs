//! What the attributes of a net say.

use cnn_runtime::train::Criterion;
use syn::{Ident, LitStr};

use crate::report::Place;

/// `#[algorithm(…)]`: which algorithms the convolutions of a net may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithms {
    /// The fastest, as far as the net is exact enough with them.
    #[default]
    Fast,
    /// The same, where the weights of each convolution with a bias hold a batch normalisation.
    Folded,
    /// Only those that compute the declared sum.
    Exact,
}

impl Algorithms {
    /// As in the attribute; `None` if none is needed.
    #[must_use]
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::Fast => None,
            Self::Folded => Some("folded"),
            Self::Exact => Some("exact"),
        }
    }

    /// Those of a net that has the weights of another one: what is said of these stays true.
    #[must_use]
    pub(crate) fn with_weights_of(self, other: Self) -> Self {
        if (self, other) == (Self::Fast, Self::Folded) { other } else { self }
    }
}

/// How large a net's workspace may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Budget {
    /// As large as the fastest plan needs.
    #[default]
    Any,
    /// `#[memory(small)]`: as small as possible.
    Least,
    /// `#[workspace(max = 32_768)]`: this many bytes.
    AtMost(usize),
}

/// `#[weights("model.safetensors", rename("module.*" => "*"))]`
pub struct Embed {
    /// The file, relative to the crate's root.
    pub path: LitStr,
    /// Rules that rename its tensors.
    pub rename: Vec<(LitStr, LitStr)>,
}

/// `#[train(batch = 64, loss = mean_squared, only("fc"), except("conv*"))]`
pub struct Train {
    /// Images of a minibatch.
    pub images: usize,
    /// What is minimised: cross entropy of every output by default.
    pub loss: Option<Losses>,
    /// The layers that are trained; all of them, if there are none.
    pub only: Vec<LitStr>,
    /// The layers that are not.
    pub except: Vec<LitStr>,
    /// The attribute.
    pub place: Place,
}

/// What training minimises.
pub enum Losses {
    /// `loss = mean_squared`: the same of every output.
    All(Criterion),
    /// `loss(class = cross_entropy, corners = mean_squared(weight = 0.1))`: one for each output, by its name.
    Each(Vec<(Ident, Criterion)>),
}
