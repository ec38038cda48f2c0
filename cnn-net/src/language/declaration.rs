//! Writes a whole net as a declaration that parses and expands to the same description.
//!
//! It takes several steps, with a file for each. `check` ensures that the graph is well formed, `nesting` finds the branches of
//! merges, `parts` finds the steps of a body, `build` makes a tree of them, with groups and blocks as the names say, and `walk`
//! compares that tree with the graph. Then `blocks` finds what calls of the same block have in common, `unify` with parameters,
//! `repeat` with counts, and `text` writes it all.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use super::blocks::{blocks, called};
use super::build::{Reading, Tree, tree};
use super::check;
use super::groups::apart;
use super::nesting::{TOO_DEEP, nested, nested_in_any_order};
use super::text::braced;
use super::walk;
use super::words::{in_order, type_name};
use crate::graph::{Graph, Value};

/// The language rejects brackets nested more deeply than this.
const DEEPEST: usize = 100;

/// A graph that the language can't express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsayable {
    /// The node, block or net that it can't express.
    pub name: String,
    /// Why.
    pub why: &'static str,
}

impl Unsayable {
    pub(super) fn new(name: &str, why: &'static str) -> Self {
        Self { name: name.to_owned(), why }
    }

    /// About a value, by the name of the node that computes it.
    pub(super) fn value(graph: &Graph<'_>, value: Value, why: &'static str) -> Self {
        match value {
            Value::Input(index) => Self::new(graph.input_name(index), why),
            Value::Node(node) => Self::new(graph.nodes[node].name, why),
        }
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
/// It parses and expands to an equal graph. If the calls of a block differ in numbers, these become its parameters. The shapes of
/// values are not checked, since only the compiler knows how layers change them: if they are wrong, the compiler rejects the
/// declaration or infers others.
///
/// # Errors
///
/// If the language can't express the graph: for example, if a value inside a group is read outside, a block reads a value from
/// outside, or the calls of a block differ in more than numbers.
pub fn declaration(graph: &Graph<'_>) -> Result<String, Unsayable> {
    let Some(name) = type_name(graph.name) else {
        return Err(Unsayable::new(graph.name, "a net can't have this name"));
    };
    check::graph(graph)?;
    let others = || Reading::OTHERS.iter().find_map(|reading| items(graph, &name, *reading).ok());
    let items = items(graph, &name, Reading::FIRST).or_else(|why| others().ok_or(why))?;
    Ok(items.concat())
}

/// The blocks and the net.
fn items(graph: &Graph<'_>, name: &str, reading: Reading) -> Result<Vec<String>, Unsayable> {
    // A branch has no place for a tap, except in a group.
    let with_taps = || written(graph, graph.taps.iter().filter_map(|tap| node(tap.value)).collect(), reading);
    // Nor for a group that does not contain the merge.
    let kept = nested_in_any_order(graph, BTreeSet::new()).map_or(BTreeSet::new(), |nested| apart(graph, &nested));
    let spread = if kept.is_empty() { None } else { written(graph, kept, reading).ok() };
    let mut tree = match spread {
        Some(tree) => tree,
        None => written(graph, BTreeSet::new(), reading).or_else(|why| with_taps().map_err(|_| why))?,
    };
    let blocks = blocks(&mut tree.sites)?;
    let body = called(&tree.body, &tree.sites, &blocks).map_err(|why| Unsayable::new(graph.name, why))?;
    let mut items = Vec::new();
    for block in &blocks {
        let body = braced(&block.body, &block.params);
        let params: Vec<&str> = in_order(&block.params).map(|index| &*block.params[index]).collect();
        items.push(format!("block {}({}) {body}\n\n", block.name, params.join(", ")));
    }
    items.push(format!("{name}: {} -> {} {}\n", inputs(graph), outputs(graph), braced(&body, &[])));
    if items.iter().any(|item| depth(item) > DEEPEST) {
        return Err(Unsayable::new(graph.name, TOO_DEEP));
    }
    items.insert(blocks.len(), docs(graph.doc));
    Ok(items)
}

/// A net's inputs as a declaration writes them: `1x32x32`, or `{ left: 1x16x16, right: 2x8x8 }`.
#[must_use]
pub fn inputs(graph: &Graph<'_>) -> String {
    match graph.inputs {
        [only] if !graph.names_inputs() => only.shape.to_string(),
        all => braces(all.iter().map(|input| format!("{}: {}", input.name, input.shape))),
    }
}

/// A net's outputs as a declaration writes them: `10`, or `{ scores: 10, boxes: 4 }`.
#[must_use]
pub fn outputs(graph: &Graph<'_>) -> String {
    match graph.outputs {
        [only] if !graph.names_outputs() => graph.shape(only.value).to_string(),
        all => braces(all.iter().map(|output| format!("{}: {}", output.name, graph.shape(output.value)))),
    }
}

fn braces(named: impl Iterator<Item = String>) -> String {
    format!("{{ {} }}", named.collect::<Vec<_>>().join(", "))
}

/// The node that computes a value, if one does.
fn node(value: Value) -> Option<usize> {
    match value {
        Value::Node(node) => Some(node),
        Value::Input(_) => None,
    }
}

/// The tree of a graph in which the values of these nodes are statements.
fn written(graph: &Graph<'_>, statements: BTreeSet<usize>, reading: Reading) -> Result<Tree, Unsayable> {
    let tree = tree(graph, &nested(graph, statements)?, reading)?;
    walk::tree(graph, &tree.sites, &tree.body)?;
    Ok(tree)
}

/// How deeply the brackets of a text are nested.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for c in text.chars() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Documentation, line by line.
fn docs(doc: &str) -> String {
    let line = |line: &str| match line {
        "" => "///\n".to_owned(),
        // Rust allows no carriage returns in such comments, except at the end of a line.
        line if line.contains('\r') => format!("#[doc = {:?}]\n", format!(" {line}")),
        line => format!("/// {line}\n"),
    };
    if doc.is_empty() { String::new() } else { doc.split('\n').map(line).collect() }
}
