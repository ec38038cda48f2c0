//! A graph to the tree of its declaration.
//!
//! Names say what was nested: layers next to each other whose names share a first part were a group or the call of a block, and
//! numbers are those of steps without a name.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;

use super::Unsayable;
use super::nesting::{DEEPEST, Item, Nested, TOO_DEEP};
use super::tree::{Aux, Call, Kind, Layer, Merge, Site, Statement, Step, Value as Argument};
use super::words::is_word;
use super::write::args;
use crate::graph::{Graph, Value};
use crate::op;

/// As many numbers may be missing in a row, as if empty groups had them.
const MOST_MISSING: usize = 100;

/// A tree, with the calls of blocks in it: those first that are in others.
pub(super) struct Tree {
    pub(super) body: Vec<Statement>,
    pub(super) sites: Vec<Site>,
}

/// The tree of a graph.
pub(super) fn tree(graph: &Graph<'_>, nested: &Nested) -> Result<Tree, Unsayable> {
    let (taps, aux) = (vec![false; graph.taps.len()], vec![false; graph.aux.len()]);
    let mut builder = Builder { graph, nested, sites: Vec::new(), taps, aux };
    let around = Around { prefix: "", calls: 0, block: "", depth: 0 };
    let body = builder.body(&nested.trunk, Value::Input, around)?;
    Ok(Tree { body, sites: builder.sites })
}

/// What is around a body.
#[derive(Clone, Copy)]
struct Around<'a> {
    /// The full name of the group.
    prefix: &'a str,
    /// How many calls of blocks.
    calls: usize,
    /// The block.
    block: &'a str,
    /// How many groups, merges and calls.
    depth: usize,
}

impl Around<'_> {
    /// What a full name is in this body.
    fn own<'n>(&self, name: &'n str) -> Option<&'n str> {
        if self.prefix.is_empty() { Some(name) } else { name.strip_prefix(self.prefix)?.strip_prefix('.') }
    }
}

/// Steps next to each other that a name belongs to.
struct Part<'a> {
    /// The name in its body: a word, or a number.
    name: &'a str,
    items: &'a [Item],
    /// Whether the name is that of a single step, and not of a group.
    is_step: bool,
}

struct Builder<'a> {
    graph: &'a Graph<'a>,
    nested: &'a Nested,
    sites: Vec<Site>,
    /// The taps and auxiliary classifiers that have a place.
    taps: Vec<bool>,
    aux: Vec<bool>,
}

impl<'a> Builder<'a> {
    fn body(&mut self, items: &'a [Item], mut value: Value, around: Around<'_>) -> Result<Vec<Statement>, Unsayable> {
        let mut body = Vec::new();
        self.aside(value, around, &mut body)?;
        let mut next = 0;
        for part in self.parts(items, around)? {
            let steps = self.steps(&part, value, around, &mut next)?;
            body.extend(steps.into_iter().map(Statement::Step));
            value = end(part.items, value);
            self.aside(value, around, &mut body)?;
        }
        Ok(body)
    }

