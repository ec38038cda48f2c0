//! The reference nets, each in a file as short as its paper's table.

#![forbid(unsafe_code)]

mod lenet5;

pub mod seeded;

pub use lenet5::{LeNet5, LeNet5Weights};
