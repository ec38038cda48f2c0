//! What layers cost, one by one and together.

use cnn::graph::{Graph, Node};
use cnn::op::Shape;
use cnn::receptive::ReceptiveField;

use crate::registry::Model;

/// A net with all that its summary says about it.
pub(super) struct Facts {
    pub(super) model: &'static Model,
    pub(super) graph: &'static Graph<'static>,
    /// Of the layers that run at inference.
    pub(super) total: Cost,
    /// Of each node.
    fields: Vec<ReceptiveField>,
}

/// The cost of some layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cost {
    /// Trained parameters.
    pub(super) parameters: u64,
    /// Multiplications with a weight in one pass.
    pub(super) macs: u64,
    /// Bytes of all outputs as F32.
    pub(super) activation_bytes: u64,
}

impl Facts {
    pub(super) fn new(model: &'static Model) -> Self {
        let graph = model.graph;
        let mut facts = Self { model, graph, total: Cost::default(), fields: graph.receptive_fields() };
        facts.total = facts.cost(&facts.layers(None));
        facts
    }

    pub(super) fn node(&self, index: usize) -> &'static Node<'static> {
        &self.graph.nodes[index]
    }

    pub(super) fn field(&self, index: usize) -> ReceptiveField {
        self.fields[index]
    }

    /// The layers that run at inference, or those of an auxiliary classifier, in order.
    pub(super) fn layers(&self, aux: Option<usize>) -> Vec<usize> {
        (0..self.graph.nodes.len()).filter(|index| self.node(*index).aux == aux).collect()
    }

    /// The cost of some layers.
    pub(super) fn cost(&self, layers: &[usize]) -> Cost {
        layers.iter().fold(Cost::default(), |sum, index| {
            let node = self.node(*index);
            Cost {
                parameters: sum.parameters + node.parameters(),
                macs: sum.macs + node.macs(),
                activation_bytes: sum.activation_bytes + bytes(node.output),
            }
        })
    }
}

/// The share of a total; `None` if that is nothing.
pub(super) fn share(part: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| part as f64 / total as f64)
}

/// Bytes of a value as F32.
fn bytes(shape: Shape) -> u64 {
    (shape.elements() * size_of::<f32>()) as u64
}
