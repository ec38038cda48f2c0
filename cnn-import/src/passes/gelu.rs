//! Gaussian error linear units.
//!
//! ```text
//! before   Div(x, sqrt(2)) → Erf → Add(·, 1) → Mul(x, ·) → Mul(·, 0.5), in any order of the factors
//! after    Gelu(x)
//!
//! before   Mul(sqrt(2 / pi), x + 0.044715 x^3) → Tanh → Add(·, 1) → Mul(x, ·) → Mul(·, 0.5)
//! after    Gelu(x, approximate = "tanh")
//! ```

use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI};

use super::{Finder, is_close};
use crate::graph::{Id, Node};
use crate::proto::Value;

pub(super) fn gelu<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Mul" {
        return None;
    }
    let (factors, number) = finder.factors(node.outputs.first().copied()??);
    let &[a, b] = &*factors else { return None };
    if !is_close(number, 0.5) {
        return None;
    }
    let form = |x: Id, sum: Id| {
        let inner = finder.plus(sum, 1.0)?;
        let is_exact =
            finder.of(inner, "Erf").and_then(|erf| erf.input(0)).is_some_and(|of| is_over_root(finder, of, x));
        let tanh = finder.of(inner, "Tanh").and_then(|tanh| tanh.input(0));
        let is_approximate = tanh.is_some_and(|of| is_cubic(finder, of, x));
        match (is_exact, is_approximate) {
            (true, _) => Some((x, "none")),
            (false, true) => Some((x, "tanh")),
            (false, false) => None,
        }
    };
    let (x, approximate) = form(a, b).or_else(|| form(b, a))?;
    Some(node.replaced("Gelu", vec![Some(x)]).with("approximate", Value::Text(approximate)))
}

/// `x / sqrt(2)`
fn is_over_root(finder: &Finder<'_, '_>, id: Id, x: Id) -> bool {
    let (factors, number) = finder.factors(id);
    factors == [x] && is_close(number, FRAC_1_SQRT_2)
}

/// `sqrt(2 / pi) * (x + 0.044715 * x^3)`
fn is_cubic(finder: &Finder<'_, '_>, id: Id, x: Id) -> bool {
    let (factors, number) = finder.factors(id);
    let &[sum] = &*factors else { return false };
    let Some(node) = finder.of(sum, "Add").filter(|_| is_close(number, FRAC_2_PI.sqrt())) else { return false };
    let is_cube = |id: Option<Id>| {
        let Some((factors, number)) = id.map(|id| finder.factors(id)) else { return false };
        let is_power = |id: Id| {
            finder.of(id, "Pow").is_some_and(|pow| pow.input(0) == Some(x) && finder.number(pow.input(1)) == Some(3.0))
        };
        let is_third = factors == [x, x, x] || matches!(&*factors, [power] if is_power(*power));
        is_third && is_close(number, 0.044_715)
    };
    let (a, b) = (node.input(0), node.input(1));
    a == Some(x) && is_cube(b) || b == Some(x) && is_cube(a)
}
