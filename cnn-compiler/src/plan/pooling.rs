//! Fuses a pooling into the convolution before it, if that is computed in tiles, columns or strips.
//!
//! ```text
//! conv -> relu -> max_pool(2x2)        conv that stores the largest of each 2x2 outputs
//! conv -> tanh -> avg_pool(2x2)        over few channels: conv that stores the mean
//! ```
//!
//! A tile consists of whole windows, since its side is even. Not where something else reads the convolution's result,
//! where a residual is added, or where the last row or column is dropped; in tiles, also not a mean, nor where the
//! function in between does more than limit its input.

use cnn_net::op::{Op, Padding, Pool, Shape, Size};
use cnn_runtime::kernels::strips::Pooling;

use crate::optimise::Optimised;
use crate::step::{Fused, StepKind};

impl Optimised {
    /// Fuses the poolings that can be done with a convolution.
    pub(super) fn fuse_pools(&mut self) {
        self.rewrite(fuse);
    }
}

/// Fuses the step at `index`, if it is such a pooling, into its producer. Returns whether it removed the step.
fn fuse(net: &mut Optimised, index: usize) -> bool {
    let step = &net.steps[index];
    let (window, pooling) = match &step.kind {
        StepKind::Plain { op: Op::MaxPool(window), .. } => (window, Pooling::Max),
        StepKind::Plain { op: Op::AvgPool(window), .. } => (window, Pooling::Average),
        StepKind::Conv { .. } | StepKind::ConvTranspose { .. } | StepKind::Linear { .. } | StepKind::Plain { .. } => {
            return false;
        }
    };
    if !halves(window, net.values[step.inputs[0]]) {
        return false;
    }
    let Some(producer) = net.sole_producer(step.inputs[0]) else { return false };
    let StepKind::Conv { fused, algorithm, .. } = &mut net.steps[producer].kind else { return false };
    if !algorithm.take_pool(pooling, limits(*fused)) {
        return false;
    }
    net.absorb(producer, index);
    true
}

/// Whether windows are the 2x2 quarters of a map, all of it.
fn halves(pool: &Pool, input: Shape) -> bool {
    let (two, size) = (Size::square(2), input.size());
    let plain = pool.pad == Padding::NONE && pool.dilation == Size::square(1);
    plain && pool.kernel == two && pool.stride == two && size.height.is_multiple_of(2) && size.width.is_multiple_of(2)
}

/// Whether nothing but a limit is between the sums and the pooling.
fn limits(fused: Fused) -> bool {
    fused.activation.limits().is_some() && !fused.residual
}
