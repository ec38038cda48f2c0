//! Several maps into one, element by element.

#[cfg(feature = "alloc")]
mod call;

#[cfg(feature = "alloc")]
pub use self::call::{MergeCall, Merging};

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::kernels::activation::Elementwise;
use crate::kernels::epilogue::Epilogue;
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use crate::place::runs::Runs;
use crate::simd::{Kernel, Simd};
use cnn_net::op::Activation;
use cnn_net::record;

/// Several maps that become one, element by element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge<'a> {
    /// What it reads; a pixel is the same for all pixels of the others, and a single channel for all channels.
    pub inputs: &'a [Map],
    /// What it writes; may be one of the inputs.
    pub output: Map,
    /// Applied last.
    pub activation: Elementwise,
}

record! { Merge<'a>(inputs: &'a [Map], output: Map) { activation: Elementwise as Activation = Activation::Identity } }

impl Merge<'_> {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If there is no input, if one is neither of the output's size nor a pixel or a channel of it, or overlaps it without being the
    /// same.
    pub const fn check(self) -> Checked<Self> {
        assert!(!self.inputs.is_empty(), "nothing to merge");
        let mut reach = Reach::to(&self.output);
        let mut i = 0;
        while i < self.inputs.len() {
            let input = &self.inputs[i];
            let one = input.height == 1 && input.width == 1;
            let size = one || input.height == self.output.height && input.width == self.output.width;
            let channels = input.channels == 1 || input.channels == self.output.channels;
            assert!(size && channels, "maps of different sizes");
            let whole = input.pixels() == self.output.pixels() && input.channels == self.output.channels;
            reach = if whole { reach.reads_in_place(input) } else { reach.reads(Region::of(input)) };
            i += 1;
        }
        Checked::new(self, reach)
    }
}

/// Adds maps up.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn add(run: Run<'_>, layer: &Checked<Merge<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { add_in(run, &layer.get(), ws) }
}

/// Multiplies maps.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn mul(run: Run<'_>, layer: &Checked<Merge<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { mul_in(run, &layer.get(), ws) }
}

/// Subtracts all maps but the first from the first.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn sub(run: Run<'_>, layer: &Checked<Merge<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { sub_in(run, &layer.get(), ws) }
}

/// Takes the largest of maps, element by element; NaN where one of them is.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn maximum(run: Run<'_>, layer: &Checked<Merge<'_>>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { maximum_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// As for [`merge`].
unsafe fn sub_in(run: Run<'_>, layer: &Merge<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merge(run, layer, Sub, ws) }
}

/// # Safety
///
/// As for [`merge`].
unsafe fn maximum_in(run: Run<'_>, layer: &Merge<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merge(run, layer, Max, ws) }
}

/// # Safety
///
/// As for [`merge`].
unsafe fn add_in(run: Run<'_>, layer: &Merge<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merge(run, layer, Add, ws) }
}

/// # Safety
///
/// As for [`merge`].
unsafe fn mul_in(run: Run<'_>, layer: &Merge<'_>, ws: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe { merge(run, layer, Mul, ws) }
}

/// Whether a map has one channel for all of the output's.
fn is_channel(input: &Map, output: &Map) -> bool {
    input.channels < output.channels
}

/// A map as its runs are counted: one of a single channel has none longer than a pixel.
fn counted(input: &Map, output: &Map) -> Map {
    let map = spread(input, output);
    if is_channel(input, output) { Map { channels: output.channels, row: 0, pixel: 0, ..map } } else { map }
}

/// A map of 1 x 1 pixels as one that has the same pixel everywhere.
fn spread(input: &Map, output: &Map) -> Map {
    if input.pixels() == 1 {
        Map { height: output.height, width: output.width, row: 0, pixel: 0, ..*input }
    } else {
        *input
    }
}

/// `a + b`, `a - b`, `a * b` or the larger of the two.
trait Fold: Copy {
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec;
}

#[derive(Clone, Copy)]
struct Add;

impl Fold for Add {
    #[inline(always)]
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec {
        s.add(a, b)
    }
}

#[derive(Clone, Copy)]
struct Sub;

impl Fold for Sub {
    #[inline(always)]
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec {
        s.sub(a, b)
    }
}

#[derive(Clone, Copy)]
struct Max;

impl Fold for Max {
    #[inline(always)]
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec {
        s.max_or_nan(a, b)
    }
}

#[derive(Clone, Copy)]
struct Mul;

