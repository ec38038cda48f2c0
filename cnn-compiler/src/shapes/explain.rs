//! What is said about a fault: where, why, how the size came about, and what would fit.

use cnn_runtime::op::Shape;

use super::{Fault, Found, infer, output_of};
use crate::graph::{Graph, Node, Source};
use crate::report::{Report, message};

/// No net needs a larger input to be made to fit.
const LARGEST_INPUT: usize = 2048;
/// Steps of a trace that are shown at its beginning and at its end.
const SHOWN: usize = 4;

/// Reports a node's fault.
pub(super) fn fault(graph: &Graph, inferred: &[Found], index: usize, fault: &Fault, report: &mut Report) {
    let node = &graph.nodes[index];
    let branch = fault.branch.and_then(|branch| node.branches.get(branch));
    let place = fault.arg.and_then(|arg| node.args.get(arg)).or(branch).unwrap_or(&node.place);
    let mut details = fault.details.clone();
    details.extend(trace(graph, inferred, node.inputs[0]).into_iter().filter(|_| fault.branch.is_none()));
    details.extend(graph.context(node));
    let mut ways = fault.ways.clone();
    if fault.too_small
        && let Some(input) = smallest_input(graph, index)
    {
        ways.push(format!("an input of at least {}", input.size()));
    }
    let help = match &ways[..] {
        [most @ .., last] if most.len() > 1 => format!("{}, or {last}", most.join(", ")),
        few => few.join(" or "),
    };
    // A block that is called often is wrong once: the first call stands for all.
    let key = if node.calls.is_empty() { String::new() } else { format!("{} {:?}", node.op.name(), fault.arg) };
    report.error_once(*place, &key, message(&fault.wrong, &details, &help));
}

/// The shapes that led to a value, where the size or the number of channels changed; nothing if it is the input.
pub(super) fn trace(graph: &Graph, inferred: &[Found], mut source: Source) -> Option<String> {
    let mut steps = Vec::new();
    while let Source::Node(index) = source {
        let node = &graph.nodes[index];
        if let Some(shape) = output_of(&inferred[index]) {
            steps.push((label(node), shape));
        }
        source = node.inputs[0];
    }
    steps.push(("input".to_owned(), graph.input));
    steps.reverse();
    steps.dedup_by(|next, previous| next.1 == previous.1);
    let mut parts: Vec<String> = steps.iter().map(|(name, shape)| format!("{name}  {shape}")).collect();
    if parts.len() > 2 * SHOWN {
        parts.splice(SHOWN / 2..parts.len() - SHOWN, ["…".to_owned()]);
    }
    (parts.len() > 1).then(|| format!("{} -> here", parts.join(" -> ")))
}

/// A node's name if it was given one, else its kind.
fn label(node: &Node) -> String {
    if node.named { node.name.clone() } else { node.op.name().to_owned() }
}

/// The smallest input, of no smaller height and width, with which a node has no fault.
fn smallest_input(graph: &Graph, index: usize) -> Option<Shape> {
    let Shape::Map { channels, height, width } = graph.input else { return None };
    let nodes = &graph.nodes[..=index];
    let fits = |input: &Shape| matches!(infer(nodes, *input)[index], Some(Ok(_)));
    let larger = |more: usize| Shape::map(channels, height + more, width + more);
    let more = (1..LARGEST_INPUT.saturating_sub(height.max(width))).find(|more| fits(&larger(*more)))?;
    // One direction may be large enough as it is.
    let lower = (0..=more).map(|less| Shape::map(channels, height + less, width + more)).find(fits)?;
    let height = lower.size().height;
    (0..=more).map(|less| Shape::map(channels, height, width + less)).find(fits)
}
