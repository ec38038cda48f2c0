//! Values of expressions: whole numbers, in a block with its parameters.

use std::collections::HashMap;
use std::fmt;

use cnn_runtime::op::Shape;

use crate::ast::{Expr, ExprKind, Operator};
use crate::report::Report;

/// The largest number that a size, a count or a shape may have. It keeps products of two far from overflow.
pub(crate) const LARGEST: i64 = 1 << 24;

/// The values of a block's parameters; none in a net.
pub(crate) type Env = HashMap<String, i64>;

/// The whole number that an expression stands for; a mistake is reported.
pub(crate) fn whole(expr: &Expr, env: &Env, report: &mut Report) -> Option<i64> {
    match &expr.kind {
        ExprKind::Int(value) => Some(*value),
        ExprKind::Negative(inner) => whole(inner, env, report)?.checked_neg(),
        ExprKind::Name(name) => {
            let value = env.get(name).copied();
            if value.is_none() {
                report.error(expr.place, unknown_name(name, env));
            }
            value
        }
        ExprKind::Binary(operator, left, right) => {
            let (left, right) = (whole(left, env, report), whole(right, env, report));
            let (left, right) = (left?, right?);
            let value = apply(*operator, left, right);
            if value.is_none() {
                let cause = match operator {
                    Operator::Div | Operator::Rem if right == 0 => "divides by zero",
                    _ => "overflows 64 bits",
                };
                report.error(expr.place, format!("`{expr}` {cause}: {left} {} {right}", operator.symbol()));
            }
            value
        }
        ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Size(_) | ExprKind::Tuple(_) => {
            report.error(expr.place, format!("expected a whole number, found `{expr}`"));
            None
        }
    }
}

fn apply(operator: Operator, left: i64, right: i64) -> Option<i64> {
    match operator {
        Operator::Add => left.checked_add(right),
        Operator::Sub => left.checked_sub(right),
        Operator::Mul => left.checked_mul(right),
        Operator::Div => left.checked_div(right),
        Operator::Rem => left.checked_rem(right),
    }
}

fn unknown_name(name: &str, env: &Env) -> String {
    if env.is_empty() {
        return format!("expected a number, found `{name}`\nhelp: only blocks have parameters");
    }
    let mut params: Vec<&str> = env.keys().map(String::as_str).collect();
    params.sort_unstable();
    let help = match crate::report::nearest(name, params.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the block has {}", params.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ")),
    };
    format!("`{name}` is not a parameter of this block\nhelp: {help}")
}

/// The shape that an expression stands for: `CxHxW`, or one number for a vector; a mistake is reported.
pub(crate) fn shape(expr: &Expr, report: &mut Report) -> Option<Shape> {
    let env = Env::new();
    let parts = match &expr.kind {
        ExprKind::Size(parts) | ExprKind::Tuple(parts) => parts.as_slice(),
        _ => std::slice::from_ref(expr),
    };
    let mut numbers = Vec::new();
    for part in parts {
        let value = whole(part, &env, report)?;
        if !(1..=LARGEST).contains(&value) {
            report.error(expr.place, format!("{value} in the shape `{expr}` is out of range: expected 1 to {LARGEST}"));
            return None;
        }
        numbers.push(value as usize);
    }
    let shape = match numbers[..] {
        [features] => Shape::Vector(features),
        [channels, height, width] => Shape::map(channels, height, width),
        _ => {
            report.error(
                expr.place,
                format!("`{expr}` is not a shape\nhelp: maps are `channels x height x width`, a vector is one number"),
            );
            return None;
        }
    };
    if elements(shape).is_none() {
        report.error(expr.place, format!("a value of {shape} is too large: more than {MOST_ELEMENTS} elements"));
        return None;
    }
    Some(shape)
}

/// The most elements that one value may have (8 GiB of floats).
pub(crate) const MOST_ELEMENTS: usize = 1 << 31;

/// The elements of a shape, unless there are too many.
pub(crate) fn elements(shape: Shape) -> Option<usize> {
    let size = shape.size();
    shape
        .channels()
        .checked_mul(size.height)?
        .checked_mul(size.width)
        .filter(|elements| *elements <= MOST_ELEMENTS)
}

impl Operator {
    /// As it is written.
    pub(crate) fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Sub => '-',
            Self::Mul => '*',
            Self::Div => '/',
            Self::Rem => '%',
        }
    }
}

/// As it could have been written.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Int(value) => write!(f, "{value}"),
            ExprKind::Real(value) => write!(f, "{value}"),
            ExprKind::Bool(value) => write!(f, "{value}"),
            ExprKind::Name(name) => write!(f, "{name}"),
            ExprKind::Negative(inner) => write!(f, "-{inner}"),
            ExprKind::Binary(operator, left, right) => {
                let nested = |side: &Expr| match side.kind {
                    ExprKind::Binary(..) => format!("({side})"),
                    _ => side.to_string(),
                };
                write!(f, "{} {} {}", nested(left), operator.symbol(), nested(right))
            }
            ExprKind::Size(parts) => {
                let plain = parts.iter().all(|part| matches!(part.kind, ExprKind::Int(_)));
                list(f, parts, if plain { "x" } else { " x " })
            }
            ExprKind::Tuple(parts) => {
                f.write_str("(")?;
                list(f, parts, ", ")?;
                f.write_str(")")
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[Expr], between: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        write!(f, "{part}")?;
    }
    Ok(())
}
