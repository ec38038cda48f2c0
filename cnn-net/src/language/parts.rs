//! Finds the steps of a body from the names of its nodes.

use alloc::vec::Vec;

use super::Unsayable;
use super::groups::{Counts, is_in};
use super::nesting::{Item, emitted};
use crate::graph::Graph;

/// What a name with dots is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dots {
    /// The name of a step in groups: what is before each dot is one. Branches may have groups with the same number.
    Groups,
    /// Only groups whose nodes are all together are groups; the nodes of others are steps whose names have dots.
    Names,
}

/// What encloses a body.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    /// The full name of the group.
    pub(super) prefix: &'a str,
    /// How many block calls.
    pub(super) calls: usize,
    /// The block.
    pub(super) block: &'a str,
    /// How many groups, merges and calls.
    pub(super) depth: usize,
}

impl Around<'_> {
    /// A full name, relative to this body.
    pub(super) fn own<'n>(&self, name: &'n str) -> Option<&'n str> {
        if self.prefix.is_empty() { Some(name) } else { name.strip_prefix(self.prefix)?.strip_prefix('.') }
    }
}

/// Adjacent steps that a name belongs to.
pub(super) struct Part<'a> {
    /// The name in its body: a word, or a number.
    pub(super) name: &'a str,
    pub(super) items: &'a [Item],
    /// Whether the name belongs to a single step, not to a group.
    pub(super) is_step: bool,
    /// Whether it applies an earlier step, with this full name, again.
    pub(super) is_again: bool,
}

/// Finds the steps of bodies.
pub(super) struct Parts<'a> {
    graph: &'a Graph<'a>,
    dots: Dots,
    /// Without nodes that apply a layer again.
    counts: Counts<'a>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(graph: &'a Graph<'a>, dots: Dots) -> Self {
        let own = graph.nodes.iter().filter(|node| node.again.is_none()).map(|node| (node.aux, node.name));
        Self { graph, dots, counts: Counts::of(own) }
    }

    /// The steps of a body or a branch, each with its name there.
    pub(super) fn of_body(&self, items: &'a [Item], around: &Around<'_>) -> Result<Vec<Part<'a>>, Unsayable> {
        let mut parts: Vec<Part<'a>> = Vec::new();
        let (mut start, mut shared) = (0, 0);
        for (index, item) in items.iter().enumerate() {
            if index < shared {
                continue;
            }
            // Inside of a group, if it goes on after this.
            let is_inside = |last: &Part<'a>| {
                let after = items[index..].iter().filter_map(Item::node).map(|node| &self.graph.nodes[node]);
                let after = after.filter(|node| node.again.is_none()).map(|node| node.name).next();
                let own = after.and_then(|name| around.own(name)?.strip_prefix(last.name));
                !last.is_step && own.is_some_and(|rest| rest.starts_with('.'))
            };
            let is_again = item.node().is_some_and(|node| self.graph.nodes[node].again.is_some());
            if (is_again || item.node().is_none())
                && let Some(last) = parts.last_mut().filter(|last| is_inside(last))
            {
                last.items = &items[start..=index];
                continue;
            }
            if let Some((name, count)) = again(self.graph, &items[index..])? {
                shared = index + count;
                parts.push(Part { name, items: &items[index..shared], is_step: true, is_again: true });
                continue;
            }
            let Some(node) = item.node() else {
                parts.push(Part { name: "", items: &items[index..=index], is_step: true, is_again: false });
                continue;
            };
            let full: &'a str = self.graph.nodes[node].name;
            let Some(own) = around.own(full) else {
                return Err(Unsayable::new(full, "its name is not that of the group it is in"));
            };
            let is_in_last = |last: &Part<'a>| own.strip_prefix(last.name).is_some_and(|rest| rest.starts_with('.'));
            match parts.last_mut() {
                Some(last) if !last.is_step && is_in_last(last) => last.items = &items[start..=index],
                Some(_) | None => {
                    start = index;
                    let (name, is_step) = self.unit(full, own, &items[index..]);
                    parts.push(Part { name, items: &items[index..=index], is_step, is_again: false });
                }
            }
        }
        Ok(parts)
    }

    /// The name of what the first item is part of, and whether that is a step.
    fn unit(&self, full: &'a str, own: &'a str, items: &[Item]) -> (&'a str, bool) {
        let outer = full.len() - own.len();
        let mut dots = own.match_indices('.').map(|(dot, _)| dot);
        // The last are steps that have no name yet.
        let is_group = |dot: &usize| self.dots == Dots::Groups || self.is_whole(&full[..outer + dot], items);
        let group = dots.clone().find(is_group).or_else(|| dots.next().filter(|_| own.ends_with('.')));
        group.map_or((own, true), |dot| (&own[..dot], false))
    }

    /// Whether all nodes of a group are adjacent, at the beginning of these items.
    fn is_whole(&self, group: &'a str, items: &[Item]) -> bool {
        let nodes = &self.graph.nodes;
        let (mut found, mut aux) = (0, None);
        for item in items {
            let Some(node) = item.node().filter(|node| nodes[*node].again.is_none()) else { continue };
            if !is_in(nodes[node].name, group) {
                break;
            }
            aux = nodes[node].aux;
            let mut inner = Vec::new();
            emitted(core::slice::from_ref(item), &mut inner);
            let own = inner.iter().map(|node| &nodes[*node]).filter(|node| node.again.is_none());
            found += own.filter(|node| is_in(node.name, group)).count();
        }
        found == self.counts.get(aux, group)
    }
}

/// The earlier step that the first items apply again, by its full name, and the number of these items.
fn again<'g>(graph: &Graph<'g>, items: &[Item]) -> Result<Option<(&'g str, usize)>, Unsayable> {
    let nodes = |items: &[Item]| {
        let mut nodes = Vec::new();
        emitted(items, &mut nodes);
        nodes
    };
    let node = items.first().and_then(Item::node).map(|node| &graph.nodes[node]);
    let Some(node) = node.filter(|node| node.again.is_some()) else { return Ok(None) };
    let ends = node.name.match_indices('.').map(|(dot, _)| dot).chain([node.name.len()]);
    for name in ends.map(|end| &node.name[..end]) {
        let step = named(graph, name);
        let is_it = |count: &usize| {
            let nodes = nodes(&items[..*count]);
            nodes.iter().map(|node| graph.nodes[*node].again).eq(step.iter().map(|node| Some(*node)))
        };
        if let Some(count) = (1..=items.len().min(step.len())).find(is_it) {
            return Ok(Some((name, count)));
        }
    }
    Err(Unsayable::new(node.name, "it shares tensors with part of a step"))
}

/// The nodes of the step of this full name, if it is written as a step: nodes that apply a layer again have its name,
/// and are part of a group only between two of its nodes. Then it can't be told apart from what it shares, and this is
/// no step.
pub(super) fn named(graph: &Graph<'_>, name: &str) -> Vec<usize> {
    let is_in = |full: &str| full.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let nodes = graph.nodes.iter().enumerate().filter(|(_, node)| node.again.is_none() && node.aux.is_none());
    let nodes: Vec<usize> = nodes.filter(|(_, node)| is_in(node.name)).map(|(index, _)| index).collect();
    let is_run = nodes.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    if is_run { nodes } else { Vec::new() }
}
