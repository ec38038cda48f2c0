//! Layer normalisation, step by step.
//!
//! ```text
//! before   d = Sub(x, ReduceMean(x)),  Div(d, Sqrt(Add(ReduceMean(Pow(d, 2)), eps)))
//! after    LayerNormalization(x, epsilon = eps), without a weight
//! ```
//!
//! A weight and a bias come after it as `Mul` and `Add`, and become its own when layers are made.

use super::Finder;
use crate::graph::{Id, Node};
use crate::proto::Value;

pub(super) fn layer_norm<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Div" {
        return None;
    }
    let (difference, root) = (node.input(0)?, node.input(1)?);
    let sub = finder.of(difference, "Sub")?;
    let x = sub.input(0)?;
    let (mean_of, axes) = mean(finder, sub.input(1)?)?;
    let sum = finder.of(finder.of(root, "Sqrt")?.input(0)?, "Add")?;
    let (variance, eps) = finder.with_number(sum)?;
    let (square, again) = mean(finder, variance)?;
    let is_same = mean_of == x && again == axes && is_square(finder, square, difference);
    let made = node.replaced("LayerNormalization", vec![Some(x)]);
    is_same.then(|| made.with("epsilon", Value::Float(eps as f32)).with("axes", Value::Ints(axes)))
}

/// What a mean that keeps its dimensions is of, and over which axes.
fn mean(finder: &Finder<'_, '_>, id: Id) -> Option<(Id, Vec<i64>)> {
    let node = finder.of(id, "ReduceMean")?;
    let axes = match node.input(1) {
        Some(axes) => finder.graph.constant(Some(axes))?.to_ints().ok()?,
        None => node.ints("axes").ok()??.to_vec(),
    };
    (node.flag("keepdims", true).ok()? && !axes.is_empty()).then_some((node.input(0)?, axes))
}

/// `d^2`, or `d * d`
pub(super) fn is_square(finder: &Finder<'_, '_>, id: Id, of: Id) -> bool {
    let power = finder.of(id, "Pow");
    let product = finder.of(id, "Mul");
    power.is_some_and(|pow| pow.input(0) == Some(of) && finder.number(pow.input(1)) == Some(2.0))
        || product.is_some_and(|product| product.input(0) == Some(of) && product.input(1) == Some(of))
}
