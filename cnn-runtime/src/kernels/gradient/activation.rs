//! Gradients of element-wise functions.

mod slope;

pub use self::slope::{Slope, from_output};

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, assert_same_size};
use crate::place::map::Map;
use crate::place::runs::Runs;
use crate::simd::{Kernel, Simd};
use cnn_net::op::Activation;
use cnn_net::record;

/// The gradient of an element-wise function: its slope, times the gradient of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivateGradient {
    /// What the function read, or its output, if its slope is [computed from that](from_output).
    pub input: Map,
    /// The gradient of its output.
    pub upstream: Map,
    /// The gradient of its input; may be one of the two.
    pub output: Map,
    /// The function's slope.
    pub activation: Slope,
}

record! { ActivateGradient(#read input: Map, #read upstream: Map, output: Map, activation: Slope as Activation) }
kernel_call! { ActivateGradient = activate_gradient, output: output }

impl ActivateGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or the output overlaps another one without being the same.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, .. } = &self;
        assert_same_size(input, output);
        assert_same_size(upstream, output);
        Checked::new(self, Reach::to(output).reads_in_place(input).reads_in_place(upstream))
    }
}

/// Multiplies a gradient by the slope of a function.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn activate_gradient(run: Run<'_>, layer: &Checked<ActivateGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { activate_gradient_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn activate_gradient_in(run: Run<'_>, layer: &ActivateGradient, ws: *mut f32) {
    let work = nanos_of_floats([3, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the others alone.
    unsafe { run.split(work, |partition| GradientKernel::new(layer, ws, partition)) };
}

struct GradientKernel<'a> {
    layer: &'a ActivateGradient,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> GradientKernel<'a> {
    /// # Safety
    ///
    /// As for [`activate_gradient_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a ActivateGradient, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for GradientKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let ActivateGradient { input, upstream, output, activation } = *self.layer;
        let rows = self.partition.of(input.height);
        if rows.is_empty() {
            return;
        }
        let [input, upstream, output] = [input, upstream, output].map(|map| map.band(&rows));
        let runs = Runs::of([input, upstream, output].into_iter());
        for (row, column) in runs.starts() {
            // SAFETY: all runs lie in maps that were checked against the workspace; that of the output is equal to or disjoint from
            // each of the others.
            unsafe {
                let [x, upstream] = [input, upstream].map(|map| self.ws.add(map.at(row, column)).cast_const());
                activation.multiply(s, x, upstream, self.ws.add(output.at(row, column)), runs.len);
            }
        }
    }
}
