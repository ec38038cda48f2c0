//! The blocks of a declaration: bodies that are called by name, with numbers as parameters where their calls differ.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Unsayable;
use super::declaration::{Body, Form, Writer, indented};
use super::nesting::Item;
use crate::graph::Value;

/// The blocks that a net calls.
pub(super) struct Blocks {
    /// Their texts, those first that others call.
    texts: Vec<String>,
    /// Each call, by its full name.
    pub(super) calls: BTreeMap<String, String>,
}

/// The call of a block.
struct Site<'a> {
    name: String,
    items: &'a [Item],
    depth: usize,
    from: Value,
}

/// The calls of each block, and the blocks that are called in it.
#[derive(Default)]
struct Sites<'a> {
    of: BTreeMap<String, Vec<Site<'a>>>,
    inner: BTreeMap<String, BTreeSet<String>>,
}

impl Blocks {
    pub(super) fn of<'a>(writer: &'a Writer<'_>, items: &'a [Item], body: Body<'_>) -> Result<Self, Unsayable> {
        let mut sites = Sites::default();
        sites.collect(writer, items, body, None)?;
        for (index, (from, items)) in writer.aux.iter().enumerate() {
            let prefix = writer.graph.aux[index].name;
            let depth = items.first().map_or(0, |item| sites.depth_of(writer, item, prefix));
            sites.collect(writer, items, Body { prefix, depth, from: *from }, None)?;
        }
        let mut blocks = Self { texts: Vec::new(), calls: BTreeMap::new() };
        let mut done: BTreeSet<String> = BTreeSet::new();
        while done.len() < sites.of.len() {
            let is_ready = |block: &&String| {
                !done.contains(*block) && sites.inner.get(*block).is_none_or(|inner| inner.is_subset(&done))
            };
            let Some(block) = sites.of.keys().find(is_ready).cloned() else {
                let block = sites.of.keys().find(|block| !done.contains(*block));
                return Err(Unsayable::new(block.map_or("", |block| block), "it calls itself"));
            };
            blocks.write(writer, &block, &sites.of[&block])?;
            done.insert(block);
        }
        Ok(blocks)
    }

    /// All of them.
    pub(super) fn text(&self) -> String {
        self.texts.concat()
    }

    /// Writes a block, and its calls.
    fn write(&mut self, writer: &Writer<'_>, block: &str, sites: &[Site<'_>]) -> Result<(), Unsayable> {
        let bodies = |in_full: bool| {
            let form = Form { blocks: &self.calls, in_full };
            let body = |site: &Site<'_>| {
                let body = Body { prefix: &site.name, depth: site.depth, from: site.from };
                writer.statements(site.items, body, form)
            };
            sites.iter().map(body).collect::<Result<Vec<String>, Unsayable>>()
        };
        let short = bodies(false)?;
        let short = if short.windows(2).all(|pair| pair[0] == pair[1]) { short } else { bodies(true)? };
        let bodies: Vec<Vec<Token<'_>>> = short.iter().map(|body| tokens(body)).collect();
        let Some(params) = Params::of(&bodies) else {
            return Err(Unsayable::new(block, "its calls differ in more than numbers"));
        };
        let names: Vec<String> = (0..params.values.len()).map(|index| format!("n{}", index + 1)).collect();
        let list = |words: &[String]| format!("({})", words.join(", "));
        let body = params.body(&bodies[0], &names);
        self.texts.push(format!("block {block}{} {{\n{}}}\n\n", list(&names), indented(&body)));
        for (index, site) in sites.iter().enumerate() {
            let values: Vec<String> = params.values.iter().map(|values| values[index].to_owned()).collect();
            self.calls.insert(site.name.clone(), format!("{block}{}", list(&values)));
        }
        Ok(())
    }
}

