//! Drawings of all nets, read back: what is in them, and that nothing is in the way of anything.

#![forbid(unsafe_code)]

mod content;
mod figures;
mod layout;
mod memory;
mod numbers;
mod support;
