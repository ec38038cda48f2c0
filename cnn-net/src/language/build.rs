//! Turns a graph into the tree of its declaration.
//!
//! Names reveal the nesting: adjacent layers whose names share their first part were a group or a block call, and numbers
//! belong to unnamed steps.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Unsayable;
use super::nesting::{DEEPEST, Item, Nested, TOO_DEEP};
use super::parts::{Around, Dots, Part, Parts};
use super::tree::{Aux, Call, Kind, Layer, Merge, Site, Statement, Step, Value as Argument};
use super::words::{KEYWORDS, is_name, is_word, step_number};
use super::write::args;
use crate::graph::{Graph, Input, Value};
use crate::op;

/// What to do about numbers that no step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// The step after them gets its number as a name: `3: conv(8, 3x3)`.
    Named,
    /// Steps that compute nothing, `{}`, take these numbers. So the steps of a block may have other numbers in each
    /// call.
    Filled,
}

/// How the names of a graph are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub missing: Missing,
    pub dots: Dots,
}

impl Reading {
    pub(super) const FIRST: Self = Self { missing: Missing::Named, dots: Dots::Groups };
    /// The ways to try next, in this order.
    pub(super) const OTHERS: [Self; 3] = [
        Self { missing: Missing::Named, dots: Dots::Names },
        Self { missing: Missing::Filled, dots: Dots::Groups },
        Self { missing: Missing::Filled, dots: Dots::Names },
    ];
}

pub(super) const UNSEEN: &str = "it is kept in another group or block than it is read in";

/// At most this many numbers in a row may be missing, as if empty groups had them.
const MOST_FILLED: usize = 100;

/// A tree, with the block calls in it, inner calls first.
pub(super) struct Tree {
    pub(super) body: Vec<Statement>,
    pub(super) sites: Vec<Site>,
}

/// The tree of a graph.
pub(super) fn tree(graph: &Graph<'_>, nested: &Nested, reading: Reading) -> Result<Tree, Unsayable> {
    let (taps, aux, outputs) = (
        vec![false; graph.taps.len()],
        vec![false; graph.aux.len()],
        vec![!graph.names_outputs(); graph.outputs.len()],
    );
    let read = read(graph, nested);
    let Reading { missing, dots } = reading;
    let parts = Parts::of(graph, dots);
    let (sites, kept) = (Vec::new(), Vec::new());
    let mut builder = Builder { graph, nested, missing, parts, sites, taps, aux, outputs, read, kept };
    if graph.names_inputs() {
        let named = |(index, input): (usize, &Input<'_>)| (Value::Input(index), input.name.to_owned());
        builder.kept = graph.inputs.iter().enumerate().map(named).collect();
    }
    let around = Around { prefix: "", calls: 0, block: "", depth: 0 };
    let body = builder.body(&nested.trunk, begin(graph), around)?;
    Ok(Tree { body, sites: builder.sites })
}

/// The value before the first step, if the net has only one input.
pub(super) fn begin(graph: &Graph<'_>) -> Option<Value> {
    (graph.inputs.len() == 1).then_some(Value::Input(0))
}

struct Builder<'a> {
    graph: &'a Graph<'a>,
    nested: &'a Nested,
    missing: Missing,
    parts: Parts<'a>,
    sites: Vec<Site>,
    /// The taps, auxiliary classifiers and outputs that have a place.
    taps: Vec<bool>,
    aux: Vec<bool>,
    outputs: Vec<bool>,
    /// The values that are read by name.
    read: BTreeSet<Value>,
    /// The kept values, with their names.
    kept: Vec<(Value, String)>,
}

