//! Checks that a tree declares a graph. This is the last step: it names and numbers the steps of a tree as the compiler does, and
//! compares each with the graph, so that anything the writer did not foresee is an error, never a different net.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Unsayable;
use super::build::{UNSEEN, begin};
use super::parts::named;
use super::scope::Scope;
use super::tree::{Aux, Kind, Site, Statement, Step};
use crate::graph::{Call, Graph, Input, Value};

const ORDER: &str = "a declaration would compute it at another time";
const TWICE: &str = "the name is given twice";

/// Whether a tree declares a graph.
pub(super) fn tree(graph: &Graph<'_>, sites: &[Site], body: &[Statement]) -> Result<(), Unsayable> {
    let (names, tensors, methods) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let named = |(index, input): (usize, &Input<'_>)| (input.name.to_owned(), Some(Value::Input(index)));
    let kept = graph.inputs.iter().enumerate().filter(|_| graph.names_inputs()).map(named).collect();
    let outputs = vec![None; graph.outputs.len()];
    let mut walk = Walk { graph, sites, next: 0, taps: 0, aux: 0, outputs, names, tensors, methods, kept, hidden: 0 };
    let place = Place { calls: &[], aux: None };
    let end = walk.body(body, begin(graph), &mut Scope::new(""), place)?;
    if !graph.names_outputs() {
        walk.outputs = vec![end];
    }
    if let Some((output, _)) = graph.outputs.iter().zip(&walk.outputs).find(|(output, at)| **at != Some(output.value)) {
        let name = if graph.names_outputs() { output.name } else { graph.name };
        return Err(Unsayable::new(name, "a declaration would have another output"));
    }
    if let Some(node) = graph.nodes.get(walk.next) {
        return Err(Unsayable::new(node.name, ORDER));
    }
    if let Some(tap) = graph.taps.get(walk.taps) {
        return Err(Unsayable::new(tap.name, "there is no place for a tap of this name"));
    }
    match graph.aux.get(walk.aux) {
        Some(aux) => Err(Unsayable::new(aux.name, "there is no place for a classifier of this name")),
        None => Ok(()),
    }
}

/// What encloses a step.
#[derive(Clone, Copy)]
struct Place<'a> {
    calls: &'a [(&'a str, &'a str)],
    aux: Option<usize>,
}

struct Walk<'a> {
    graph: &'a Graph<'a>,
    sites: &'a [Site],
    /// How many nodes, taps and auxiliary classifiers were found.
    next: usize,
    taps: usize,
    aux: usize,
    /// The value of each output found so far.
    outputs: Vec<Option<Value>>,
    /// The names given so far.
    names: BTreeSet<String>,
    /// The names of layers with tensors.
    tensors: BTreeSet<&'a str>,
    /// The taps, by the methods that read them.
    methods: BTreeSet<String>,
    /// The kept values that a step can see, by name.
    kept: Vec<(String, Option<Value>)>,
    /// How many of them are outside its block.
    hidden: usize,
}

