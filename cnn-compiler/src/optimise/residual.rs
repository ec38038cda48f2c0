//! Fuses the addition of a residual block into the convolution before it.
//!
//! ```text
//! a: … -> conv            a: …
//! add { a; b }            conv(a) + b, in the convolution's epilogue
//! ```
//!
//! Not where more than two branches are added, where one is broadcast over the other, where something else reads the
//! convolution's result, where a function comes between, or where the other branch is computed later than the
//! convolution.

use cnn_net::op::Op;

use super::Optimised;
use crate::step::StepKind;

/// Fuses the step at `index`, if it is an addition, into the later of its producers.
pub(super) fn fuse(net: &mut Optimised, index: usize) -> bool {
    let step = &net.steps[index];
    let (StepKind::Plain { op: Op::Add, .. }, [a, b]) = (&step.kind, &step.inputs[..]) else { return false };
    // Neither is broadcast.
    if net.values[*a] != net.values[*b] {
        return false;
    }
    let written = |value| net.steps.iter().position(|step| step.output == value);
    let (late, other) = if written(*a) >= written(*b) { (*a, *b) } else { (*b, *a) };
    let Some(producer) = net.sole_producer(late) else { return false };
    let Some(fused) = net.steps[producer].kind.fused_mut().filter(|fused| !fused.residual) else { return false };
    fused.residual = true;
    net.steps[producer].inputs.push(other);
    net.absorb(producer, index);
    true
}
