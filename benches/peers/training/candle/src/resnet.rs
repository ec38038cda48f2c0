//! ResNets.

use candle_core::{Result, Tensor};
use candle_nn::{Module, Sequential, VarBuilder, linear, seq};

use crate::layers::{ConvBn, Shape, max_pool};

const EPS: f64 = 1e-5;
/// The ratio of a bottleneck's output maps to the maps inside.
const EXPANSION: usize = 4;

/// Convolutions, with their input added.
struct Block {
    convs: Vec<ConvBn>,
    downsample: Option<ConvBn>,
}

impl Block {
    /// `convs` are the kernel, the outputs and the stride of each convolution.
    fn new(inputs: usize, convs: &[(usize, usize, usize)], train: bool, weights: &VarBuilder) -> Result<Self> {
        let (mut channels, mut stride, mut layers) = (inputs, 1, Vec::new());
        for (number, &(kernel, outputs, step)) in (1..).zip(convs) {
            let shape = Shape { inputs: channels, outputs, kernel, stride: step, padding: kernel / 2 };
            let (conv, bn) = (weights.pp(format!("conv{number}")), weights.pp(format!("bn{number}")));
            layers.push(ConvBn::new(shape, EPS, train, conv, bn)?);
            (channels, stride) = (outputs, stride * step);
        }
        let downsample = (stride > 1 || channels != inputs).then(|| {
            let shape = Shape { inputs, outputs: channels, kernel: 1, stride, padding: 0 };
            let weights = weights.pp("downsample");
            ConvBn::new(shape, EPS, train, weights.pp("0"), weights.pp("1"))
        });
        Ok(Self { convs: layers, downsample: downsample.transpose()? })
    }

    fn basic(inputs: usize, outputs: usize, stride: usize, weights: &VarBuilder) -> Result<Self> {
        Self::new(inputs, &[(3, outputs, stride), (3, outputs, 1)], true, weights)
    }

    /// One that is not trained.
    fn bottleneck(inputs: usize, mid: usize, stride: usize, weights: &VarBuilder) -> Result<Self> {
        Self::new(inputs, &[(1, mid, 1), (3, mid, stride), (1, EXPANSION * mid, 1)], false, weights)
    }
}

impl Module for Block {
    fn forward(&self, maps: &Tensor) -> Result<Tensor> {
        let mut inside = maps.clone();
        for (place, conv) in self.convs.iter().enumerate() {
            inside = if place == 0 { conv.forward(&inside)? } else { conv.forward(&inside.relu()?)? };
        }
        let shortcut = self.downsample.as_ref().map_or_else(|| Ok(maps.clone()), |conv| conv.forward(maps))?;
        (inside + shortcut)?.relu()
    }
}

/// ResNet-20 for images of 32x32.
pub fn resnet20(weights: VarBuilder) -> Result<Sequential> {
    let shape = Shape { inputs: 3, outputs: 16, kernel: 3, stride: 1, padding: 1 };
    let net = seq().add(ConvBn::new(shape, EPS, true, weights.pp("conv1"), weights.pp("bn1"))?).add_fn(Tensor::relu);
    let net = basic_stages(net, 16, &[(3, 16), (3, 32), (3, 64)], &weights)?;
    Ok(net.add_fn(|maps| maps.mean((2, 3))).add(linear(64, 10, weights.pp("fc"))?))
}

pub fn resnet18(weights: VarBuilder) -> Result<Sequential> {
    let net = basic_stages(stem(true, &weights)?, 64, &[(2, 64), (2, 128), (2, 256), (2, 512)], &weights)?;
    Ok(net.add_fn(|maps| maps.mean((2, 3))).add(linear(512, 1000, weights.pp("fc"))?))
}

/// ResNet-50, of which the head is trained.
pub fn head(frozen: VarBuilder, trained: VarBuilder) -> Result<Sequential> {
    let mut net = stem(false, &frozen)?;
    let mut channels = 64;
    for (stage, (blocks, mid)) in (1..).zip([(3, 64), (4, 128), (6, 256), (3, 512)]) {
        for block in 0..blocks {
            let stride = if stage > 1 && block == 0 { 2 } else { 1 };
            net = net.add(Block::bottleneck(channels, mid, stride, &frozen.pp(format!("layer{stage}.{block}")))?);
            channels = EXPANSION * mid;
        }
    }
    Ok(net.add_fn(|maps| maps.mean((2, 3))).add(linear(channels, 1000, trained.pp("fc"))?))
}

fn stem(train: bool, weights: &VarBuilder) -> Result<Sequential> {
    let shape = Shape { inputs: 3, outputs: 64, kernel: 7, stride: 2, padding: 3 };
    let conv = ConvBn::new(shape, EPS, train, weights.pp("conv1"), weights.pp("bn1"))?;
    Ok(seq().add(conv).add_fn(Tensor::relu).add_fn(|maps| max_pool(maps, 2, 1, 0)))
}

/// For each stage, the number of blocks, and their outputs.
fn basic_stages(
    mut net: Sequential,
    inputs: usize,
    stages: &[(usize, usize)],
    weights: &VarBuilder,
) -> Result<Sequential> {
    let mut channels = inputs;
    for (stage, &(blocks, outputs)) in (1..).zip(stages) {
        for block in 0..blocks {
            let stride = if stage > 1 && block == 0 { 2 } else { 1 };
            net = net.add(Block::basic(channels, outputs, stride, &weights.pp(format!("layer{stage}.{block}")))?);
            channels = outputs;
        }
    }
    Ok(net)
}
