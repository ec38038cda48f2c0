//! Division by a length, as PyTorch's `normalize` does it.
//!
//! ```text
//! before   Div(x, Expand(Clip(ReduceL2(x), eps)))     Div(x, Add(Sqrt(ReduceSum(Pow(x, 2))), 1e-10))
//! after    LpNormalization(x, epsilon = eps)
//! ```

use super::Finder;
use super::layer_norm::is_square;
use crate::graph::{Id, Node};
use crate::proto::Value;

pub(super) fn l2_norm<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Div" {
        return None;
    }
    let (x, mut divisor) = (node.input(0)?, node.input(1)?);
    if let Some(expand) = finder.of(divisor, "Expand") {
        divisor = expand.input(0)?;
    }
    let mut eps = 0.0;
    if let Some(clip) = finder.of(divisor, "Clip") {
        let least =
            clip.input(1).map_or_else(|| clip.float("min", 0.0).ok().map(f64::from), |id| finder.number(Some(id)));
        (divisor, eps) = (clip.input(0)?, least?);
    } else if let Some(max) = finder.of(divisor, "Max") {
        (divisor, eps) = finder.with_number(max)?;
    } else if let Some(sum) = finder.of(divisor, "Add") {
        (divisor, eps) = finder.with_number(sum).filter(|(_, eps)| (0.0..=NEXT_TO_NOTHING).contains(eps))?;
    }
    let (of, reduce) = length(finder, divisor)?;
    let &[axis] = &*finder.kept_axes(reduce)? else { return None };
    let made = node.replaced("LpNormalization", vec![Some(x)]);
    (of == x).then(|| made.with("axis", Value::Int(axis)).with("epsilon", Value::Float(eps as f32)))
}

/// What is lost in single precision when it is added to a length, but keeps one from being 0.
const NEXT_TO_NOTHING: f64 = 1e-9;

/// What a length is of, and the node with its axes.
pub(super) fn length<'g, 'a>(finder: &Finder<'g, 'a>, id: Id) -> Option<(Id, &'g Node<'a>)> {
    if let Some(node) = finder.of(id, "ReduceL2") {
        return Some((node.input(0)?, node));
    }
    let root = finder.of(id, "Sqrt")?.input(0)?;
    let sum = finder.of(root, "ReduceSum")?;
    let square = sum.input(0)?;
    let power = finder.of(square, "Pow").or_else(|| finder.of(square, "Mul"))?;
    let of = power.input(0)?;
    is_square(finder, square, of).then_some((of, sum))
}
