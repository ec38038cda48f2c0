//! candle, on the CPU with its own matrix multiplication (no MKL), with AVX-512 too. The nets are declared in Rust, as
//! by candle's users, and read the same weights as this project; batch normalisation is folded when they are loaded.

use std::error::Error;

use candle_core::{DType, Device, Tensor};
use candle_nn::{Module as _, Sequential, VarBuilder};
use harness::{Engine, Job};
use peer_candle::{layers, lenet5};

mod alexnet;
mod inception_v1;
mod resnet;
mod vgg;

struct Candle {
    net: Sequential,
    input: Tensor,
    logits: Option<Tensor>,
}

impl Engine for Candle {
    fn run(&mut self) {
        self.logits = Some(self.net.forward(&self.input).expect("the net runs"));
    }

    fn logits(&mut self) -> Vec<f32> {
        let logits = self.logits.as_ref().expect("the net has run");
        logits.flatten_all().and_then(|logits| logits.to_vec1()).expect("floats")
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    // SAFETY: there is no other thread yet.
    unsafe { peer_candle::set_threads(job.threads)? };
    // SAFETY: nothing writes to the file while it is mapped: `export.py` is done.
    let weights = unsafe { VarBuilder::from_mmaped_safetensors(&[job.file("safetensors")], DType::F32, &Device::Cpu)? };
    let net = match job.net.as_str() {
        "lenet5" => lenet5::lenet5(weights)?,
        "alexnet" => alexnet::alexnet(weights)?,
        "vgg16" => vgg::vgg16(weights)?,
        "inception-v1" => inception_v1::inception_v1(weights)?,
        "resnet50" => resnet::resnet50(weights)?,
        other => return Err(format!("there is no net `{other}`").into()),
    };
    let input = Tensor::from_vec(job.input()?, &job.shape()[..], &Device::Cpu)?;
    job.serve(&mut Candle { net, input, logits: None })
}
