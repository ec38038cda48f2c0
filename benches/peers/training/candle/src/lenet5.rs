//! LeNet-5.

use candle_core::{Result, Tensor};
use candle_nn::{Conv2dConfig, Sequential, VarBuilder, conv2d, linear, seq};

pub fn lenet5(weights: VarBuilder) -> Result<Sequential> {
    let config = Conv2dConfig::default();
    Ok(seq()
        .add(conv2d(1, 6, 5, config, weights.pp("conv1"))?)
        .add_fn(Tensor::tanh)
        .add_fn(|maps| maps.avg_pool2d(2))
        .add(conv2d(6, 16, 5, config, weights.pp("conv2"))?)
        .add_fn(Tensor::tanh)
        .add_fn(|maps| maps.avg_pool2d(2))
        .add_fn(|maps| maps.flatten_from(1))
        .add(linear(400, 120, weights.pp("fc1"))?)
        .add_fn(Tensor::tanh)
        .add(linear(120, 84, weights.pp("fc2"))?)
        .add_fn(Tensor::tanh)
        .add(linear(84, 10, weights.pp("fc3"))?))
}
