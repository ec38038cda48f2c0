//! Groups of nodes, recovered from the nodes' names.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::nesting::{Item, Nested, emitted};
use crate::graph::{Graph, Value};

/// The group of a name.
pub(super) fn group_of(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(group, _)| group)
}

/// A name in a group.
pub(super) fn join(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{group}.{name}") }
}

/// The number of nodes in each group, and with each name.
pub(super) struct Counts<'n>(BTreeMap<(Option<usize>, &'n str), usize>);

impl<'n> Counts<'n> {
    /// Of nodes that count, each with its auxiliary classifier and its name.
    pub(super) fn of(nodes: impl Iterator<Item = (Option<usize>, &'n str)>) -> Self {
        let mut counts = BTreeMap::new();
        for (aux, name) in nodes {
            let ends = name.match_indices('.').map(|(dot, _)| dot).chain([name.len()]);
            for end in ends {
                *counts.entry((aux, &name[..end])).or_insert(0) += 1;
            }
        }
        Self(counts)
    }

    pub(super) fn get(&self, aux: Option<usize>, name: &'n str) -> usize {
        self.0.get(&(aux, name)).copied().unwrap_or(0)
    }
}

/// Whether a group is another group or inside it.
pub(super) fn is_in(group: &str, outer: &str) -> bool {
    outer.is_empty() || group.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The innermost group that contains both.
pub(super) fn common<'n>(a: &'n str, b: &str) -> &'n str {
    let mut common = a;
    while !is_in(b, common) {
        common = group_of(common);
    }
    common
}

/// The values to keep so that groups follow one another, and are not mixed with parts of others in branches.
pub(super) fn apart(graph: &Graph<'_>, nested: &Nested) -> BTreeSet<usize> {
    let mut kept = spanned(graph, nested);
    kept.extend(cut(graph, nested));
    kept
}

/// The values to keep where a merge is in a group that does not contain all of its branches: a decoder that reads what an
/// encoder computed long before. Written with branches, the merge would enclose everything between the two.
fn spanned(graph: &Graph<'_>, nested: &Nested) -> BTreeSet<usize> {
    let mut kept = BTreeSet::new();
    let mut open: Vec<&[Item]> = alloc::vec![&*nested.trunk];
    while let Some(items) = open.pop() {
        for item in items {
            let Item::Merge(node, branches) = item else { continue };
            open.extend(branches.iter().map(|branch| &**branch));
            let mut inner = Vec::new();
            branches.iter().for_each(|branch| emitted(branch, &mut inner));
            let groups = inner.iter().map(|node| group_of(graph.nodes[*node].name));
            let group = groups.reduce(|a, b| common(a, b));
            let merge = &graph.nodes[*node];
            if group.is_some_and(|group| !is_in(group, group_of(merge.name))) {
                kept.extend(merge.inputs.iter().filter_map(|input| match input {
                    Value::Node(node) => Some(*node),
                    Value::Input(_) => None,
                }));
            }
        }
    }
    kept
}

/// The values to keep where a branch begins in the middle of a group that its merge is not in: at a value that the
/// group reads twice. The group would be partly before the merge and partly in its branch, so all of it is put before
/// the merge.
fn cut(graph: &Graph<'_>, nested: &Nested) -> BTreeSet<usize> {
    let mut kept = BTreeSet::new();
    let name = |item: &Item| item.node().map(|node| graph.nodes[node].name);
    let mut open: Vec<&[Item]> = alloc::vec![&*nested.trunk];
    while let Some(items) = open.pop() {
        let befores = core::iter::once(None).chain(items.iter().map(name));
        for (item, before) in items.iter().zip(befores) {
            let Item::Merge(node, branches) = item else { continue };
            open.extend(branches.iter().map(|branch| &**branch));
            let Some(before) = before else { continue };
            let merge = group_of(graph.nodes[*node].name);
            let last = |branch: &Vec<Item>| {
                let own = |item: &Item| name(item).map_or("", |name| common(group_of(before), group_of(name)));
                let last = branch.iter().rfind(|item| !is_in(merge, own(item)))?;
                last.node().filter(|node| leaves_by(graph, own(last), *node))
            };
            kept.extend(branches.iter().filter_map(last));
        }
    }
    kept
}

/// Whether a node's value is the only one that is read outside its group.
fn leaves_by(graph: &Graph<'_>, group: &str, last: usize) -> bool {
    let is_inside = |node: usize| is_in(graph.nodes[node].name, group);
    let mut read = graph.nodes.iter().filter(|reader| !is_in(reader.name, group)).flat_map(|reader| reader.inputs);
    read.all(|value| {
        matches!(value, Value::Node(node) if *node == last || !is_inside(*node)) || matches!(value, Value::Input(_))
    })
}
