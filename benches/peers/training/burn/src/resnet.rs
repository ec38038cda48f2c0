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

/// Two convolutions, or three in a bottleneck, with their input added.
#[derive(Module, Debug)]
struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Option<Conv2d>,
    bn3: Option<BatchNorm>,
    downsample: Option<Downsample>,
}

impl Block {
    fn basic(inputs: usize, filters: usize, stride: usize, device: &Device) -> Self {
        Self {
            conv1: conv(inputs, filters, 3, stride, device),
            bn1: norm(filters, device),
            conv2: conv(filters, filters, 3, 1, device),
            bn2: norm(filters, device),
            conv3: None,
            bn3: None,
            downsample: Downsample::new(inputs, filters, stride, device),
        }
    }

    fn bottleneck(inputs: usize, filters: usize, stride: usize, device: &Device) -> Self {
        let outputs = EXPANSION * filters;
        Self {
            conv1: conv(inputs, filters, 1, 1, device),
            bn1: norm(filters, device),
            conv2: conv(filters, filters, 3, stride, device),
            bn2: norm(filters, device),
            conv3: Some(conv(filters, outputs, 1, 1, device)),
            bn3: Some(norm(outputs, device)),
            downsample: Downsample::new(inputs, outputs, stride, device),
        }
    }

    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let inside = relu(self.bn1.forward(self.conv1.forward(maps.clone())));
        let mut inside = self.bn2.forward(self.conv2.forward(inside));
        if let (Some(conv3), Some(bn3)) = (&self.conv3, &self.bn3) {
            inside = bn3.forward(conv3.forward(relu(inside)));
        }
        relu(inside + Downsample::shortcut(&self.downsample, maps))
    }
}

/// How a block is made: its inputs, its filters, its stride.
type Make = fn(usize, usize, usize, &Device) -> Block;

/// Blocks of which the first has another stride, and other channels as its input.
fn stage(
    make: Make,
    channels: (usize, usize),
    filters: usize,
    blocks: usize,
    stride: usize,
    device: &Device,
) -> Vec<Block> {
    let (inputs, outputs) = channels;
    let first = make(inputs, filters, stride, device);
    let others = (1..blocks).map(|_| make(outputs, filters, 1, device));
    std::iter::once(first).chain(others).collect()
}

#[derive(Module, Debug)]
pub struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    pool: Option<MaxPool2d>,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    /// Empty in ResNet-20.
    layer4: Vec<Block>,
    fc: Linear,
}

/// ResNet-20 for images of 32x32.
pub fn resnet20(device: &Device) -> ResNet {
    ResNet {
        conv1: conv(3, 16, 3, 1, device),
        bn1: norm(16, device),
        pool: None,
        layer1: stage(Block::basic, (16, 16), 16, 3, 1, device),
        layer2: stage(Block::basic, (16, 32), 32, 3, 2, device),
        layer3: stage(Block::basic, (32, 64), 64, 3, 2, device),
        layer4: Vec::new(),
        fc: LinearConfig::new(64, 10).init(device),
    }
}

pub fn resnet18(device: &Device) -> ResNet {
    imagenet(Block::basic, 1, [2, 2, 2, 2], device)
}

pub fn resnet50(device: &Device) -> ResNet {
    imagenet(Block::bottleneck, EXPANSION, [3, 4, 6, 3], device)
}

fn imagenet(make: Make, expansion: usize, blocks: [usize; 4], device: &Device) -> ResNet {
    let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
    let outputs = [64, 128, 256, 512].map(|filters| expansion * filters);
    ResNet {
        conv1: conv(3, 64, 7, 2, device),
        bn1: norm(64, device),
        pool: Some(pool.init()),
        layer1: stage(make, (64, outputs[0]), 64, blocks[0], 1, device),
        layer2: stage(make, (outputs[0], outputs[1]), 128, blocks[1], 2, device),
        layer3: stage(make, (outputs[1], outputs[2]), 256, blocks[2], 2, device),
        layer4: stage(make, (outputs[2], outputs[3]), 512, blocks[3], 2, device),
        fc: LinearConfig::new(outputs[3], 1000).init(device),
    }
}

impl ResNet {
    /// Trains only the head: the trunk's weights and statistics stay as they are.
    pub fn without_trunk(self) -> Self {
        self.freeze_group(ParamGroup::all().exclude(ParamGroup::from_predicate("fc.")))
    }
}

impl Net for ResNet {
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
