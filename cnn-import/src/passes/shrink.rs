//! Numbers near 0 that become 0, and larger ones that stay or move towards it.
//!
//! ```text
//! before   Where(LessOrEqual(Abs(x), 0.5), 0, x)    Where(Or(Greater(x, 0.5), Less(x, -0.5)), x, 0)
//! after    Shrink(x, lambd = 0.5)
//!
//! before   Where(Greater(Abs(x), 0.5), Sub(x, Mul(Sign(x), 0.5)), Mul(x, 0))
//! before   Add(Where(Greater(x, 0.5), Sub(x, 0.5), 0), Where(Less(x, -0.5), Add(x, 0.5), 0))
//! after    Shrink(x, lambd = 0.5, bias = 0.5)
//! ```

use super::choice::{Choice, Comparison};
use super::{Finder, is_close};
use crate::graph::{Id, Node};
use crate::proto::Value;

/// By the size of the number.
pub(super) fn by_size<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let Choice { of, limit, keeps_limit, above, below } =
        Choice::of(finder, node).filter(|choice| choice.limit >= 0.0)?;
    let x = finder.of(of, "Abs")?.input(0)?;
    if above == x {
        return (!keeps_limit && finder.number(Some(below)) == Some(0.0)).then(|| shrink(node, x, limit, 0.0));
    }
    let difference = finder.of(above, "Sub").filter(|node| node.input(0) == Some(x))?;
    let (sign, moved) = finder.with_number(finder.of(difference.input(1)?, "Mul")?)?;
    let is_sign = finder.of(sign, "Sign").is_some_and(|node| node.input(0) == Some(x));
    (is_sign && is_close(moved, limit) && is_zero(finder, below)).then(|| shrink(node, x, limit, limit))
}

/// By two comparisons of which one is met.
pub(super) fn outside<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let (condition, x, zero) = (node.input(0).filter(|_| node.op == "Where")?, node.input(1)?, node.input(2)?);
    let or = finder.of(condition, "Or")?;
    let compared = |input: Option<Id>| {
        let id = input?;
        let condition = finder.of(id, "Cast").map_or(Some(id), |cast| cast.input(0))?;
        Comparison::of(finder, condition).filter(|comparison| comparison.of == x && !comparison.is_equal)
    };
    let (a, b) = (compared(or.input(0))?, compared(or.input(1))?);
    let [above, below] = if a.is_more { [a, b] } else { [b, a] };
    let is_symmetric = above.limit >= 0.0 && is_close(-below.limit, above.limit);
    (above.is_more && !below.is_more && is_symmetric && is_zero(finder, zero))
        .then(|| shrink(node, x, above.limit, 0.0))
}

/// By two choices of which at least one is 0.
pub(super) fn sum<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let (a, b) = (node.input(0).filter(|_| node.op == "Add")?, node.input(1)?);
    let choice = |id: Id| finder.of(id, "Where").and_then(|node| Choice::of(finder, node));
    let (a, b) = (choice(a)?, choice(b)?);
    let [above, below] = if a.limit > b.limit { [a, b] } else { [b, a] };
    let x = above.of;
    let less = finder.with_number(finder.of(above.above, "Sub")?)?;
    let more = finder.with_number(finder.of(below.below, "Add")?)?;
    let are_moved = [less, more].into_iter().all(|(of, moved)| of == x && is_close(moved, above.limit));
    let is_symmetric = below.of == x && above.limit >= 0.0 && is_close(-below.limit, above.limit);
    let are_zero = is_zero(finder, above.below) && is_zero(finder, below.above);
    (are_moved && is_symmetric && are_zero).then(|| shrink(node, x, above.limit, above.limit))
}

/// 0, perhaps as a product.
fn is_zero(finder: &Finder<'_, '_>, id: Id) -> bool {
    let factor = || finder.with_number(finder.of(id, "Mul")?).map(|(_, factor)| factor);
    finder.number(Some(id)).or_else(factor) == Some(0.0)
}

fn shrink<'a>(node: &Node<'a>, x: Id, lambda: f64, bias: f64) -> Node<'a> {
    let made = node.replaced("Shrink", vec![Some(x)]).with("lambd", Value::Float(lambda as f32));
    made.with("bias", Value::Float(bias as f32))
}
