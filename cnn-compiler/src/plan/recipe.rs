//! How the weights of each step are packed, and where.

use cnn_net::op::{Linear, Op, Store};
use cnn_runtime::weights::{Layout, Pack};

use super::Chosen;
use super::algorithm::Algorithm;
use super::arena::round_up;
use crate::optimise::{Optimised, Step, StepKind};

/// The packing recipe, in the order of the steps, and the floats of packed weights.
pub(super) fn recipe(chosen: &Chosen) -> (Vec<Pack>, usize) {
    let mut recipe = Vec::new();
    let mut offset = 0;
    for (step, algorithm) in chosen.net.steps.iter().zip(&chosen.algorithms) {
        if let Some((layout, norm)) = layout(&chosen.net, step, *algorithm) {
            let pack = Pack { node: step.node, norm, offset, layout };
            offset += round_up(pack.len());
            recipe.push(pack);
        }
    }
    (recipe, offset)
}

/// How a step's weights are packed, and the normalisation that is folded into them; nothing for a step without weights.
fn layout(net: &Optimised, step: &Step, algorithm: Algorithm) -> Option<(Layout, Option<usize>)> {
    let op = &net.shaped.graph.nodes[step.node].op;
    let layout = match algorithm {
        Algorithm::Direct => Layout::of(op, net.values[step.inputs[0]])?,
        Algorithm::Nonzero(rows) => match op {
            Op::Linear(Linear { store: Store::F16, .. }) => Layout::RowsF16(rows),
            _ => Layout::Rows(rows),
        },
        Algorithm::Winograd { panels, .. } => Layout::Winograd(panels),
        Algorithm::Planar { panels, .. } | Algorithm::Columns { panels, .. } => Layout::Columns(panels),
    };
    let norm = match step.kind {
        StepKind::Conv(fused) | StepKind::Linear(fused) => fused.norm,
        _ => None,
    };
    Some((layout, norm))
}
