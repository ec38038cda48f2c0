//! Assigns the arguments of a block's call to its parameters.

use std::collections::HashMap;

use crate::ast::{Arg, Block, Call, Expr, ExprKind, Param};
use crate::eval::{Env, whole};
use crate::op::twice;
use crate::report::{Edit, Message, Place, Report, listed, message, nearest};

/// Binds the arguments of one call.
pub(super) struct Binder<'a> {
    pub(super) block: &'a Block,
    pub(super) call: &'a Call,
    /// The parameters in scope at the call.
    pub(super) env: &'a Env,
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
        let mut values = Env::new();
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
                Ok(name) => match self.value(&name, arg) {
                    Some(value) => drop(values.insert(name, value)),
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
                && !values.contains_key(&name)
            {
                values.insert(name, self.default(default, &values)?);
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
                let message = message(&format!("{}: unknown parameter `{given}`", block.name), &[], &help);
                Message::from(message).fixes(near.map(|near| vec![Edit::instead(given.span(), near)]))
            });
        }
        let behind_named = call.args[..index].iter().any(|arg| arg.name.is_some());
        match block.params.get(index) {
            Some(_) if behind_named => {
                let wrong = "needs a name, since it follows a named argument";
                Err(message(&format!("{}: `{}` {wrong}", block.name, arg.value), &[], &usage(block)).into())
            }
            Some(param) => Ok(param),
            None => {
                let wrong = format!("{}: unexpected argument `{}`", block.name, arg.value);
                Err(message(&wrong, &[], &usage(block)).into())
            }
        }
    }

    fn value(&mut self, name: &str, arg: &Arg) -> Option<i64> {
        if matches!(arg.value.kind, ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Size(_) | ExprKind::Tuple(_)) {
            let wrong = format!("{}: `{name} = {}`, expected one whole number", self.block.name, arg.value);
            let size = matches!(arg.value.kind, ExprKind::Size(_) | ExprKind::Tuple(_));
            let help = if size { "two parameters make a size: `height x width`" } else { "" };
            self.report.error(arg.value.place, message(&wrong, &[], help));
            return None;
        }
        whole(&arg.value, self.env, self.report)
    }

    /// Whether all parameters without a default are given; those that are not are reported.
    fn all_there(&mut self, values: &Env) -> bool {
        let Self { block, call, .. } = self;
        let needed = block.params.iter().filter(|param| param.default.is_none()).map(|param| param.name.to_string());
        let missing: Vec<String> =
            needed.filter(|name| !values.contains_key(name)).map(|name| format!("`{name}`")).collect();
        if missing.is_empty() {
            return true;
        }
        let are = if missing.len() == 1 { "is" } else { "are" };
        let wrong = format!("{}: {} {are} missing", block.name, listed(&missing, "and"));
        self.report.error(call.name.span(), message(&wrong, &[], &usage(block)));
        false
    }

    fn default(&mut self, default: &Expr, values: &Env) -> Option<i64> {
        let line = Place::from(self.call.name.span()).line();
        self.report.enter(format!("in `{}`, called on line {line}", self.block.name));
        let value = whole(default, values, self.report);
        self.report.leave();
        value
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
