//! The gradients of user-defined functions and layers.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::slice;

#[cfg(feature = "alloc")]
use cnn_net::literal::{Literal, Rust};
use cnn_net::op::{UserFunction, UserLayer};
use cnn_net::record;

use crate::exec::run::{Partition, Run, nanos_of_floats};
#[cfg(feature = "alloc")]
use crate::kernels::call::KernelCall;
use crate::kernels::layout::read_chw;
use crate::kernels::user::{CALL, CustomMap, assert_layer, reads_all};
use crate::place::bounds::{Checked, Reach, Region, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::place::runs::Runs;

/// The gradient of what a user-defined function was applied to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapGradient {
    /// What it was applied to.
    pub input: Map,
    /// The gradient of the output.
    pub upstream: Map,
    /// The gradient of the input.
    pub output: Map,
    /// The function.
    pub function: UserFunction,
}

record! { MapGradient(#read input: Map, #read upstream: Map, output: Map, function: UserFunction) }
kernel_call! { MapGradient = map_gradient, output: output }

/// All gradients of a user-defined layer: of its inputs, each in the order C, H, W, and then of its tensors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CustomGradient<'a> {
    /// The layer's inputs.
    pub inputs: &'a [Map],
    /// The gradient of its output.
    pub upstream: Map,
    /// The gradients, one after another: a vector of [`gradients_len`](Self::gradients_len).
    pub output: Map,
    /// The layer.
    pub layer: UserLayer,
    /// Where its tensors begin in what all images share.
    pub tensors: usize,
    /// Where its [scratch memory](CustomMap::scratch_floats) begins.
    pub scratch: usize,
}

record! {
    CustomGradient<'a>(inputs: &'a [Map], upstream: Map, output: Map, layer: UserLayer, tensors: usize) { scratch: usize = 0 }
}

impl MapGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, the output overlaps another one, or there is no code of the derivative.
    pub const fn check(self) -> Checked<Self> {
        let Self { input, upstream, output, function } = &self;
        assert!(function.slope.is_some(), "a function without a derivative");
        assert_same_size(input, output);
        assert_same_size(upstream, output);
        Checked::new(self, Reach::to(output).reads(Region::of(input)).reads(Region::of(upstream)))
    }
}

impl CustomGradient<'_> {
    /// Numbers of the gradients of a layer with inputs of this many elements.
    #[must_use]
    pub const fn gradients_len(layer: &UserLayer, inputs: usize) -> usize {
        inputs.saturating_add(layer.weights())
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If it has other inputs or another output than its layer, if the gradients are no vector of their length, if these or the scratch
    /// memory overlap anything, or if there is no code of the gradients.
    pub const fn check(self) -> Checked<Self> {
        assert!(self.layer.backward.is_some(), "a layer without gradients");
        let (elements, to) = (assert_layer(&self.layer, self.inputs, &self.upstream), &self.output);
        let is_vector = to.height == 1 && to.width == 1 && to.channels == Self::gradients_len(&self.layer, elements);
        assert!(is_vector, "gradients of another length");
        let reach = Reach::to(to).reads(Region::of(&self.upstream));
        let reach = reach.scratch(self.scratch, CustomMap::scratch_floats(&self.layer, elements));
        Checked::new(self, reads_all(reach, self.inputs))
    }
}

/// Computes the gradient of what a user-defined function was applied to.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn map_gradient(run: Run<'_>, layer: &Checked<MapGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { map_gradient_in(run, &layer.get(), ws) }
}

