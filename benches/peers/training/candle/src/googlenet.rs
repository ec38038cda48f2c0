//! torchvision's GoogLeNet, with its auxiliary classifiers.

use candle_core::{Result, Tensor};
use candle_nn::{Dropout, Linear, Module, Sequential, VarBuilder, linear, seq};

use crate::Forward;
use crate::layers::{ConvBn, Shape, avg_pool_5x5, max_pool, max_pool_2x2};

const CLASSES: usize = 1000;

/// A convolution with batch normalisation and ReLU.
fn basic(inputs: usize, outputs: usize, kernel: usize, stride: usize, weights: VarBuilder) -> Result<Sequential> {
    let shape = Shape { inputs, outputs, kernel, stride, padding: kernel / 2 };
    Ok(seq().add(ConvBn::new(shape, 1e-3, true, weights.pp("conv"), weights.pp("bn"))?).add_fn(Tensor::relu))
}

/// An inception module.
struct Inception {
    branches: [Sequential; 4],
}

impl Inception {
    fn new(inputs: usize, filters: [usize; 6], weights: VarBuilder) -> Result<Self> {
        let [ones, reduce3, threes, reduce5, fives, pooled] = filters;
        let two = |branch: &str, reduce, outputs| {
            let weights = weights.pp(branch);
            let reduced = basic(inputs, reduce, 1, 1, weights.pp("0"))?;
            Ok::<_, candle_core::Error>(reduced.add(basic(reduce, outputs, 3, 1, weights.pp("1"))?))
        };
        let pool = seq().add_fn(|maps| max_pool(maps, 1, 1, 1));
        Ok(Self {
            branches: [
                basic(inputs, ones, 1, 1, weights.pp("branch1"))?,
                two("branch2", reduce3, threes)?,
                two("branch3", reduce5, fives)?,
                pool.add(basic(inputs, pooled, 1, 1, weights.pp("branch4.1"))?),
            ],
        })
    }
}

impl Module for Inception {
    fn forward(&self, maps: &Tensor) -> Result<Tensor> {
        let outputs = self.branches.iter().map(|branch| branch.forward(maps)).collect::<Result<Vec<_>>>()?;
        Tensor::cat(&outputs, 1)
    }
}

/// An auxiliary classifier.
struct Head {
    conv: Sequential,
    fc1: Linear,
    dropout: Dropout,
    fc2: Linear,
}

impl Head {
    fn new(inputs: usize, weights: VarBuilder) -> Result<Self> {
        Ok(Self {
            conv: basic(inputs, 128, 1, 1, weights.pp("conv"))?,
            fc1: linear(128 * 4 * 4, 1024, weights.pp("fc1"))?,
            dropout: Dropout::new(0.7),
            fc2: linear(1024, CLASSES, weights.pp("fc2"))?,
        })
    }

    fn forward(&self, maps: &Tensor) -> Result<Tensor> {
        let features = avg_pool_5x5(maps)?.apply(&self.conv)?.flatten_from(1)?;
        let hidden = features.apply(&self.fc1)?.relu()?;
        self.dropout.forward(&hidden, true)?.apply(&self.fc2)
    }
}

pub fn googlenet(weights: VarBuilder) -> Result<Forward> {
    let module = |name: &str, inputs, filters| Inception::new(inputs, filters, weights.pp(format!("inception{name}")));
    // The sides are even, so windows with stride 2 end one pixel after the maps, as `ceil_mode` allows.
    let pool = |maps: &Tensor| max_pool(maps, 2, 0, 1);
    let to_head1 = seq()
        .add(basic(3, 64, 7, 2, weights.pp("conv1"))?)
        .add_fn(pool)
        .add(basic(64, 64, 1, 1, weights.pp("conv2"))?)
        .add(basic(64, 192, 3, 1, weights.pp("conv3"))?)
        .add_fn(pool)
        .add(module("3a", 192, [64, 96, 128, 16, 32, 32])?)
        .add(module("3b", 256, [128, 128, 192, 32, 96, 64])?)
        .add_fn(pool)
        .add(module("4a", 480, [192, 96, 208, 16, 48, 64])?);
    let to_head2 = seq()
        .add(module("4b", 512, [160, 112, 224, 24, 64, 64])?)
        .add(module("4c", 512, [128, 128, 256, 24, 64, 64])?)
        .add(module("4d", 512, [112, 144, 288, 32, 64, 64])?);
    let to_end = seq()
        .add(module("4e", 528, [256, 160, 320, 32, 128, 128])?)
        .add_fn(max_pool_2x2)
        .add(module("5a", 832, [256, 160, 320, 32, 128, 128])?)
        .add(module("5b", 832, [384, 192, 384, 48, 128, 128])?)
        .add_fn(|maps| maps.mean((2, 3)));
    let (head1, head2) = (Head::new(512, weights.pp("aux1"))?, Head::new(528, weights.pp("aux2"))?);
    let (dropout, fc) = (Dropout::new(0.2), linear(1024, CLASSES, weights.pp("fc"))?);
    Ok(Box::new(move |images| {
        let maps1 = to_head1.forward(images)?;
        let maps2 = to_head2.forward(&maps1)?;
        let logits = dropout.forward(&to_end.forward(&maps2)?, true)?.apply(&fc)?;
        Ok(vec![logits, head1.forward(&maps1)?, head2.forward(&maps2)?])
    }))
}
