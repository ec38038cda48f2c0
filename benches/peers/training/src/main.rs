//! Training steps of this project: `peer-training NET THREADS CLOCK`, then for each line `SECONDS` on standard input a line with the
//! milliseconds of the steps in that time, by the clock `wall` or `cpu`. `training.py` starts it, and takes turns with PyTorch.

mod nets;

use std::error::Error;
use std::io::BufRead as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cnn::step::{Params, Train, Trainer};
use cnn::train::Sgd;
use cnn::{Numbers as _, Pool};
use rustix::time::{ClockId, clock_gettime};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [net, threads, clock] = &args[..] else { return Err("expected NET THREADS CLOCK".into()) };
    let threads: usize = threads.parse()?;
    let clock = match clock.as_str() {
        "wall" => ClockId::Monotonic,
        "cpu" => ClockId::ProcessCPUTime,
        _ => return Err("the clock is `wall` or `cpu`".into()),
    };
    match net.as_str() {
        "lenet5" => run::<nets::LeNet5<'static>, _>(threads, clock),
        "resnet20" => run::<nets::ResNet20<'static>, _>(threads, clock),
        "resnet18" => run::<nets::ResNet18<'static>, _>(threads, clock),
        "googlenet" => run::<nets::GoogLeNet<'static>, _>(threads, clock),
        "head" => run::<nets::Head<'static>, _>(threads, clock),
        _ => Err(format!("{net} is not a net of this bench").into()),
    }
}

/// Takes turns until the input ends.
fn run<N: Train<Targets = [u32; B]>, const B: usize>(threads: usize, clock: ClockId) -> Result<(), Box<dyn Error>> {
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
            let start = milliseconds(clock);
            trainer.step(&images, &targets, 0.01);
            times += &format!("{:.4} ", milliseconds(clock) - start);
        }
        println!("{}", times.trim_end());
    }
    eprintln!("{} bytes", Trainer::<N, Sgd>::TRAIN_BYTES);
    Ok(())
}

fn milliseconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
