//! Folds batch normalisation or a scale into the weights before it.
//!
//! ```text
//! conv -> batch_norm        conv
//! conv -> scale             conv
//! ```
//!
//! Not where something else reads the convolution's result, and not a second one.

use cnn_net::op::Op;

use super::Optimised;
use crate::step::StepKind;

/// Folds the step at `index` into the one before it, if it multiplies channels and that one can take it.
pub(super) fn fold(net: &mut Optimised, index: usize) -> bool {
    if !matches!(net.steps[index].kind, StepKind::Plain { op: Op::BatchNorm(_) | Op::Scale { .. }, .. }) {
        return false;
    }
    let Some(producer) = net.sole_producer(net.steps[index].inputs[0]) else { return false };
    let norm = net.steps[index].node();
    let Some(fused) = net.steps[producer].kind.fused_mut().filter(|fused| fused.norm.is_none()) else { return false };
    fused.norm = Some(norm);
    net.absorb(producer, index);
    true
}
