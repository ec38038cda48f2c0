//! A pooling into the convolution before it, if that is computed in tiles, columns or strips.
//!
//! ```text
//! conv -> relu -> max_pool(2x2)        conv that stores the largest of each 2x2 outputs
//! conv -> tanh -> avg_pool(2x2)        over few channels: conv that stores the mean
//! ```
//!
//! A tile is whole windows, since its side is even. Not where something else reads the convolution's result, where a residual
//! is added, or where the last row or column is left out; in tiles also not a mean, nor where the function between is more than
//! a limit.

use cnn_net::op::{Activation, Op, Padding, Pool, Shape, Size};
use cnn_runtime::kernels::strips::Pooling;

use super::Chosen;
use super::algorithm::Algorithm;
use crate::optimise::{Fused, StepKind};

impl Chosen {
    /// Does the poolings that can be done with a convolution.
    pub(super) fn fuse_pools(&mut self) {
        let mut index = 0;
        while index < self.net.steps.len() {
            if !self.fuse_pool(index) {
                index += 1;
            }
        }
    }

    /// Fuses the step at `index`, if it is such a pooling, into its producer. Says whether it took the step away.
    fn fuse_pool(&mut self, index: usize) -> bool {
        let step = &self.net.steps[index];
        let (window, pooling) = match (&step.kind, &self.net.shaped.graph.nodes[step.node].op) {
            (StepKind::MaxPool, Op::MaxPool(window)) => (window, Pooling::Max),
            (StepKind::AvgPool, Op::AvgPool(window)) => (window, Pooling::Average),
            _ => return false,
        };
        if !halves(window, self.net.values[step.inputs[0]]) {
            return false;
        }
        let Some(producer) = self.net.sole_producer(step.inputs[0]) else { return false };
        let StepKind::Conv(fused) = self.net.steps[producer].kind else { return false };
        match &mut self.algorithms[producer] {
            Algorithm::Planar { pool: pool @ None, .. } | Algorithm::Columns { pool: pool @ None, .. } => {
                *pool = Some((step.node, pooling));
            }
            Algorithm::Winograd { panels, pool: pool @ None, .. }
                if pooling == Pooling::Max && limits(fused) && panels.tile.is_multiple_of(2) =>
            {
                *pool = Some(step.node);
            }
            _ => return false,
        }
        let step = self.net.steps.remove(index);
        self.algorithms.remove(index);
        self.net.steps[producer].output = step.output;
        true
    }
}

/// Whether windows are the 2x2 quarters of a map, all of it.
fn halves(pool: &Pool, input: Shape) -> bool {
    let (two, size) = (Size::square(2), input.size());
    let plain = pool.pad == Padding::NONE && pool.dilation == Size::square(1);
    plain && pool.kernel == two && pool.stride == two && size.height.is_multiple_of(2) && size.width.is_multiple_of(2)
}

/// Whether nothing but a limit is between the sums and the pooling.
fn limits(fused: Fused) -> bool {
    let limit = matches!(fused.activation, Activation::Identity | Activation::Relu | Activation::Relu6);
    limit && !fused.residual
}
