//! The reference executor against cases that were worked out by hand.

#![cfg(feature = "alloc")]

#[path = "reference/gradients.rs"]
mod gradients;
#[path = "reference/layers.rs"]
mod layers;
#[path = "reference/nets.rs"]
mod nets;
#[path = "support/random.rs"]
mod random;
#[path = "reference/training.rs"]
mod training;
