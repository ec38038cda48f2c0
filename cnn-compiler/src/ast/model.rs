//! Nets whose layers are in a file.

use std::path::PathBuf;

use proc_macro2::Ident;
use syn::LitStr;

use super::{Ast, Expr, Net};
use crate::report::Place;

/// `onnx("model.onnx", input = 3x224x224, weights = load)`
pub struct Model {
    /// `onnx` or `tflite`
    pub format: Ident,
    /// The file, relative to the crate's root.
    pub path: LitStr,
    /// The shape of the input, if the file leaves it open.
    pub input: Option<Expr>,
    /// `weights = load`, if given: weights are not embedded.
    pub loads: Option<Place>,
    /// What is in the file; `None` until it is imported, or if it can't be.
    pub content: Option<Content>,
}

/// What is in the file of a model, at one moment.
pub struct Content {
    /// The declaration of its net: the net, and the blocks that it calls, which no other net sees.
    pub declared: Ast,
    /// Its weights, as a safetensors file.
    pub weights: Vec<u8>,
    /// The files that were read: that of the model, and those that its tensors are in.
    pub files: Vec<PathBuf>,
}

impl Ast {
    /// The model that has the layers of a net.
    #[must_use]
    pub fn model(&self, net: &Net) -> Option<&Model> {
        net.model.and_then(|index| self.models.get(index))
    }

    /// The weights of a net's model, if the net embeds them.
    pub(crate) fn embedded(&self, net: &Net) -> Option<(&Model, &Content)> {
        let model = self.model(net).filter(|model| model.loads.is_none() && net.weights.is_none())?;
        Some((model, model.content.as_ref()?))
    }

    /// The blocks and constants that a net's layers are made of: those of its model, or these. `None` if its model
    /// can't be imported, which was reported.
    pub(crate) fn around(&self, net: &Net) -> Option<&Ast> {
        self.model(net).map_or(Some(self), |model| Some(&model.content.as_ref()?.declared))
    }
}
