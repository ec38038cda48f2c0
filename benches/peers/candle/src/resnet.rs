//! ResNet-50.

use candle_core::{Result, Tensor};
use candle_nn::{Conv2d, Module, Sequential, VarBuilder, linear, seq};

use crate::layers::{config, conv_bn, max_pool};

/// For each stage, the number of blocks, and the filters of their 3x3 convolutions.
const STAGES: [(usize, usize); 4] = [(3, 64), (4, 128), (6, 256), (3, 512)];
/// The ratio of a block's output maps to the maps inside.
const EXPANSION: usize = 4;

/// A block of three convolutions, with its input added.
struct Bottleneck {
    conv1: Conv2d,
    conv2: Conv2d,
    conv3: Conv2d,
    downsample: Option<Conv2d>,
}

impl Bottleneck {
    /// The stride is in the first convolution, as in the paper.
    fn new(channels: usize, filters: usize, stride: usize, weights: VarBuilder) -> Result<Self> {
        let outputs = EXPANSION * filters;
        let layer = |number: usize, channels, kernel, config| {
            let (conv, bn) = (weights.pp(format!("conv{number}")), weights.pp(format!("bn{number}")));
            conv_bn(channels, kernel, config, conv, bn)
        };
        let downsample = (channels != outputs).then(|| {
            let weights = weights.pp("downsample");
            conv_bn((channels, outputs), 1, config(stride, 0), weights.pp("0"), weights.pp("1"))
        });
        Ok(Self {
            conv1: layer(1, (channels, filters), 1, config(stride, 0))?,
            conv2: layer(2, (filters, filters), 3, config(1, 1))?,
            conv3: layer(3, (filters, outputs), 1, config(1, 0))?,
            downsample: downsample.transpose()?,
        })
    }
}

impl Module for Bottleneck {
    fn forward(&self, maps: &Tensor) -> Result<Tensor> {
        let sum = maps.apply(&self.conv1)?.relu()?.apply(&self.conv2)?.relu()?.apply(&self.conv3)?;
        let shortcut = self.downsample.as_ref().map_or_else(|| Ok(maps.clone()), |conv| maps.apply(conv))?;
        (sum + shortcut)?.relu()
    }
}

pub fn resnet50(weights: VarBuilder) -> Result<Sequential> {
    let mut net = seq()
        .add(conv_bn((3, 64), 7, config(2, 3), weights.pp("conv1"), weights.pp("bn1"))?)
        .add_fn(Tensor::relu)
        .add_fn(|maps| max_pool(maps, 2, 1, 1));
    let mut channels = 64;
    for (stage, (blocks, filters)) in (1..).zip(STAGES) {
        for block in 0..blocks {
            let stride = if stage > 1 && block == 0 { 2 } else { 1 };
            net = net.add(Bottleneck::new(channels, filters, stride, weights.pp(format!("layer{stage}.{block}")))?);
            channels = EXPANSION * filters;
        }
    }
    Ok(net.add_fn(|maps| maps.mean((2, 3))).add(linear(channels, 1000, weights.pp("fc"))?))
}
