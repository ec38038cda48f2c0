//! Tensors that are stored as the tensors they are computed from: weight normalisation, spectral normalisation, pruning,
//! quantisation.

use alloc::vec::Vec;

use super::advice::Reparametrisation;
use super::error::Problem;
use super::similar::{MOST, Stranger};

impl Reparametrisation {
    /// The form for the ends of such tensors' names, after the name of the tensor they make.
    fn of(ends: &[&str]) -> Option<Self> {
        let has = |end: &str| ends.contains(&end);
        Some(if has("_g") && has("_v") {
            Self::WeightNorm
        } else if has("_orig") && has("_mask") {
            Self::Pruning
        } else if has("_orig") && has("_u") {
            Self::SpectralNorm
        } else if ends.iter().any(|end| end.starts_with("parametrizations.")) {
            Self::Parametrisation
        } else if ends.iter().any(|end| QUANTISED.iter().any(|quantised| end.starts_with(quantised))) {
            Self::Quantisation
        } else {
            return None;
        })
    }
}

/// Ends of the names of quantised tensors, after `weight` or in place of it.
const QUANTISED: [&str; 10] =
    ["_packed_params", "qweight", "qzeros", "scales", "scale", "zero_point", "SCB", ".absmax", ".quant_map", "_scale"];

/// Turns each missing tensor that the file has in such a form into a problem that says so, and removes the tensors of that
/// form from `strangers`.
pub(super) fn find(problems: &mut [Problem], strangers: &mut Vec<Stranger<'_>>) {
    for problem in problems {
        let Problem::Missing { name, .. } = problem else { continue };
        let name = name.clone();
        let of = |stranger: &Stranger<'_>| end_of(&name, stranger.name).is_some();
        let ends: Vec<&str> = strangers.iter().take(MOST).filter_map(|stranger| end_of(&name, stranger.name)).collect();
        if let Some(by) = Reparametrisation::of(&ends) {
            strangers.retain(|stranger| !of(stranger));
            *problem = Problem::Reparametrised { name, by };
        }
    }
}

/// The part of a tensor's name after that of the tensor made from it: `_g` of `fc.weight_g`; for parametrisations and
/// quantised weights, the part after the layer's name.
fn end_of<'s>(name: &str, stranger: &'s str) -> Option<&'s str> {
    let (layer, tensor) = name.rsplit_once('.')?;
    let end = stranger.strip_prefix(layer)?.strip_prefix('.')?;
    if let Some(end) = end.strip_prefix(tensor) {
        return Some(end).filter(|end| end.starts_with(['_', '.']));
    }
    let is_parametrised = end.strip_prefix("parametrizations.").and_then(|end| end.strip_prefix(tensor));
    let is_parametrised = is_parametrised.is_some_and(|end| end.starts_with('.'));
    let is_quantised = || QUANTISED.iter().any(|quantised| end.starts_with(quantised));
    (is_parametrised || tensor == "weight" && is_quantised()).then_some(end)
}
