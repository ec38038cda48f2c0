//! Nodes to steps.
//!
//! ```text
//! conv -> dropout -> flatten -> linear        conv -> linear
//! ```
//!
//! A fully connected layer reads maps as they lie in memory (its weights are packed in that order), so a `flatten` before
//! it only changes the declared shape. Any other `flatten` has to bring channels, rows and columns into PyTorch's order.

use cnn_net::op::{Op, Shape};

use super::Optimised;
use crate::graph::Source;
use crate::shapes::Shaped;
use crate::step::{Step, StepKind, ValueId};

/// Lowers the nodes that run at inference.
pub(super) fn lower(shaped: Shaped) -> Optimised {
    let mut values = shaped.graph.input_shapes();
    let mut steps = Vec::new();
    // The value of each node's output.
    let mut outputs: Vec<Option<ValueId>> = Vec::new();
    let value_of = |outputs: &[Option<ValueId>], source: Source| match source {
        Source::Node(index) => outputs[index].unwrap_or(0),
        Source::Input(index) => index,
        Source::None | Source::Broken => 0,
    };
    for (index, node) in shaped.graph.nodes.iter().enumerate() {
        if node.aux.is_some() {
            outputs.push(None);
            continue;
        }
        let inputs: Vec<ValueId> = node.inputs.iter().map(|source| value_of(&outputs, *source)).collect();
        let flat = matches!(values[inputs[0]], Shape::Vector(_)) || values[inputs[0]].size().area() == 1;
        let kind = match &node.op {
            Op::Flatten if flat || only_linear_reads(&shaped, index) => None,
            op => StepKind::of(&op.fixed(values[inputs[0]].size())),
        };
        outputs.push(Some(match kind {
            None => inputs[0],
            Some(kind) => {
                values.push(shaped.shapes[index]);
                let output = values.len() - 1;
                steps.push(Step { kind, inputs, output, nodes: vec![index] });
                output
            }
        }));
    }
    let results = shaped.graph.outputs.iter().map(|output| value_of(&outputs, output.value)).collect();
    let taps = shaped.graph.taps.iter().map(|tap| value_of(&outputs, tap.value)).collect();
    Optimised { shaped, steps, values, results, taps }
}

/// Whether a node is read only by fully connected layers that run, perhaps through layers without effect.
fn only_linear_reads(shaped: &Shaped, index: usize) -> bool {
    let source = Source::Node(index);
    let graph = &shaped.graph;
    if graph.leaving().any(|value| value == source) {
        return false;
    }
    let mut readers =
        graph.nodes.iter().enumerate().filter(|(_, node)| node.aux.is_none() && node.inputs.contains(&source));
    readers.all(|(reader, node)| {
        let changes_nothing = node.op.is_identity() || node.op == Op::Flatten;
        matches!(node.op, Op::Linear(_)) || changes_nothing && only_linear_reads(shaped, reader)
    })
}
