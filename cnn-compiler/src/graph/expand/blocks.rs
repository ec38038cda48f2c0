//! Calls of blocks.

use std::borrow::Cow;

use cnn_net::language::Scope;
use proc_macro2::Ident;

use super::Expander;
use crate::ast::{Block, Call, Name, Param};
use crate::env::{Env, Named};
use crate::graph::bind::Binder;
use crate::graph::{Frame, Source};
use crate::op::Layer;
use crate::report::{Edit, message};

impl<'a> Expander<'a> {
    /// A call, or the one that a parameter of its name stands for.
    pub(super) fn meant<'c>(&mut self, call: &'c Call, env: &Env) -> Option<Cow<'c, Call>> {
        let name = call.name.to_string();
        let Some(Named::Layer(given)) = env.get(&name).filter(|_| Layer::named(&name).is_none()) else {
            return Some(Cow::Borrowed(call));
        };
        if call.args.is_empty() {
            let name = Ident::new(&given.name.to_string(), call.name.span());
            return Some(Cow::Owned(Call { name, place: call.place, args: given.args.clone() }));
        }
        let wrong = format!("`{name}` already has its arguments: it is `{given}`");
        self.report.error(call.place, message(&wrong, &format!("leave them out: `{name}`")));
        None
    }

    pub(super) fn block(&mut self, call: &Call, named: bool, name: String, value: Source, env: &Env) -> Source {
        let Some((block, inner)) = self.called(call, env) else { return Source::Broken };
        let frame = Frame {
            block: block.name.to_string(),
            name: name.clone(),
            call: self.shown(block, &inner),
            place: call.name.span().into(),
            named,
        };
        self.report.enter(frame.line());
        let outer = self.calls.clone();
        self.calls = outer.iter().cloned().chain([frame]).collect();
        let result = self.body(&block.body, value, &mut Scope::new(&name), &inner);
        self.report.leave();
        self.calls = outer;
        result
    }

    /// A block's steps among those around it.
    pub(super) fn splice(
        &mut self,
        given: Option<&Name>,
        call: &Call,
        value: Source,
        scope: &mut Scope,
        env: &Env,
    ) -> Source {
        let name = call.name.to_string();
        if let Some(given) = given {
            let wrong = format!("`..{name}` adds no level of names, so it can't have a name");
            let message = message(&wrong, &format!("`{given}: {call}` adds one"));
            self.report.error(given.span(), message.fix([Edit::instead(call.place, call.to_string())]));
            return Source::Broken;
        }
        if Layer::named(&name).is_some() {
            let wrong = format!("`{name}` is a layer, and only a block's steps can be put here");
            let message = message(&wrong, &format!("`{call}`, without the dots"));
            self.report.error(call.place, message.fix([Edit::instead(call.place, call.to_string())]));
            return Source::Broken;
        }
        let Some((block, inner)) = self.called(call, env) else { return Source::Broken };
        self.report.enter(format!("in `{}`, called on line {}", self.shown(block, &inner), call.place.line()));
        self.splices.push(name);
        let result = self.body(&block.body, value, scope, &inner);
        self.splices.pop();
        self.report.leave();
        result
    }

    /// The block that is called, with the values of its parameters.
    fn called(&mut self, call: &Call, env: &Env) -> Option<(&'a Block, Env)> {
        // Unknown names and blocks that call themselves were reported before the expansion.
        let ast = self.ast;
        let block = ast.blocks.iter().find(|block| block.name == call.name)?;
        let Self { constants, kinds, report, .. } = self;
        let inner = Binder { ast, block, call, env, constants, kinds, report }.bind()?;
        let calls_itself = self.calls.iter().any(|frame| call.name == frame.block)
            || self.splices.iter().any(|name| call.name == name);
        (!calls_itself).then_some((block, inner))
    }

    /// A call with the values of its arguments: `fire(16, 64)`.
    fn shown(&self, block: &Block, values: &Env) -> String {
        let shown = |param: &Param| match values.get(&param.name.to_string()) {
            Some(Named::Kept(index)) => self.keeping.name(*index).to_owned(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let values: Vec<String> = block.params.iter().map(shown).collect();
        format!("{}({})", block.name, values.join(", "))
    }
}
