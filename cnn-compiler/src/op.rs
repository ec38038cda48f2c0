//! The layers of the language, as declarations call them. Names, arguments and defaults are [`Op`]'s.

mod bind;
mod habits;
mod intern;
mod read;

use std::sync::LazyLock;

use cnn_net::language::{Kind, Param, params, usage};
use cnn_net::op::{Op, Size, Window};

pub(crate) use bind::{Bound, bind, twice};
pub(crate) use habits::meant;

/// A layer's name and arguments.
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    pub(crate) params: Vec<Param>,
    /// With defaults for all arguments that have one.
    op: Op,
}

/// All layers, in the order in which the documentation lists them.
pub(crate) static LAYERS: LazyLock<Vec<Layer>> =
    LazyLock::new(|| Op::layers().map(|op| Layer { name: op.name(), params: params(op), op }).collect());

/// How a layer is padded; `same` needs the input's size, which the shapes stage knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PadMode {
    /// As the [`Op`] has it.
    Explicit,
    /// So that the output's size is the input's divided by the stride; the odd row or column goes to the end, or
    /// (`lower`) to the beginning.
    Same { lower: bool },
}

impl PadMode {
    /// A window with its padding over an input of this size.
    pub(crate) fn padded(self, window: Window, input: Size) -> Window {
        match self {
            Self::Explicit => window,
            Self::Same { lower } => window.padded_same(lower, input),
        }
    }
}

impl Layer {
    /// The layer of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        LAYERS.iter().find(|layer| layer.name == name)
    }

    /// The argument of this name. In a user-defined layer, that may be one of its tensors.
    pub(crate) fn param(&self, name: &str) -> Option<&Param> {
        let named = self.params.iter().find(|param| param.name == name && param.kind != Kind::Tensors);
        named.or_else(|| self.params.iter().find(|param| param.kind == Kind::Tensors))
    }

    /// How many arguments it must have.
    fn needs(&self) -> usize {
        self.params.iter().filter(|param| param.default.is_none()).count()
    }

    /// Whether it may have this many arguments.
    pub(crate) fn takes(&self, arguments: usize) -> bool {
        (self.needs()..=self.params.len()).contains(&arguments)
    }

    /// How it is called: `conv(filters, size, stride = 1, …)`.
    pub(crate) fn usage(&self) -> String {
        usage(self.name, &self.params)
    }
}
