//! The reference executor against cases that were worked out by hand.

#![cfg(feature = "alloc")]

#[path = "reference/layers.rs"]
mod layers;
#[path = "reference/nets.rs"]
mod nets;
