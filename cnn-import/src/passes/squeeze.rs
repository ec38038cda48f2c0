//! A dimension that is gone if its size is 1, as PyTorch's exporter writes where it doesn't know the shape: see `load`.
//!
//! ```text
//! before   If(Equal(Gather(Shape(x), 1), 1), x, [1])
//! after    Squeeze(x, [1], if_one)
//! ```

use super::Finder;
use crate::graph::Node;
use crate::proto::Value;

pub(super) fn squeeze<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "If" {
        return None;
    }
    let (condition, x, axes) = (node.input(0)?, node.input(1)?, node.input(2)?);
    let (size, one) = finder.with_number(finder.of(condition, "Equal")?)?;
    let gather = finder.of(size, "Gather")?;
    let shape = finder.of(gather.input(0)?, "Shape")?;
    let is_all = gather.int("axis", 0).ok()? == 0 && shape.attributes.is_empty() && shape.input(0) == Some(x);
    let is_axis = finder.graph.constant(Some(axes))?.to_ints().ok()? == [finder.number(gather.input(1))? as i64];
    let made = node.replaced("Squeeze", vec![Some(x), Some(axes)]).with("if_one", Value::Int(1));
    (is_all && is_axis && one == 1.0).then_some(made)
}
