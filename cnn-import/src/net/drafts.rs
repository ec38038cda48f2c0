//! Layers before they have names: which of them are needed, and which repeat others.

use std::collections::BTreeMap;

use cnn_net::graph::Value;
use cnn_net::op::Shape;

use crate::lower::{Draft, Lowered};

/// The earlier layer that each one repeats: with the same arguments, on values of the same shape, with the same tensors of the
/// file. Tensors of one number are not shared, but alike.
pub(super) fn shared(drafts: &[Draft<'_>], inputs: &[(String, Shape)]) -> Vec<Option<usize>> {
    let shape = |draft: &Draft<'_>| match draft.inputs.first()? {
        Value::Node(index) => Some(drafts[*index].shape),
        Value::Input(index) => Some(inputs[*index].1),
    };
    let mut firsts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut shared = vec![None; drafts.len()];
    for (index, draft) in drafts.iter().enumerate() {
        let Some(weight) = draft.tensors.first().filter(|weight| !weight.name.is_empty()) else { continue };
        let is_same = |first: &&usize| {
            let first = &drafts[**first];
            let pairs = || first.tensors.iter().zip(&draft.tensors);
            (first.op, shape(first), first.tensors.len()) == (draft.op, shape(draft), draft.tensors.len())
                && pairs().all(|(a, b)| a.role == b.role && a.name == b.name && a.constant.is_equal(&b.constant))
                && pairs().any(|(a, _)| a.constant.common().is_none())
        };
        let firsts = firsts.entry(weight.name).or_default();
        shared[index] = firsts.iter().find(is_same).copied();
        if shared[index].is_none() {
            firsts.push(index);
        }
    }
    shared
}

/// Removes the layers whose work others do, and those that nothing reads.
pub(super) fn compacted(lowered: Lowered<'_>) -> Lowered<'_> {
    let Lowered { drafts, inputs, outputs } = lowered;
    let mut is_read = vec![false; drafts.len()];
    let mark = |value: &Value, is_read: &mut [bool]| {
        if let Value::Node(index) = value {
            is_read[*index] = true;
        }
    };
    outputs.iter().for_each(|(_, value)| mark(value, &mut is_read));
    for (index, draft) in drafts.iter().enumerate().rev() {
        if is_read[index] {
            draft.inputs.iter().for_each(|input| mark(input, &mut is_read));
        }
    }
    let mut places = Vec::with_capacity(drafts.len());
    let mut count = 0;
    for is_read in &is_read {
        places.push(count);
        count += usize::from(*is_read);
    }
    let moved = |value: Value| match value {
        Value::Node(index) => Value::Node(places[index]),
        Value::Input(index) => Value::Input(index),
    };
    let kept = drafts.into_iter().zip(is_read).filter(|(_, is_read)| *is_read);
    let drafts =
        kept.map(|(draft, _)| Draft { inputs: draft.inputs.into_iter().map(moved).collect(), ..draft }).collect();
    let outputs = outputs.into_iter().map(|(name, value)| (name, moved(value))).collect();
    Lowered { drafts, inputs, outputs }
}
