//! Layers made of candle's, and those whose gradients candle lacks.

use candle_core::{Device, Result, Tensor};
use candle_nn::{
    BatchNorm, BatchNormConfig, Conv2d, Conv2dConfig, Module, ModuleT, VarBuilder, batch_norm, conv2d_no_bias,
};

/// A convolution without bias, and batch normalisation.
pub struct ConvBn {
    conv: Conv2d,
    bn: BatchNorm,
    /// Whether it normalises with the minibatch's statistics.
    train: bool,
}

/// The size of a [`ConvBn`].
pub struct Shape {
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl ConvBn {
    /// Their tensors are those of `conv` and `bn`.
    pub fn new(shape: Shape, eps: f64, train: bool, conv: VarBuilder, bn: VarBuilder) -> Result<Self> {
        let Shape { inputs, outputs, kernel, stride, padding } = shape;
        let config = Conv2dConfig { stride, padding, ..Conv2dConfig::default() };
        Ok(Self {
            conv: conv2d_no_bias(inputs, outputs, kernel, config, conv)?,
            bn: batch_norm(outputs, BatchNormConfig::from(eps), bn)?,
            train,
        })
    }
}

impl Module for ConvBn {
    fn forward(&self, maps: &Tensor) -> Result<Tensor> {
        self.bn.forward_t(&self.conv.forward(maps)?, self.train)
    }
}

/// The maximum of windows of 3x3 over maps with a border of this many zeros before and after, in rows and columns.
///
/// candle has gradients of pooling only if windows don't overlap, so this takes the maximum of the maps and of the maps moved
/// by a pixel or two. Pooling would pad with minus infinity. Zeros work as well here: every net pools the output of a ReLU,
/// which is never less, and no window lies entirely in the border.
pub fn max_pool(maps: &Tensor, stride: usize, before: usize, after: usize) -> Result<Tensor> {
    let rows = largest_of_3(&maps.pad_with_zeros(2, before, after)?, 2, stride)?;
    largest_of_3(&rows.pad_with_zeros(3, before, after)?, 3, stride)
}

/// The maximum of windows of 2x2 that don't overlap.
///
/// candle's own gradient of it is too small: it multiplies by the share of a window's pixels that are the largest.
pub fn max_pool_2x2(maps: &Tensor) -> Result<Tensor> {
    let [even, odd] = pairs(maps, 2)?;
    let [even, odd] = pairs(&even.maximum(&odd)?, 3)?;
    even.maximum(&odd)
}

fn largest_of_3(maps: &Tensor, dim: usize, stride: usize) -> Result<Tensor> {
    let size = maps.dim(dim)?;
    let [first, second, third] = match stride {
        1 => [maps.narrow(dim, 0, size - 2)?, maps.narrow(dim, 1, size - 2)?, maps.narrow(dim, 2, size - 2)?],
        2 => {
            let [first, second] = pairs(&maps.narrow(dim, 0, size - 1)?, dim)?;
            let [_, third] = pairs(&maps.narrow(dim, 1, size - 1)?, dim)?;
            [first, second, third]
        }
        _ => candle_core::bail!("the stride is 1 or 2, not {stride}"),
    };
    first.maximum(&second)?.maximum(&third)
}

/// The even places and the odd ones.
fn pairs(maps: &Tensor, dim: usize) -> Result<[Tensor; 2]> {
    let mut shape = maps.dims().to_vec();
    shape[dim] /= 2;
    shape.insert(dim + 1, 2);
    let maps = maps.reshape(shape)?;
    Ok([maps.narrow(dim + 1, 0, 1)?.squeeze(dim + 1)?, maps.narrow(dim + 1, 1, 1)?.squeeze(dim + 1)?])
}

/// The mean of windows of 5x5 with stride 3, by multiplication with a matrix that sums rows and columns.
///
/// candle has gradients of pooling only if windows don't overlap.
pub fn avg_pool_5x5(maps: &Tensor) -> Result<Tensor> {
    const SIZE: usize = 5;
    const STRIDE: usize = 3;
    let (images, channels, rows, columns) = maps.dims4()?;
    let mean = |places: usize| {
        let windows = (places - SIZE) / STRIDE + 1;
        let of = |index| {
            let (place, start) = (index / windows, STRIDE * (index % windows));
            if (start..start + SIZE).contains(&place) { 1.0 / SIZE as f32 } else { 0.0 }
        };
        Tensor::from_iter((0..places * windows).map(of), &Device::Cpu)?.reshape((places, windows))
    };
    let over_columns = maps.reshape((images * channels * rows, columns))?.matmul(&mean(columns)?)?;
    let windows = over_columns.dim(1)?;
    let turned = over_columns.reshape((images * channels, rows, windows))?.transpose(1, 2)?.contiguous()?;
    let both = turned.reshape((images * channels * windows, rows))?.matmul(&mean(rows)?)?;
    both.reshape((images, channels, windows, ()))?.transpose(2, 3)
}
