//! How the weights of each step are packed, and where.

use cnn_runtime::op::{Conv, Op, PreluPer, Size};
use cnn_runtime::pack::{ConvPanels, DepthwiseTaps};
use cnn_runtime::weights::{Layout, Pack};

use super::arena::round_up;
use crate::optimise::{Optimised, Step, StepKind};

/// The packing recipe, in the order of the steps, and the floats of packed weights.
pub(super) fn recipe(net: &Optimised) -> (Vec<Pack>, usize) {
    let mut recipe = Vec::new();
    let mut offset = 0;
    for step in &net.steps {
        if let Some((layout, norm)) = layout(net, step) {
            let pack = Pack { node: step.node, norm, offset, layout };
            offset += round_up(pack.len());
            recipe.push(pack);
        }
    }
    (recipe, offset)
}

/// Whether a convolution has a filter of its own for each channel.
pub(super) fn is_depthwise(conv: &Conv, channels: usize) -> bool {
    conv.groups > 1 && conv.groups == channels && conv.filters == channels
}

fn layout(net: &Optimised, step: &Step) -> Option<(Layout, Option<usize>)> {
    let input = net.values[step.inputs[0]];
    let channels = input.channels();
    match (&step.kind, &net.shaped.graph.nodes[step.node].op) {
        (StepKind::Conv(fused), Op::Conv(conv)) if is_depthwise(conv, channels) => {
            Some((Layout::Depthwise(DepthwiseTaps { channels, kernel: conv.kernel }), fused.norm))
        }
        (StepKind::Conv(fused), Op::Conv(conv)) => Some((
            Layout::Conv(ConvPanels {
                groups: conv.groups,
                outputs: conv.filters / conv.groups,
                inputs: channels / conv.groups,
                kernel: conv.kernel,
            }),
            fused.norm,
        )),
        (StepKind::Linear(fused), Op::Linear(linear)) => {
            let Size { height, width } = input.size();
            let kernel = Size::new(height, width);
            Some((
                Layout::Conv(ConvPanels { groups: 1, outputs: linear.features, inputs: channels, kernel }),
                fused.norm,
            ))
        }
        (StepKind::ScaleShift { .. }, _) => Some((Layout::ScaleShift { channels }, None)),
        (StepKind::Prelu, Op::Prelu(per)) => {
            let pixels = match per {
                PreluPer::Channel => 1,
                PreluPer::Element => input.size().area(),
            };
            Some((Layout::Slopes { channels, pixels }, None))
        }
        _ => None,
    }
}
