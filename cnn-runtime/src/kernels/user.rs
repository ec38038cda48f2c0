//! User-defined functions and layers.
//!
//! Their code is safe Rust that sees slices: a function gets the numbers of a map, a layer gets copies of its inputs in the order
//! C, H, W, and what it leaves in such a copy of its output is copied into the map.

#[cfg(feature = "alloc")]
use alloc::vec::Vec;
use core::slice;

#[cfg(feature = "alloc")]
use cnn_net::literal::{Literal, Rust};
use cnn_net::op::{UserFunction, UserLayer};
use cnn_net::record;

use crate::exec::run::{Partition, Run, nanos_of_floats};
#[cfg(feature = "alloc")]
use crate::kernels::call::{KernelCall, Weights};
use crate::kernels::layout::{read_chw, write_chw};
use crate::pack::Layout;
use crate::place::bounds::{Checked, Reach, Region, assert_same_size, weights_at};
use crate::place::map::Map;
use crate::place::runs::Runs;

/// A user-defined function over a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapEach {
    /// What it reads.
    pub input: Map,
    /// What it writes; may be the input.
    pub output: Map,
    /// The function.
    pub function: UserFunction,
}

record! { MapEach(#read input: Map, output: Map, function: UserFunction) }
kernel_call! { MapEach = map_each, output: output }

/// A user-defined layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CustomMap<'a> {
    /// What it reads.
    pub inputs: &'a [Map],
    /// What it writes.
    pub output: Map,
    /// The layer.
    pub layer: UserLayer,
    /// Where its tensors begin.
    pub weights: usize,
    /// Where its [scratch memory](Self::scratch_floats) begins.
    pub scratch: usize,
}

record! { CustomMap<'a>(inputs: &'a [Map], output: Map, layer: UserLayer) { weights: usize = 0, scratch: usize = 0 } }

impl MapEach {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in size, or overlap without being the same; if there is no code.
    pub const fn check(self) -> Checked<Self> {
        assert!(self.function.code.is_some(), "a function without code");
        assert_same_size(&self.input, &self.output);
        Checked::new(self, Reach::to(&self.output).reads_in_place(&self.input))
    }
}

impl CustomMap<'_> {
    /// How its tensors are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        Layout::Tensors { len: self.layer.weights() }
    }

    /// Floats of the scratch memory of a layer with inputs of this many elements: copies of these and of the output, or of its
    /// gradient, and what the layer itself asks for.
    #[must_use]
    pub const fn scratch_floats(layer: &UserLayer, inputs: usize) -> usize {
        inputs.saturating_add(layer.output.elements()).saturating_add(layer.scratch)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If it has other inputs or another output than its layer, if the output or the scratch memory overlaps anything, or if there
    /// is no code.
    pub const fn check(self) -> Checked<Self> {
        assert!(self.layer.code.is_some(), "a layer without code");
        let elements = assert_layer(&self.layer, self.inputs, &self.output);
        let reach = Reach::to(&self.output).scratch(self.scratch, Self::scratch_floats(&self.layer, elements));
        Checked::new(self, reads_all(reach, self.inputs))
    }
}

/// The elements of all inputs of a layer, which has these and an output like this.
///
/// # Panics
///
/// If it has not, if a map is empty, or if its numbers overflow.
pub(crate) const fn assert_layer(layer: &UserLayer, inputs: &[Map], output: &Map) -> usize {
    assert!(layer.inputs == inputs.len(), "a layer of another number of inputs");
    let (size, Map { height, width, channels, .. }) = (layer.output.size(), *output);
    let is_same = size.height == height && size.width == width && layer.output.channels() == channels;
    assert!(is_same, "a layer of another output");
    let (mut elements, mut i) = (0_usize, 0);
    while i < inputs.len() {
        assert!(Region::of(&inputs[i]).len() > 0, "an empty map");
        elements = elements.saturating_add(inputs[i].elements());
        i += 1;
    }
    elements
}

/// The same, and all of these are read.
pub(crate) const fn reads_all(mut reach: Reach, inputs: &[Map]) -> Reach {
    let mut i = 0;
    while i < inputs.len() {
        reach = reach.reads(Region::of(&inputs[i]));
        i += 1;
    }
    reach
}

/// Applies a user-defined function.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn map_each(run: Run<'_>, layer: &Checked<MapEach>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { map_each_in(run, &layer.get(), ws) }
}

/// Computes a user-defined layer, whose code runs on this thread.
///
/// # Panics
///
/// If the workspace is too small, or the tensors end early.
#[inline(always)]
pub fn custom(run: Run<'_>, layer: &Checked<CustomMap<'_>>, weights: &[f32], ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    let layer = layer.get();
    let tensors = weights_at(weights, layer.weights, [layer.layer.weights()]);
    // SAFETY: the layer was checked; the workspace and the tensors are as large as it needs.
    unsafe { custom_in(run, &layer, tensors, ws) }
}

