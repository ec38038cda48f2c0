//! Fully connected layers.

mod nonzero;
mod rows;
mod several;

use self::nonzero::Nonzero;
use self::rows::Rows;
use self::several::Several;

#[cfg(feature = "alloc")]
use alloc::string::String;

#[cfg(feature = "alloc")]
use cnn_net::literal::Literal;

use crate::exec::run::{Run, nanos_of_floats, nanos_of_macs};
use crate::kernels::activation::Elementwise;
#[cfg(feature = "alloc")]
use crate::kernels::call::{KernelCall, Weights};
use crate::kernels::conv::{conv2d_in, convolve};
use crate::kernels::conv2d::Conv2d;
use crate::kernels::gemm::{F16, F32, Gemm, WeightType};
use crate::pack::{ConvPanels, DenseRows, Layout, padded};
use crate::place::bounds::{Checked, weights_at};
use crate::place::map::Map;
use crate::place::workspace::Batch;
use cnn_net::op::{Activation, Size};
use cnn_net::record;

/// A fully connected layer over a whole map: `output = activation(weights * input + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dense {
    /// What it reads: the weights are packed in the order height, width, channels
    /// ([`ConvPanels`] with a kernel of the input's size), so nothing is flattened.
    pub input: Map,
    /// What it writes: 1 x 1 pixel.
    pub output: Map,
    /// Where the packed weights begin.
    pub weights: usize,
    /// Added before the activation.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Elementwise,
}

record! {
    Dense(#read input: Map, output: Map) {
        weights: usize = 0,
        #read residual: Option<Map> = None,
        activation: Elementwise as Activation = Activation::Identity,
    }
}

impl Dense {
    const fn panels(&self) -> ConvPanels {
        let Self { input, output, .. } = self;
        let kernel = Size::new(input.height, input.width);
        ConvPanels { groups: 1, outputs: output.channels, inputs: input.channels, kernel }
    }

    const fn rows(&self) -> DenseRows {
        let Self { input, output, .. } = self;
        DenseRows { outputs: output.channels, inputs: input.channels, pixels: input.pixels() }
    }

    /// How its weights are packed for [`dense`].
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Conv(self.panels())
    }

    /// How its weights are packed for [`dense_f16`].
    #[must_use]
    pub const fn layout_f16(&self) -> Layout {
        Layout::F16(self.panels())
    }

    /// How its weights are packed for [`dense_nonzero`].
    #[must_use]
    pub const fn layout_nonzero(&self) -> Layout {
        Layout::Rows(self.rows())
    }

    /// How its weights are packed for [`dense_nonzero_f16`].
    #[must_use]
    pub const fn layout_nonzero_f16(&self) -> Layout {
        Layout::RowsF16(self.rows())
    }

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
/// [`DenseRows`], and finite.
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

