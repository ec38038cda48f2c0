//! [`Shaped`] to [`Optimised`]: the layers that run at inference, in as few and as large steps as possible.
//!
//! | pass | before | after |
//! | --- | --- | --- |
//! | `lower` | nodes | steps; `dropout`, `identity`, `flatten` before `linear` and auxiliary heads are gone |
//! | `fold` | `conv -> batch_norm`, `conv -> scale` | `conv`, the factors folded into its weights |
//! | `residual` | `add { … -> conv; other; }` | `conv` that adds `other` in its epilogue |
//! | `activation` | `conv -> relu` | `conv` that applies the function in its epilogue |

mod activation;
mod fold;
mod lower;
mod residual;

use cnn_net::op::Shape;

use crate::shapes::Shaped;
use crate::step::{Step, ValueId};

/// A net as the steps that run, in order.
#[derive(Clone)]
pub struct Optimised {
    /// The net as declared, for its description and for loading weights.
    pub(crate) shaped: Shaped,
    /// The steps.
    pub(crate) steps: Vec<Step>,
    /// The shape of each value.
    pub(crate) values: Vec<Shape>,
    /// The net's outputs, in their order.
    pub(crate) results: Vec<ValueId>,
    /// The values of the taps, in their order.
    pub(crate) taps: Vec<ValueId>,
}

/// Lowers and optimises a net.
pub fn optimise(shaped: Shaped) -> Optimised {
    let mut net = lower::lower(shaped);
    net.rewrite(fold::fold);
    net.rewrite(residual::fuse);
    net.rewrite(activation::fuse);
    net
}

impl Optimised {
    /// Tries a rewrite at every step. It returns whether it removed the step at that index.
    pub(crate) fn rewrite(&mut self, mut at: impl FnMut(&mut Self, usize) -> bool) {
        let mut index = 0;
        while index < self.steps.len() {
            if !at(self, index) {
                index += 1;
            }
        }
    }

    /// Removes the step at `index`, which `producer` computes from now on.
    pub(crate) fn absorb(&mut self, producer: usize, index: usize) -> Step {
        let step = self.steps.remove(index);
        self.steps[producer].output = step.output;
        self.steps[producer].nodes.extend(&step.nodes);
        step
    }

    /// How often a value is read, counting outputs.
    fn uses(&self, value: ValueId) -> usize {
        let reads: usize =
            self.steps.iter().map(|step| step.inputs.iter().filter(|input| **input == value).count()).sum();
        reads + self.leaving().filter(|leaving| *leaving == value).count()
    }

    /// The values that leave the net: outputs, then taps.
    pub(crate) fn leaving(&self) -> impl Iterator<Item = ValueId> {
        self.results.iter().chain(&self.taps).copied()
    }

    /// How many inputs there are: the first values.
    pub(crate) fn inputs(&self) -> usize {
        self.shaped.graph.inputs.len()
    }

    /// The step that writes a value that only `reader` reads.
    pub(crate) fn sole_producer(&self, value: ValueId) -> Option<usize> {
        if self.uses(value) != 1 {
            return None;
        }
        self.steps.iter().position(|step| step.output == value)
    }
}
