//! Gradients of fully connected layers.
//!
//! Weights are raw: a row for each output, with a number for each element of the input in the order height, width, channels, which is
//! that of the map. The gradients of weights are in the same order.

use crate::exec::run::{Partition, Run, nanos_of_macs};
use crate::place::bounds::{Checked, Reach, Region, assert_product, weights_at};
use crate::place::map::Map;
use crate::place::runs::Runs;
use crate::place::workspace::Batch;
use crate::simd::{Kernel, Simd, Sound};
use cnn_net::record;

use super::outer::{Outer, Places, Target};
use super::{ONE, WeightGradient, assert_apart, gradients_at};

/// The gradients of the weights, and perhaps of the bias: `dw[o][i] = sum dy[o] x[i]` and `db[o] = sum dy[o]` over the images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DenseWeightGradient {
    /// What the layer read.
    pub input: Map,
    /// The gradient of its output: 1 x 1 pixel.
    pub upstream: Map,
    /// Where the gradients of the weights begin among all gradients.
    pub weight: usize,
    /// Where those of the bias begin.
    pub bias: Option<usize>,
}

/// The gradient of the input: `dx[i] = sum w[o][i] dy[o]` over the outputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DenseInputGradient {
    /// The gradient of the layer's output: 1 x 1 pixel.
    pub upstream: Map,
    /// The gradient of its input.
    pub output: Map,
    /// Where the raw weights begin.
    pub weights: usize,
}

record! { DenseWeightGradient(#read input: Map, #read upstream: Map) { weight: usize = 0, bias: Option<usize> = None } }
record! { DenseInputGradient(#read upstream: Map, output: Map) { weights: usize = 0 } }
batch_call! { DenseWeightGradient = dense_weight_gradient }
batch_call! { DenseInputGradient = dense_input_gradient }

impl DenseWeightGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the gradient of the output is not one of a vector, or the gradients of weights and bias overlap.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, weight, bias } = &self;
        assert_vector(upstream);
        // Nothing in the workspace is written.
        let reach = Reach::of(Region::span(0, 0)).reads(Region::of(input)).reads(Region::of(upstream));
        assert_product(&[input.height, input.width, input.channels, upstream.channels]);
        assert_apart(*weight, input.elements() * upstream.channels, *bias, upstream.channels);
        Checked::new(self, reach)
    }
}

impl DenseInputGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the gradient of the output is not one of a vector, or the two maps overlap.
    pub const fn check(self) -> Checked<Self> {
        let Self { upstream, output, .. } = &self;
        assert_vector(upstream);
        assert_product(&[output.height, output.width, output.channels, upstream.channels]);
        Checked::new(self, Reach::to(output).reads(Region::of(upstream)))
    }
}

const fn assert_vector(upstream: &Map) {
    assert!(upstream.height == 1 && upstream.width == 1, "a fully connected layer gives a vector");
}

/// Computes the gradients of weights and bias, from the images of a minibatch.
///
/// # Panics
///
/// If the workspace is too small, or `gradients` end early.
#[inline(always)]
pub fn dense_weight_gradient(
    run: Run<'_>,
    layer: &Checked<DenseWeightGradient>,
    batch: Batch,
    ws: &mut [f32],
    gradients: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let DenseWeightGradient { input, upstream, weight, bias } = layer;
    let to = gradients_at(gradients, weight, [upstream.channels, input.elements()]);
    let to_bias = bias.map(|bias| gradients_at(gradients, bias, [upstream.channels]));
    // SAFETY: the layer was checked; the workspaces and the gradients are as large as it needs, and the latter apart.
    unsafe { weight_in(run, &WeightGradient::new(layer, batch, ws, to, to_bias)) }
}

/// Computes the gradient of the input in the workspace of each image.
///
/// # Panics
///
/// If the workspace is too small, or the weights in `shared` end early.
#[inline(always)]
pub fn dense_input_gradient(
    run: Run<'_>,
    layer: &Checked<DenseInputGradient>,
    batch: Batch,
    ws: &mut [f32],
    shared: &mut [f32],
) {
    let (run, ws) = layer.enter_batch(run, batch, ws);
    let layer = layer.get();
    let weights = weights_at(shared, layer.weights, [layer.upstream.channels, layer.output.elements()]);
    // SAFETY: the layer was checked; the workspaces and the weights are as large as it needs.
    unsafe { input_in(run, &InputGradient::new(layer, batch, ws, weights)) }
}

