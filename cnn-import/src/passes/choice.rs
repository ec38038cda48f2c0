//! One of two values, by a number that it is compared with.
//!
//! ```text
//! before   Where(Greater(x, 0), x, Mul(x, 0.1))     Where(Greater(x, 1), x, 0)
//! after    LeakyRelu(x, alpha = 0.1)                Threshold(x, alpha = 1)
//!
//! before   Where(Greater(Mul(x, 2), 5), x, Div(Softplus(Mul(x, 2)), 2))
//! after    Softplus(x, beta = 2, threshold = 5)
//! ```

use super::{Finder, is_close};
use crate::graph::{Id, Node};
use crate::proto::Value;

/// From here on, a softplus is a straight line in single precision.
const STRAIGHT: f64 = 20.0;

/// One value where a third one is larger than a number, and another where it isn't.
pub(super) struct Choice {
    pub(super) of: Id,
    pub(super) limit: f64,
    /// Whether the first is also taken for the number itself.
    pub(super) keeps_limit: bool,
    pub(super) above: Id,
    pub(super) below: Id,
}

pub(super) fn choice<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let choice = Choice::of(finder, node)?;
    if choice.of != choice.above {
        return softplus(finder, node, &choice);
    }
    let Choice { of: x, limit, keeps_limit, below, .. } = choice;
    let made = |op: &'static str| node.replaced(op, vec![Some(x)]);
    if let Some(value) = finder.number(Some(below)) {
        let is_met = !keeps_limit || value == limit;
        let made = made("Threshold").with("alpha", Value::Float(limit as f32));
        return is_met.then(|| made.with("value", Value::Float(value as f32)));
    }
    let slope = match finder.of(below, "Div") {
        Some(quotient) => finder.with_number(quotient).filter(|(of, _)| *of == x).map(|(_, divisor)| 1.0 / divisor),
        None => finder
            .of(below, "Mul")
            .and_then(|product| finder.with_number(product))
            .filter(|(of, _)| *of == x)
            .map(|(_, slope)| slope),
    };
    match slope {
        Some(slope) => (limit == 0.0).then(|| made("LeakyRelu").with("alpha", Value::Float(slope as f32))),
        None => softplus(finder, node, &choice),
    }
}

/// A softplus, perhaps of a multiple of the number.
fn softplus<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>, choice: &Choice) -> Option<Node<'a>> {
    let Choice { of, limit, keeps_limit, above: x, below } = *choice;
    let (soft, beta) = if of == x {
        (below, 1.0)
    } else {
        let (_, beta) = finder.with_number(finder.of(of, "Mul")?).filter(|(scaled, _)| *scaled == x)?;
        let (soft, divisor) = finder.with_number(finder.of(below, "Div")?)?;
        (soft, if is_close(divisor, beta) { beta } else { return None })
    };
    let is_plain =
        finder.of(soft, "Softplus").is_some_and(|node| node.input(0) == Some(of) && node.attributes.is_empty());
    if !is_plain || limit < STRAIGHT && keeps_limit {
        return None;
    }
    let made = node.replaced("Softplus", vec![Some(x)]);
    if beta == 1.0 && limit >= STRAIGHT {
        return Some(made);
    }
    Some(made.with("beta", Value::Float(beta as f32)).with("threshold", Value::Float(limit as f32)))
}

impl Choice {
    /// A `Where` by a comparison with a number.
    pub(super) fn of(finder: &Finder<'_, '_>, node: &Node<'_>) -> Option<Self> {
        let (condition, yes, no) = (node.input(0).filter(|_| node.op == "Where")?, node.input(1)?, node.input(2)?);
        let Comparison { of, limit, is_more, is_equal } = Comparison::of(finder, condition)?;
        Some(if is_more {
            Self { of, limit, keeps_limit: is_equal, above: yes, below: no }
        } else {
            Self { of, limit, keeps_limit: !is_equal, above: no, below: yes }
        })
    }
}

/// Whether a value is larger or less than a number.
pub(super) struct Comparison {
    pub(super) of: Id,
    pub(super) limit: f64,
    pub(super) is_more: bool,
    /// Whether it may be the number itself.
    pub(super) is_equal: bool,
}

impl Comparison {
    pub(super) fn of(finder: &Finder<'_, '_>, condition: Id) -> Option<Self> {
        let compared = |op: &str| {
            let node = finder.of(condition, op)?;
            Some((node.input(0)?, node.input(1)?))
        };
        let (a, b, is_more, is_equal) = [
            (compared("Greater"), true, false),
            (compared("GreaterOrEqual"), true, true),
            (compared("Less"), false, false),
            (compared("LessOrEqual"), false, true),
        ]
        .into_iter()
        .find_map(|(found, is_more, is_equal)| found.map(|(a, b)| (a, b, is_more, is_equal)))?;
        match (finder.number(Some(a)), finder.number(Some(b))) {
            (None, Some(limit)) => Some(Self { of: a, limit, is_more, is_equal }),
            (Some(limit), None) => Some(Self { of: b, limit, is_more: !is_more, is_equal }),
            _ => None,
        }
    }
}
