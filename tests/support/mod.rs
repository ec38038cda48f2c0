//! A net against the reference executor.

mod close;
mod stored;

use std::sync::Arc;

use cnn::Network;
use cnn::reference::{Params, run};
use models::seeded;

use close::close;
use stored::stored;

/// Runs a net with seeded weights on several inputs, and compares its output and all taps with the reference.
pub(crate) fn check<N: Network>() {
    for salt in ["", "a"] {
        let file = seeded::weights(N::GRAPH, salt);
        let weights = N::weights(&file).unwrap_or_else(|error| panic!("{error}"));
        let params = stored(N::GRAPH, &file);
        let mut net = N::new(Arc::new(weights));
        for input in ["x", "y"] {
            let input = seeded::uniform(&format!("{salt}{input}"), N::GRAPH.input().elements());
            compare(&mut net, &params, &input);
        }
    }
}

fn compare<N: Network>(net: &mut N, params: &Params, input: &[f32]) {
    let expected = run(N::GRAPH, params, input).unwrap_or_else(|error| panic!("{error}"));
    let found = net.run(input).unwrap_or_else(|error| panic!("{error}")).to_vec();
    close("output", expected.result(), &found);
    for tap in N::GRAPH.taps {
        let found = net.tap(tap.name).unwrap_or_else(|| panic!("no tap {}", tap.name));
        close(tap.name, expected.tap(tap.name).unwrap_or_else(|| panic!("no tap {}", tap.name)), found);
    }
}