impl Walk<'_> {
    fn body(
        &mut self,
        body: &[Statement],
        mut value: Option<Value>,
        scope: &mut Scope,
        place: Place<'_>,
    ) -> Result<Option<Value>, Unsayable> {
        let kept = self.kept.len();
        for statement in body {
            match statement {
                Statement::Step(step) => value = self.step(step, value, scope, place)?,
                Statement::Tap(name) => self.tap(&scope.join(name), value, place)?,
                Statement::Keep(name) => self.kept.push((name.clone(), value)),
                Statement::Output(name) => self.output(name, value, place)?,
                Statement::Aux(aux) => self.auxiliary(aux, value, scope, place)?,
            }
        }
        self.kept.truncate(kept);
        Ok(value)
    }

    fn output(&mut self, name: &str, value: Option<Value>, place: Place<'_>) -> Result<(), Unsayable> {
        let index = self.graph.outputs.iter().position(|output| output.name == name);
        match index.and_then(|index| self.outputs.get_mut(index)) {
            Some(at @ None) if place.aux.is_none() => *at = value,
            Some(_) | None => return Err(Unsayable::new(name, "an output can't have this name or place")),
        }
        Ok(())
    }

    fn tap(&mut self, name: &str, value: Option<Value>, place: Place<'_>) -> Result<(), Unsayable> {
        let expected = self.graph.taps.get(self.taps);
        self.taps += 1;
        let method = name.replace('.', "_");
        if place.aux.is_some() || name == "output" || !self.methods.insert(method) {
            return Err(Unsayable::new(name, "a tap can't have this name or place"));
        }
        match expected {
            Some(tap) if tap.name == name && Some(tap.value) == value => Ok(()),
            Some(_) | None => Err(Unsayable::new(name, "a declaration would keep it at another time")),
        }
    }

    fn auxiliary(&mut self, aux: &Aux, value: Option<Value>, scope: &Scope, place: Place<'_>) -> Result<(), Unsayable> {
        let name = scope.join(&aux.name);
        self.claim(&name)?;
        let index = self.aux;
        let expected = self.graph.aux.get(index).filter(|expected| expected.name == name && place.aux.is_none());
        self.aux += 1;
        let result = self.body(&aux.body, value, &mut Scope::new(&name), Place { aux: Some(index), ..place })?;
        match expected {
            Some(expected) if Some(expected.result) == result => Ok(()),
            Some(_) | None => Err(Unsayable::new(&name, ORDER)),
        }
    }

    fn claim(&mut self, name: &str) -> Result<(), Unsayable> {
        if self.names.insert(name.to_owned()) { Ok(()) } else { Err(Unsayable::new(name, TWICE)) }
    }

    fn step(
        &mut self,
        step: &Step,
        value: Option<Value>,
        scope: &mut Scope,
        place: Place<'_>,
    ) -> Result<Option<Value>, Unsayable> {
        if let Kind::From(name) = &step.kind {
            let kept = self.kept[self.hidden..].iter().rfind(|(kept, _)| kept == name);
            return kept.map(|(_, value)| *value).ok_or_else(|| Unsayable::new(name, UNSEEN));
        }
        if let Kind::Again(name) = &step.kind {
            return self.again(name, value, scope, place);
        }
        let name = scope.step(step.name.as_deref());
        if step.name.is_some() {
            self.claim(&name)?;
        }
        match &step.kind {
            Kind::Layer(layer) => self.node(layer.node, &name, &[value], place),
            Kind::Merge(merge) => {
                let mut inner = Scope::new(&scope.prefix);
                let mut inputs = Vec::new();
                for branch in &merge.branches {
                    let mut result = value;
                    for step in branch {
                        result = self.step(step, result, &mut inner, place)?;
                    }
                    inputs.push(result);
                }
                self.node(merge.node, &name, &inputs, place)
            }
            Kind::Group(body) => self.body(body, value, &mut Scope::new(&name), place),
            Kind::Call(call) => {
                let Some(site) = self.sites.get(call.site) else { return Err(Unsayable::new(&name, ORDER)) };
                let calls: Vec<(&str, &str)> = place.calls.iter().copied().chain([(&*call.block, &*name)]).collect();
                let hidden = core::mem::replace(&mut self.hidden, self.kept.len());
                let result = self.body(&site.body, value, &mut Scope::new(&name), Place { calls: &calls, ..place });
                self.hidden = hidden;
                result
            }
            // Steps are not yet repeated.
            Kind::Skip | Kind::From(_) | Kind::Again(_) | Kind::Repeat(_) => Ok(value),
        }
    }

    /// An earlier step, applied again: found and copied as by the compiler.
    fn again(
        &mut self,
        name: &str,
        value: Option<Value>,
        scope: &Scope,
        place: Place<'_>,
    ) -> Result<Option<Value>, Unsayable> {
        let graph = self.graph;
        let error = || Unsayable::new(name, "a declaration would have other layers in its place");
        let mut prefix = &*scope.prefix;
        while !prefix.is_empty() {
            if !named(graph, &format!("{prefix}.{name}")).is_empty() {
                return Err(error());
            }
            prefix = prefix.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
        let step = named(graph, name);
        let inside = |value: &Value| matches!(value, Value::Node(node) if step.contains(node));
        let read: BTreeSet<Value> =
            step.iter().flat_map(|node| graph.nodes[*node].inputs).filter(|value| !inside(value)).copied().collect();
        let (1, Some(_)) = (read.len(), value) else { return Err(error()) };
        let first = self.next;
        for index in &step {
            let (Some(node), of) = (graph.nodes.get(self.next), &graph.nodes[*index]) else { return Err(error()) };
            let copied = |input: &Value| match input {
                Value::Node(input) if step.contains(input) => Some(Value::Node(first + input - step[0])),
                Value::Node(_) | Value::Input(_) => value,
            };
            let inputs: Vec<Option<Value>> = of.inputs.iter().map(copied).collect();
            if node.op != of.op || node.again != Some(*index) {
                return Err(error());
            }
            self.node(self.next, of.name, &inputs, place)?;
        }
        Ok(Some(Value::Node(self.next - 1)))
    }

    fn node(
        &mut self,
        index: usize,
        name: &str,
        inputs: &[Option<Value>],
        place: Place<'_>,
    ) -> Result<Option<Value>, Unsayable> {
        let graph = self.graph;
        let node = &graph.nodes[index];
        let error = |why| Err(Unsayable::new(node.name, why));
        if index != self.next {
            return error(ORDER);
        }
        self.next += 1;
        if node.name != name {
            return error("its name is not that of its place");
        }
        if !node.inputs.iter().map(|input| Some(*input)).eq(inputs.iter().copied()) {
            return error("a declaration would read other values in its place");
        }
        let is_same = |(call, (block, name)): (&Call<'_>, &(&str, &str))| call.block == *block && call.name == *name;
        if node.calls.len() != place.calls.len() || !node.calls.iter().zip(place.calls).all(is_same) {
            return error("the blocks that it is said to come from are not around its place");
        }
        if node.aux != place.aux {
            return error("it is not in the auxiliary classifier that it is said to be in");
        }
        if !node.own_tensors().is_empty() && !self.tensors.insert(node.name) {
            return error(TWICE);
        }
        Ok(Some(Value::Node(index)))
    }
}
