//! What the branches of an `If` are about, for the one kind that PyTorch's exporter writes for `x.squeeze(1)` where it doesn't know the
//! shape.
//!
//! ```text
//! in the file   If(c) { then: Squeeze(x, [1]), else: Identity(x) }
//! here          If(c, x, [1]), of which a pass sees whether c asks for x's size
//! ```

use crate::constant;
use crate::external::Files;
use crate::proto::{self, Graph, Node, Value};

/// The value, and the axes that are gone in the first case.
pub(super) fn squeeze<'a>(node: &Node<'a>, files: &Files) -> Option<(&'a str, Vec<i64>)> {
    let (then, or) = (branch(node, "then_branch")?, branch(node, "else_branch")?);
    let [identity] = &*or.nodes else { return None };
    let [constants @ .., squeeze] = &*then.nodes else { return None };
    let (&[x], "Identity", "Squeeze") = (&*identity.inputs, identity.op, squeeze.op) else { return None };
    let is_only = |graph: &Graph<'a>, node: &Node<'a>| {
        let outputs: Vec<&str> = graph.outputs.iter().map(|output| output.name).collect();
        node.domain.is_empty() && outputs == node.outputs && outputs.len() == 1 && graph.inputs.is_empty()
    };
    let is_constant = |node: &Node<'a>| node.op == "Constant" && !node.outputs.contains(&x);
    if !is_only(&or, identity) || !is_only(&then, squeeze) || !constants.iter().all(is_constant) {
        return None;
    }
    let axes = match *squeeze.inputs {
        [from] if from == x => match &squeeze.attributes.iter().find(|it| it.name == "axes")?.value {
            Value::Ints(axes) => axes.clone(),
            _ => return None,
        },
        [from, axes] if from == x => {
            let named = constants.iter().find(|node| node.outputs == [axes]);
            let tensor = match named {
                Some(node) => node.attributes.iter().find_map(|it| match &it.value {
                    Value::Tensor(tensor) => Some(tensor),
                    _ => None,
                }),
                None => then.initializers.iter().find(|tensor| tensor.name == axes),
            };
            constant::decode(tensor?, files).ok()?.to_ints().ok()?
        }
        _ => return None,
    };
    Some((x, axes))
}

fn branch<'a>(node: &Node<'a>, name: &str) -> Option<Graph<'a>> {
    let attribute = node.attributes.iter().find(|it| it.name == name)?;
    match attribute.value {
        Value::Graph(bytes) => proto::graph(bytes).ok(),
        _ => None,
    }
}
