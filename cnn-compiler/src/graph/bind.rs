//! Assigns the arguments of a block's call to its parameters.

use std::collections::HashMap;

use proc_macro2::Ident;

use super::kinds::{Kind, Kinds};
use super::unknown::called;
use crate::ast::{Arg, Ast, Block, Call, Expr, ExprKind, Param};
use crate::env::{Env, Named};
use crate::eval::{named, whole};
use crate::op::twice;
use crate::path::RustPath;
use crate::report::{Edit, Message, Place, Report, listed, message, nearest};

/// Binds the arguments of one call.
pub(super) struct Binder<'a> {
    pub(super) ast: &'a Ast,
    pub(super) block: &'a Block,
    pub(super) call: &'a Call,
    /// The names in scope at the call.
    pub(super) env: &'a Env,
    /// Those in scope everywhere.
    pub(super) constants: &'a Env,
    pub(super) kinds: &'a Kinds,
    pub(super) report: &'a mut Report,
}

impl Binder<'_> {
    /// The values of the block's parameters; all mistakes are reported.
    pub(super) fn bind(&mut self) -> Option<Env> {
        let params = &self.block.params;
        if params.iter().enumerate().any(|(index, param)| params[..index].iter().any(|p| p.name == param.name)) {
            // Two parameters of the same name were already reported.
            return None;
        }
        let mut values = self.constants.clone();
        let mut first: HashMap<String, &Expr> = HashMap::new();
        let mut sound = true;
        for (index, arg) in self.call.args.iter().enumerate() {
            let param = self.param_of(arg, index).and_then(|param| {
                let name = param.name.to_string();
                match first.insert(name.clone(), &arg.value) {
                    Some(first) => Err(twice(&self.block.name, &name, first, &arg.value).into()),
                    None => Ok(name),
                }
            });
            match param {
                Ok(name) => match self.value(&name, &arg.value) {
                    Some(value) => values.insert(name, value),
                    None => sound = false,
                },
                Err(message) => {
                    self.report.error(arg.place(), message);
                    sound = false;
                }
            }
        }
        if !sound || !self.all_there(&values) {
            return None;
        }
        for param in &self.block.params {
            if let (name, Some(default)) = (param.name.to_string(), &param.default)
                && values.get(&name).is_none()
            {
                let value = self.default(&name, default, &values)?;
                values.insert(name, value);
            }
        }
        Some(values)
    }

    /// The parameter that an argument is for, or what is wrong.
    fn param_of(&self, arg: &Arg, index: usize) -> Result<&Param, Message> {
        let Self { block, call, .. } = self;
        if let Some(given) = &arg.name {
            return block.params.iter().find(|param| param.name == *given).ok_or_else(|| {
                let params: Vec<String> = block.params.iter().map(|param| param.name.to_string()).collect();
                let near = nearest(&given.to_string(), params.iter().map(String::as_str));
                let help = near.map_or_else(|| usage(block), |near| format!("did you mean `{near}`?"));
                let message = message(&format!("{}: unknown parameter `{given}`", block.name), &help);
                message.fixes(near.map(|near| vec![Edit::instead(given.span(), near)]))
            });
        }
        let follows_named = call.args[..index].iter().any(|arg| arg.name.is_some());
        match block.params.get(index) {
            Some(_) if follows_named => {
                let wrong = "needs a name, since it follows a named argument";
                Err(message(&format!("{}: `{}` {wrong}", block.name, arg.value), &usage(block)))
            }
            Some(param) => Ok(param),
            None => {
                let wrong = format!("{}: unexpected argument `{}`", block.name, arg.value);
                Err(message(&wrong, &usage(block)))
            }
        }
    }

    /// The value of an argument, which must be of its parameter's kind.
    fn value(&mut self, name: &str, value: &Expr) -> Option<Named> {
        let env = self.env;
        self.value_in(env, name, value)
    }

    fn value_in(&mut self, env: &Env, name: &str, value: &Expr) -> Option<Named> {
        let kind = self.kinds.get(&self.block.name.to_string(), name);
        let is_word =
            |kind| matches!(kind, Kind::Pad | Kind::Word(_) | Kind::Path | Kind::Layer | Kind::Kept | Kind::Flag);
        // The message about a name that stands for no number.
        if let ExprKind::Name(word) = &value.kind
            && env.get(word).is_none()
            && !kind.is_some_and(is_word)
        {
            return whole(value, env, self.report).map(Named::Number);
        }
        let found = match (named(value, env, self.report)?, kind) {
            (Named::Literal(Expr { kind: ExprKind::Name(word), .. }), Some(Kind::Layer)) => Named::Layer(Call {
                name: Ident::new(&word, value.place.ends()[0]),
                place: value.place,
                args: Vec::new(),
            }),
            // With its token, where rustc points.
            (Named::Literal(Expr { kind: ExprKind::Name(word), place }), Some(Kind::Path)) => {
                let path = RustPath::of_word(&word, value.place.ends()[0]);
                Named::Literal(Expr { kind: path.map_or(ExprKind::Name(word), ExprKind::Path), place })
            }
            (found, _) => found,
        };
        if let Named::Layer(call) = &found {
            let before = self.report.len();
            called(call, env, self.ast, self.report);
            if self.report.len() > before {
                return None;
            }
        }
        let Some(kind) = kind else { return Some(found) };
        if kind.fits(&found) {
            return Some(found);
        }
        let wrong = format!("{}: `{name} = {value}`, expected {}", self.block.name, kind.expected());
        self.report.error(value.place, message(&wrong, &advice(kind, &found, env)));
        None
    }

    /// Whether all parameters without a default are given; those that are not are reported.
    fn all_there(&mut self, values: &Env) -> bool {
        let Self { block, call, .. } = self;
        let needed = block.params.iter().filter(|param| param.default.is_none()).map(|param| param.name.to_string());
        let missing: Vec<String> =
            needed.filter(|name| values.get(name).is_none()).map(|name| format!("`{name}`")).collect();
        if missing.is_empty() {
            return true;
        }
        let are = if missing.len() == 1 { "is" } else { "are" };
        let wrong = format!("{}: {} {are} missing", block.name, listed(&missing, "and"));
        self.report.error(call.name.span(), message(&wrong, &usage(block)));
        false
    }

    fn default(&mut self, name: &str, default: &Expr, values: &Env) -> Option<Named> {
        let line = Place::from(self.call.name.span()).line();
        self.report.enter(format!("in `{}`, called on line {line}", self.block.name));
        let value = self.value_in(values, name, default);
        self.report.leave();
        value
    }
}

/// What helps where an argument is of another kind.
fn advice(kind: Kind, found: &Named, env: &Env) -> String {
    let is_size = matches!(found, Named::Literal(Expr { kind: ExprKind::Size(_) | ExprKind::Tuple(_), .. }));
    match kind {
        Kind::Number if is_size => "two parameters make a size: `height x width`".to_owned(),
        Kind::Kept => match &env.kept()[..] {
            [] => "`keep NAME;` after a step keeps its output".to_owned(),
            kept => {
                let kept: Vec<String> = kept.iter().map(|name| format!("`{name}`")).collect();
                format!("kept here: {}", listed(&kept, "and"))
            }
        },
        _ => String::new(),
    }
}

/// How to call a block.
fn usage(block: &Block) -> String {
    let param = |param: &Param| match &param.default {
        Some(default) => format!("{} = {default}", param.name),
        None => param.name.to_string(),
    };
    let params: Vec<String> = block.params.iter().map(param).collect();
    format!("usage: `{}({})`", block.name, params.join(", "))
}
