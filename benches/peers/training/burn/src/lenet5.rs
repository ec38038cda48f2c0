//! LeNet-5.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::AvgPool2dConfig;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::Net;

#[derive(Module, Debug)]
pub struct LeNet5 {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

impl LeNet5 {
    pub fn new(device: &Device) -> Self {
        Self {
            conv1: Conv2dConfig::new([1, 6], [5, 5]).init(device),
            conv2: Conv2dConfig::new([6, 16], [5, 5]).init(device),
            fc1: LinearConfig::new(400, 120).init(device),
            fc2: LinearConfig::new(120, 84).init(device),
            fc3: LinearConfig::new(84, 10).init(device),
        }
    }
}

impl Net for LeNet5 {
    fn forward(&self, images: Tensor<4>) -> Vec<Tensor<2>> {
        let pool = AvgPool2dConfig::new([2, 2]).init();
        let maps = pool.forward(self.conv1.forward(images).tanh());
        let maps = pool.forward(self.conv2.forward(maps).tanh());
        let hidden = self.fc1.forward(maps.flatten::<2>(1, 3)).tanh();
        vec![self.fc3.forward(self.fc2.forward(hidden).tanh())]
    }
}
