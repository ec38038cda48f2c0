//! Local response normalisation, as PyTorch computes it.
//!
//! ```text
//! before   Div(x, Pow(Add(Mul(mean, alpha), k), beta)), where mean is over neighbouring channels of x * x, with zeros around them
//! after    LRN(x, size, alpha, beta, bias = k)
//! ```

use super::Finder;
use super::layer_norm::is_square;
use crate::graph::{Id, Node};
use crate::proto::Value;

pub(super) fn lrn<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Div" {
        return None;
    }
    let (x, power) = (node.input(0)?, finder.of(node.input(1)?, "Pow")?);
    let beta = finder.number(power.input(1))?;
    let (product, k) = finder.with_number(finder.of(power.input(0)?, "Add")?)?;
    let (mean, alpha) = finder.with_number(finder.of(product, "Mul")?)?;
    let pool = finder.of(before_shapes(finder, mean), "AveragePool3d")?;
    let &[size, 1, 1] = pool.ints("kernel_shape").ok()?? else { return None };
    let pad = finder.of(pool.input(0)?, "Pad")?;
    let pads = finder.graph.constant(pad.input(1))?.to_ints().ok()?;
    let is_around = size > 0 && pads == [0, 0, size / 2, 0, 0, 0, 0, (size - 1) / 2, 0, 0];
    let is_zero = finder.number(pad.input(2)) == Some(0.0) && pad.text("mode", "constant").ok()? == "constant";
    if !is_around || !is_zero || !is_square(finder, before_shapes(finder, pad.input(0)?), x) {
        return None;
    }
    let number = |number: f64| Value::Float(number as f32);
    let made = node.replaced("LRN", vec![Some(x)]).with("size", Value::Int(size)).with("window", Value::Text("torch"));
    Some(made.with("alpha", number(alpha)).with("beta", number(beta)).with("bias", number(k)))
}

/// The value before it was reshaped.
fn before_shapes(finder: &Finder<'_, '_>, id: Id) -> Id {
    let before = |id: &Id| finder.of(*id, "Reshape").and_then(|node| node.input(0));
    std::iter::successors(Some(id), before).last().unwrap_or(id)
}
