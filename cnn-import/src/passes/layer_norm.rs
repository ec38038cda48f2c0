//! Layer normalisation, step by step.
//!
//! ```text
//! before   d = Sub(x, ReduceMean(x)),  Div(d, Sqrt(Add(ReduceMean(Pow(d, 2)), eps)))
//! after    LayerNormalization(x, epsilon = eps), without a weight
//! ```
//!
//! A weight and a bias come after it as `Mul` and `Add`, and become its own when layers are made. Keras multiplies first:
//!
//! ```text
//! before   m = ReduceMean(x),  i = Mul(Reciprocal(Sqrt(Add(ReduceMean((x - m)^2), eps))), weight),
//!          Add(Mul(x, i), Add(Mul(Neg(m), i), bias))
//! after    LayerNormalization(x, weight, bias, epsilon = eps)
//! ```

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

pub(super) fn multiplied<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Add" {
        return None;
    }
    let (a, b) = (node.input(0)?, node.input(1)?);
    of_sum(finder, node, a, b).or_else(|| of_sum(finder, node, b, a))
}

/// `x * i + (-m * i + bias)`, where the weight and the bias may be left out.
fn of_sum<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>, product: Id, shift: Id) -> Option<Node<'a>> {
    let product = finder.of(product, "Mul")?;
    let (x, inverse) = (product.input(0)?, product.input(1)?);
    let (negative, bias) = match finder.of(shift, "Add") {
        Some(sum) => with_constant(finder, sum)?,
        None => (shift, None),
    };
    let negative = finder.of(negative, "Mul").filter(|negative| negative.input(1) == Some(inverse))?;
    let (mean_of, axes) = mean(finder, finder.of(negative.input(0)?, "Neg")?.input(0)?)?;
    let (root, weight) = match finder.of(inverse, "Mul") {
        Some(scaled) => with_constant(finder, scaled)?,
        None => (inverse, None),
    };
    let root = finder.of(finder.of(root, "Reciprocal")?.input(0)?, "Sqrt")?;
    let (variance, eps) = finder.with_number(finder.of(root.input(0)?, "Add")?)?;
    let (square, again) = mean(finder, variance)?;
    let difference = finder.of(finder.of(square, "Mul")?.input(0)?, "Sub")?;
    let is_same = difference.input(0) == Some(x)
        && mean(finder, difference.input(1)?) == Some((x, axes.clone()))
        && is_square(finder, square, finder.of(square, "Mul")?.input(0)?)
        && mean_of == x
        && again == axes;
    let made = node.replaced("LayerNormalization", vec![Some(x), weight, bias]);
    is_same.then(|| made.with("epsilon", Value::Float(eps as f32)).with("axes", Value::Ints(axes)))
}

/// The value that a sum or a product with a constant is of, and that constant.
fn with_constant(finder: &Finder<'_, '_>, node: &Node<'_>) -> Option<(Id, Option<Id>)> {
    let (value, constant) = (node.input(0)?, node.input(1)?);
    finder.graph.constant(Some(constant)).map(|_| (value, Some(constant)))
}

/// What a mean that keeps its dimensions is of, and over which axes.
pub(super) fn mean(finder: &Finder<'_, '_>, id: Id) -> Option<(Id, Vec<i64>)> {
    let node = finder.of(id, "ReduceMean")?;
    Some((node.input(0)?, finder.kept_axes(node)?))
}

/// `d^2`, or `d * d`
pub(super) fn is_square(finder: &Finder<'_, '_>, id: Id, of: Id) -> bool {
    let power = finder.of(id, "Pow");
    let product = finder.of(id, "Mul");
    let is_it = |id: Option<Id>| id.is_some_and(|id| finder.is_same(id, of));
    power.is_some_and(|pow| is_it(pow.input(0)) && finder.number(pow.input(1)) == Some(2.0))
        || product.is_some_and(|product| is_it(product.input(0)) && is_it(product.input(1)))
}
