//! Hard sigmoid and hard swish.
//!
//! ```text
//! before   Add(x, 3) → Clip(0, 6) → Div(·, 6)         Clip(x * a + b, 0, 1)          Mul(x, HardSigmoid(x))
//! after    HardSigmoid(alpha = 1/6, beta = 0.5)       HardSigmoid(a, b)              HardSwish(x)
//! ```
//!
//! Paddle multiplies before it divides: `Mul(x, Clip(x + 3, 0, 6)) → Div(·, 6)` is a hard swish.

use super::{Finder, is_close};
use crate::graph::{Id, Node};
use crate::proto::Value;

/// What a hard sigmoid is of, with its slope and its value at 0.
fn sigmoid(finder: &Finder<'_, '_>, id: Id) -> Option<(Id, f64, f64)> {
    if let Some(node) = finder.of(id, "HardSigmoid") {
        let (alpha, beta) = (node.float("alpha", 0.2).ok()?, node.float("beta", 0.5).ok()?);
        return Some((node.input(0)?, f64::from(alpha), f64::from(beta)));
    }
    None
}

/// `min(max(x + 3, 0), 6)`
fn shifted_clip(finder: &Finder<'_, '_>, id: Id) -> Option<Id> {
    let (sum, min, max) = finder.clip(id)?;
    if min != 0.0 || max != 6.0 {
        return None;
    }
    finder.plus(sum, 3.0)
}

pub(super) fn hard_sigmoid<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let made = |x: Id, alpha: f64, beta: f64| {
        let node = node.replaced("HardSigmoid", vec![Some(x)]);
        Some(node.with("alpha", Value::Float(alpha as f32)).with("beta", Value::Float(beta as f32)))
    };
    match node.op {
        "Div" | "Mul" => {
            let (value, number) = finder.with_number(node)?;
            let x = shifted_clip(finder, value)?;
            let divisor = if node.op == "Div" { number } else { 1.0 / number };
            if is_close(divisor, 6.0) { made(x, 1.0 / 6.0, 0.5) } else { None }
        }
        "Clip" => {
            let (sum, min, max) = finder.clip(*node.outputs.first()?.as_ref()?)?;
            let (product, beta) = finder.with_number(finder.of(sum, "Add")?)?;
            let (factors, alpha) = finder.factors(product);
            let &[x] = &*factors else { return None };
            if min == 0.0 && max == 1.0 && alpha != 1.0 { made(x, alpha, beta) } else { None }
        }
        _ => None,
    }
}

pub(super) fn hard_swish<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let x = match node.op {
        "Mul" => finder.gate(node, |gate, x| {
            sigmoid(finder, gate).is_some_and(|(of, alpha, beta)| of == x && is_close(alpha, 1.0 / 6.0) && beta == 0.5)
        })?,
        "Div" => {
            let (product, divisor) = finder.with_number(node)?;
            let x = finder.gate(finder.of(product, "Mul")?, |gate, x| shifted_clip(finder, gate) == Some(x))?;
            is_close(divisor, 6.0).then_some(x)?
        }
        _ => return None,
    };
    Some(node.replaced("HardSwish", vec![Some(x)]))
}
