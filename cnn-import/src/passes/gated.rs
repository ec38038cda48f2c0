//! Values that are multiplied by a function of themselves, or divided by one.
//!
//! ```text
//! before   Mul(x, Sigmoid(x))     Mul(x, Tanh(Softplus(x)))     Div(x, Add(Abs(x), 1))
//! after    Swish(x)               Mish(x)                       Softsign(x)
//! ```

use super::Finder;
use crate::graph::{Id, Node};

pub(super) fn silu<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let is_sigmoid = |gate: Id, x: Id| finder.of(gate, "Sigmoid").is_some_and(|node| node.input(0) == Some(x));
    let x = (node.op == "Mul").then(|| finder.gate(node, is_sigmoid))??;
    Some(node.replaced("Swish", vec![Some(x)]))
}

pub(super) fn mish<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let is_tanh = |gate: Id, x: Id| {
        let inner = finder.of(gate, "Tanh").and_then(|tanh| tanh.input(0));
        let softplus = inner.and_then(|inner| finder.of(inner, "Softplus"));
        softplus.is_some_and(|softplus| softplus.input(0) == Some(x) && softplus.attributes.is_empty())
    };
    let x = (node.op == "Mul").then(|| finder.gate(node, is_tanh))??;
    Some(node.replaced("Mish", vec![Some(x)]))
}

pub(super) fn softsign<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    if node.op != "Div" {
        return None;
    }
    let x = node.input(0)?;
    let size = finder.of(finder.plus(node.input(1)?, 1.0)?, "Abs")?;
    (size.input(0) == Some(x)).then(|| node.replaced("Softsign", vec![Some(x)]))
}
