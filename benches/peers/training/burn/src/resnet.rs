//! ResNets.

use burn::module::{Module, ParamGroup};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use crate::Net;

/// The ratio of a bottleneck's output maps to the maps inside.
const EXPANSION: usize = 4;

/// A convolution without bias whose borders keep the size, but for the stride.
fn conv(inputs: usize, outputs: usize, kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let pad = kernel / 2;
    Conv2dConfig::new([inputs, outputs], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .with_bias(false)
        .init(device)
}

fn norm(channels: usize, device: &Device) -> BatchNorm {
    BatchNormConfig::new(channels).init(device)
}

#[derive(Module, Debug)]
struct Downsample {
    conv: Conv2d,
    bn: BatchNorm,
}

impl Downsample {
    /// None if a block's output has the shape of its input.
    fn new(inputs: usize, outputs: usize, stride: usize, device: &Device) -> Option<Self> {
        (stride > 1 || inputs != outputs)
            .then(|| Self { conv: conv(inputs, outputs, 1, stride, device), bn: norm(outputs, device) })
    }

    fn shortcut(layer: &Option<Self>, maps: Tensor<4>) -> Tensor<4> {
        match layer {
            Some(layer) => layer.bn.forward(layer.conv.forward(maps)),
            None => maps,
        }
    }
}

/// Two convolutions, with their input added.
#[derive(Module, Debug)]
pub struct Basic {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<Downsample>,
}

/// Three convolutions, with their input added.
#[derive(Module, Debug)]
pub struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Conv2d,
    bn3: BatchNorm,
    downsample: Option<Downsample>,
}

pub trait Block: Module {
    /// The ratio of its output maps to `filters`.
    const EXPANSION: usize;

    fn new(inputs: usize, filters: usize, stride: usize, device: &Device) -> Self;
    fn forward(&self, maps: Tensor<4>) -> Tensor<4>;
}

impl Block for Basic {
    const EXPANSION: usize = 1;

    fn new(inputs: usize, filters: usize, stride: usize, device: &Device) -> Self {
        Self {
            conv1: conv(inputs, filters, 3, stride, device),
            bn1: norm(filters, device),
            conv2: conv(filters, filters, 3, 1, device),
            bn2: norm(filters, device),
            downsample: Downsample::new(inputs, filters, stride, device),
        }
    }

    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let inside = relu(self.bn1.forward(self.conv1.forward(maps.clone())));
        let inside = self.bn2.forward(self.conv2.forward(inside));
        relu(inside + Downsample::shortcut(&self.downsample, maps))
    }
}

impl Block for Bottleneck {
    const EXPANSION: usize = EXPANSION;

    fn new(inputs: usize, filters: usize, stride: usize, device: &Device) -> Self {
        let outputs = EXPANSION * filters;
        Self {
            conv1: conv(inputs, filters, 1, 1, device),
            bn1: norm(filters, device),
            conv2: conv(filters, filters, 3, stride, device),
            bn2: norm(filters, device),
            conv3: conv(filters, outputs, 1, 1, device),
            bn3: norm(outputs, device),
            downsample: Downsample::new(inputs, outputs, stride, device),
        }
    }

    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let inside = relu(self.bn1.forward(self.conv1.forward(maps.clone())));
        let inside = relu(self.bn2.forward(self.conv2.forward(inside)));
        let inside = self.bn3.forward(self.conv3.forward(inside));
        relu(inside + Downsample::shortcut(&self.downsample, maps))
    }
}

/// Blocks of which the first has another stride, and other channels as its input.
fn stage<B: Block>(inputs: usize, filters: usize, blocks: usize, stride: usize, device: &Device) -> Vec<B> {
    let first = B::new(inputs, filters, stride, device);
    let others = (1..blocks).map(|_| B::new(B::EXPANSION * filters, filters, 1, device));
    std::iter::once(first).chain(others).collect()
}

#[derive(Module, Debug)]
pub struct ResNet<B: Block> {
    conv1: Conv2d,
    bn1: BatchNorm,
    pool: Option<MaxPool2d>,
    layer1: Vec<B>,
    layer2: Vec<B>,
    layer3: Vec<B>,
    /// Empty in ResNet-20.
    layer4: Vec<B>,
    fc: Linear,
}

/// ResNet-20 for images of 32x32.
pub fn resnet20(device: &Device) -> ResNet<Basic> {
    ResNet {
        conv1: conv(3, 16, 3, 1, device),
        bn1: norm(16, device),
        pool: None,
        layer1: stage(16, 16, 3, 1, device),
        layer2: stage(16, 32, 3, 2, device),
        layer3: stage(32, 64, 3, 2, device),
        layer4: Vec::new(),
        fc: LinearConfig::new(64, 10).init(device),
    }
}

pub fn resnet18(device: &Device) -> ResNet<Basic> {
    imagenet([2, 2, 2, 2], device)
}

pub fn resnet50(device: &Device) -> ResNet<Bottleneck> {
    imagenet([3, 4, 6, 3], device)
}

fn imagenet<B: Block>(blocks: [usize; 4], device: &Device) -> ResNet<B> {
    let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
    ResNet {
        conv1: conv(3, 64, 7, 2, device),
        bn1: norm(64, device),
        pool: Some(pool.init()),
        layer1: stage(64, 64, blocks[0], 1, device),
        layer2: stage(B::EXPANSION * 64, 128, blocks[1], 2, device),
        layer3: stage(B::EXPANSION * 128, 256, blocks[2], 2, device),
        layer4: stage(B::EXPANSION * 256, 512, blocks[3], 2, device),
        fc: LinearConfig::new(B::EXPANSION * 512, 1000).init(device),
    }
}

impl<B: Block> ResNet<B> {
    /// Trains only the head: the trunk's weights and statistics stay as they are.
    pub fn without_trunk(self) -> Self {
        self.freeze_group(ParamGroup::all().exclude(ParamGroup::from_predicate("fc.")))
    }
}

impl<B: Block> Net for ResNet<B> {
    fn forward(&self, images: Tensor<4>) -> Vec<Tensor<2>> {
        let mut maps = relu(self.bn1.forward(self.conv1.forward(images)));
        if let Some(pool) = &self.pool {
            maps = pool.forward(maps);
        }
        for block in [&self.layer1, &self.layer2, &self.layer3, &self.layer4].into_iter().flatten() {
            maps = block.forward(maps);
        }
        let means = AdaptiveAvgPool2dConfig::new([1, 1]).init().forward(maps);
        vec![self.fc.forward(means.flatten::<2>(1, 3))]
    }
}