/// The most that a call of a user-defined function takes, in units of the time of reading a float.
pub(crate) const CALL: usize = 16;

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn map_each_in(run: Run<'_>, layer: &MapEach, ws: *mut f32) {
    let MapEach { input, output, function } = layer;
    let each_row = |partition: Partition| {
        let (rows, Some(code)) = (partition.of(input.height), function.code) else { return };
        if rows.is_empty() {
            return;
        }
        let (input, output) = (input.band(&rows), output.band(&rows));
        let runs = Runs::of([input, output].into_iter());
        for (y, x) in runs.starts() {
            let (from, to) = (ws.wrapping_add(input.at(y, x)), ws.wrapping_add(output.at(y, x)));
            // SAFETY: both runs lie in maps that were checked against the workspace, and they are equal or disjoint; nobody else
            // has a part of this row.
            let values = unsafe {
                to.copy_from(from, runs.len);
                slice::from_raw_parts_mut(to, runs.len)
            };
            code(values);
        }
    };
    // SAFETY: partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.each_partition(nanos_of_floats([CALL, input.elements()]), each_row) };
    run.done();
}

/// # Safety
///
/// The layer was checked, `ws` has as many floats as it needs, and `tensors` those of the layer.
unsafe fn custom_in(run: Run<'_>, layer: &CustomMap<'_>, tensors: *const f32, ws: *mut f32) {
    let CustomMap { inputs, output, layer, scratch: first, .. } = *layer;
    let mut end = first;
    for input in inputs {
        // SAFETY: the map and the scratch memory, which begins with room for all inputs, were checked.
        unsafe { read_chw(run, input, end, ws) };
        end += input.elements();
    }
    let (to, scratch) = (end, end + output.elements());
    // SAFETY: these are parts of the scratch memory, one after another, which nothing else refers to now.
    let (inputs, written, scratch) = unsafe {
        let written = slice::from_raw_parts_mut(ws.add(to), output.elements());
        let scratch = slice::from_raw_parts_mut(ws.add(scratch), layer.scratch);
        (slice::from_raw_parts(ws.add(first), to - first), written, scratch)
    };
    // SAFETY: the caller's promise.
    let tensors = unsafe { slice::from_raw_parts(tensors, layer.weights()) };
    written.fill(0.0);
    if let Some(code) = layer.code {
        code(inputs, tensors, scratch, written);
    }
    // SAFETY: the map and its copy were checked; they don't overlap.
    unsafe { write_chw(run, to, &output, ws) };
    run.done();
}

/// [`custom`] with its numbers.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug)]
pub struct CustomCall {
    /// What it reads.
    pub inputs: Vec<Map>,
    /// What it writes.
    pub output: Map,
    /// The layer.
    pub layer: UserLayer,
    /// Where its tensors begin.
    pub weights: usize,
    /// Where its scratch memory begins.
    pub scratch: usize,
}

#[cfg(feature = "alloc")]
impl CustomCall {
    fn layer(&self) -> CustomMap<'_> {
        CustomMap::new(&self.inputs, self.output, self.layer).weights(self.weights).scratch(self.scratch)
    }
}

#[cfg(feature = "alloc")]
impl Literal for CustomCall {
    fn write(&self, to: &mut Rust) {
        to.path("CustomMap::new(&[");
        for input in &self.inputs {
            to.read(input);
            to.push(", ");
        }
        to.push("], ");
        self.output.write(to);
        to.push(", ");
        self.layer.write(to);
        to.push(")");
        for (method, number) in [(".weights(", self.weights), (".scratch(", self.scratch)] {
            if number != 0 {
                to.push(method);
                number.write(to);
                to.push(")");
            }
        }
    }
}

#[cfg(feature = "alloc")]
impl KernelCall for CustomCall {
    fn function(&self) -> &'static str {
        "custom"
    }

    fn descriptor(&self) -> (&'static str, &dyn Literal) {
        ("CustomMap<'static>", self)
    }

    fn output(&self) -> Option<(Map, &'static str)> {
        Some((self.output, ".output"))
    }

    fn weights(&self) -> Option<Weights> {
        Some(Weights { offset: self.weights, layout: self.layer().layout(), method: "layout" })
    }

    #[cfg(feature = "kernels")]
    fn run(&self, run: Run<'_>, _: &[f32], weights: &[f32], ws: &mut [f32]) {
        custom(run, &self.layer().check(), weights, ws);
    }
}
