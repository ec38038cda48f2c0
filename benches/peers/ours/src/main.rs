//! This project, with weights read from a file a few rows at a time.

use std::error::Error;
use std::sync::Arc;

use cnn::weights::{Files, WeightsError};
use cnn::{Network, Pool};
use cnn_runtime::exec::isa::Isa;
use harness::{Engine, Job};
use models::{AlexNet, AlexNetF16, InceptionV1, LeNet5, ResNet50, UNet, Vgg16, torchvision};

struct Ours<N> {
    net: N,
    input: Vec<f32>,
}

impl<N: Network> Engine for Ours<N> {
    fn run(&mut self) {
        self.net.run(&self.input).expect("the image is of the net's size");
    }

    fn logits(&mut self) -> Vec<f32> {
        self.net.tap("logits").expect("every net of `models` has this tap").to_vec()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    Isa::from_env()?;
    let job = Job::from_args()?;
    match job.net.as_str() {
        "lenet5" => serve::<LeNet5>(&job),
        "alexnet" if job.half => serve::<AlexNetF16>(&job),
        "alexnet" => serve::<AlexNet>(&job),
        "vgg16" => serve::<Vgg16>(&job),
        "inception-v1" => serve::<InceptionV1>(&job),
        "resnet50" => serve::<ResNet50>(&job),
        "unet" => serve::<UNet>(&job),
        "torchvision-convnext_tiny" => serve::<torchvision::ConvNeXtTiny>(&job),
        "torchvision-densenet121" => serve::<torchvision::DenseNet121>(&job),
        "torchvision-efficientnet_b0" => serve::<torchvision::EfficientNetB0>(&job),
        "torchvision-mobilenet_v2" => serve::<torchvision::MobileNetV2>(&job),
        "torchvision-mobilenet_v3_large" => serve::<torchvision::MobileNetV3Large>(&job),
        "torchvision-shufflenet_v2_x1_0" => serve::<torchvision::ShuffleNetV2>(&job),
        "torchvision-squeezenet1_1" => serve::<torchvision::SqueezeNet1_1>(&job),
        other => Err(format!("there is no net `{other}`").into()),
    }
}

fn serve<N: Network>(job: &Job) -> Result<(), Box<dyn Error>> {
    let weights = Arc::new(open::<N>(job)?);
    let net = N::new(weights);
    let net = if job.threads > 1 { net.with_pool(Arc::new(Pool::new(job.threads))) } else { net };
    let mut engine = Ours { net, input: job.input()? };
    job.serve(&mut engine)
}

/// What `NameWeights::open` does, for any net.
fn open<N: Network>(job: &Job) -> Result<N::Weights, WeightsError> {
    let files = Files::open(job.file("safetensors")).map_err(|why| WeightsError::unreadable(N::GRAPH, why))?;
    N::load(&files.source())
}
