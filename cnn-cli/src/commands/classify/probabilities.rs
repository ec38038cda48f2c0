//! From a net's output to the classes that are printed.

use std::borrow::Cow;

use cnn::graph::{Graph, Output, Value};
use cnn::op::Op;

/// The probabilities of all classes. Most nets end in a softmax; for others, it is applied here.
pub(super) fn of<'a>(graph: &Graph<'_>, scores: &'a [f32]) -> Cow<'a, [f32]> {
    match graph.outputs {
        [Output { value: Value::Node(index), .. }] if graph.nodes[*index].op == Op::Softmax => Cow::Borrowed(scores),
        _ => Cow::Owned(softmax(scores)),
    }
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    // The largest score is subtracted, or `exp` could overflow.
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponentials: Vec<f32> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f32 = exponentials.iter().sum();
    exponentials.iter().map(|exponential| exponential / sum).collect()
}

/// The `count` most probable classes with their probabilities, the best first; among equals, in their order.
pub(super) fn best(probabilities: &[f32], count: usize) -> Vec<(usize, f32)> {
    let mut classes: Vec<(usize, f32)> = probabilities.iter().copied().enumerate().collect();
    classes.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    classes.truncate(count);
    classes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Model, tests::BRANCHED};

    #[test]
    fn the_best_come_first() {
        assert_eq!(best(&[0.1, 0.4, 0.1, 0.4], 3), [(1, 0.4), (3, 0.4), (0, 0.1)]);
        assert_eq!(best(&[0.3, 0.7], 5), [(1, 0.7), (0, 0.3)]);
    }

    #[test]
    fn a_net_that_ends_in_a_softmax_gives_probabilities() {
        let scores = [0.5, 0.25, 0.25];
        assert_eq!(*of(Model::named("lenet5").unwrap().graph, &scores), scores);
    }

    #[test]
    fn scores_become_probabilities() {
        let scores = [1000.0, 1000.0, 1000.0 + 2.0_f32.ln()];
        let probabilities = of(BRANCHED.graph, &scores);
        let expected = [0.25, 0.25, 0.5];
        // At 1,000, a score is precise to 3e-5.
        assert!(probabilities.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4), "{probabilities:?}");
    }
}