/// The layer of [`dense_nonzero`] in the workspace of each image, with the same weights and one pass over them, of all inputs.
///
/// # Panics
///
/// As [`dense_batch`] does.
#[inline(always)]
pub fn dense_nonzero_batch(run: Run<'_>, layer: &Checked<Dense>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let weights = layer.rows_at::<F32>(weights);
    // SAFETY: the layer was checked; the workspaces and the weights are as large as it needs.
    unsafe { dense_several_in(run, &layer, batch, weights, ws) }
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

/// [`dense_nonzero_batch`] with weights in half precision.
///
/// # Panics
///
/// As [`dense_batch`] does.
#[inline(always)]
pub fn dense_nonzero_f16_batch(run: Run<'_>, layer: &Checked<Dense>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let weights = layer.rows_at::<F16>(weights);
    // SAFETY: the layer was checked; the workspaces and the weights are as large as it needs.
    unsafe { dense_several_f16_in(run, &layer, batch, weights, ws) }
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

/// [`several`] with weights in single precision.
///
/// # Safety
///
/// As stated there.
unsafe fn dense_several_in(run: Run<'_>, layer: &Dense, batch: Batch, weights: *const f32, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { several::<F32>(run, layer, batch, weights, ws) }
}

/// [`several`] with weights in half precision.
///
/// # Safety
///
/// As stated there.
unsafe fn dense_several_f16_in(run: Run<'_>, layer: &Dense, batch: Batch, weights: *const f32, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { several::<F16>(run, layer, batch, weights, ws) }
}

/// [`dense_nonzero`] with weights that are stored in a given way.
///
/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `weights` are [as many as it reads](Dense::rows_at).
unsafe fn nonzero<W: WeightType>(run: Run<'_>, layer: &Dense, weights: *const f32, ws: *mut f32) {
    let (depth, width) = (layer.input.elements(), padded(layer.output.channels));
    let work = nanos_of_macs([depth, width]).saturating_add(nanos_of_floats([depth, W::floats(width)]) / 2);
    let rows = Rows::<W>::new(layer, weights);
    // SAFETY: the caller's promise; partitions are parts of the output, which is not the input; of the residual they read the same.
    unsafe { run.split(work, |partition| Nonzero { rows, ws, partition }) };
}

/// [`dense_nonzero_batch`] with weights that are stored in a given way.
///
/// # Safety
///
/// As [`nonzero`], for the workspace of each image.
unsafe fn several<W: WeightType>(run: Run<'_>, layer: &Dense, batch: Batch, weights: *const f32, ws: *mut f32) {
    let (depth, width) = (layer.input.elements(), padded(layer.output.channels));
    let macs = nanos_of_macs([depth, width, batch.images]);
    let work = macs.saturating_add(nanos_of_floats([depth, W::floats(width)]) / 2);
    let rows = Rows::<W>::new(layer, weights);
    // SAFETY: as above.
    unsafe { run.split(work, |partition| Several { rows, ws, batch, partition }) };
}

/// One of the four functions for fully connected layers, with its numbers.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, Debug)]
pub struct DenseCall {
    /// The numbers.
    pub layer: Dense,
    /// Whether weights are in half precision.
    pub f16: bool,
    /// Whether zeros of the input are left out.
    pub nonzero: bool,
}

#[cfg(feature = "alloc")]
impl KernelCall for DenseCall {
    fn function(&self) -> &'static str {
        match (self.nonzero, self.f16) {
            (false, false) => "dense",
            (false, true) => "dense_f16",
            (true, false) => "dense_nonzero",
            (true, true) => "dense_nonzero_f16",
        }
    }

    fn descriptor(&self) -> (&'static str, &dyn Literal) {
        ("Dense", &self.layer)
    }

    fn output(&self) -> Option<(Map, &'static str)> {
        Some((self.layer.output, ".output"))
    }

    fn weights(&self) -> Option<Weights> {
        let (layout, method) = match (self.nonzero, self.f16) {
            (false, false) => (self.layer.layout(), "layout"),
            (false, true) => (self.layer.layout_f16(), "layout_f16"),
            (true, false) => (self.layer.layout_nonzero(), "layout_nonzero"),
            (true, true) => (self.layer.layout_nonzero_f16(), "layout_nonzero_f16"),
        };
        Some(Weights { offset: self.layer.weights, layout, method })
    }

    fn algorithm(&self) -> String {
        if self.nonzero { "nonzero" } else { "gemm" }.into()
    }

    fn has_batch(&self) -> bool {
        true
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, _: &[f32], weights: &[f32], ws: &mut [f32]) {
        let function = match (self.nonzero, self.f16) {
            (false, false) => dense,
            (false, true) => dense_f16,
            (true, false) => dense_nonzero,
            (true, true) => dense_nonzero_f16,
        };
        function(run, &self.layer.check(), weights, ws);
    }

    #[cfg(feature = "kernels")]
    fn run_batch(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
        let function = match (self.nonzero, self.f16) {
            (false, false) => dense_batch,
            (false, true) => dense_f16_batch,
            (true, false) => dense_nonzero_batch,
            (true, true) => dense_nonzero_f16_batch,
        };
        function(run, &self.layer.check(), batch, weights, ws);
    }
}
