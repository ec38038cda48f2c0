//! Dropout in training.

use crate::exec::run::{Partition, Run, nanos_of_macs};
use crate::place::bounds::{Checked, Reach, assert_product, assert_same_size};
use crate::place::map::Map;
use crate::place::runs::Runs;
use crate::simd::{Kernel, Simd};
use crate::train::Dropout;
use cnn_net::record;

/// A dropout layer, or its gradient, which is the same function of the upstream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropoutMap {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// The share of numbers that is dropped.
    pub p: f32,
    /// The layer's index among the nodes of the net.
    pub layer: usize,
}

/// Which of the masks of a layer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskOf {
    /// The seed of the training.
    pub seed: u64,
    /// The number of the step.
    pub step: u64,
    /// The index of the image in the minibatch.
    pub image: usize,
}

record! { DropoutMap(#read input: Map, output: Map, p: f32, layer: usize) }

impl DropoutMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, output, .. } = &self;
        assert_same_size(input, output);
        assert_product(&[output.height, output.width, output.channels]);
        Checked::new(self, Reach::to(output).reads_in_place(input))
    }
}

/// Drops numbers as [`Dropout`] says, and multiplies the others by its scale.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn dropout(run: Run<'_>, layer: &Checked<DropoutMap>, mask: MaskOf, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { dropout_in(run, &layer.get(), mask, ws) }
}

/// What the mask bits of one number cost, in multiplications.
const MACS: usize = 40;

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn dropout_in(run: Run<'_>, layer: &DropoutMap, of: MaskOf, ws: *mut f32) {
    let mask = Dropout::new(layer.p, of.seed, of.step, layer.layer as u32);
    let image = of.image as u32;
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe {
        let part = |partition| DropoutKernel::new(layer, mask, image, ws, partition);
        run.split(nanos_of_macs([MACS, layer.output.elements()]), part);
    };
}

/// Some rows of an image.
struct DropoutKernel<'a> {
    layer: &'a DropoutMap,
    mask: Dropout,
    image: u32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> DropoutKernel<'a> {
    /// # Safety
    ///
    /// As for [`dropout_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a DropoutMap, mask: Dropout, image: u32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, mask, image, ws, partition }
    }
}

impl Kernel for DropoutKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Self { layer: DropoutMap { input, output, .. }, mask, image, ws, partition } = self;
        let rows = partition.of(input.height);
        if rows.is_empty() {
            return;
        }
        let (input, output) = (input.band(&rows), output.band(&rows));
        let runs = Runs::of([input, output].into_iter());
        let first = rows.start * input.width * input.channels;
        for (index, (row, column)) in runs.starts().enumerate() {
            let (from, to) = (ws.wrapping_add(input.at(row, column)), ws.wrapping_add(output.at(row, column)));
            for i in (0..runs.len).step_by(S::LANES) {
                // Runs are in the order H, W, C.
                let factors = mask.factors(image, (first + index * runs.len + i) as u32);
                // SAFETY: both runs lie in maps that were checked, and they are equal or disjoint; no vector has more lanes.
                unsafe {
                    let (factors, count) = (s.load(factors.as_ptr()), runs.len - i);
                    let value = s.mul(s.load_first(from.wrapping_add(i), count), factors);
                    let kept = s.select(s.less(s.splat(0.0), factors), value, s.splat(0.0));
                    s.store_first(to.wrapping_add(i), kept, count);
                }
            }
        }
    }
}
