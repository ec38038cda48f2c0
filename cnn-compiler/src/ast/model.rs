//! Nets whose layers are in a file.

use std::path::PathBuf;

use proc_macro2::Ident;
use syn::LitStr;

use super::{Ast, Expr};
use crate::report::Place;

/// `onnx("model.onnx", input = 3x224x224, weights = load)`
pub struct Model {
    /// `onnx`
    pub format: Ident,
    /// The file, relative to the crate's root.
    pub path: LitStr,
    /// The shape of the input, if the file leaves it open.
    pub input: Option<Expr>,
    /// `weights = load`, if that is there: weights are not embedded.
    pub loads: Option<Place>,
    /// What is in the file; nothing before it was imported, or if it can't be.
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
