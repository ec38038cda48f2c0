//! Groups of the declaration, recovered from the names of layers: a group `{ … }` is a level in them.
//!
//! `[{ … }; n]` gives copies of a group with consecutive numbers: `body.0.conv`, `body.1.conv`, …

use cnn_net::graph::Graph;

use super::equal::exact;
use super::pipeline::Part;
use crate::options::Detail;

/// Consecutive parts that are in the same group, or in none.
pub(super) struct Run<'a, 'p> {
    /// The group's full name.
    pub(super) group: Option<&'a str>,
    pub(super) parts: &'p [Part],
    /// Whether the group before it or after it is a copy.
    pub(super) is_repeated: bool,
}

/// Splits the parts inside `depth` block calls, and in the group or call `prefix`, by the groups directly inside.
pub(super) fn runs<'a, 'p>(graph: &Graph<'a>, parts: &'p [Part], depth: usize, prefix: &str) -> Vec<Run<'a, 'p>> {
    let group = |part: &Part| group(graph, part, depth, prefix);
    let split = parts.chunk_by(|a, b| group(a) == group(b));
    let mut runs: Vec<Run<'a, 'p>> =
        split.map(|parts| Run { group: group(&parts[0]), parts, is_repeated: false }).collect();
    for index in 1..runs.len() {
        if is_copy(graph, &runs[index - 1], &runs[index]) {
            runs[index - 1].is_repeated = true;
            runs[index].is_repeated = true;
        }
    }
    runs
}

/// The group directly inside `prefix` that contains a part. The name of a block call is a level too, but not a group.
fn group<'a>(graph: &Graph<'a>, part: &Part, depth: usize, prefix: &str) -> Option<&'a str> {
    let node = &graph.nodes[part.node()?];
    let name = node.calls.get(depth).map_or(node.name, |call| call.name);
    let start = if prefix.is_empty() { 0 } else { prefix.len() + 1 };
    let end = start + name.get(start..)?.find('.')?;
    let group = name.get(..end)?;
    // The branches of a merge of kept values show layers from elsewhere.
    let is_in = |inner: &usize| graph.nodes[*inner].name.strip_prefix(group).is_some_and(|rest| rest.starts_with('.'));
    part.nodes().iter().all(is_in).then_some(group)
}

/// Whether the second group has the next number, and the same layers in the same order.
fn is_copy(graph: &Graph<'_>, first: &Run<'_, '_>, second: &Run<'_, '_>) -> bool {
    let layers = |run: &Run<'_, '_>| {
        let nodes: Vec<usize> = run.parts.iter().flat_map(Part::nodes).collect();
        exact(graph, &nodes, Detail::Article)
    };
    let names = first.group.zip(second.group);
    names.is_some_and(|(first, second)| follows(first, second)) && layers(first) == layers(second)
}

/// Whether two names differ only in a number that increases by one: `body.3` follows `body.2`.
pub(super) fn follows(first: &str, second: &str) -> bool {
    let counts = numbered(first).zip(numbered(second));
    counts.is_some_and(|((stem, number), (other, next))| stem == other && number.checked_add(1) == Some(next))
}

/// `body.2` is `body.` and 2.
fn numbered(name: &str) -> Option<(&str, u64)> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((stem, name[stem.len()..].parse().ok()?))
}
