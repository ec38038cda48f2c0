//! AlexNet, and the last layers that it shares with VGG.

use candle_core::{Result, Tensor};
use candle_nn::{Conv2dConfig, Sequential, VarBuilder, conv2d, linear, seq};

use crate::layers::{config, lrn, max_pool};

pub fn alexnet(weights: VarBuilder) -> Result<Sequential> {
    let halves = |padding| Conv2dConfig { groups: 2, ..config(1, padding) };
    let features = seq()
        .add(conv2d(3, 96, 11, config(4, 2), weights.pp("conv1"))?)
        .add_fn(Tensor::relu)
        .add_fn(lrn)
        .add_fn(|maps| max_pool(maps, 2, 0, 0))
        .add(conv2d(96, 256, 5, halves(2), weights.pp("conv2"))?)
        .add_fn(Tensor::relu)
        .add_fn(lrn)
        .add_fn(|maps| max_pool(maps, 2, 0, 0))
        .add(conv2d(256, 384, 3, config(1, 1), weights.pp("conv3"))?)
        .add_fn(Tensor::relu)
        .add(conv2d(384, 384, 3, halves(1), weights.pp("conv4"))?)
        .add_fn(Tensor::relu)
        .add(conv2d(384, 256, 3, halves(1), weights.pp("conv5"))?)
        .add_fn(Tensor::relu)
        .add_fn(|maps| max_pool(maps, 2, 0, 0));
    Ok(features.add(classifier(256 * 6 * 6, &weights)?))
}

/// Three fully connected layers.
pub fn classifier(inputs: usize, weights: &VarBuilder) -> Result<Sequential> {
    Ok(seq()
        .add_fn(|maps| maps.flatten_from(1))
        .add(linear(inputs, 4096, weights.pp("fc6"))?)
        .add_fn(Tensor::relu)
        .add(linear(4096, 4096, weights.pp("fc7"))?)
        .add_fn(Tensor::relu)
        .add(linear(4096, 1000, weights.pp("fc8"))?))
}
