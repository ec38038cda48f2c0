//! torchvision's GoogLeNet, with its auxiliary classifiers.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2dConfig, AvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::Net;

const CLASSES: usize = 1000;

/// A convolution with batch normalisation and ReLU.
#[derive(Module, Debug)]
struct Basic {
    conv: Conv2d,
    bn: BatchNorm,
}

impl Basic {
    fn new(inputs: usize, outputs: usize, kernel: usize, stride: usize, device: &Device) -> Self {
        let pad = kernel / 2;
        let conv = Conv2dConfig::new([inputs, outputs], [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
            .with_bias(false);
        Self { conv: conv.init(device), bn: BatchNormConfig::new(outputs).with_epsilon(1e-3).init(device) }
    }

    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        relu(self.bn.forward(self.conv.forward(maps)))
    }
}

fn max_pool(kernel: usize, stride: usize, pad: usize, maps: Tensor<4>) -> Tensor<4> {
    MaxPool2dConfig::new([kernel, kernel])
        .with_strides([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .with_ceil_mode(true)
        .init()
        .forward(maps)
}

/// An inception module.
#[derive(Module, Debug)]
struct Inception {
    branch1: Basic,
    branch2: [Basic; 2],
    branch3: [Basic; 2],
    branch4: Basic,
}

impl Inception {
    fn new(inputs: usize, filters: [usize; 6], device: &Device) -> Self {
        let [ones, reduce3, threes, reduce5, fives, pooled] = filters;
        let two =
            |reduce, outputs| [Basic::new(inputs, reduce, 1, 1, device), Basic::new(reduce, outputs, 3, 1, device)];
        Self {
            branch1: Basic::new(inputs, ones, 1, 1, device),
            branch2: two(reduce3, threes),
            branch3: two(reduce5, fives),
            branch4: Basic::new(inputs, pooled, 1, 1, device),
        }
    }

    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let two = |branch: &[Basic; 2]| branch[1].forward(branch[0].forward(maps.clone()));
        let (threes, fives) = (two(&self.branch2), two(&self.branch3));
        let pooled = self.branch4.forward(max_pool(3, 1, 1, maps.clone()));
        Tensor::cat(vec![self.branch1.forward(maps), threes, fives, pooled], 1)
    }
}

/// An auxiliary classifier.
#[derive(Module, Debug)]
struct Head {
    conv: Basic,
    fc1: Linear,
    dropout: Dropout,
    fc2: Linear,
}

impl Head {
    fn new(inputs: usize, device: &Device) -> Self {
        Self {
            conv: Basic::new(inputs, 128, 1, 1, device),
            fc1: LinearConfig::new(128 * 4 * 4, 1024).init(device),
            dropout: DropoutConfig::new(0.7).init(),
            fc2: LinearConfig::new(1024, CLASSES).init(device),
        }
    }

    fn forward(&self, maps: Tensor<4>) -> Tensor<2> {
        let means = AvgPool2dConfig::new([5, 5]).with_strides([3, 3]).init().forward(maps);
        let features = self.conv.forward(means).flatten::<2>(1, 3);
        self.fc2.forward(self.dropout.forward(relu(self.fc1.forward(features))))
    }
}

#[derive(Module, Debug)]
pub struct GoogLeNet {
    conv1: Basic,
    conv2: Basic,
    conv3: Basic,
    inception3a: Inception,
    inception3b: Inception,
    inception4a: Inception,
    aux1: Head,
    inception4b: Inception,
    inception4c: Inception,
    inception4d: Inception,
    aux2: Head,
    inception4e: Inception,
    inception5a: Inception,
    inception5b: Inception,
    dropout: Dropout,
    fc: Linear,
}

impl GoogLeNet {
    pub fn new(device: &Device) -> Self {
        let module = |inputs, filters| Inception::new(inputs, filters, device);
        Self {
            conv1: Basic::new(3, 64, 7, 2, device),
            conv2: Basic::new(64, 64, 1, 1, device),
            conv3: Basic::new(64, 192, 3, 1, device),
            inception3a: module(192, [64, 96, 128, 16, 32, 32]),
            inception3b: module(256, [128, 128, 192, 32, 96, 64]),
            inception4a: module(480, [192, 96, 208, 16, 48, 64]),
            aux1: Head::new(512, device),
            inception4b: module(512, [160, 112, 224, 24, 64, 64]),
            inception4c: module(512, [128, 128, 256, 24, 64, 64]),
            inception4d: module(512, [112, 144, 288, 32, 64, 64]),
            aux2: Head::new(528, device),
            inception4e: module(528, [256, 160, 320, 32, 128, 128]),
            inception5a: module(832, [256, 160, 320, 32, 128, 128]),
            inception5b: module(832, [384, 192, 384, 48, 128, 128]),
            dropout: DropoutConfig::new(0.2).init(),
            fc: LinearConfig::new(1024, CLASSES).init(device),
        }
    }
}

impl Net for GoogLeNet {
    fn forward(&self, images: Tensor<4>) -> Vec<Tensor<2>> {
        let maps = max_pool(3, 2, 0, self.conv1.forward(images));
        let maps = max_pool(3, 2, 0, self.conv3.forward(self.conv2.forward(maps)));
        let maps = max_pool(3, 2, 0, self.inception3b.forward(self.inception3a.forward(maps)));
        let maps = self.inception4a.forward(maps);
        let head1 = self.aux1.forward(maps.clone());
        let maps = self.inception4d.forward(self.inception4c.forward(self.inception4b.forward(maps)));
        let head2 = self.aux2.forward(maps.clone());
        let maps = max_pool(2, 2, 0, self.inception4e.forward(maps));
        let maps = self.inception5b.forward(self.inception5a.forward(maps));
        let means = AdaptiveAvgPool2dConfig::new([1, 1]).init().forward(maps).flatten::<2>(1, 3);
        vec![self.fc.forward(self.dropout.forward(means)), head1, head2]
    }
}
