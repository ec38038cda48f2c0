//! A whole net as a declaration: what parses and expands to the same description.
//!
//! Names say what was nested: nodes whose names share a first part were a group or the call of a block, and numbers are those
//! of steps without a name. Where the calls of a block differ in numbers, those are its parameters.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use super::blocks::Blocks;
use super::nesting::{Item, Nesting};
use super::write::{call, call_in_full};
use crate::graph::{Graph, Value};

/// A graph that the language can't say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsayable {
    /// The node or the block that it can't say.
    pub name: String,
    /// Why.
    pub why: &'static str,
}

impl Unsayable {
    pub(super) fn new(name: &str, why: &'static str) -> Self {
        Self { name: name.to_owned(), why }
    }
}

impl fmt::Display for Unsayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` can't be declared: {}", self.name, self.why)
    }
}

impl core::error::Error for Unsayable {}

/// The declaration of a net, and of the blocks that it calls: the content of `network! { … }`.
///
/// # Errors
///
/// If the language has no words for it.
pub fn declaration(graph: &Graph<'_>) -> Result<String, Unsayable> {
    if graph.nodes.is_empty() {
        return Err(Unsayable::new(graph.name, "it has no layers"));
    }
    let nesting = Nesting::new(graph);
    let mut aux = Vec::new();
    for index in 0..graph.aux.len() {
        aux.push(nesting.aux(index)?);
    }
    let items = nesting.chain(Value::Input, graph.result)?;
    nesting.check(&items, &aux)?;
    let writer = Writer { graph, aux };
    let body = Body { prefix: "", depth: 0, from: Value::Input };
    let blocks = Blocks::of(&writer, &items, body)?;
    let mut text = blocks.text();
    for line in graph.doc.lines() {
        text.push_str(&format!("///{}{line}\n", if line.is_empty() || line.starts_with(' ') { "" } else { " " }));
    }
    text.push_str(&format!("{}: {} -> {} {{\n", graph.name, graph.input, graph.output));
    let form = Form { blocks: &blocks.calls, in_full: false };
    text.push_str(&indented(&writer.statements(&items, body, form)?));
    text.push_str("}\n");
    Ok(text)
}

/// A body: the names and calls around it, and the value that it begins with.
#[derive(Clone, Copy)]
pub(super) struct Body<'a> {
    pub(super) prefix: &'a str,
    /// Calls of blocks around it.
    pub(super) depth: usize,
    pub(super) from: Value,
}

/// How steps are written.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    /// The calls of blocks, by their full names.
    pub(super) blocks: &'a BTreeMap<String, String>,
    /// Whether arguments are written that have their default.
    pub(super) in_full: bool,
}

/// Steps next to each other that a name belongs to.
pub(super) struct Part<'a> {
    /// Its name without what is around it: a word, or a number.
    pub(super) name: &'a str,
    pub(super) items: &'a [Item],
    /// Whether the name is that of a single step, and not of a group.
    pub(super) is_step: bool,
}

pub(super) struct Writer<'g> {
    pub(super) graph: &'g Graph<'g>,
    /// Where each auxiliary classifier begins, and its steps.
    pub(super) aux: Vec<(Value, Vec<Item>)>,
}

impl<'g> Writer<'g> {
    /// The steps of a body, each with its name in it.
    pub(super) fn parts<'a>(&self, items: &'a [Item], prefix: &str) -> Result<Vec<Part<'a>>, Unsayable>
    where
        'g: 'a,
    {
        let mut parts: Vec<Part<'a>> = Vec::new();
        let mut start = 0;
        for (index, item) in items.iter().enumerate() {
            let full: &'g str = self.graph.nodes[item.node()].name;
            let rest = if prefix.is_empty() {
                Some(full)
            } else {
                full.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'))
            };
            let Some(rest) = rest else {
                return Err(Unsayable::new(full, "its name is not that of the group it is in"));
            };
            let (name, is_step) = rest.split_once('.').map_or((rest, true), |(name, _)| (name, false));
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

    /// The block of a group, if it is the call of one, and the full name of the group.
    pub(super) fn group(&self, part: &Part<'_>, body: Body<'_>) -> (String, Option<&'g str>) {
        let name = if body.prefix.is_empty() { part.name.to_owned() } else { format!("{}.{}", body.prefix, part.name) };
        let call = part.items.first().and_then(|item| self.graph.nodes[item.node()].calls.get(body.depth));
        let block = call.filter(|call| call.name == name).map(|call| call.block);
        (name, block)
    }

    /// The value at the end of steps.
    pub(super) fn end(items: &[Item], from: Value) -> Value {
        items.last().map_or(from, |item| Value::Node(item.node()))
    }

    /// The statements of a body, in lines.
    pub(super) fn statements(&self, items: &[Item], body: Body<'_>, form: Form<'_>) -> Result<String, Unsayable> {
        let mut text = self.aside(body.from, body, form)?;
        let mut value = body.from;
        let mut open = false;
        for (number, part) in self.parts(items, body.prefix)?.iter().enumerate() {
            let step = self.step(part, number, Body { from: value, ..body }, form)?;
            if open {
                let begins = part.name != number.to_string() || step.contains('{');
                text.push_str(if begins { ";\n" } else { " -> " });
            }
            text.push_str(&step);
            value = Self::end(part.items, value);
            open = true;
            let aside = self.aside(value, body, form)?;
            if !aside.is_empty() {
                text.push_str(";\n");
                text.push_str(&aside);
                open = false;
            }
        }
        if open {
            text.push_str(";\n");
        }
        Ok(text)
    }

    /// The taps and auxiliary classifiers of a body that leave a value.
    fn aside(&self, value: Value, body: Body<'_>, form: Form<'_>) -> Result<String, Unsayable> {
        let own = |name: &'g str| {
            let (parent, last) = name.rsplit_once('.').unwrap_or(("", name));
            (parent == body.prefix).then_some(last)
        };
        let mut text = String::new();
        for tap in self.graph.taps.iter().filter(|tap| tap.value == value) {
            if let Some(name) = own(tap.name) {
                text.push_str(&format!("tap {name};\n"));
            }
        }
        for (aux, (begin, items)) in self.graph.aux.iter().zip(&self.aux) {
            if let Some(name) = own(aux.name).filter(|_| *begin == value) {
                let inner = Body { prefix: aux.name, depth: body.depth, from: value };
                let body = indented(&self.statements(items, inner, form)?);
                text.push_str(&format!("aux {name}(weight = {:?}) {{\n{body}}};\n", aux.weight));
            }
        }
        Ok(text)
    }

    /// A step, which is the one of this number in its body.
    fn step(&self, part: &Part<'_>, number: usize, body: Body<'_>, form: Form<'_>) -> Result<String, Unsayable> {
        let name = if part.name == number.to_string() { String::new() } else { format!("{}: ", part.name) };
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(Unsayable::new(part.name, "its number is not that of its place"));
        }
        if !part.is_step {
            let (full, block) = self.group(part, body);
            if let (Some(_), Some(call)) = (block, form.blocks.get(&full)) {
                return Ok(format!("{name}{call}"));
            }
            let inner = Body { prefix: &full, ..body };
            let body = indented(&self.statements(part.items, inner, form)?);
            return Ok(format!("{name}{{\n{body}}}"));
        }
        match &part.items[0] {
            Item::Layer(node) => {
                let op = &self.graph.nodes[*node].op;
                Ok(format!("{name}{}", if form.in_full { call_in_full(op) } else { call(op) }))
            }
            Item::Merge(node, branches) => {
                let mut lines = String::new();
                let mut first = 0;
                for branch in branches {
                    let (line, steps) = self.branch(branch, first, body, form)?;
                    first += steps;
                    lines.push_str(&format!("{line};\n"));
                }
                Ok(format!("{name}{} {{\n{}}}", self.graph.nodes[*node].op.name(), indented(&lines)))
            }
        }
    }

    /// A branch, whose first step has this number, and how many steps it has.
    fn branch(
        &self,
        items: &[Item],
        first: usize,
        body: Body<'_>,
        form: Form<'_>,
    ) -> Result<(String, usize), Unsayable> {
        if items.is_empty() {
            return Ok(("skip".to_owned(), 1));
        }
        let parts = self.parts(items, body.prefix)?;
        let mut value = body.from;
        let mut steps = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            steps.push(self.step(part, first + index, Body { from: value, ..body }, form)?);
            value = Self::end(part.items, value);
        }
        Ok((steps.join(" -> "), parts.len()))
    }
}

/// Lines, four columns to the right.
pub(super) fn indented(lines: &str) -> String {
    lines.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") }).collect()
}
