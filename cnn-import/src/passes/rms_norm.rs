//! Normalisation by the root mean square, step by step.
//!
//! ```text
//! before   Mul(x, Reciprocal(Sqrt(Add(ReduceMean(Pow(x, 2)), eps))))     Div(x, Sqrt(Add(ReduceMean(Mul(x, x)), eps)))
//! after    RMSNormalization(x, epsilon = eps), without a weight
//! ```

use super::Finder;
use super::layer_norm::{is_square, mean};
use crate::graph::{Id, Node};
use crate::proto::Value;

pub(super) fn rms_norm<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let (a, b) = (node.input(0)?, node.input(1)?);
    match node.op {
        "Div" => by_root(finder, node, a, b),
        "Mul" => {
            let by = |x: Id, inverse: Id| by_root(finder, node, x, inverted(finder, inverse)?);
            by(a, b).or_else(|| by(b, a))
        }
        _ => None,
    }
}

/// `x / sqrt(mean(x^2) + eps)`
fn by_root<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>, x: Id, root: Id) -> Option<Node<'a>> {
    let sum = finder.of(finder.of(root, "Sqrt")?.input(0)?, "Add")?;
    let (square, eps) = finder.with_number(sum)?;
    let (square, axes) = mean(finder, square)?;
    let made = node.replaced("RMSNormalization", vec![Some(x)]);
    let made = made.with("epsilon", Value::Float(eps as f32)).with("axes", Value::Ints(axes));
    is_square(finder, square, x).then_some(made)
}

/// What a value is the inverse of.
fn inverted(finder: &Finder<'_, '_>, id: Id) -> Option<Id> {
    if let Some(inverse) = finder.of(id, "Reciprocal") {
        return inverse.input(0);
    }
    let quotient = finder.of(id, "Div")?;
    (finder.number(quotient.input(0)) == Some(1.0)).then(|| quotient.input(1))?
}