impl<'a> Builder<'a> {
    fn body(
        &mut self,
        items: &'a [Item],
        mut value: Option<Value>,
        around: Around<'_>,
    ) -> Result<Vec<Statement>, Unsayable> {
        let (mut body, kept) = (Vec::new(), self.kept.len());
        self.aside(value, around, &mut body)?;
        let (mut next, parts) = (0, self.parts.of_body(items, &around)?);
        // The value before the outermost body is kept in it, and so is its result.
        if around.depth == 0 {
            self.output(value, &mut body);
            if !parts.is_empty() {
                self.keep(value, around, &mut body);
            }
        }
        let last = parts.len().saturating_sub(1);
        for (index, part) in parts.iter().enumerate() {
            let steps = self.steps(part, value, around, &mut next, false)?;
            body.extend(steps.into_iter().map(Statement::Step));
            value = end(part.items, value);
            self.aside(value, around, &mut body)?;
            // A group's result leaves after the group.
            if index < last || around.depth == 0 {
                self.output(value, &mut body);
            }
            if index < last {
                self.keep(value, around, &mut body);
            }
        }
        self.kept.truncate(kept);
        Ok(body)
    }

    /// Keeps a value if it is read by name and has no name yet.
    fn keep(&mut self, value: Option<Value>, around: Around<'_>, body: &mut Vec<Statement>) {
        let Some(value) = value else { return };
        if !self.read.contains(&value) || self.kept.iter().any(|(kept, _)| *kept == value) {
            return;
        }
        let own = match value {
            Value::Input(index) => Some(self.graph.input_name(index)),
            Value::Node(node) => around.own(self.graph.nodes[node].name),
        };
        let is_free_word = |word: &&str| is_word(word) && !KEYWORDS.contains(word);
        let word = own.and_then(|own| own.split('.').rfind(is_free_word)).unwrap_or("kept");
        // In a block, another name than those of parameters.
        let word = if around.calls > 0 { format!("kept_{word}") } else { word.to_owned() };
        let numbered = (2..).map(|number| format!("{word}_{number}"));
        let is_free = |name: &String| self.kept.iter().all(|(_, other)| other != name);
        let name = core::iter::once(word.clone()).chain(numbered).find(is_free).unwrap_or(word);
        self.kept.push((value, name.clone()));
        body.push(Statement::Keep(name));
    }

    /// A step; in a branch, perhaps after one that has a number and computes nothing. Reading the value that is there
    /// anyway takes no step.
    fn steps(
        &mut self,
        part: &Part<'a>,
        from: Option<Value>,
        around: Around<'_>,
        next: &mut usize,
        may_skip: bool,
    ) -> Result<Vec<Step>, Unsayable> {
        if let [Item::From(value)] = part.items {
            let name = (Some(*value) != from).then(|| self.name_of(*value)).transpose()?;
            return Ok(name.map(|name| Step::unnamed(Kind::From(name))).into_iter().collect());
        }
        if part.is_again {
            return Ok(vec![Step::unnamed(Kind::Again(part.name.to_owned()))]);
        }
        // Graphs that are being arranged have steps whose name is the next number, whatever that is.
        let is_blank = part.is_step && part.name.is_empty();
        if !is_blank && !is_name(part.name) {
            return Err(Unsayable::new(self.first_name(part), "its name is empty, or has control characters"));
        }
        let place = step_number(part.name).unwrap_or(*next);
        // A step that computes nothing has a number, too. Beyond that, a number is given as a name.
        let most = match self.missing {
            Missing::Named => usize::from(may_skip),
            Missing::Filled => MOST_FILLED,
        };
        let filled = place.checked_sub(*next).filter(|missing| *missing <= most);
        let mut steps: Vec<Step> = (0..filled.unwrap_or(0)).map(|_| Step::nothing()).collect();
        let is_next = is_blank || step_number(part.name).is_some() && filled.is_some();
        let name = (!is_next).then(|| part.name.to_owned());
        *next = place.saturating_add(1);
        let depth = around.depth + 1;
        if depth > DEEPEST {
            return Err(Unsayable::new(self.first_name(part), TOO_DEEP));
        }
        let kind = self.kind(part, from, Around { depth, ..around })?;
        steps.push(Step { name, kind });
        Ok(steps)
    }

