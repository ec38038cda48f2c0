//! Engines that train: a run is a step with a minibatch that is always the same.

use std::error::Error;

use crate::{Engine, Job};

/// The learning rate.
pub const RATE: f64 = 0.01;
/// The momentum of SGD.
pub const MOMENTUM: f64 = 0.9;
/// SGD adds this times the weights to the gradients.
pub const WEIGHT_DECAY: f64 = 5e-4;
/// The part of an auxiliary classifier's loss in the whole loss.
pub const HEAD_WEIGHT: f64 = 0.3;
/// The losses that are an engine's answer.
const LOSSES: usize = 3;

/// A net that is trained.
pub trait Learner {
    /// Does one step, and gives the loss from before it.
    fn step(&mut self) -> f32;
}

impl Job {
    /// The shape of a minibatch of the net: images, channels, rows, columns.
    ///
    /// # Errors
    ///
    /// If it is not a net that is trained here.
    pub fn minibatch(&self) -> Result<[usize; 4], Box<dyn Error>> {
        Ok(match self.net.as_str() {
            "lenet5" => [64, 1, 32, 32],
            "resnet20" => [64, 3, 32, 32],
            "resnet18" | "head" => [8, 3, 224, 224],
            "googlenet" => [4, 3, 224, 224],
            other => return Err(format!("there is no net `{other}`").into()),
        })
    }

    /// Trains the net for as many steps as the runner asks. Its answer are the losses of the first three.
    ///
    /// # Errors
    ///
    /// If a file or a pipe fails, or a line does not follow the protocol.
    pub fn train(&self, learner: impl Learner) -> Result<(), Box<dyn Error>> {
        self.serve(&mut Steps { learner, losses: Vec::new() })
    }
}

/// Pixels from -1 to 1, by a hash of their places.
pub fn images(numbers: usize) -> impl Iterator<Item = f32> {
    (0..numbers as u32).map(|place| {
        let mut mixed = place.wrapping_mul(0x9E37_79B1);
        mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2C1B_3C6D);
        mixed ^= mixed >> 12;
        (mixed >> 8) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// The classes of the images.
pub fn targets(images: usize) -> impl Iterator<Item = u32> {
    (0..images as u32).map(|image| image % 10)
}

struct Steps<L> {
    learner: L,
    /// Of the first steps.
    losses: Vec<f32>,
}

impl<L: Learner> Engine for Steps<L> {
    fn run(&mut self) {
        let loss = self.learner.step();
        if self.losses.len() < LOSSES {
            self.losses.push(loss);
        }
    }

    fn logits(&mut self) -> Vec<f32> {
        while self.losses.len() < LOSSES {
            self.run();
        }
        self.losses.clone()
    }
}
