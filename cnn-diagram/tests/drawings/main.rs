//! Drawings of all nets, read back: what is in them, and that nothing overlaps.

#![forbid(unsafe_code)]

mod content;
mod faithful;
mod figures;
mod follow;
mod geometry;
mod layout;
mod memory;
mod numbers;
mod random;
mod support;
