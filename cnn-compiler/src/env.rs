//! What names stand for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use crate::ast::{Call, Expr, ExprKind};

/// The names that a body can use: constants, the parameters of its block, and values that were kept.
#[derive(Clone, Default)]
pub(crate) struct Env(HashMap<String, Named>);

/// What a name stands for.
#[derive(Clone)]
pub(crate) enum Named {
    /// A whole number.
    Number(i64),
    /// A decimal, a size, a flag or a word, without names of numbers in it.
    Literal(Expr),
    /// A layer or a block with its arguments.
    Layer(Call),
    /// A value that was kept, by its index.
    Kept(usize),
}

impl FromIterator<(String, Named)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, Named)>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Env {
    pub(crate) fn get(&self, name: &str) -> Option<&Named> {
        self.0.get(name)
    }

    pub(crate) fn insert(&mut self, name: String, value: Named) {
        self.0.insert(name, value);
    }

    /// Whether the name is that of a number.
    pub(crate) fn has_number(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Named::Number(_)))
    }

    /// The names of numbers, in order.
    pub(crate) fn numbers(&self) -> Vec<&str> {
        self.names(|named| matches!(named, Named::Number(_)))
    }

    /// The names of kept values, in order.
    pub(crate) fn kept(&self) -> Vec<&str> {
        self.names(|named| matches!(named, Named::Kept(_)))
    }

    fn names(&self, is: impl Fn(&Named) -> bool) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.0.iter().filter(|(_, named)| is(named)).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// What an expression stands for if it is the name of a literal, at the same place.
    pub(crate) fn literal<'e>(&self, expr: &'e Expr) -> Cow<'e, Expr> {
        if let ExprKind::Name(name) = &expr.kind
            && let Some(Named::Literal(literal)) = self.get(name)
        {
            return Cow::Owned(Expr { kind: literal.kind.clone(), place: expr.place });
        }
        Cow::Borrowed(expr)
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Literal(literal) => write!(f, "{literal}"),
            Self::Layer(call) => write!(f, "{call}"),
            Self::Kept(_) => f.write_str("…"),
        }
    }
}
