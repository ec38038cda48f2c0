//! Global response normalisation (ConvNeXt V2), which exporters write step by step.
//!
//! ```text
//! before   g = ReduceL2(x over rows and columns),  n = Div(g, Add(ReduceMean(g over channels), eps)),
//!          Add(x, Add(Mul(weight, Mul(x, n)), bias))
//! after    GlobalResponseNormalization(x, weight, bias, epsilon = eps)
//! ```
//!
//! Summands and factors may be in any order, and weight and bias may be left out. A bias that is added last becomes its own when layers
//! are made.

use super::Finder;
use super::l2_norm::length;
use crate::graph::{Id, Node};
use crate::proto::Value;

pub(super) fn grn<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Add" {
        return None;
    }
    let (a, b) = (node.input(0)?, node.input(1)?);
    let Found { x, weight, bias, compared } = of_sum(finder, a, b).or_else(|| of_sum(finder, b, a))?;
    let Compared { eps, pixels, channels } = compared;
    let made = node.replaced("GlobalResponseNormalization", vec![Some(x), weight, bias]);
    let made = made.with("epsilon", Value::Float(eps as f32));
    Some(made.with("axes", Value::Ints(pixels)).with("axis", Value::Int(channels)))
}

struct Found {
    x: Id,
    weight: Option<Id>,
    bias: Option<Id>,
    compared: Compared,
}

/// Lengths over their mean.
struct Compared {
    eps: f64,
    /// The dimensions that lengths are over.
    pixels: Vec<i64>,
    /// That of the mean.
    channels: i64,
}

/// `x + x * n`, or `x + (x * n + bias)`.
fn of_sum(finder: &Finder<'_, '_>, x: Id, rest: Id) -> Option<Found> {
    let Some(sum) = finder.of(rest, "Add") else { return of_product(finder, x, rest) };
    let (a, b) = (sum.input(0)?, sum.input(1)?);
    let is_constant = |id: Id| finder.graph.constant(Some(id)).is_some();
    let (product, bias) = if is_constant(a) { (b, a) } else { (a, b) };
    let found = of_product(finder, x, product).filter(|_| is_constant(bias))?;
    Some(Found { bias: Some(bias), ..found })
}

/// A product of `x`, the compared lengths of its channels, and perhaps a weight.
fn of_product(finder: &Finder<'_, '_>, x: Id, product: Id) -> Option<Found> {
    let (mut has_x, mut weight, mut compared, mut open) = (false, None, None, vec![product]);
    while let Some(id) = open.pop() {
        if finder.is_same(id, x) && !has_x {
            has_x = true;
        } else if let Some(constant) = finder.graph.constant(Some(id)) {
            // PyTorch's `addcmul` is times 1.
            if constant.len() != 1 || constant.common() != Some(1.0) {
                (weight.is_none()).then(|| weight = Some(id))?;
            }
        } else if let Some(found) = compare(finder, id, x).filter(|_| compared.is_none()) {
            compared = Some(found);
        } else {
            let product = finder.of(id, "Mul").filter(|_| open.len() < MOST_FACTORS)?;
            open.extend([product.input(0)?, product.input(1)?]);
        }
    }
    has_x.then_some(Found { x, weight, bias: None, compared: compared? })
}

/// `x`, lengths, a weight and a 1.
const MOST_FACTORS: usize = 4;

/// The lengths of the channels of `x` over their mean.
fn compare(finder: &Finder<'_, '_>, id: Id, x: Id) -> Option<Compared> {
    let quotient = finder.of(id, "Div")?;
    let lengths = quotient.input(0)?;
    let (mean, eps) = match finder.of(quotient.input(1)?, "Add") {
        Some(sum) => finder.with_number(sum)?,
        None => (quotient.input(1)?, 0.0),
    };
    let mean = finder.of(mean, "ReduceMean")?;
    let (of, reduce) = length(finder, lengths)?;
    let (pixels, channels) = (finder.kept_axes(reduce)?, finder.kept_axes(mean)?);
    let &[channels] = &*channels else { return None };
    let is_one = finder.is_same(of, x) && finder.is_same(mean.input(0)?, lengths) && eps >= 0.0;
    is_one.then_some(Compared { eps, pixels, channels })
}
