//! Local response normalisation, as PyTorch computes it.
//!
//! ```text
//! before   Div(x, Pow(Add(Mul(mean, alpha), k), beta)), where mean is over neighbouring channels of x * x, with zeros around them:
//!          AveragePool(Pad(·)) of [N, 1, C, H, W], or of [N, 1, C, L], by a window that is as large as 1 along all axes but C
//! after    LRN(x, [N, 1, C, …], size, alpha, beta, bias = k)
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
    let (padded, size) = over_channels(finder, before_shapes(finder, mean))?;
    let (square, shape) = with_an_axis(finder, padded)?;
    if !is_square(finder, square, x) {
        return None;
    }
    let number = |number: f64| Value::Float(number as f32);
    let made = node.replaced("LRN", vec![Some(x), shape]);
    let made = made.with("size", Value::Int(size)).with("window", Value::Text("torch"));
    Some(made.with("alpha", number(alpha)).with("beta", number(beta)).with("bias", number(k)))
}

/// The value before it was reshaped.
fn before_shapes(finder: &Finder<'_, '_>, id: Id) -> Id {
    let before = |id: &Id| {
        let node = ["Reshape", "Squeeze"].into_iter().find_map(|op| finder.of(*id, op));
        node.and_then(|node| node.input(0))
    };
    std::iter::successors(Some(id), before).last().unwrap_or(id)
}

/// What an average over neighbours along the third axis is of, before zeros are put around it, and of how many.
fn over_channels(finder: &Finder<'_, '_>, mean: Id) -> Option<(Id, i64)> {
    let pool = finder.of(mean, "AveragePool3d").or_else(|| finder.of(mean, "AveragePool"))?;
    let kernel = pool.ints("kernel_shape").ok()??;
    let &[size, ref rest @ ..] = kernel else { return None };
    let all = |name: &str, number: i64| Some(pool.ints(name).ok()?.unwrap_or_default().iter().all(|it| *it == number));
    let is_plain = all("strides", 1)? && all("pads", 0)? && all("dilations", 1)?;
    let pad = finder.of(pool.input(0)?, "Pad")?;
    let mut pads = vec![0; 2 * (kernel.len() + 2)];
    pads[2] = size / 2;
    pads[kernel.len() + 4] = (size - 1) / 2;
    let is_around = size > 0
        && [1, 2].contains(&rest.len())
        && rest.iter().all(|size| *size == 1)
        && finder.graph.constant(pad.input(1))?.to_ints().ok()? == pads;
    let is_zero = pad.input(2).is_none() || finder.number(pad.input(2)) == Some(0.0);
    let is_padded = is_around && is_zero && pad.text("mode", "constant").ok()? == "constant";
    let auto = pool.text("auto_pad", "NOTSET").ok()?;
    (is_padded && is_plain && ["NOTSET", "VALID"].contains(&auto)).then_some((pad.input(0)?, size))
}

/// What got an axis of 1 before its channels, and the shape that says so, if it is one.
fn with_an_axis(finder: &Finder<'_, '_>, id: Id) -> Option<(Id, Option<Id>)> {
    if let Some(node) = finder.of(id, "Reshape") {
        return Some((node.input(0)?, Some(node.input(1)?)));
    }
    let node = finder.of(id, "Unsqueeze")?;
    let axes = match node.input(1) {
        Some(axes) => finder.graph.constant(Some(axes))?.to_ints().ok()?,
        None => node.ints("axes").ok()??.to_vec(),
    };
    (axes == [1]).then_some((node.input(0)?, None))
}
