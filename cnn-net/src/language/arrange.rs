//! Gives a graph from elsewhere the order and the names of a declaration.
//!
//! Other frameworks compute branches in any order, and name layers after the modules that call them. Here each node gets its place
//! in the declaration's order, groups get unique names and contiguous nodes, and unnamed steps get their number.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Unsayable;
use super::build::{Missing, Reading, tree};
use super::check;
use super::groups::{Counts, apart, common, group_of, is_in, join};
use super::nesting::{DEEPEST, Item, emitted, nested_in_any_order};
use super::parts::Dots;
use super::scope::Scope;
use super::tree::{Kind, Statement, Step};
use crate::graph::{Graph, Node};

/// How a graph must be changed so that it can be declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arranged {
    /// The indices of the nodes, in the order of the declaration.
    pub order: Vec<usize>,
    /// The name of each node, by its index.
    pub names: Vec<String>,
}

/// The order and the names of a declaration of this graph.
///
/// Nodes that apply an earlier layer again get its name, so that layer must have one.
///
/// Names of nodes are `group.name`, or `group.` for an unnamed step, with any number of groups. They are only suggestions: a merge
/// moves into the group of its branches or out of it, and a name that collides with another one gets a number as a suffix.
/// Tensors, calls, taps and auxiliary classifiers are ignored.
///
/// # Errors
///
/// If a value can't be read where it is needed, because it is kept in another group.
pub fn arranged(graph: &Graph<'_>) -> Result<Arranged, Unsayable> {
    check::values(graph)?;
    let branches = nested_in_any_order(graph, BTreeSet::new())?;
    let kept = apart(graph, &branches);
    let nested = if kept.is_empty() { Ok(branches) } else { nested_in_any_order(graph, kept).or(Ok(branches)) }?;
    let mut names = Names { graph, names: graph.nodes.iter().map(|node| node.name.to_owned()).collect() };
    names.lift(&nested.trunk);
    let wishes = names.names.clone();
    let own = graph.nodes.iter().zip(&wishes).filter(|(node, _)| has_name(node));
    names.settle(&nested.trunk, "", &Counts::of(own.map(|(_, name)| (None, &**name))), &mut BTreeSet::new());
    names.repeat();
    let named: Vec<Node<'_>> =
        graph.nodes.iter().zip(&names.names).map(|(node, name)| Node { name, calls: &[], ..*node }).collect();
    let reading = Reading { missing: Missing::Named, dots: Dots::Names };
    let tree = tree(&Graph { nodes: &named, taps: &[], aux: &[], ..*graph }, &nested, reading);
    // Under the proposed name.
    let wished = |why: Unsayable| match names.names.iter().position(|name| *name == why.name) {
        Some(node) => Unsayable { name: graph.nodes[node].name.to_owned(), ..why },
        None => why,
    };
    let tree = tree.map_err(wished)?;
    let mut order = Vec::new();
    emitted(&nested.trunk, &mut order);
    let mut found = names.names.clone();
    body(&tree.body, &mut Scope::new(""), &mut found);
    names.names = found;
    names.repeat();
    let found = names.names;
    Ok(Arranged { order, names: found })
}

/// Whether a node keeps the name of its tensors, and its group with it.
fn has_name(node: &Node<'_>) -> bool {
    !node.tensors.is_empty() && node.again.is_none()
}

struct Names<'g> {
    graph: &'g Graph<'g>,
    names: Vec<String>,
}

