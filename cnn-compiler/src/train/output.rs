//! The output of an image, for predictions between steps: what a loss replaces, and the order C, H, W.
//!
//! It is computed after the pass forward of an image without a target, when nothing in its workspace is needed but the logits.

use cnn_net::graph::{Graph, Value};
use cnn_net::op::Activation;
use cnn_runtime::kernels::layout::StoreChw;
use cnn_runtime::kernels::plain::{Own, plain};

use super::Spec;
use super::call::{Call, Kernel};
use super::place::Places;
use super::program::Program;
use crate::plan::round_up;

/// The kernels that come after the pass forward, and where the output is.
pub(super) struct Output {
    pub(super) calls: Vec<Call>,
    pub(super) offset: usize,
    /// Floats that the workspace must have.
    pub(super) floats: usize,
}

impl Output {
    pub(super) fn of(graph: &Graph<'_>, spec: &Spec, program: &Program, places: &Places) -> Self {
        let logits = places.maps[program.heads[0].logits];
        let mut calls = Vec::new();
        // A function that a loss replaces works in place.
        if let Some(Value::Node(node)) = graph.outputs.first().map(|output| output.value)
            && spec.loss.replaces(&graph.nodes[node].op)
        {
            let own = Own { weights: 0, scratch: 0 };
            let kernels = plain(&graph.nodes[node].op, Activation::Identity, &[logits], logits, own);
            calls.extend(
                kernels.into_iter().map(|kernel| Call::new(graph.nodes[node].name.to_owned(), Kernel::Image(kernel))),
            );
        }
        if logits.pixels() == 1 {
            return Self { calls, offset: logits.offset, floats: places.len };
        }
        let len = logits.elements();
        let offset = if logits.offset >= len { 0 } else { round_up(logits.end()) };
        let store = StoreChw { map: logits, offset };
        calls.push(Call::new("output.chw".to_owned(), Kernel::Image(Box::new(store))));
        Self { calls, offset, floats: places.len.max(round_up(offset + len)) }
    }
}