impl<'a> Sites<'a> {
    /// Notes the calls in a body, which is that of a block, if it is one.
    fn collect(
        &mut self,
        writer: &'a Writer<'_>,
        items: &'a [Item],
        body: Body<'_>,
        block: Option<&str>,
    ) -> Result<(), Unsayable> {
        let mut from = body.from;
        for part in writer.parts(items, body.prefix)? {
            if let (true, [Item::Merge(_, branches)]) = (part.is_step, part.items) {
                for branch in branches {
                    self.collect(writer, branch, Body { from, ..body }, block)?;
                }
            } else if !part.is_step {
                let (name, called) = writer.group(&part, body);
                let depth = body.depth + usize::from(called.is_some());
                self.collect(writer, part.items, Body { prefix: &name, depth, from }, called.or(block))?;
                if let Some(called) = called {
                    if let Some(outer) = block {
                        self.inner.entry(outer.to_owned()).or_default().insert(called.to_owned());
                    }
                    let site = Site { name, items: part.items, depth, from };
                    self.of.entry(called.to_owned()).or_default().push(site);
                }
            }
            from = Writer::end(part.items, from);
        }
        Ok(())
    }

    /// How many calls of blocks are around an auxiliary classifier.
    fn depth_of(&self, writer: &Writer<'_>, item: &Item, prefix: &str) -> usize {
        let calls = writer.graph.nodes[item.node()].calls;
        let around = |name: &str| prefix.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        calls.iter().filter(|call| around(call.name)).count()
    }
}

/// A part of the text of a body.
#[derive(Clone, Copy, PartialEq)]
enum Token<'t> {
    /// A whole number.
    Number(&'t str),
    /// The `x` of a size.
    Times,
    /// Anything else.
    Text(&'t str),
}

/// The tokens of a text.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // A number follows what can't be a part of a name.
        let mut word = false;
        let begin = rest.find(|c: char| {
            let is_number = c.is_ascii_digit() && !word;
            word = c.is_alphanumeric() || c == '_' || c == '.';
            is_number
        });
        let (before, number) = rest.split_at(begin.unwrap_or(rest.len()));
        if !before.is_empty() {
            tokens.push(Token::Text(before));
        }
        rest = numbers(number, &mut tokens);
    }
    tokens
}

/// The tokens of a number or a size at the beginning of a text, and what is after it.
fn numbers<'t>(text: &'t str, tokens: &mut Vec<Token<'t>>) -> &'t str {
    let digits = |text: &'t str| text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let (number, mut rest) = digits(text);
    if number.is_empty() {
        return rest;
    }
    if rest.starts_with(['.', 'e']) {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-').unwrap_or(text.len());
        tokens.push(Token::Text(&text[..end]));
        return &text[end..];
    }
    tokens.push(Token::Number(number));
    while let Some(size) = rest.strip_prefix('x') {
        let (number, after) = digits(size);
        tokens.extend([Token::Times, Token::Number(number)]);
        rest = after;
    }
    rest
}

/// The numbers in which bodies differ.
struct Params<'t> {
    /// For each parameter, its value in each body.
    values: Vec<Vec<&'t str>>,
    /// The parameter of each token, if it is one.
    of: Vec<Option<usize>>,
}

impl<'t> Params<'t> {
    /// Those of bodies that differ in nothing else.
    fn of(bodies: &[Vec<Token<'t>>]) -> Option<Self> {
        let (first, others) = bodies.split_first()?;
        if others.iter().any(|other| other.len() != first.len()) {
            return None;
        }
        let mut params = Self { values: Vec::new(), of: Vec::new() };
        for (index, token) in first.iter().enumerate() {
            if others.iter().all(|other| other[index] == *token) {
                params.of.push(None);
                continue;
            }
            let number =
                |body: &Vec<Token<'t>>| if let Token::Number(number) = body[index] { Some(number) } else { None };
            let values: Vec<&str> = bodies.iter().map(number).collect::<Option<_>>()?;
            let known = params.values.iter().position(|known| *known == values);
            params.of.push(Some(known.unwrap_or(params.values.len())));
            if known.is_none() {
                params.values.push(values);
            }
        }
        Some(params)
    }

    /// The text of a body with parameters in it.
    fn body(&self, tokens: &[Token<'_>], names: &[String]) -> String {
        let mut text = String::new();
        for (index, token) in tokens.iter().enumerate() {
            match (token, self.of[index]) {
                (Token::Number(_), Some(param)) => text.push_str(&names[param]),
                // Between numbers alone, Rust reads a number with a suffix.
                (Token::Times, _) if self.of[index - 1].is_none() && self.of[index + 1].is_none() => text.push('x'),
                (Token::Times, _) => text.push_str(" x "),
                (Token::Number(number) | Token::Text(number), _) => text.push_str(number),
            }
        }
        text
    }
}
