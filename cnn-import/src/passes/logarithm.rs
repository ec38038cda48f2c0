//! Logarithms of functions.
//!
//! ```text
//! before   Log(Softmax(x))     Log(Sigmoid(x))     Log(Add(Exp(x), 1))
//! after    LogSoftmax(x)       LogSigmoid(x)       Softplus(x)
//! ```

use super::Finder;
use crate::graph::Node;

pub(super) fn of_activation<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let of = (node.op == "Log").then(|| node.input(0))??;
    if let Some(softmax) = finder.of(of, "Softmax") {
        let replaced = node.replaced("LogSoftmax", vec![softmax.input(0)]);
        return Some(Node { attributes: softmax.attributes.clone(), ..replaced });
    }
    let sigmoid = finder.of(of, "Sigmoid")?;
    Some(node.replaced("LogSigmoid", vec![sigmoid.input(0)]))
}

pub(super) fn softplus<'a>(finder: &Finder<'_, 'a>, node: &Node<'a>) -> Option<Node<'a>> {
    let of = (node.op == "Log").then(|| node.input(0))??;
    let exp = finder.of(finder.plus(of, 1.0)?, "Exp")?;
    Some(node.replaced("Softplus", vec![exp.input(0)]))
}
