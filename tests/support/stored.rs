//! Weights as a net stores them.

use cnn::graph::{Graph, Role};
use cnn::op::{Op, Store};
use cnn::reference::Params;
use cnn::weights::{self, Source};
use half::f16;

/// The tensors of a file, rounded to half precision where a net stores them so: then its kernels make only the rounding errors
/// of sums.
pub(crate) fn stored(graph: &Graph<'_>, file: &[u8]) -> Params {
    let mut params = weights::read(graph, &Source::new(file)).unwrap_or_else(|error| panic!("{error}"));
    for node in graph.nodes.iter().filter(|node| matches!(node.op, Op::Linear(linear) if linear.store == Store::F16)) {
        for tensor in node.tensors.iter().filter(|tensor| tensor.role == Role::Weight) {
            let weights = params.get_mut(tensor.name).expect("the file has all tensors");
            weights.iter_mut().for_each(|weight| *weight = f16::from_f32(*weight).to_f32());
        }
    }
    params
}