    /// The steps of a body or a branch, each with its name there.
    fn parts(&self, items: &'a [Item], around: Around<'_>) -> Result<Vec<Part<'a>>, Unsayable> {
        let mut parts: Vec<Part<'a>> = Vec::new();
        let mut start = 0;
        for (index, item) in items.iter().enumerate() {
            let full: &'a str = self.graph.nodes[item.node()].name;
            let Some(own) = around.own(full) else {
                return Err(Unsayable::new(full, "its name is not that of the group it is in"));
            };
            let (name, is_step) = own.split_once('.').map_or((own, true), |(name, _)| (name, false));
            match parts.last_mut() {
                Some(last) if !is_step && !last.is_step && last.name == name => last.items = &items[start..=index],
                Some(_) | None => {
                    start = index;
                    parts.push(Part { name, items: &items[index..=index], is_step });
                }
            }
        }
        Ok(parts)
    }

    /// A step, after others that have numbers and compute nothing.
    fn steps(
        &mut self,
        part: &Part<'a>,
        from: Value,
        around: Around<'_>,
        next: &mut usize,
    ) -> Result<Vec<Step>, Unsayable> {
        let mut steps = Vec::new();
        let name = if let Ok(number) = part.name.parse::<usize>()
            && number.to_string() == part.name
        {
            let missing = number.checked_sub(*next).filter(|missing| *missing <= MOST_MISSING);
            let Some(missing) = missing else {
                return Err(Unsayable::new(self.first_name(part), "its number is not that of its place"));
            };
            steps.extend((0..missing).map(|_| Step::nothing()));
            *next = number;
            None
        } else {
            if !is_word(part.name) {
                return Err(Unsayable::new(self.first_name(part), "its name is neither a word nor a number"));
            }
            Some(part.name.to_owned())
        };
        *next += 1;
        let depth = around.depth + 1;
        if depth > DEEPEST {
            return Err(Unsayable::new(self.first_name(part), TOO_DEEP));
        }
        let kind = self.kind(part, from, Around { depth, ..around })?;
        steps.push(Step { name, kind });
        Ok(steps)
    }

    fn first_name(&self, part: &Part<'a>) -> &'a str {
        part.items.first().map_or(part.name, |item| self.graph.nodes[item.node()].name)
    }

    fn kind(&mut self, part: &Part<'a>, from: Value, around: Around<'_>) -> Result<Kind, Unsayable> {
        match part.items.first() {
            Some(Item::Layer(node)) if part.is_step => Ok(Kind::Layer(self.layer(*node))),
            Some(Item::Merge(node, branches)) if part.is_step => {
                let mut next = 0;
                let branches = branches.iter().map(|branch| self.branch(branch, from, around, &mut next));
                let branches = branches.collect::<Result<_, _>>()?;
                Ok(Kind::Merge(Merge { node: *node, name: self.graph.nodes[*node].op.name(), branches }))
            }
            Some(_) | None => self.group(part, from, around),
        }
    }

    fn layer(&self, node: usize) -> Layer {
        let op = &self.graph.nodes[node].op;
        let begins = matches!(op.facts().kind, op::Kind::Convolution | op::Kind::FullyConnected);
        Layer { node, name: op.name(), args: args(op), begins }
    }

    /// A branch, whose steps are numbered after those of the branches before it.
    fn branch(
        &mut self,
        items: &'a [Item],
        mut value: Value,
        around: Around<'_>,
        next: &mut usize,
    ) -> Result<Vec<Step>, Unsayable> {
        let mut branch = Vec::new();
        for part in self.parts(items, around)? {
            branch.extend(self.steps(&part, value, around, next)?);
            value = end(part.items, value);
        }
        match branch.first_mut() {
            Some(first) if *first == Step::nothing() => first.kind = Kind::Skip,
            Some(_) => {}
            None => {
                *next += 1;
                branch.push(Step::unnamed(Kind::Skip));
            }
        }
        Ok(branch)
    }

    /// A group, or the call of a block.
    fn group(&mut self, part: &Part<'a>, from: Value, around: Around<'_>) -> Result<Kind, Unsayable> {
        let prefix =
            &if around.prefix.is_empty() { part.name.to_owned() } else { format!("{}.{}", around.prefix, part.name) };
        let call = part.items.first().and_then(|item| self.graph.nodes[item.node()].calls.get(around.calls));
        let Some(call) = call.filter(|call| call.name == prefix) else {
            return Ok(Kind::Group(self.body(part.items, from, Around { prefix, ..around })?));
        };
        let inner = Around { prefix, calls: around.calls + 1, block: call.block, ..around };
        let body = self.body(part.items, from, inner)?;
        let (block, outer) = (call.block.to_owned(), around.block.to_owned());
        self.sites.push(Site { block: block.clone(), outer, body, args: Vec::new() });
        Ok(Kind::Call(Call { site: self.sites.len() - 1, block, args: None }))
    }

    /// The taps and auxiliary classifiers of a body that leave a value.
    fn aside(&mut self, value: Value, around: Around<'_>, body: &mut Vec<Statement>) -> Result<(), Unsayable> {
        let (graph, nested) = (self.graph, self.nested);
        let own = |name: &'a str| around.own(name).filter(|own| is_word(own)).map(str::to_owned);
        for (tap, has_place) in graph.taps.iter().zip(&mut self.taps) {
            if tap.value == value
                && !*has_place
                && let Some(name) = own(tap.name)
            {
                *has_place = true;
                body.push(Statement::Tap(name));
            }
        }
        for (index, (aux, (begin, items))) in graph.aux.iter().zip(&nested.aux).enumerate() {
            if *begin == value
                && !self.aux[index]
                && let Some(name) = own(aux.name)
            {
                self.aux[index] = true;
                let depth = around.depth + 1;
                let mut inner = self.body(items, value, Around { prefix: aux.name, depth, ..around })?;
                if inner.is_empty() {
                    inner.push(Statement::Step(Step::nothing()));
                }
                body.push(Statement::Aux(Aux { name, weight: Argument::Real(aux.weight), body: inner }));
            }
        }
        Ok(())
    }
}

/// The value at the end of steps.
fn end(items: &[Item], from: Value) -> Value {
    items.last().map_or(from, |item| Value::Node(item.node()))
}
