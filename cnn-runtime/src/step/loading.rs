//! Loads tensors from files to where a step keeps them.

use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::Graph;

use super::StepLayout;
use crate::kernels::minibatch::pack::PackStep;
use crate::train::Init;
use crate::weights::{Source, WeightsError, read};

/// All tensors, in the order of their places. Missing tensors of auxiliary classifiers are initialised with seed 0.
///
/// # Errors
///
/// All mismatches between the files and the net, at once.
pub(super) fn load(graph: &Graph<'_>, layout: &StepLayout<'_>, source: &Source<'_>) -> Result<Vec<f32>, WeightsError> {
    let found = read(graph, source)?;
    let mut floats = vec![0.0; layout.all_tensors()];
    for (place, node, tensor) in layout.tensors_of(graph) {
        let to = &mut floats[place.offset..][..place.len];
        match found.get(tensor.name).map(Vec::as_slice) {
            // All slopes of a `prelu` may be one.
            Some([all]) => to.fill(*all),
            Some(numbers) => to.copy_from_slice(numbers),
            None => Init::Torch.fill(0, node, tensor, to),
        }
    }
    Ok(floats)
}

/// What a binary embeds to train a net: all tensors outside the trunk, followed by the trunk's packed weights.
///
/// # Errors
///
/// All mismatches between the files and the net, at once.
pub fn embedded(
    graph: &Graph<'_>,
    layout: &StepLayout<'_>,
    trunk: &[PackStep],
    source: &Source<'_>,
) -> Result<Vec<f32>, WeightsError> {
    let mut floats = load(graph, layout, source)?;
    let tensors = floats.split_off(layout.tensors_len);
    floats.resize(layout.embedded(), 0.0);
    let packed = &mut floats[layout.tensors_len..];
    for step in trunk {
        step.pack(&tensors, &mut packed[step.to - layout.trunk_tensors..][..step.layout.len()]);
    }
    Ok(floats)
}
