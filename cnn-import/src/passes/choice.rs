//! One of two values, by a number that it is compared with.
//!
//! ```text
//! before   Where(Greater(x, 0), x, Mul(x, 0.1))     Where(Greater(x, 1), x, 0)      Where(Greater(x, 20), x, Softplus(x))
//! after    LeakyRelu(x, alpha = 0.1)                Threshold(x, alpha = 1)         Softplus(x)
//! ```
//!
//! A softplus of more than 20 is the number itself, in single precision.

use super::Finder;
use crate::graph::{Id, Node};
use crate::proto::Value;

/// From here on, a softplus is a straight line.
const STRAIGHT: f64 = 20.0;

/// `x` where it is larger than a number, and something else where it isn't.
struct Choice {
    x: Id,
    limit: f64,
    /// What is taken for the number itself.
    keeps_limit: bool,
    below: Id,
}

pub(super) fn choice<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let Choice { x, limit, keeps_limit, below } = of(finder, node)?;
    let made = |op: &'static str| node.replaced(op, vec![Some(x)]);
    if let Some(value) = finder.number(Some(below)) {
        let is_met = !keeps_limit || value == limit;
        let made = made("Threshold").with("alpha", Value::Float(limit as f32));
        return is_met.then(|| made.with("value", Value::Float(value as f32)));
    }
    if limit >= STRAIGHT && finder.of(below, "Softplus").is_some_and(|node| node.input(0) == Some(x)) {
        return Some(made("Softplus"));
    }
    let slope = match finder.of(below, "Div") {
        Some(quotient) => finder.with_number(quotient).filter(|(of, _)| *of == x).map(|(_, divisor)| 1.0 / divisor),
        None => finder.with_number(finder.of(below, "Mul")?).filter(|(of, _)| *of == x).map(|(_, slope)| slope),
    };
    slope.filter(|_| limit == 0.0).map(|slope| made("LeakyRelu").with("alpha", Value::Float(slope as f32)))
}

fn of(finder: &Finder<'_, '_>, node: &Node<'_>) -> Option<Choice> {
    let (condition, yes, no) = (node.input(0).filter(|_| node.op == "Where")?, node.input(1)?, node.input(2)?);
    let compared = |op: &str| {
        let node = finder.of(condition, op)?;
        Some((node.input(0)?, node.input(1)?))
    };
    // As `x > limit`, or as `x < limit`.
    let (a, b, is_more, is_equal) = [
        (compared("Greater"), true, false),
        (compared("GreaterOrEqual"), true, true),
        (compared("Less"), false, false),
        (compared("LessOrEqual"), false, true),
    ]
    .into_iter()
    .find_map(|(found, is_more, is_equal)| found.map(|(a, b)| (a, b, is_more, is_equal)))?;
    let (x, limit, is_more) = match (finder.number(Some(a)), finder.number(Some(b))) {
        (None, Some(limit)) => (a, limit, is_more),
        (Some(limit), None) => (b, limit, !is_more),
        _ => return None,
    };
    match is_more {
        true if yes == x => Some(Choice { x, limit, keeps_limit: is_equal, below: no }),
        false if no == x => Some(Choice { x, limit, keeps_limit: !is_equal, below: yes }),
        _ => None,
    }
}
