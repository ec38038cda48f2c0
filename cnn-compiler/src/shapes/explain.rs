//! The message about a fault: where, why, how the size came about, and what would fit.

use super::{Fault, Found, Way, output_of, ways};
use crate::graph::{Branch, Graph, Input, Node, Source};
use crate::report::{Fix, Place, Report, detailed};

/// Steps of a trace that are shown at its beginning and at its end.
const SHOWN: usize = 4;

/// Reports a node's fault.
pub(super) fn fault(graph: &Graph, inferred: &[Found], index: usize, fault: &Fault, report: &mut Report) {
    let node = &graph.nodes[index];
    let branch = fault.branch.and_then(|branch| node.branches.get(branch)).map(|Branch { place, .. }| place);
    let place = fault.arg.and_then(|arg| node.args.get(arg)).or(branch).unwrap_or(&node.place);
    let mut details = fault.details.clone();
    details.extend(trace(graph, inferred, node.inputs[0]).into_iter().filter(|_| fault.branch.is_none()));
    details.extend(node.again.map(|_| format!("once more on line {}", node.place.line())));
    details.extend(graph.context(node));
    // A block that is called often is reported once: the first call represents all.
    let key = if node.calls.is_empty() { String::new() } else { format!("{} {:?}", node.op.name(), fault.arg) };
    report_ways(*place, &key, (&fault.wrong, &details), ways_of(graph, inferred, index, fault), report);
}

/// How a node's fault could be fixed.
fn ways_of(graph: &Graph, inferred: &[Found], index: usize, fault: &Fault) -> Vec<Way> {
    let Some(inputs) = ways::inputs_of(graph, inferred, index) else { return Vec::new() };
    let ways = match (fault.too_small, fault.branch) {
        (true, _) => ways::of_window(graph, index, inputs[0]),
        (_, Some(_)) => ways::of_merge(graph, index, &inputs),
        (false, None) => Vec::new(),
    };
    // What is changed there changes the first of these layers, too.
    if graph.nodes[index].again.is_some() {
        return Vec::from_iter((!fault.help.is_empty()).then(|| Way::words(&fault.help)));
    }
    if !ways.is_empty() || fault.help.is_empty() {
        return ways;
    }
    let fixes = fault.arguments.iter().filter_map(|argument| argument.tried(graph, index)).collect();
    vec![Way { words: fault.help.clone(), fixes }]
}

/// Reports a mistake, with ways to fix it.
pub(super) fn report_ways(
    place: Place,
    key: &str,
    (wrong, details): (&str, &[String]),
    ways: Vec<Way>,
    report: &mut Report,
) {
    let (words, fixes): (Vec<String>, Vec<Vec<Fix>>) = ways.into_iter().map(|way| (way.words, way.fixes)).unzip();
    let help = match &words[..] {
        [most @ .., last] if most.len() > 1 => format!("{}, or {last}", most.join(", ")),
        few => few.join(", or "),
    };
    let message = detailed(wrong, details, &help).fixes(fixes.into_iter().flatten());
    report.error_once(place, key, message);
}

/// The shapes that led to a value, where the size or the number of channels changed; `None` for the input.
pub(super) fn trace(graph: &Graph, inferred: &[Found], mut source: Source) -> Option<String> {
    let mut steps = Vec::new();
    while let Source::Node(index) = source {
        let node = &graph.nodes[index];
        if let Some(shape) = output_of(&inferred[index]) {
            steps.push((label(node), shape));
        }
        source = node.inputs[0];
    }
    if let Source::Input(index) = source {
        let Input { name, shape, .. } = &graph.inputs[index];
        steps.push((if name.is_empty() { "input".to_owned() } else { name.clone() }, *shape));
    }
    steps.reverse();
    steps.dedup_by(|next, previous| next.1 == previous.1);
    let mut parts: Vec<String> = steps.iter().map(|(name, shape)| format!("{name}  {shape}")).collect();
    if parts.len() > 2 * SHOWN {
        parts.splice(SHOWN / 2..parts.len() - SHOWN, ["…".to_owned()]);
    }
    (parts.len() > 1).then(|| format!("{} -> here", parts.join(" -> ")))
}

/// A node's name if it has a given one, else its kind.
fn label(node: &Node) -> String {
    if node.named { node.name.clone() } else { node.op.name().to_owned() }
}
