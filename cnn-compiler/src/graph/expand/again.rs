//! Steps applied again: the layers of an earlier step on another value, with the same weights.

use std::collections::HashMap;
use std::ops::Range;

use cnn_net::language::Scope;

use super::Expander;
use crate::ast::{self, Name};
use crate::graph::{Graph, Node, Source};
use crate::report::{Edit, Message, Place, message, nearest};

/// The steps that were expanded, by their full names.
#[derive(Default)]
pub(super) struct Expanded(HashMap<String, Step>);

/// A step: its nodes, what it reads and what it gives.
#[derive(Clone)]
struct Step {
    nodes: Range<usize>,
    input: Source,
    result: Source,
}

impl Expanded {
    /// A step whose nodes begin with `first`. Steps in branches may have the same number; then the one with weights is meant.
    pub(super) fn insert(&mut self, name: String, graph: &Graph, first: usize, input: Source, result: Source) {
        let has_tensors = |nodes: &Range<usize>| graph.nodes[nodes.clone()].iter().any(|node| node.op.has_tensors());
        let nodes = first..graph.nodes.len();
        if self.0.get(&name).is_none_or(|known| has_tensors(&nodes) || !has_tensors(&known.nodes)) {
            self.0.insert(name, Step { nodes, input, result });
        }
    }
}

impl Expander<'_> {
    pub(super) fn again(&mut self, given: Option<&Name>, again: &ast::Again, value: Source, scope: &Scope) -> Source {
        let name = &again.name;
        if let Some(given) = given {
            let wrong = format!("`again {name}` has the names of `{name}`, so it can't have another one");
            let message = message(&wrong, "leave the name out");
            let place = Place::from(given.span()).to(again.place);
            self.report.error(given.span(), message.fix([Edit::instead(place, again.to_string())]));
            return Source::Broken;
        }
        let value = self.given(value, again.place);
        let Some(step) = self.step_of(name, scope) else {
            self.report.error(name.span(), self.no_step(name, scope));
            return Source::Broken;
        };
        let of_other = |node: &Node| node.aux.is_some() && node.aux != self.aux;
        if !step.nodes.is_empty() && self.graph.nodes[step.nodes.clone()].iter().all(of_other) {
            let wrong = format!("`{name}` is part of an auxiliary classifier, which is not there at inference");
            self.report.error(name.span(), message(&wrong, "put the step on the trunk, and `again` in the classifier"));
            return Source::Broken;
        }
        if value == Source::Broken || step.result == Source::Broken || self.is_full(again.place) {
            return Source::Broken;
        }
        self.copy(&step, value, again.place)
    }

    /// Copies of a step's nodes. What they read other than the step's input stays the same.
    fn copy(&mut self, step: &Step, value: Source, place: Place) -> Source {
        let mut copies: HashMap<Source, Source> = HashMap::from([(step.input, value)]);
        for index in step.nodes.clone() {
            let node = &self.graph.nodes[index];
            if node.aux.is_some() && node.aux != self.aux {
                continue;
            }
            let inputs = node.inputs.iter().map(|input| copies.get(input).copied().unwrap_or(*input)).collect();
            let copy = Node {
                inputs,
                place,
                calls: self.calls.clone(),
                aux: self.aux,
                again: Some(node.again.unwrap_or(index)),
                ..node.clone()
            };
            self.graph.nodes.push(copy);
            copies.insert(Source::Node(index), Source::Node(self.graph.nodes.len() - 1));
        }
        copies.get(&step.result).copied().unwrap_or(step.result)
    }

    /// The step of this name in the present body, or in one around it.
    fn step_of(&self, name: &Name, scope: &Scope) -> Option<Step> {
        let name = name.to_string();
        let mut prefix = &*scope.prefix;
        loop {
            let full = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if let Some(step) = self.expanded.0.get(&full) {
                return Some(step.clone());
            }
            if prefix.is_empty() {
                return None;
            }
            prefix = prefix.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    /// The message for a step that is not there.
    fn no_step(&self, name: &Name, scope: &Scope) -> Message {
        let wrong = format!("there is no step `{name}` before this");
        let prefix = if scope.prefix.is_empty() { String::new() } else { format!("{}.", scope.prefix) };
        let mut names: Vec<&str> =
            self.expanded.0.keys().map(|full| full.strip_prefix(&prefix).unwrap_or(full)).collect();
        names.sort_unstable();
        if let Some(near) = nearest(&name.to_string(), names.iter().copied()) {
            let message = message(&wrong, &format!("did you mean `{near}`?"));
            let near = Name::new(near.to_owned(), name.span());
            return message.fix([Edit::instead(name.span(), near.written())]);
        }
        let help =
            "`again NAME` has the layers and the weights of an earlier step, by its name in this body or around it";
        message(&wrong, help)
    }
}
