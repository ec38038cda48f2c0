//! Training steps of this project: `peer-training NET THREADS`, then for each line `SECONDS` on standard input a line with the
//! milliseconds of the steps in that time. `training.py` starts it, and takes turns with PyTorch.

mod nets;

use std::error::Error;
use std::io::BufRead as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cnn::{Numbers as _, Pool};
use cnn::step::{Params, Train, Trainer};
use cnn::train::Sgd;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [net, threads] = &args[..] else { return Err("expected NET THREADS".into()) };
    let threads: usize = threads.parse()?;
    match net.as_str() {
        "lenet5" => run::<nets::LeNet5<'static>, _>(threads),
        "resnet20" => run::<nets::ResNet20<'static>, _>(threads),
        "resnet18" => run::<nets::ResNet18<'static>, _>(threads),
        "googlenet" => run::<nets::GoogLeNet<'static>, _>(threads),
        "head" => run::<nets::Head<'static>, _>(threads),
        _ => Err(format!("{net} is not a net of this bench").into()),
    }
}

/// Takes turns until the input ends.
fn run<N: Train<Targets = [u32; B]>, const B: usize>(threads: usize) -> Result<(), Box<dyn Error>> {
    let mut trainer = Trainer::<N, _>::new(Params::init(1), Sgd::new(0.9).weight_decay(5e-4));
    if threads > 1 {
        trainer = trainer.with_pool(Arc::new(Pool::new(threads)));
    }
    let mut images = N::Images::boxed();
    for (index, number) in images.floats_mut().iter_mut().enumerate() {
        *number = (index * 7919 % 1000) as f32 / 500.0 - 1.0;
    }
    let targets = core::array::from_fn(|image| image as u32 % 10);
    for line in std::io::stdin().lock().lines() {
        let end = Instant::now() + Duration::from_secs_f64(line?.trim().parse()?);
        let mut times = String::new();
        while Instant::now() < end || times.is_empty() {
            let start = Instant::now();
            trainer.step(&images, &targets, 0.01);
            times += &format!("{:.4} ", start.elapsed().as_secs_f64() * 1e3);
        }
        println!("{}", times.trim_end());
    }
    eprintln!("{} bytes", Trainer::<N, Sgd>::TRAIN_BYTES);
    Ok(())
}
