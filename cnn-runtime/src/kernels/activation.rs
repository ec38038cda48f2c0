//! Element-wise functions.
//!
//! Other kernels apply them in their `Epilogue`.

mod apply;

pub use self::apply::Elementwise;
pub(crate) use self::apply::Inline;

use self::apply::leaky_relu;
use crate::exec::divide::div_rem;
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::pack::{Layout, padded};
use crate::place::bounds::{Checked, Reach, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::place::runs::Runs;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Activation, PreluPer};
use cnn_net::record;

/// An element-wise function over a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activate {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// The function.
    pub activation: Elementwise,
}

/// `x` where `x >= 0`, else `slope * x` with learnt slopes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreluMap {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// Where the packed slopes ([`pack_slopes`](crate::pack::pack_slopes)) begin.
    pub weights: usize,
    /// Whether slopes are per channel, or per channel and pixel.
    pub per: PreluPer,
}

record! { Activate(#read input: Map, output: Map, activation: Elementwise as Activation) }
record! { PreluMap(#read input: Map, output: Map, per: PreluPer) { weights: usize = 0 } }
kernel_call! { Activate = activate, output: output }
kernel_call! { PreluMap = prelu, output: output, weights: weights }

impl Activate {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }
}

impl PreluMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same.
    pub const fn check(self) -> Checked<Self> {
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }

    /// How its slopes are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Slopes { channels: self.input.channels, pixels: self.rows() }
    }

    /// Rows of slopes.
    const fn rows(&self) -> usize {
        match self.per {
            PreluPer::Channel | PreluPer::Tensor => 1,
            PreluPer::Element => self.input.pixels(),
        }
    }
}

/// Applies an element-wise function.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn activate(run: Run<'_>, layer: &Checked<Activate>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { activate_in(run, &layer.get(), ws) }
}

/// Applies `prelu`.
///
/// # Panics
///
/// If the workspace is too small, or the slopes end early.
#[inline(always)]
pub fn prelu(run: Run<'_>, layer: &Checked<PreluMap>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let prelu = layer.get();
    let slopes = weights_at(weights, prelu.weights, [prelu.rows(), padded(prelu.input.channels)]);
    // SAFETY: the workspace and the slopes are as large as the layer needs.
    unsafe { prelu_in(run, &prelu, slopes, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn activate_in(run: Run<'_>, layer: &Activate, ws: *mut f32) {
    let work = nanos_of_floats([2, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.split(work, |partition| ActivateKernel::new(layer, ws, partition)) };
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs; `slopes` are padded rows for it.
unsafe fn prelu_in(run: Run<'_>, layer: &PreluMap, slopes: *const f32, ws: *mut f32) {
    let work = nanos_of_floats([2, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.split(work, |partition| Prelu::new(layer, slopes, ws, partition)) };
}

/// A function over a map.
struct ActivateKernel<'a> {
    layer: &'a Activate,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> ActivateKernel<'a> {
    /// # Safety
    ///
    /// The layer was checked, and `ws` has as many floats as it needs; other threads have other partitions.
    unsafe fn new(layer: &'a Activate, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for ActivateKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Activate { input, output, activation } = *self.layer;
        let rows = self.partition.of(input.height);
        if rows.is_empty() {
            return;
        }
        let (input, output) = (input.band(&rows), output.band(&rows));
        let runs = Runs::of([input, output].into_iter());
        for (row, column) in runs.starts() {
            // SAFETY: both runs lie in maps that were checked against the workspace, and they are equal or disjoint.
            unsafe {
                let (from, to) = (self.ws.add(input.at(row, column)), self.ws.add(output.at(row, column)));
                activation.apply(s, from, to, runs.len);
            }
        }
    }
}

struct Prelu<'a> {
    layer: &'a PreluMap,
    slopes: *const f32,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> Prelu<'a> {
    /// # Safety
    ///
    /// The layer was checked, and `ws` has as many floats as it needs; `slopes` are padded rows for it; other threads have
    /// other partitions.
    unsafe fn new(layer: &'a PreluMap, slopes: *const f32, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, slopes, ws, partition }
    }
}

impl Kernel for Prelu<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let PreluMap { input, output, per, .. } = self.layer;
        let rows = self.partition.of(input.height);
        for pixel in rows.start * input.width..rows.end * input.width {
            let (y, x) = div_rem(pixel, input.width);
            let row = match per {
                PreluPer::Channel | PreluPer::Tensor => 0,
                PreluPer::Element => pixel * padded(input.channels),
            };
            let mut c = 0;
            while c < input.channels {
                let rest = input.channels - c;
                // SAFETY: the channels are in both maps, and there is a padded row of slopes for the pixel.
                unsafe {
                    let value = s.load_first(self.ws.add(input.at(y, x) + c), rest);
                    let slope = s.load(self.slopes.add(row + c));
                    let to = self.ws.add(output.at(y, x) + c);
                    s.store_first(to, leaky_relu(s, value, slope), rest);
                }
                c += S::LANES;
            }
        }
    }
}