/// # Safety
///
/// All partitions of the kernel can run at the same time.
unsafe fn weight_in(run: Run<'_>, whole: &WeightGradient<DenseWeightGradient>) {
    let DenseWeightGradient { input, upstream, .. } = whole.layer;
    let work = nanos_of_macs([input.elements(), upstream.channels, whole.batch.images]);
    // SAFETY: the caller's promise; partitions are outputs of the layer, each with a row of weights and a bias.
    unsafe { run.split(work, |partition| WeightGradient { partition, ..*whole }) };
}

/// # Safety
///
/// All partitions of the kernel can run at the same time.
unsafe fn input_in(run: Run<'_>, whole: &InputGradient) {
    let DenseInputGradient { upstream, output, .. } = whole.layer;
    let work = nanos_of_macs([output.elements(), upstream.channels, whole.batch.images]);
    // SAFETY: the caller's promise; partitions are elements of the output, and the upstream is apart from it.
    unsafe { run.split(work, |partition| InputGradient { partition, ..*whole }) };
}

impl Kernel for WeightGradient<DenseWeightGradient> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: DenseWeightGradient { input, upstream, .. }, batch, ws, to, to_bias, partition } = self;
        let outputs = partition.of(upstream.channels);
        let upstream = ws.wrapping_add(upstream.offset + outputs.start);
        let runs = Runs::of([input].into_iter());
        for (index, (row, column)) in runs.starts().enumerate() {
            let product = Outer {
                rows: [0, outputs.len()],
                depth: [1, 1, batch.images],
                columns: runs.len,
                a: (upstream, Places::Every(1), [0, 0, batch.floats]),
                b: (ws.wrapping_add(input.at(row, column)), [0, 0, batch.floats]),
                c: Target::Rows(to.wrapping_add(outputs.start * input.elements() + index * runs.len), input.elements()),
                adds: false,
            };
            // SAFETY: both maps are in the workspace of each image, and the partition's rows of weights are its own.
            s.run(unsafe { Sound::new(product) });
        }
        if let Some(to_bias) = to_bias {
            let product = Outer {
                rows: [0, 1],
                depth: [1, 1, batch.images],
                columns: outputs.len(),
                a: (&raw const ONE, Places::Every(0), [0; 3]),
                b: (upstream, [0, 0, batch.floats]),
                c: Target::Rows(to_bias.wrapping_add(outputs.start), 0),
                adds: false,
            };
            // SAFETY: as above; the constant is read again and again.
            s.run(unsafe { Sound::new(product) });
        }
    }
}

/// The gradients of some elements of the input.
#[derive(Clone, Copy)]
struct InputGradient {
    layer: DenseInputGradient,
    batch: Batch,
    ws: *mut f32,
    weights: *const f32,
    partition: Partition,
}

impl InputGradient {
    /// # Safety
    ///
    /// The layer was checked, the workspace of each image is as large as it needs, and `weights` has its raw weights.
    unsafe fn new(layer: DenseInputGradient, batch: Batch, ws: *mut f32, weights: *const f32) -> Self {
        Self { layer, batch, ws, weights, partition: Partition::WHOLE }
    }
}

/// Columns of a partition are a multiple of this.
const STRIP: usize = 32;

impl Kernel for InputGradient {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: DenseInputGradient { upstream, output, .. }, batch, ws, weights, partition } = self;
        let runs = Runs::of([output].into_iter());
        let strips = partition.of(runs.len.div_ceil(STRIP));
        let columns = strips.start * STRIP..runs.len.min(strips.end * STRIP);
        if columns.is_empty() {
            return;
        }
        for (index, (row, column)) in runs.starts().enumerate() {
            let product = Outer {
                rows: [0, batch.images],
                depth: [1, 1, upstream.channels],
                columns: columns.len(),
                a: (ws.wrapping_add(upstream.offset), Places::Every(batch.floats), [0, 0, 1]),
                b: (weights.wrapping_add(index * runs.len + columns.start), [0, 0, output.elements()]),
                c: Target::Rows(ws.wrapping_add(output.at(row, column) + columns.start), batch.floats),
                adds: false,
            };
            // SAFETY: both maps are in the workspace of each image, apart from each other, and the partition's columns are its own.
            s.run(unsafe { Sound::new(product) });
        }
    }
}
