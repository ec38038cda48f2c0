//! Several inputs for a net with one.

use std::collections::BTreeMap;

use ndarray::{ArrayD, Axis, IxDyn, concatenate};

/// Stacks tensors along their first axis, the channels, **the last one first**, so that the stack itself is not the result of a
/// concat. Also returns the weights of the convolutions, named like the tensors, that extract each from the stack: a filter is
/// 1 for one channel and 0 for all others, so the channel comes out unchanged.
pub(crate) fn stack(inputs: &[(&str, ArrayD<f32>)]) -> (BTreeMap<String, ArrayD<f32>>, ArrayD<f32>) {
    let views: Vec<_> = inputs.iter().rev().map(|(_, input)| input.view()).collect();
    let stacked = concatenate(Axis(0), &views).unwrap_or_else(|error| panic!("inputs do not stack: {error}"));
    let all = stacked.len_of(Axis(0));
    let mut end = all;
    let mut weights = BTreeMap::new();
    for (name, input) in inputs {
        let channels = input.len_of(Axis(0));
        let first = end - channels;
        let picks = |at: IxDyn| f32::from(u8::from(at[1] == first + at[0]));
        weights.insert(format!("{name}.weight"), ArrayD::from_shape_fn(vec![channels, all, 1, 1], picks));
        end = first;
    }
    (weights, stacked)
}
