//! Layers made of candle's, and those that candle lacks.

use candle_core::{Result, Tensor};
use candle_nn::{BatchNormConfig, Conv2d, Conv2dConfig, VarBuilder, batch_norm, conv2d_no_bias};

/// The stride and the padding of a convolution.
pub fn config(stride: usize, padding: usize) -> Conv2dConfig {
    Conv2dConfig { stride, padding, ..Conv2dConfig::default() }
}

/// A convolution with batch normalisation folded into it. Their tensors are those of `conv` and `bn`.
///
/// The statistics are variables to candle, and values computed from variables keep their inputs, for gradients. Detached weights
/// do not, so maps are freed as soon as they have been read.
pub fn conv_bn(
    channels: (usize, usize),
    kernel: usize,
    config: Conv2dConfig,
    conv: VarBuilder,
    bn: VarBuilder,
) -> Result<Conv2d> {
    let (inputs, outputs) = channels;
    let folded = conv2d_no_bias(inputs, outputs, kernel, config, conv)?.absorb_bn(&batch_norm(
        outputs,
        BatchNormConfig::default(),
        bn,
    )?)?;
    Ok(Conv2d::new(folded.weight().detach(), folded.bias().map(Tensor::detach), config))
}

/// The maximum of windows of 3x3 over maps with a border of this many zeros before and after, in rows and columns.
///
/// Pooling would pad with minus infinity. Zeros work as well here: every net pools the output of a ReLU, which is never less,
/// and no window lies entirely in the border.
pub fn max_pool(maps: &Tensor, stride: usize, before: usize, after: usize) -> Result<Tensor> {
    maps.pad_with_zeros(2, before, after)?.pad_with_zeros(3, before, after)?.max_pool2d_with_stride(3, stride)
}

/// Local response normalisation over 5 channels, with the constants of AlexNet's paper.
pub fn lrn(maps: &Tensor) -> Result<Tensor> {
    const SIZE: usize = 5;
    let channels = maps.dim(1)?;
    let squares = maps.sqr()?.pad_with_zeros(1, SIZE / 2, SIZE / 2)?;
    let mut sums = squares.narrow(1, 0, channels)?;
    for shift in 1..SIZE {
        sums = (sums + squares.narrow(1, shift, channels)?)?;
    }
    maps / sums.affine(1e-4, 2.0)?.powf(0.75)?
}