/// Computes the gradients of a user-defined layer, whose code runs on this thread. `shared` has the layer's tensors.
///
/// # Panics
///
/// If the workspace is too small, or the tensors end early.
#[inline(always)]
pub fn custom_gradient(run: Run<'_>, layer: &Checked<CustomGradient<'_>>, shared: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let tensors = weights_at(shared, layer.tensors, [layer.layer.weights()]);
    // SAFETY: the layer was checked; the workspace and the tensors are as large as it needs.
    unsafe { custom_gradient_in(run, &layer, tensors, ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn map_gradient_in(run: Run<'_>, layer: &MapGradient, ws: *mut f32) {
    let MapGradient { input, upstream, output, function } = layer;
    let each_row = |partition: Partition| {
        let (rows, Some(slope)) = (partition.of(output.height), function.slope) else { return };
        if rows.is_empty() {
            return;
        }
        let [input, upstream, output] = [input, upstream, output].map(|map| map.band(&rows));
        let runs = Runs::of([input, upstream, output].into_iter());
        for (y, x) in runs.starts() {
            let [from, upstream, to] = [input, upstream, output].map(|map| ws.wrapping_add(map.at(y, x)));
            // SAFETY: all three runs lie in maps that were checked against the workspace; that of the output overlaps neither of the
            // others, and nobody else has a part of this row.
            let (values, upstream) = unsafe {
                to.copy_from_nonoverlapping(from, runs.len);
                (slice::from_raw_parts_mut(to, runs.len), slice::from_raw_parts(upstream, runs.len))
            };
            slope(values);
            values.iter_mut().zip(upstream).for_each(|(value, upstream)| *value *= upstream);
        }
    };
    // SAFETY: partitions are rows, and a row of the output needs the same rows of the others alone.
    unsafe { run.each_partition(nanos_of_floats([CALL, output.elements()]), each_row) };
    run.done();
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `tensors` those of the layer.
unsafe fn custom_gradient_in(run: Run<'_>, layer: &CustomGradient<'_>, tensors: *const f32, ws: *mut f32) {
    let CustomGradient { inputs, upstream, output, layer, scratch: first, .. } = *layer;
    let mut end = first;
    for map in inputs.iter().chain([&upstream]) {
        // SAFETY: the map and the scratch memory, which begins with room for all of these, were checked.
        unsafe { read_chw(run, map, end, ws) };
        end += map.elements();
    }
    let given = end - upstream.elements();
    // SAFETY: these are parts of the scratch memory, one after another, and the vector, which nothing else refers to now.
    let (inputs, upstream, scratch, gradients) = unsafe {
        (
            slice::from_raw_parts(ws.add(first), given - first),
            slice::from_raw_parts(ws.add(given), end - given),
            slice::from_raw_parts_mut(ws.add(end), layer.scratch),
            slice::from_raw_parts_mut(ws.add(output.offset), output.channels),
        )
    };
    // SAFETY: the caller's promise.
    let tensors = unsafe { slice::from_raw_parts(tensors, layer.weights()) };
    gradients.fill(0.0);
    if let Some(code) = layer.backward {
        code(inputs, tensors, upstream, scratch, gradients);
    }
    run.done();
}

/// [`custom_gradient`] with its numbers.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
pub struct CustomGradientCall {
    /// The layer's inputs.
    pub inputs: Vec<Map>,
    /// The gradient of its output.
    pub upstream: Map,
    /// The gradients, one after another.
    pub output: Map,
    /// The layer.
    pub layer: UserLayer,
    /// Where its tensors begin in what all images share.
    pub tensors: usize,
    /// Where its scratch memory begins.
    pub scratch: usize,
}

#[cfg(feature = "alloc")]
impl CustomGradientCall {
    fn layer(&self) -> CustomGradient<'_> {
        let Self { inputs, upstream, output, layer, tensors, scratch } = self;
        CustomGradient::new(inputs, *upstream, *output, *layer, *tensors).scratch(*scratch)
    }
}

#[cfg(feature = "alloc")]
impl Literal for CustomGradientCall {
    fn write(&self, to: &mut Rust) {
        self.layer().write(to);
    }
}

#[cfg(feature = "alloc")]
impl KernelCall for CustomGradientCall {
    fn function(&self) -> &'static str {
        "custom_gradient"
    }

    fn descriptor(&self) -> (&'static str, &dyn Literal) {
        ("CustomGradient<'static>", self)
    }

    fn output(&self) -> Option<(Map, &'static str)> {
        Some((self.output, ".output"))
    }

    fn shared(&self) -> Option<usize> {
        Some(self.tensors)
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, _: &[f32], shared: &[f32], ws: &mut [f32]) {
        custom_gradient(run, &self.layer().check(), shared, ws);
    }
}
