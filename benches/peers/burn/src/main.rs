//! Burn: Rust that burn-onnx generates from ONNX, on the backend `flex`; weights from the file next to the code, mapped.

use std::error::Error;

use burn::tensor::{Device, Tensor, TensorData};
use harness::{Engine, Job};

/// The code of a net.
macro_rules! net {
    ($name:ident, $file:literal) => {
        #[allow(clippy::all, unused, reason = "generated")]
        mod $name {
            include!(concat!(env!("OUT_DIR"), "/nets/", $file, ".rs"));
        }
    };
}

net!(lenet5, "lenet5");
net!(alexnet, "alexnet");
net!(vgg16, "vgg16");
net!(inception_v1, "inception-v1");
net!(resnet50, "resnet50");

struct Burn<F> {
    forward: F,
    input: Tensor<4>,
    logits: Vec<f32>,
}

impl<F: Fn(Tensor<4>) -> Tensor<2>> Engine for Burn<F> {
    fn run(&mut self) {
        self.logits = (self.forward)(self.input.clone()).into_data().to_vec().expect("floats");
    }

    fn logits(&mut self) -> Vec<f32> {
        self.logits.clone()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    rayon::ThreadPoolBuilder::new().num_threads(job.threads).build_global()?;
    let input = Tensor::from_data(TensorData::new(job.input()?, job.shape()), &Device::default());
    macro_rules! serve {
        ($name:ident) => {{
            let net = $name::Model::default();
            job.serve(&mut Burn { forward: |image| net.forward(image), input, logits: Vec::new() })
        }};
    }
    match job.net.as_str() {
        "lenet5" => serve!(lenet5),
        "alexnet" => serve!(alexnet),
        "vgg16" => serve!(vgg16),
        "inception-v1" => serve!(inception_v1),
        "resnet50" => serve!(resnet50),
        other => Err(format!("there is no net `{other}`").into()),
    }
}
