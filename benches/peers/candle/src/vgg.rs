//! VGG-16.

use candle_core::{Result, Tensor};
use candle_nn::{Sequential, VarBuilder, conv2d, seq};

use crate::alexnet::classifier;
use crate::layers::config;

/// For each stage, the number of convolutions and their filters.
const STAGES: [(usize, usize); 5] = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)];

pub fn vgg16(weights: VarBuilder) -> Result<Sequential> {
    let (mut net, mut channels) = (seq(), 3);
    for (stage, (depth, filters)) in (1..).zip(STAGES) {
        for place in 1..=depth {
            let weights = weights.pp(format!("conv{stage}_{place}"));
            net = net.add(conv2d(channels, filters, 3, config(1, 1), weights)?).add_fn(Tensor::relu);
            channels = filters;
        }
        net = net.add_fn(|maps| maps.max_pool2d(2));
    }
    Ok(net.add(classifier(512 * 7 * 7, &weights)?))
}