impl Names<'_> {
    /// Moves each merge into the group that contains all its branches, unless that group is inside the merge's own.
    fn lift(&mut self, items: &[Item]) {
        for item in items {
            let Item::Merge(node, branches) = item else { continue };
            branches.iter().for_each(|branch| self.lift(branch));
            let mut inner = Vec::new();
            branches.iter().for_each(|branch| emitted(branch, &mut inner));
            let own = inner.iter().filter(|node| self.graph.nodes[**node].again.is_none());
            let groups = own.map(|node| group_of(&self.names[*node]));
            let Some(group) = groups.reduce(|a, b| common(a, b)).map(ToOwned::to_owned) else { continue };
            let (own, name) = self.names[*node].rsplit_once('.').unwrap_or(("", &self.names[*node]));
            if !is_in(&group, own) {
                self.names[*node] = if group.is_empty() { name.to_owned() } else { format!("{group}.{name}") };
            }
        }
    }

    /// Makes the names in a group unique, and the nodes of each group inside it adjacent.
    fn settle(&mut self, items: &[Item], prefix: &str, counts: &Counts<'_>, taken: &mut BTreeSet<String>) {
        if prefix.matches('.').count() > DEEPEST {
            // Its tree is an error anyway.
            return;
        }
        let mut index = 0;
        while let Some(item) = items.get(index) {
            // Nodes that apply a layer again have its name.
            let Some(node) = item.node().filter(|node| self.graph.nodes[*node].again.is_none()) else {
                index += 1;
                continue;
            };
            let Some((group, end, is_whole)) = self.group(items, index, prefix, counts) else {
                self.name(node, prefix, taken);
                if let Item::Merge(_, branches) = item {
                    branches.iter().for_each(|branch| self.settle(branch, prefix, counts, taken));
                }
                index += 1;
                continue;
            };
            let free = free(&group, taken);
            let (part, mut inner) = (&items[index..end], Vec::new());
            emitted(part, &mut inner);
            // A node without tensors need not be in a group that has ended.
            let is_left =
                (free != group || !is_whole) && inner.iter().all(|node| self.graph.nodes[*node].tensors.is_empty());
            for node in inner {
                // Nodes that apply a layer again have names of another group, or none yet.
                let Some(rest) = self.names[node].strip_prefix(&*join(prefix, &group)) else { continue };
                let rest = rest.trim_start_matches('.');
                self.names[node] = if is_left { join(prefix, "") } else { format!("{}.{rest}", join(prefix, &free)) };
            }
            if is_left {
                // They are steps of this group now.
                continue;
            }
            taken.insert(free.clone());
            self.settle(part, &join(prefix, &free), counts, &mut BTreeSet::new());
            index = end;
        }
    }

    /// The group inside this one that the item is in, where it ends, and whether all of it is here. If a part of it is
    /// elsewhere, this is the largest group inside it that is all here; or the item is a step whose name has dots.
    fn group(&self, items: &[Item], first: usize, prefix: &str, counts: &Counts<'_>) -> Option<(String, usize, bool)> {
        let name = &*self.names[items[first].node()?];
        let own = if prefix.is_empty() { name } else { name.get(prefix.len() + 1..)? };
        let groups: Vec<&str> = own.match_indices('.').map(|(dot, _)| &own[..dot]).collect();
        for group in &groups {
            let full = join(prefix, group);
            let end = self.end(items, first, &full);
            let mut inner = Vec::new();
            emitted(&items[first..end], &mut inner);
            let here = inner.iter().filter(|node| has_name(&self.graph.nodes[**node]));
            if here.filter(|node| is_in(&self.names[**node], &full)).count() == counts.get(None, &full) {
                return Some(((*group).to_owned(), end, true));
            }
        }
        let group = groups.first()?;
        let is_only = !own.ends_with('.') && counts.get(None, name) == 1;
        (!is_only).then(|| ((*group).to_owned(), self.end(items, first, &join(prefix, group)), false))
    }

    /// Where a group ends.
    fn end(&self, items: &[Item], first: usize, group: &str) -> usize {
        let is_member = |node: usize| {
            let name = &*self.names[node];
            name.len() > group.len() && is_in(name, group)
        };
        // A value that is read by its name lies inside a group if the group goes on after it, and so does an earlier
        // step.
        let mut end = first + 1;
        for (index, item) in items.iter().enumerate().skip(first) {
            match item.node() {
                Some(node) if self.graph.nodes[node].again.is_some() => {}
                Some(node) if is_member(node) => end = index + 1,
                Some(_) => break,
                None => {}
            }
        }
        end
    }

    /// Gives nodes that apply a layer again its name.
    fn repeat(&mut self) {
        for (index, node) in self.graph.nodes.iter().enumerate() {
            if let Some(name) = node.again.and_then(|first| self.names.get(first)).cloned() {
                self.names[index] = name;
            }
        }
    }

    /// Gives a step a name that no other one has.
    fn name(&mut self, node: usize, prefix: &str, taken: &mut BTreeSet<String>) {
        let name = &*self.names[node];
        let inner =
            if prefix.is_empty() { Some(name) } else { name.strip_prefix(prefix).and_then(|it| it.strip_prefix('.')) };
        let own = inner.unwrap_or_else(|| name.rsplit('.').next().unwrap_or_default());
        if own.is_empty() || own.ends_with('.') {
            return;
        }
        let free = free(own, taken);
        self.names[node] = join(prefix, &free);
        taken.insert(free);
    }
}

/// A name that is not taken: itself, or with a number.
fn free(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    core::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Names the steps of a body as the compiler does.
fn body(statements: &[Statement], scope: &mut Scope, names: &mut [String]) {
    for statement in statements {
        match statement {
            Statement::Step(it) => step(it, scope, names),
            Statement::Aux(aux) => body(&aux.body, &mut Scope::new(&scope.join(&aux.name)), names),
            Statement::Tap(_) | Statement::Keep(_) | Statement::Output(_) => {}
        }
    }
}

fn step(step: &Step, scope: &mut Scope, names: &mut [String]) {
    if let Kind::From(_) | Kind::Again(_) = step.kind {
        return;
    }
    let name = scope.step(step.name.as_deref());
    match &step.kind {
        Kind::Layer(layer) => names[layer.node] = name,
        Kind::Merge(merge) => {
            let mut inner = Scope::new(&scope.prefix);
            merge.branches.iter().flatten().for_each(|it| self::step(it, &mut inner, names));
            names[merge.node] = name;
        }
        Kind::Group(inner) => body(inner, &mut Scope::new(&name), names),
        Kind::Call(_) | Kind::Repeat(_) | Kind::Skip | Kind::From(_) | Kind::Again(_) => {}
    }
}
