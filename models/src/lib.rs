//! The reference nets, each in a file as short as its paper's table.

#![forbid(unsafe_code)]

#[macro_use]
mod classifier;
mod lenet5;

pub mod labels;
pub mod preprocess;
pub mod seeded;

pub use classifier::Classifier;
pub use lenet5::{LeNet5, LeNet5Weights};
pub use preprocess::Preprocess;