    fn first_name(&self, part: &Part<'a>) -> &'a str {
        part.items.iter().find_map(Item::node).map_or(part.name, |node| self.graph.nodes[node].name)
    }

    /// The name under which a value is kept.
    fn name_of(&self, value: Value) -> Result<String, Unsayable> {
        let kept = self.kept.iter().find(|(kept, _)| *kept == value);
        kept.map(|(_, name)| name.clone()).ok_or_else(|| Unsayable::value(self.graph, value, UNSEEN))
    }

    fn kind(&mut self, part: &Part<'a>, from: Option<Value>, around: Around<'_>) -> Result<Kind, Unsayable> {
        match part.items.first() {
            Some(Item::Layer(node)) if part.is_step => Ok(Kind::Layer(self.layer(*node))),
            Some(Item::Merge(node, branches)) if part.is_step => {
                let mut next = 0;
                let branches = branches.iter().map(|branch| self.branch(branch, from, around, &mut next));
                let branches = branches.collect::<Result<_, _>>()?;
                let op = &self.graph.nodes[*node].op;
                Ok(Kind::Merge(Merge { node: *node, name: op.name(), args: args(op), branches }))
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
        mut value: Option<Value>,
        around: Around<'_>,
        next: &mut usize,
    ) -> Result<Vec<Step>, Unsayable> {
        let mut branch = Vec::new();
        for part in self.parts.of_body(items, &around)? {
            let is_first = branch.is_empty();
            branch.extend(self.steps(&part, value, around, next, is_first)?);
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
    fn group(&mut self, part: &Part<'a>, from: Option<Value>, around: Around<'_>) -> Result<Kind, Unsayable> {
        let prefix =
            &if around.prefix.is_empty() { part.name.to_owned() } else { format!("{}.{}", around.prefix, part.name) };
        let call =
            part.items.iter().find_map(Item::node).and_then(|node| self.graph.nodes[node].calls.get(around.calls));
        let Some(call) = call.filter(|call| call.name == prefix) else {
            return Ok(Kind::Group(self.body(part.items, from, Around { prefix, ..around })?));
        };
        let inner = Around { prefix, calls: around.calls + 1, block: call.block, ..around };
        let body = self.body(part.items, from, inner)?;
        let (block, outer) = (call.block.to_owned(), around.block.to_owned());
        self.sites.push(Site { block: block.clone(), outer, body, args: Vec::new() });
        Ok(Kind::Call(Call { site: self.sites.len() - 1, block, args: None, params: Vec::new() }))
    }

    /// The outputs of a value.
    fn output(&mut self, value: Option<Value>, body: &mut Vec<Statement>) {
        for (output, has_place) in self.graph.outputs.iter().zip(&mut self.outputs) {
            if Some(output.value) == value && !core::mem::replace(has_place, true) {
                body.push(Statement::Output(output.name.to_owned()));
            }
        }
    }

    /// The taps and auxiliary classifiers of a body that leave a value.
    fn aside(&mut self, value: Option<Value>, around: Around<'_>, body: &mut Vec<Statement>) -> Result<(), Unsayable> {
        let (graph, nested) = (self.graph, self.nested);
        let own = |name: &'a str| around.own(name).filter(|own| is_word(own)).map(str::to_owned);
        for (tap, has_place) in graph.taps.iter().zip(&mut self.taps) {
            if Some(tap.value) == value
                && !*has_place
                && let Some(name) = own(tap.name)
            {
                *has_place = true;
                body.push(Statement::Tap(name));
            }
        }
        for (index, (aux, (begin, items))) in graph.aux.iter().zip(&nested.aux).enumerate() {
            if Some(*begin) == value
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
fn end(items: &[Item], from: Option<Value>) -> Option<Value> {
    items.last().map(Item::value).or(from)
}

/// The values that steps read by name.
fn read(graph: &Graph<'_>, nested: &Nested) -> BTreeSet<Value> {
    let mut read = BTreeSet::new();
    let aux = nested.aux.iter().map(|(begin, items)| (Some(*begin), &**items));
    let mut open: Vec<(Option<Value>, &[Item])> = aux.chain([(begin(graph), &*nested.trunk)]).collect();
    while let Some((mut before, items)) = open.pop() {
        for item in items {
            match item {
                // The result of the step before needs no name.
                Item::From(value) if before != Some(*value) => drop(read.insert(*value)),
                Item::Merge(_, branches) => open.extend(branches.iter().map(|branch| (before, &**branch))),
                Item::From(_) | Item::Layer(_) => {}
            }
            before = Some(item.value());
        }
    }
    read
}
