//! Fully connected layers.

mod nonzero;

use core::marker::PhantomData;

use self::nonzero::Nonzero;

use crate::bounds::{assert_map, assert_same, weights_at};
use crate::conv::{Conv2d, convolve};
use crate::gemm::{F16, F32, Stored};
use crate::map::Map;
use crate::op::{Activation, Size};
use crate::pack::padded;
use crate::run::{Run, floats, macs};
use crate::workspace::Batch;

/// A fully connected layer over a whole map: `output = activation(weights * input + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dense {
    /// What it reads: the weights are packed in the order height, width, channels
    /// ([`ConvPanels`](crate::pack::ConvPanels) with a kernel of the input's size), so nothing is flattened.
    pub input: Map,
    /// What it writes: 1 x 1 pixel.
    pub output: Map,
    /// Where the packed weights begin.
    pub weights: usize,
    /// Added before the activation.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Activation,
}

/// Multiplies a map with a matrix: a convolution whose only window is the whole map.
///
/// # Panics
///
/// If what it reads or writes, with a vector behind it, lies outside of the workspace or of the weights, or the output
/// is not a vector.
pub fn dense(run: Run<'_>, layer: &Dense, weights: &[f32], ws: &mut [f32]) {
    dense_batch(run, layer, Batch::one(ws), weights, ws);
}

/// Multiplies a map in the workspace of each image, as [`dense`] does, with one pass over the weights.
///
/// # Panics
///
/// As [`dense`] does, for the workspace of each image; also if `ws` has no room for all of them.
pub fn dense_batch(run: Run<'_>, layer: &Dense, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    convolve::<F32>(run, &layer.conv(), batch, weights, ws);
}

/// [`dense`] with weights in half precision ([`ConvPanels::pack_f16`](crate::pack::ConvPanels::pack_f16)), which are
/// multiplied and summed in single precision. It is a function of its own, so that nets without such a layer have no code
/// for it.
///
/// # Panics
///
/// As [`dense`] does.
pub fn dense_f16(run: Run<'_>, layer: &Dense, weights: &[f32], ws: &mut [f32]) {
    dense_f16_batch(run, layer, Batch::one(ws), weights, ws);
}

/// [`dense_batch`] with weights in half precision.
///
/// # Panics
///
/// As [`dense_batch`] does.
pub fn dense_f16_batch(run: Run<'_>, layer: &Dense, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    convolve::<F16>(run, &layer.conv(), batch, weights, ws);
}

/// [`dense`] for inputs of which many are zero: no weights of these are read. The weights are
/// [`DenseRows`](crate::pack::DenseRows), and finite.
///
/// # Panics
///
/// As [`dense`] does.
pub fn dense_nonzero(run: Run<'_>, layer: &Dense, weights: &[f32], ws: &mut [f32]) {
    nonzero::<F32>(run, layer, weights, ws);
}

/// [`dense_nonzero`] with weights in half precision ([`DenseRows::pack_f16`](crate::pack::DenseRows::pack_f16)).
///
/// # Panics
///
/// As [`dense`] does.
pub fn dense_nonzero_f16(run: Run<'_>, layer: &Dense, weights: &[f32], ws: &mut [f32]) {
    nonzero::<F16>(run, layer, weights, ws);
}

/// [`dense_nonzero`] with weights that are stored in a given way.
fn nonzero<W: Stored>(run: Run<'_>, layer: &Dense, weights: &[f32], ws: &mut [f32]) {
    let Dense { input, output, .. } = layer;
    layer.assert_vector();
    assert_map(input, ws.len());
    assert_map(output, ws.len());
    if let Some(residual) = &layer.residual {
        assert_same(residual, output, ws.len());
    }
    let (depth, width) = (input.elements(), padded(output.channels));
    let weights = weights_at(weights, layer.weights, [W::floats(width), depth + W::PER_FLOAT]);
    let work = macs(depth * width) + floats(depth * W::floats(width)) / 2;
    let ws = ws.as_mut_ptr();
    // SAFETY: shares are parts of the output, which is not the input; of the residual they read the same.
    unsafe { run.split(work, |share| Nonzero { layer, weights, stored: PhantomData::<W>, ws, share }) };
}

impl Dense {
    /// Panics if the output is not a vector.
    fn assert_vector(&self) {
        assert!(self.output.pixels() == 1, "a fully connected layer gives a vector: {:?}", self.output);
    }

    /// The layer as a convolution.
    ///
    /// # Panics
    ///
    /// If the output is not a vector.
    fn conv(&self) -> Conv2d {
        self.assert_vector();
        let Self { input, output, weights, residual, activation } = *self;
        Conv2d {
            input,
            output,
            kernel: Size::new(input.height, input.width),
            stride: Size::square(1),
            pad_top: 0,
            pad_left: 0,
            dilation: Size::square(1),
            groups: 1,
            weights,
            residual,
            activation,
        }
    }
}
