//! Training steps of Burn on the backend `flex`, under the protocol of `harness`, with the nets of `torch_training.py`.

use std::error::Error;

use burn::module::Module;
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_store::{ModuleSnapshot as _, PyTorchToBurnAdapter, SafetensorsStore};
use harness::Job;
use harness::training::{self, HEAD_WEIGHT, Learner, MOMENTUM, RATE, WEIGHT_DECAY};

mod googlenet;
mod lenet5;
mod resnet;

/// A net.
trait Net: Module {
    /// The logits; those of auxiliary classifiers come after the net's.
    fn forward(&self, images: Tensor<4>) -> Vec<Tensor<2>>;
}

struct Burn<N> {
    /// There between steps: the optimiser takes it and gives it back.
    net: Option<N>,
    optimiser: ModuleOptimizer,
    loss: CrossEntropyLoss,
    images: Tensor<4>,
    targets: Tensor<1, Int>,
}

impl<N: Net> Learner for Burn<N> {
    fn step(&mut self) -> f32 {
        let net = self.net.take().expect("the last step gave it back");
        let mut losses =
            net.forward(self.images.clone()).into_iter().map(|logits| self.loss.forward(logits, self.targets.clone()));
        let first = losses.next().expect("a net has logits");
        let loss = losses.fold(first, |sum, head| sum + head.mul_scalar(HEAD_WEIGHT));
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        self.net = Some(self.optimiser.step(RATE, net, gradients));
        loss.into_scalar()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    // The main thread belongs to the pool, so with one thread nothing is handed over.
    rayon::ThreadPoolBuilder::new().num_threads(job.threads).use_current_thread().build_global()?;
    let device = Device::flex().autodiff();
    match job.net.as_str() {
        "lenet5" => train(&job, load(&job, lenet5::LeNet5::new(&device))?, &device),
        "resnet20" => train(&job, load(&job, resnet::resnet20(&device))?, &device),
        "resnet18" => train(&job, load(&job, resnet::resnet18(&device))?, &device),
        "googlenet" => train(&job, load(&job, googlenet::GoogLeNet::new(&device))?, &device),
        "head" => train(&job, load(&job, resnet::resnet50(&device))?.without_trunk(), &device),
        other => Err(format!("there is no net `{other}`").into()),
    }
}

/// The net with the weights that `torch_training.py` wrote.
fn load<N: Module>(job: &Job, mut net: N) -> Result<N, Box<dyn Error>> {
    let mut store = SafetensorsStore::from_file(job.file("training.safetensors"))
        .with_from_adapter(PyTorchToBurnAdapter)
        .with_key_remapping(r"downsample\.0\.", "downsample.conv.")
        .with_key_remapping(r"downsample\.1\.", "downsample.bn.")
        .with_key_remapping(r"branch4\.1\.", "branch4.");
    net.load_from(&mut store)?;
    Ok(net)
}

fn train(job: &Job, net: impl Net, device: &Device) -> Result<(), Box<dyn Error>> {
    let momentum = MomentumConfig { momentum: MOMENTUM, dampening: 0.0, nesterov: false };
    let decay = WeightDecayConfig { penalty: WEIGHT_DECAY as f32 };
    let optimiser = SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(Some(decay)).init();
    let shape = job.minibatch()?;
    let images: Vec<f32> = training::images(shape.iter().product()).collect();
    let targets: Vec<i64> = training::targets(shape[0]).map(i64::from).collect();
    job.train(Burn {
        net: Some(net),
        optimiser,
        loss: CrossEntropyLossConfig::new().init(device),
        images: Tensor::from_data(TensorData::new(images, shape), device),
        targets: Tensor::from_data(TensorData::new(targets, [shape[0]]), device),
    })
}
