//! Training steps of candle, under the protocol of `harness`, with the nets of `torch_training.py`.
//!
//! candle's SGD has neither momentum nor weight decay, so its steps do less than the others'.

use std::error::Error;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{Module as _, Optimizer as _, SGD, VarBuilder, VarMap, loss::cross_entropy};
use harness::Job;
use harness::training::{self, HEAD_WEIGHT, Learner, RATE};
use peer_candle::lenet5;

mod googlenet;
mod layers;
mod resnet;

/// From images to logits; those of auxiliary classifiers come after the net's.
type Forward = Box<dyn Fn(&Tensor) -> Result<Vec<Tensor>>>;

struct Candle {
    forward: Forward,
    optimiser: SGD,
    images: Tensor,
    targets: Tensor,
}

impl Candle {
    fn try_step(&mut self) -> Result<f32> {
        let logits = (self.forward)(&self.images)?;
        let mut loss = cross_entropy(&logits[0], &self.targets)?;
        for head in &logits[1..] {
            loss = (loss + (HEAD_WEIGHT * cross_entropy(head, &self.targets)?)?)?;
        }
        self.optimiser.backward_step(&loss)?;
        loss.to_scalar()
    }
}

impl Learner for Candle {
    fn step(&mut self) -> f32 {
        self.try_step().expect("candle has all operations of the nets")
    }
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    // SAFETY: there is no other thread yet.
    unsafe { peer_candle::set_threads(job.threads)? };
    let mut variables = VarMap::new();
    let trained = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    let forward: Forward = match job.net.as_str() {
        "lenet5" => one(lenet5::lenet5(trained)?),
        "resnet20" => one(resnet::resnet20(trained)?),
        "resnet18" => one(resnet::resnet18(trained)?),
        "googlenet" => googlenet::googlenet(trained)?,
        "head" => {
            let file = job.file("training.safetensors");
            // SAFETY: nothing writes to the file while it is mapped: `torch_training.py` is done.
            let frozen = unsafe { VarBuilder::from_mmaped_safetensors(&[file], DType::F32, &Device::Cpu)? };
            one(resnet::head(frozen, trained)?)
        }
        other => return Err(format!("there is no net `{other}`").into()),
    };
    variables.load(job.file("training.safetensors"))?;
    let optimiser = SGD::new(variables.all_vars(), RATE)?;
    let shape = job.minibatch()?;
    let images = Tensor::from_iter(training::images(shape.iter().product()), &Device::Cpu)?.reshape(&shape[..])?;
    let targets = Tensor::from_iter(training::targets(shape[0]), &Device::Cpu)?;
    job.train(Candle { forward, optimiser, images, targets })
}

/// A net with one output.
fn one(net: candle_nn::Sequential) -> Forward {
    Box::new(move |images| Ok(vec![net.forward(images)?]))
}
