//! The outputs of an image, for predictions between steps: what a loss replaces, and the order C, H, W.
//!
//! They are computed after the forward pass of an image without targets, when nothing in its workspace is needed but
//! the logits.

use cnn_net::graph::{Graph, Value};
use cnn_net::op::{Activation, Op};
use cnn_runtime::kernels::layout::StoreChw;
use cnn_runtime::kernels::plain::{Own, plain};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::SLACK;

use super::Spec;
use super::call::{Call, Kernel};
use super::place::Places;
use super::program::Program;
use crate::plan::round_up;

/// The kernels that follow the forward pass, and where the outputs are, contiguous.
pub(super) struct Output {
    pub(super) calls: Vec<Call>,
    pub(super) offset: usize,
    /// Floats that the workspace must have.
    pub(super) floats: usize,
}

impl Output {
    pub(super) fn of(graph: &Graph<'_>, spec: &Spec, program: &Program, places: &Places) -> Self {
        let logits: Vec<Map> =
            program.heads[..graph.outputs.len()].iter().map(|head| places.maps[head.logits]).collect();
        let mut output = Self { calls: Vec::new(), offset: 0, floats: places.len };
        let after = |map: &Map| round_up(map.end() + SLACK - 1);
        let mut free = logits.iter().map(after).max().unwrap_or(0);
        let mut maps = logits.clone();
        for (index, map) in maps.iter_mut().enumerate() {
            let Some((name, op)) = replaced(graph, spec, index) else { continue };
            // In place, unless another output is computed from the same logits.
            if logits.iter().filter(|other| other.offset == map.offset).count() > 1 {
                *map = Map { offset: free, ..*map };
                free = after(map);
            }
            let own = Own { weights: 0, scratch: 0 };
            let kernels = plain(op, Activation::Identity, &[logits[index]], *map, own);
            output.calls.extend(kernels.into_iter().map(|kernel| Call::new(name.to_owned(), Kernel::Image(kernel))));
        }
        if let [map] = &maps[..]
            && map.pixels() == 1
        {
            output.offset = map.offset;
            return output;
        }
        let len: usize = maps.iter().map(Map::elements).sum();
        let is_free = maps.iter().all(|map| map.offset >= len);
        output.offset = if is_free { 0 } else { free };
        let mut offset = output.offset;
        for (map, of) in maps.iter().zip(graph.outputs) {
            let store = StoreChw { map: *map, offset };
            let name = if of.name.is_empty() { "output" } else { of.name };
            output.calls.push(Call::new(format!("{name}.chw"), Kernel::Image(Box::new(store))));
            offset += map.elements();
        }
        output.floats = places.len.max(round_up(free)).max(round_up(offset));
        output
    }
}

/// The name and the function of the node that the loss of an output replaces.
fn replaced<'a>(graph: &Graph<'a>, spec: &Spec, output: usize) -> Option<(&'a str, &'a Op)> {
    let Value::Node(node) = graph.outputs[output].value else { return None };
    let node = &graph.nodes[node];
    spec.criteria[output].loss.replaces(&node.op).then_some((node.name, &node.op))
}
