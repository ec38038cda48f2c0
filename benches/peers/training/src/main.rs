//! Training steps of this project, under the protocol of `harness`.

mod nets;

use std::error::Error;
use std::fs;
use std::sync::Arc;

use cnn::step::{Params, Train, Trainer};
use cnn::train::Sgd;
use cnn::{Numbers as _, Pool};
use harness::Job;
use harness::training::{self, Learner, MOMENTUM, RATE, WEIGHT_DECAY};

struct Ours<N: Train> {
    trainer: Trainer<N, Sgd>,
    images: Box<N::Images>,
    targets: N::Targets,
}

impl<N: Train> Learner for Ours<N> {
    fn step(&mut self) -> f32 {
        self.trainer.step(&self.images, &self.targets, RATE).loss as f32
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    match job.net.as_str() {
        "lenet5" => train::<nets::LeNet5<'static>, _>(&job),
        "resnet20" => train::<nets::ResNet20<'static>, _>(&job),
        "resnet18" => train::<nets::ResNet18<'static>, _>(&job),
        "googlenet" => train::<nets::GoogLeNet<'static>, _>(&job),
        "head" => train::<nets::Head<'static>, _>(&job),
        other => Err(format!("there is no net `{other}`").into()),
    }
}

fn train<N: Train<Targets = [u32; B]>, const B: usize>(job: &Job) -> Result<(), Box<dyn Error>> {
    let params = Params::from_safetensors(&fs::read(job.file("training.safetensors"))?)?;
    let mut trainer = Trainer::new(params, Sgd::new(MOMENTUM).weight_decay(WEIGHT_DECAY));
    if job.threads > 1 {
        trainer = trainer.with_pool(Arc::new(Pool::new(job.threads)));
    }
    let mut images = N::Images::boxed();
    let numbers = images.floats_mut();
    for (number, value) in numbers.iter_mut().zip(training::images(job.minibatch()?.iter().product())) {
        *number = value;
    }
    let mut classes = training::targets(B);
    let targets = core::array::from_fn(|_| classes.next().unwrap_or_default());
    job.train(Ours::<N> { trainer, images, targets })
}