impl Fold for Mul {
    #[inline(always)]
    fn fold<S: Simd>(self, s: S, a: S::Vec, b: S::Vec) -> S::Vec {
        s.mul(a, b)
    }
}

/// Folds maps.
///
/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn merge(run: Run<'_>, layer: &Merge<'_>, fold: impl Fold, ws: *mut f32) {
    let work = nanos_of_floats([layer.inputs.len() + 1, layer.output.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the inputs, or one of
    // their pixels.
    unsafe { run.split(work, |partition| Folding::new(layer, fold, ws, partition)) };
}

/// A partition of a merge.
struct Folding<'a, F> {
    inputs: &'a [Map],
    output: &'a Map,
    epilogue: Epilogue,
    fold: F,
    ws: *mut f32,
    partition: Partition,
}

impl<'a, F: Fold> Folding<'a, F> {
    /// # Safety
    ///
    /// As for [`merge`]; other threads have other partitions.
    unsafe fn new(layer: &'a Merge<'a>, fold: F, ws: *mut f32, partition: Partition) -> Self {
        let Merge { inputs, output, activation } = layer;
        Self { inputs, output, epilogue: Epilogue::new(*activation), fold, ws, partition }
    }
}

/// Floats that are merged before the rest of the activation passes over them: they are still in L1.
const CHUNK: usize = 1024;

impl<F: Fold> Kernel for Folding<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let rows = self.partition.of(self.output.height);
        if rows.is_empty() {
            return;
        }
        let channels = self.inputs.iter().any(|input| is_channel(input, self.output));
        let inputs = self.inputs.iter().map(|input| counted(input, self.output));
        let runs = Runs::of(inputs.chain([*self.output]).map(|map| map.band(&rows)));
        for (y, x) in runs.starts() {
            let y = rows.start + y;
            for first in (0..runs.len).step_by(CHUNK) {
                let len = CHUNK.min(runs.len - first);
                // SAFETY: the run is in all maps, which were checked.
                unsafe {
                    let to = self.ws.add(self.output.at(y, x) + first);
                    match self.inputs {
                        [a, b] if !channels => {
                            let a = spread(a, self.output).at(y, x) + first;
                            let b = spread(b, self.output).at(y, x) + first;
                            self.pair(s, self.ws.add(a), self.ws.add(b), to, len);
                        }
                        _ => self.many(s, (y, x), first, len),
                    }
                    self.epilogue.pass(s, to, len);
                }
            }
        }
    }
}

impl<F: Fold> Folding<'_, F> {
    /// Folds two runs.
    ///
    /// # Safety
    ///
    /// `len` floats must be readable and writable.
    #[inline(always)]
    unsafe fn pair<S: Simd>(&self, s: S, a: *const f32, b: *const f32, to: *mut f32, len: usize) {
        for i in (0..len).step_by(S::LANES) {
            let rest = len - i;
            // SAFETY: the caller's promise.
            unsafe {
                let result = self.fold.fold(s, s.load_first(a.add(i), rest), s.load_first(b.add(i), rest));
                s.store_first(to.add(i), self.epilogue.activate(s, result), rest);
            }
        }
    }

    /// Folds `len` floats of any number of runs, from the `first` one of those that start at a pixel.
    ///
    /// # Safety
    ///
    /// The run must be in all maps.
    #[inline(always)]
    unsafe fn many<S: Simd>(&self, s: S, (y, x): (usize, usize), first: usize, len: usize) {
        let Some((first_input, others)) = self.inputs.split_first() else { return };
        for i in (first..first + len).step_by(S::LANES) {
            let rest = first + len - i;
            // SAFETY: the caller's promise.
            unsafe {
                let mut result = self.load(s, first_input, (y, x), i, rest);
                for input in others {
                    result = self.fold.fold(s, result, self.load(s, input, (y, x), i, rest));
                }
                let to = self.ws.add(self.output.at(y, x) + i);
                s.store_first(to, self.epilogue.activate(s, result), rest);
            }
        }
    }

    /// The first `rest` lanes of float `i` and those that follow it in the run of an input that starts at a pixel.
    ///
    /// # Safety
    ///
    /// They must be in the map, or the pixel if it has one channel for all of the output's.
    #[inline(always)]
    unsafe fn load<S: Simd>(&self, s: S, input: &Map, (y, x): (usize, usize), i: usize, rest: usize) -> S::Vec {
        let from = self.ws.wrapping_add(spread(input, self.output).at(y, x)).cast_const();
        // SAFETY: the caller's promise.
        unsafe { if is_channel(input, self.output) { s.splat(*from) } else { s.load_first(from.add(i), rest) } }
    }
}
