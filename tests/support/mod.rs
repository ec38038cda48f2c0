//! A net against the reference executor.

use cnn::Network;
use cnn::reference::{Params, Tensor, run};
use cnn::weights::{self, Source};
use models::seeded;

/// Largest difference, over the largest magnitude of the tensor. Sums of a few thousand products in f32, taken in another
/// order, differ by some 1e-6 of it.
pub(crate) const TOLERANCE: f64 = 1e-5;

/// Runs a net with seeded weights on several inputs, and compares its output and all taps with the reference.
pub(crate) fn check<N: Network<'static>>() {
    for salt in ["", "a"] {
        let file = seeded::weights(N::GRAPH, salt);
        let weights = N::weights(&file).unwrap_or_else(|error| panic!("{error}"));
        let params = weights::read(N::GRAPH, &Source::new(&file)).unwrap_or_else(|error| panic!("{error}"));
        let mut net = N::new(Box::leak(Box::new(weights)));
        for input in ["x", "y"] {
            let input = seeded::uniform(&format!("{salt}{input}"), N::GRAPH.input.elements());
            compare(&mut net, &params, &input);
        }
    }
}

fn compare<N: Network<'static>>(net: &mut N, params: &Params, input: &[f32]) {
    let expected = run(N::GRAPH, params, input).unwrap_or_else(|error| panic!("{error}"));
    let found = net.run(input).unwrap_or_else(|error| panic!("{error}")).to_vec();
    close("output", expected.result(), &found);
    for tap in N::GRAPH.taps {
        let found = net.tap(tap.name).unwrap_or_else(|| panic!("no tap {}", tap.name));
        close(tap.name, expected.tap(tap.name).unwrap_or_else(|| panic!("no tap {}", tap.name)), found);
    }
}

/// Fails where two tensors differ by more than the tolerance.
pub(crate) fn close(name: &str, expected: &Tensor, found: &[f32]) {
    assert_eq!(expected.data.len(), found.len(), "{name}");
    let scale = expected.data.iter().fold(0.0_f64, |scale, x| scale.max(x.abs()));
    for (index, (expected, found)) in expected.data.iter().zip(found).enumerate() {
        let error = (expected - f64::from(*found)).abs();
        // Written so that a NaN fails.
        let near = error <= TOLERANCE * scale.max(1e-30);
        assert!(near, "{name}[{index}]: {found}, expected {expected} (largest {scale})");
    }
}
