//! Pixels as channels, slice by slice: YOLO's Focus.
//!
//! ```text
//! before   Concat(x[..., 0::2, 0::2], x[..., 1::2, 0::2], x[..., 0::2, 1::2], x[..., 1::2, 1::2])
//! after    SpaceToDepth(x, blocksize = 2, blocks = [0, 2, 1, 3])
//! ```
//!
//! The blocks are groups of channels of ONNX's operator, in the order in which they are joined.

use super::Finder;
use crate::graph::{Id, Node};
use crate::proto::Value;

/// Deeper slices of slices are not this pattern.
const MOST_SLICES: usize = 4;
/// An end from here on is that of the rows.
const FAR: i64 = i32::MAX as i64;

/// The first row or column, and how far it is to the next.
type Steps = [i64; 2];

pub(super) fn unshuffle<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Concat" || ![1, -3].contains(&node.int("axis", 1).ok()?) {
        return None;
    }
    let slices: Vec<(Id, [Steps; 2])> =
        node.inputs.iter().map(|id| strided(finder, (*id)?)).collect::<Option<Vec<_>>>()?;
    let &(x, [[_, factor], _]) = slices.first()?;
    let is_alike = |(of, axes): &(Id, [Steps; 2])| *of == x && axes.iter().all(|[_, step]| *step == factor);
    let blocks: Vec<i64> =
        slices.iter().map(|(_, [[row, _], [column, _]])| row.saturating_mul(factor).saturating_add(*column)).collect();
    let mut sorted = blocks.clone();
    sorted.sort_unstable();
    let is_each = factor > 1 && factor.checked_mul(factor).is_some_and(|area| sorted.into_iter().eq(0..area));
    let made = node.replaced("SpaceToDepth", vec![Some(x)]).with("blocksize", Value::Int(factor));
    (is_each && slices.iter().all(is_alike)).then(|| made.with("blocks", Value::Ints(blocks)))
}

/// What every n-th row and column is taken of, and which ones.
fn strided(finder: &Finder<'_, '_>, mut id: Id) -> Option<(Id, [Steps; 2])> {
    let mut steps: [Steps; 2] = [[0, 1]; 2];
    for _ in 0..MOST_SLICES {
        let Some(node) = finder.of(id, "Slice") else { break };
        let Some(both) = sliced(finder, node, steps) else { break };
        (id, steps) = (node.input(0)?, both);
    }
    Some((id, steps))
}

/// The same with another slice before it, if that takes every n-th row or column to the end.
fn sliced(finder: &Finder<'_, '_>, node: &Node<'_>, mut steps: [Steps; 2]) -> Option<[Steps; 2]> {
    let list = |index: usize| finder.graph.constant(node.input(index))?.to_ints().ok();
    let (starts, ends, axes) = (list(1)?, list(2)?, list(3)?);
    let by = if node.input(4).is_some() { list(4)? } else { vec![1; starts.len()] };
    if [ends.len(), axes.len(), by.len()] != [starts.len(); 3] || ends.iter().any(|end| *end < FAR) {
        return None;
    }
    for (at, axis) in axes.iter().enumerate() {
        let side = match axis {
            2 | -2 => Some(0),
            3 | -1 => Some(1),
            _ => None,
        };
        match side {
            _ if starts[at] == 0 && by[at] == 1 => {}
            Some(side) if steps[side] == [0, 1] && (0..by[at]).contains(&starts[at]) => {
                steps[side] = [starts[at], by[at]];
            }
            Some(_) | None => return None,
        }
    }
    Some(steps)
}
