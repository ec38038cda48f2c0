//! A pooling into the convolution before it, if that is computed in tiles.
//!
//! ```text
//! conv -> relu -> max_pool(2x2)        conv that stores the largest of each 2x2 outputs
//! ```
//!
//! A tile is whole windows, since its side is even. Not where something else reads the convolution's result, where a residual
//! is added, where the function between is more than a limit, or where the last row or column is left out.

use cnn_runtime::op::{Activation, Op, Padding, Pool, Shape, Size};

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
        let Op::MaxPool(window) = &self.net.shaped.graph.nodes[step.node].op else { return false };
        if step.kind != StepKind::MaxPool || !halves(window, self.net.values[step.inputs[0]]) {
            return false;
        }
        let Some(producer) = self.net.sole_producer(step.inputs[0]) else { return false };
        if !matches!(self.net.steps[producer].kind, StepKind::Conv(fused) if limits(fused)) {
            return false;
        }
        let Algorithm::Winograd { panels, pool, .. } = &mut self.algorithms[producer] else { return false };
        if pool.is_some() || panels.tile % 2 == 1 {
            return false;
        }
        *pool = Some(step.node);
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
