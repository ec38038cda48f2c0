//! Fully connected layers.

mod nonzero;

use self::nonzero::Nonzero;

use crate::exec::run::{Run, nanos_of_floats, nanos_of_macs};
use crate::kernels::conv::{conv2d_in, convolve};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::gemm::{F16, F32, Gemm, WeightType};
use crate::pack::padded;
use crate::place::bounds::{Checked, weights_at};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use cnn_net::op::{Activation, Size};

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

impl Dense {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the output is not a vector; if it overlaps what is read, but for a residual that is the output; if the residual has
    /// another size.
    pub const fn check(self) -> Checked<Self> {
        assert!(self.output.height == 1 && self.output.width == 1, "a fully connected layer gives a vector");
        Checked::new(self, self.conv().reach(1, 1))
    }

    /// The layer as a convolution, whose only window is the whole map.
    const fn conv(&self) -> Conv2d {
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

    /// Its weights in rows, if there are as many as it reads.
    #[inline(always)]
    fn rows_at<W: WeightType>(&self, weights: &[f32]) -> *const f32 {
        let width = W::floats(padded(self.output.channels));
        weights_at(weights, self.weights, [width, self.input.elements() + W::PER_FLOAT])
    }
}

/// Multiplies a map with a matrix.
///
/// # Panics
///
/// If the workspace is too small, or the weights end early.
#[inline(always)]
pub fn dense(run: Run<'_>, layer: &Checked<Dense>, weights: &[f32], ws: &mut [f32]) {
    dense_batch(run, layer, Batch::one(ws), weights, ws);
}

/// Multiplies a map in the workspace of each image, as [`dense`] does, with one pass over the weights.
///
/// # Panics
///
/// As [`dense`] does, for the workspace of each image; also if `ws` has no room for all of them.
#[inline(always)]
pub fn dense_batch(run: Run<'_>, layer: &Checked<Dense>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get().conv();
    let weights = Gemm::<F32>::weights_at(&layer, weights);
    // SAFETY: the layer was checked; the workspaces and the weights are as large as it needs.
    unsafe { conv2d_in(run, &layer, batch, weights, ws) }
}

/// [`dense`] with weights in half precision ([`ConvPanels::pack_f16`](crate::pack::ConvPanels::pack_f16)), which are
/// multiplied and summed in single precision. It is a separate function, so that nets without such a layer have no code
/// for it.
///
/// # Panics
///
/// As [`dense`] does.
#[inline(always)]
pub fn dense_f16(run: Run<'_>, layer: &Checked<Dense>, weights: &[f32], ws: &mut [f32]) {
    dense_f16_batch(run, layer, Batch::one(ws), weights, ws);
}

/// [`dense_batch`] with weights in half precision.
///
/// # Panics
///
/// As [`dense_batch`] does.
#[inline(always)]
pub fn dense_f16_batch(run: Run<'_>, layer: &Checked<Dense>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get().conv();
    let weights = Gemm::<F16>::weights_at(&layer, weights);
    // SAFETY: the layer was checked; the workspaces and the weights are as large as it needs.
    unsafe { dense_f16_in(run, &layer, batch, weights, ws) }
}

/// [`convolve`] with weights in half precision.
///
/// # Safety
///
/// As stated there.
unsafe fn dense_f16_in(run: Run<'_>, layer: &Conv2d, batch: Batch, weights: *const f32, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { convolve::<F16>(run, layer, batch, weights, ws) }
}

/// [`dense`] for inputs of which many are zero: no weights of these are read. The weights are
/// [`DenseRows`](crate::pack::DenseRows), and finite.
///
/// # Panics
///
/// As [`dense`] does.
#[inline(always)]
pub fn dense_nonzero(run: Run<'_>, layer: &Checked<Dense>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = layer.rows_at::<F32>(weights);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { dense_nonzero_in(run, &layer, weights, ws) }
}

/// [`dense_nonzero`] with weights in half precision ([`DenseRows::pack_f16`](crate::pack::DenseRows::pack_f16)).
///
/// # Panics
///
/// As [`dense`] does.
#[inline(always)]
pub fn dense_nonzero_f16(run: Run<'_>, layer: &Checked<Dense>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let weights = layer.rows_at::<F16>(weights);
    // SAFETY: the layer was checked; the workspace and the weights are as large as it needs.
    unsafe { dense_nonzero_f16_in(run, &layer, weights, ws) }
}

/// [`nonzero`] with weights in single precision.
///
/// # Safety
///
/// As stated there.
unsafe fn dense_nonzero_in(run: Run<'_>, layer: &Dense, weights: *const f32, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { nonzero::<F32>(run, layer, weights, ws) }
}

/// [`nonzero`] with weights in half precision.
///
/// # Safety
///
/// As stated there.
unsafe fn dense_nonzero_f16_in(run: Run<'_>, layer: &Dense, weights: *const f32, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { nonzero::<F16>(run, layer, weights, ws) }
}

/// [`dense_nonzero`] with weights that are stored in a given way.
///
/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` are [as many as it reads](Dense::rows_at).
unsafe fn nonzero<W: WeightType>(run: Run<'_>, layer: &Dense, weights: *const f32, ws: *mut f32) {
    let (depth, width) = (layer.input.elements(), padded(layer.output.channels));
    let work = nanos_of_macs([depth, width]).saturating_add(nanos_of_floats([depth, W::floats(width)]) / 2);
    // SAFETY: the caller's promise; partitions are parts of the output, which is not the input; of the residual they read the same.
    unsafe { run.split(work, |partition| Nonzero::<W>::new(layer, weights, ws, partition)) };
}
