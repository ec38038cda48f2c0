//! The inputs and outputs of a net.

use std::borrow::Cow;

use cnn_net::language::Scope;
use proc_macro2::Ident;

use super::Expander;
use crate::ast::{self, Name, Net, names};
use crate::env::{Env, Named};
use crate::graph::Source;
use crate::report::{Edit, Message, Place, listed, message, nearest};

impl Expander<'_> {
    /// Names the inputs, as if they were kept before the first step.
    pub(super) fn inputs(&mut self, net: &Net, known: bool, env: &mut Cow<'_, Env>) {
        for (index, port) in net.inputs.iter().enumerate() {
            let Some(name) = &port.name else { continue };
            match env.get(&name.to_string()) {
                None => {
                    let value = if known { Source::Input(index) } else { Source::Broken };
                    self.name_value(name, value, false, env);
                }
                Some(Named::Kept(_) | Named::Number(_) | Named::Literal(_) | Named::Layer(_)) => {
                    let wrong = format!("`{name}` is already a constant");
                    self.report.error(name.span(), message(&wrong, "give the input another name"));
                }
            }
        }
    }

    /// A value that is read, unless there is none yet.
    pub(super) fn given(&mut self, value: Source, place: impl Into<Place>) -> Source {
        if value != Source::None {
            return value;
        }
        let inputs: Vec<String> = self.graph.inputs.iter().map(|input| format!("`{}`", input.name)).collect();
        let wrong = format!("the net has {} inputs, and no value is chosen yet", inputs.len());
        let help = format!("`from NAME -> …` begins with one of them: {}", listed(&inputs, "or"));
        self.report.error_once(place.into(), "no value", message(&wrong, &help));
        Source::Broken
    }

    /// Writes a value, or what a body makes of it, to an output.
    pub(super) fn output(&mut self, output: &ast::Output, value: Source, scope: &Scope, env: &mut Cow<'_, Env>) {
        let ast::Output { name, body } = output;
        let given = name.to_string();
        let value = match body {
            None => value,
            Some(body) => {
                let (full, first) = (scope.join(&given), self.graph.nodes.len());
                self.claim(&full, &Name::from(name));
                let result = self.body(body, value, &mut Scope::new(&full), env);
                self.expanded.insert(full, self.graph, first, value, result);
                result
            }
        };
        let value = self.given(value, name.span());
        if self.aux.is_some() {
            let wrong = "an auxiliary classifier does not run at inference, so it has no outputs";
            self.report.error(name.span(), message(wrong, "write the output on the trunk"));
            return;
        }
        let Some(declared) = self.graph.outputs.iter_mut().find(|output| output.name == given) else {
            self.report.error(name.span(), self.undeclared(name, &given));
            return;
        };
        if let Some(first) = declared.written {
            let wrong = format!("the output `{name}` is written twice; the first time is on line {}", first.line());
            self.report.error(name.span(), message(&wrong, "declare another output for this value"));
            return;
        }
        declared.value = value;
        declared.written = Some(name.span().into());
        declared.end = body.as_ref().map(|body| body.end);
        // Like a tap, it can be read where no value was kept under its name.
        if env.get(&given).is_none() {
            self.name_value(name, value, true, env);
        }
    }

    /// The message for an output that the net doesn't declare.
    fn undeclared(&self, name: &Ident, given: &str) -> Message {
        let wrong = format!("the net has no output `{name}`");
        if !self.graph.names_outputs() {
            let help = format!("declare it after the arrow, `-> {{ {name}: SHAPE }}`");
            return message(&wrong, &help);
        }
        let declared: Vec<&str> = self.graph.outputs.iter().map(|output| &*output.name).collect();
        if let Some(near) = nearest(given, declared.iter().copied()) {
            let message = message(&wrong, &format!("did you mean `{near}`?"));
            return message.fix([Edit::instead(name.span(), near)]);
        }
        let declared: Vec<String> = declared.iter().map(|name| format!("`{name}`")).collect();
        message(&wrong, &format!("declared are {}", listed(&declared, "and")))
    }

    /// What is left after the last step: the output, or nothing. A mistake may be why an input is not read or an output not written.
    pub(super) fn outputs(&mut self, net: &Net, end: Source, is_clean: bool) {
        let place = Place::from(net.body.end);
        if !names(&net.outputs) {
            let value = self.given(end, place);
            if let [output] = &mut self.graph.outputs[..] {
                (output.value, output.end) = (value, Some(net.body.end));
            }
        } else {
            self.leave(end, place, "`output NAME;` after it, or leave it out");
        }
        if is_clean {
            self.unwritten(net);
            self.unread(net);
        }
    }

    /// Reports outputs that nothing was written to.
    fn unwritten(&mut self, net: &Net) {
        for (port, output) in net.outputs.iter().zip(&self.graph.outputs) {
            if let (None, Some(name)) = (output.written, &port.name) {
                let wrong = format!("nothing is written to the output `{name}`");
                let help = format!("`output {name};` after the step whose result it is");
                self.report.error(name.span(), message(&wrong, &help));
            }
        }
    }

    /// Reports inputs that nothing reads. The only one is read by the first step.
    fn unread(&mut self, net: &Net) {
        if net.inputs.len() < 2 {
            return;
        }
        // Their names come first.
        for (index, name) in net.inputs.iter().filter_map(|port| port.name.as_ref()).enumerate() {
            if !self.is_read(index) {
                let wrong = format!("nothing reads the input `{name}`");
                self.report.error(name.span(), message(&wrong, &format!("`from {name} -> …`, or leave it out")));
            }
        }
    }
}
