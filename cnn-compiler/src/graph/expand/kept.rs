//! Values that are kept, and read later.

use std::borrow::Cow;
use std::collections::HashSet;

use proc_macro2::Ident;

use super::Expander;
use crate::ast;
use crate::env::{Env, Named};
use crate::graph::Source;
use crate::report::{Edit, Message, Place, listed, message, nearest};

/// The values that were kept, and the places where others were left for them.
#[derive(Default)]
pub(super) struct Keeping {
    kept: Vec<Kept>,
    /// The values before each `from` and after the last step, which something else must read.
    left: Vec<Left>,
}

/// A value that the next statement doesn't take.
struct Left {
    value: Source,
    /// Where.
    place: Place,
    help: &'static str,
}

/// A value under a name.
struct Kept {
    name: String,
    value: Source,
    place: Place,
    /// The auxiliary classifier that it is in.
    aux: Option<usize>,
    is_read: bool,
}

impl Keeping {
    /// The name under which a value was kept.
    pub(super) fn name(&self, index: usize) -> &str {
        &self.kept[index].name
    }
}

impl Expander<'_> {
    /// Keeps a value in a body; gives its index, unless its name is taken.
    pub(super) fn keep(&mut self, name: &Ident, value: Source, env: &mut Cow<'_, Env>) -> Option<usize> {
        let value = self.given(value, name.span());
        let wrong = match env.get(&name.to_string()) {
            None => return Some(self.name_value(name, value, false, env)),
            Some(Named::Number(_) | Named::Literal(_) | Named::Layer(_)) => {
                format!("`{name}` is already a parameter or a constant")
            }
            Some(Named::Kept(_)) if self.graph.inputs.iter().any(|input| *name == input.name) => {
                format!("`{name}` is an input of the net")
            }
            Some(Named::Kept(index)) => {
                let line = self.keeping.kept[*index].place.line();
                format!("two values are kept as `{name}`; the first is on line {line}")
            }
        };
        self.report.error(name.span(), message(&wrong, "keep it under another name"));
        None
    }

    pub(super) fn name_value(&mut self, name: &Ident, value: Source, is_read: bool, env: &mut Cow<'_, Env>) -> usize {
        let index = self.keeping.kept.len();
        self.keeping.kept.push(Kept {
            name: name.to_string(),
            value,
            place: name.span().into(),
            aux: self.aux,
            is_read,
        });
        env.to_mut().insert(name.to_string(), Named::Kept(index));
        index
    }

    /// The value that `from` reads, in place of the one before it.
    pub(super) fn read(&mut self, from: &ast::Kept, before: Source, env: &Env) -> Source {
        self.leave(before, from.place, "`keep NAME;` before this statement keeps it for a later `from NAME`");
        let name = from.name.to_string();
        let Some(Named::Kept(index)) = env.get(&name) else {
            self.report.error_once(from.name.span(), "kept", unknown(&from.name, &name, env));
            return Source::Broken;
        };
        let kept = &mut self.keeping.kept[*index];
        kept.is_read = true;
        if kept.aux == self.aux {
            return kept.value;
        }
        let wrong = format!("`{name}` is not in this auxiliary classifier, which reads the value at its place alone");
        let help = format!("put the `aux` statement where `{name}` is kept");
        self.report.error(from.place, message(&wrong, &help));
        Source::Broken
    }

    /// Leaves a value, which something else must read.
    pub(super) fn leave(&mut self, value: Source, place: Place, help: &'static str) {
        self.keeping.left.push(Left { value, place, help });
    }

    /// Whether something reads a kept value by its name.
    pub(super) fn is_read(&self, index: usize) -> bool {
        self.keeping.kept[index].is_read
    }

    /// Reports the values of a body that nothing read.
    pub(super) fn never_read(&mut self, own: &[usize]) {
        for kept in own.iter().map(|index| &self.keeping.kept[*index]).filter(|kept| !kept.is_read) {
            let wrong = "the value is kept, but nothing reads it";
            let help = "`from NAME` begins a statement or a branch with it; or leave `keep` out";
            self.report.error(kept.place, message(wrong, help));
        }
    }

    /// Reports where a `from` leaves a value that nothing reads.
    pub(super) fn lost(&mut self) {
        let graph = &*self.graph;
        if graph.outputs.iter().any(|output| output.value == Source::Broken) {
            return;
        }
        let inputs = graph.nodes.iter().flat_map(|node| node.inputs.iter().copied());
        let aux = graph.aux.iter().map(|aux| aux.result);
        let kept = self.keeping.kept.iter().map(|kept| kept.value);
        let mut read: HashSet<Source> = inputs.chain(aux).chain(kept).chain(graph.leaving()).collect();
        for Left { value, place, help } in &self.keeping.left {
            if let Source::Node(node) = *value
                && read.insert(*value)
            {
                let op = graph.nodes[node].op.name();
                let wrong = format!("nothing reads the output of the {op} on line {}", graph.nodes[node].place.line());
                self.report.error(*place, message(&wrong, help));
            }
        }
    }
}

/// The message for a value that was not kept here.
fn unknown(given: &Ident, name: &str, env: &Env) -> Message {
    if env.has_number(name) {
        let help = "`keep NAME;` keeps a value, under a name that is not taken";
        return message(&format!("`{name}` is a number, not a value that was kept"), help);
    }
    let kept = env.kept();
    let wrong = format!("no value is kept as `{name}` before this");
    if let Some(near) = nearest(name, kept.iter().copied()) {
        let message = message(&wrong, &format!("did you mean `{near}`?"));
        return message.fix([Edit::instead(given.span(), near)]);
    }
    let help = match &kept[..] {
        [] => "`keep NAME;` after a step keeps its output, in this body or in one around it".to_owned(),
        kept => {
            let kept: Vec<String> = kept.iter().map(|name| format!("`{name}`")).collect();
            format!("kept here: {}", listed(&kept, "and"))
        }
    };
    message(&wrong, &help)
}
