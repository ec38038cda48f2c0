//! A report of what a file has and what it lacks.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use cnn_net::graph::Graph;

use super::check::{Found, compare_all};
use super::error::Problem;
use super::file::File;
use super::source::Source;

/// Everything that a comparison of weights with a net found; [`load`](super::load) reports only what is wrong.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Tensors that fit, in the net's order.
    pub found: Vec<Found>,
    /// Names of tensors that PyTorch writes for its own use and no net needs: `num_batches_tracked`.
    pub ignored: Vec<String>,
    /// What is wrong; `None` if the weights fit.
    pub problems: Vec<Problem>,
}

/// Compares weights with a net, tensor by tensor.
#[must_use]
pub fn report(graph: &Graph<'_>, source: &Source<'_>) -> Report {
    let compared = File::open(source).and_then(|file| compare_all(graph, &file, |_| {}).map_err(Problem::Unreadable));
    match compared {
        Err(problem) => Report { found: Vec::new(), ignored: Vec::new(), problems: vec![problem] },
        Ok(compared) => Report { found: compared.found, ignored: compared.ignored, problems: compared.problems },
    }
}
