//! Inception-v1.

use candle_core::{Result, Tensor};
use candle_nn::{Conv2d, Module, Sequential, VarBuilder, conv2d, linear, seq};

use crate::layers::{config, lrn, max_pool};

/// An inception module.
struct Inception {
    conv1x1: Conv2d,
    reduce3x3: Conv2d,
    conv3x3: Conv2d,
    reduce5x5: Conv2d,
    conv5x5: Conv2d,
    pool_proj: Conv2d,
}

impl Inception {
    fn new(channels: usize, filters: [usize; 6], weights: VarBuilder) -> Result<Self> {
        let [ones, reduce3, threes, reduce5, fives, pooled] = filters;
        Ok(Self {
            conv1x1: conv2d(channels, ones, 1, config(1, 0), weights.pp("conv1x1"))?,
            reduce3x3: conv2d(channels, reduce3, 1, config(1, 0), weights.pp("reduce3x3"))?,
            conv3x3: conv2d(reduce3, threes, 3, config(1, 1), weights.pp("conv3x3"))?,
            reduce5x5: conv2d(channels, reduce5, 1, config(1, 0), weights.pp("reduce5x5"))?,
            conv5x5: conv2d(reduce5, fives, 5, config(1, 2), weights.pp("conv5x5"))?,
            pool_proj: conv2d(channels, pooled, 1, config(1, 0), weights.pp("pool_proj"))?,
        })
    }
}

impl Module for Inception {
    fn forward(&self, maps: &Tensor) -> Result<Tensor> {
        let threes = maps.apply(&self.reduce3x3)?.relu()?.apply(&self.conv3x3)?;
        let fives = maps.apply(&self.reduce5x5)?.relu()?.apply(&self.conv5x5)?;
        let pooled = max_pool(maps, 1, 1, 1)?.apply(&self.pool_proj)?;
        Tensor::cat(&[maps.apply(&self.conv1x1)?, threes, fives, pooled], 1)?.relu()
    }
}

pub fn inception_v1(weights: VarBuilder) -> Result<Sequential> {
    let module =
        |name: &str, channels, filters| Inception::new(channels, filters, weights.pp(format!("inception{name}")));
    // The sides are even, so windows with stride 2 end one pixel after the maps, as `ceil_mode` allows.
    let pool = |maps: &Tensor| max_pool(maps, 2, 0, 1);
    Ok(seq()
        .add(conv2d(3, 64, 7, config(2, 3), weights.pp("conv1"))?)
        .add_fn(Tensor::relu)
        .add_fn(pool)
        .add_fn(lrn)
        .add(conv2d(64, 64, 1, config(1, 0), weights.pp("reduce2"))?)
        .add_fn(Tensor::relu)
        .add(conv2d(64, 192, 3, config(1, 1), weights.pp("conv2"))?)
        .add_fn(Tensor::relu)
        .add_fn(lrn)
        .add_fn(pool)
        .add(module("3a", 192, [64, 96, 128, 16, 32, 32])?)
        .add(module("3b", 256, [128, 128, 192, 32, 96, 64])?)
        .add_fn(pool)
        .add(module("4a", 480, [192, 96, 208, 16, 48, 64])?)
        .add(module("4b", 512, [160, 112, 224, 24, 64, 64])?)
        .add(module("4c", 512, [128, 128, 256, 24, 64, 64])?)
        .add(module("4d", 512, [112, 144, 288, 32, 64, 64])?)
        .add(module("4e", 528, [256, 160, 320, 32, 128, 128])?)
        .add_fn(pool)
        .add(module("5a", 832, [256, 160, 320, 32, 128, 128])?)
        .add(module("5b", 832, [384, 192, 384, 48, 128, 128])?)
        .add_fn(|maps| maps.avg_pool2d(7)?.flatten_from(1))
        .add(linear(1024, 1000, weights.pp("fc"))?))
}
