//! Fuses an element-wise function into the step before it.
//!
//! ```text
//! conv -> relu        conv that applies relu to what it stores
//! ```
//!
//! Not where something else reads the step's result, and not a second function.

use cnn_net::op::{Activation, Op};

use super::Optimised;
use crate::step::StepKind;

/// Fuses the step at `index`, if it is a function, into its producer.
pub(super) fn fuse(net: &mut Optimised, index: usize) -> bool {
    let StepKind::Plain { op: Op::Activation(activation), .. } = net.steps[index].kind else { return false };
    let Some(producer) = net.sole_producer(net.steps[index].inputs[0]) else { return false };
    let slot = net.steps[producer].kind.activation_mut().filter(|slot| **slot == Activation::Identity);
    let Some(slot) = slot else { return false };
    *slot = activation;
    net.absorb(producer, index);
    true
}
