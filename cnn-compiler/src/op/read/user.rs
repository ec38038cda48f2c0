//! Paths of the user's functions and types, and the tensors of their layers.

use cnn_net::op::Dims;

use super::{Help, Reader};
use crate::ast::{Arg, Call, Expr, ExprKind};
use crate::eval::{MOST_ELEMENTS, path, product};
use crate::path::RustPath;

impl Reader<'_> {
    /// Whether this is the word for what the argument is by default.
    pub(in crate::op) fn is_default(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Name(word) if self.param.default.as_ref().is_some_and(|default| word == default))
    }

    /// `layers::Coordinates`
    pub(in crate::op) fn path(&mut self, expr: &Expr) -> Option<RustPath> {
        let found = match &expr.kind {
            ExprKind::Path(found) => Some(found.clone()),
            // A name of the language is not one of Rust.
            ExprKind::Name(word) if self.env.get(word).is_none() => RustPath::of_word(word, expr.place.ends()[0]),
            ExprKind::Name(word) => {
                let help = Help::instead(
                    format!("`{word}` has a value in this declaration; for Rust's, write `self::{word}`"),
                    format!("self::{word}"),
                );
                return self.wrong(expr, &self.expected(), help);
            }
            ExprKind::Broken => return None,
            ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Bool(_)
            | ExprKind::Binary(..)
            | ExprKind::Negative(_)
            | ExprKind::Size(_)
            | ExprKind::Tuple(_)
            | ExprKind::Call(_)
            | ExprKind::Range(_) => None,
        };
        match found {
            Some(found) => Some(path(&found, self.env)),
            None => self.wrong(expr, &self.expected(), Help::words(self.form())),
        }
    }

    fn expected(&self) -> String {
        let what = if self.param.name == "type" { "type" } else { "function" };
        format!("the path of a {what}")
    }

    fn form(&self) -> &'static str {
        match self.param.name {
            "function" => "for example `map(path::to::f)`, with a function `fn f(x: f32) -> f32`",
            "derivative" => "for example `map(path::to::f, derivative = path::to::df)`, with `fn df(x: f32) -> f32`",
            _ => "for example `custom(path::to::Type, 16x8x8)`, with a type that implements `cnn::custom::Custom`",
        }
    }

    /// The dimensions of a tensor, and whether it is trained: `16x3`, or `buffer(16x3)`.
    pub(in crate::op) fn tensor(&mut self, expr: &Expr) -> Option<(Vec<usize>, bool)> {
        let (dims, trained) = match &expr.kind {
            ExprKind::Call(call) => match buffer(call) {
                Some(dims) => (dims, false),
                None => return self.no_tensor(expr),
            },
            _ => (expr, true),
        };
        let dims = self.env.literal(dims);
        let parts = match &dims.kind {
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => &parts[..],
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                std::slice::from_ref(&*dims)
            }
            ExprKind::Broken => return None,
            ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Call(_) | ExprKind::Range(_) | ExprKind::Path(_) => {
                return self.no_tensor(expr);
            }
        };
        if parts.len() > Dims::MOST {
            return self.no_tensor(expr);
        }
        let numbers: Vec<Option<usize>> = parts.iter().map(|part| self.count(part)).collect();
        let numbers: Vec<usize> = numbers.into_iter().collect::<Option<_>>()?;
        if let Some(many) = product(&numbers, MOST_ELEMENTS, "numbers") {
            let wrong = format!("{}: `{} = {expr}` is too large: {many}", self.layer.name, self.param.name);
            self.report.error(expr.place, wrong);
            return None;
        }
        Some((numbers, trained))
    }

    fn no_tensor<T>(&mut self, expr: &Expr) -> Option<T> {
        let name = self.param.name;
        let help = format!("for example `{name} = 16x3`, or `{name} = buffer(16x3)` for one that is not trained");
        self.wrong(expr, "the one to four dimensions of a tensor", Help::words(help))
    }
}

/// What is in the parentheses of `buffer( … )`.
fn buffer(call: &Call) -> Option<&Expr> {
    match &call.args[..] {
        [Arg { name: None, value }] if call.name == "buffer" => Some(value),
        _ => None,
    }
}
