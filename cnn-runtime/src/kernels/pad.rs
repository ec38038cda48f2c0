//! Rows and columns around maps.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd};
use cnn_net::op::{Edge, Pad, PadMode};
use cnn_net::record;

/// A map with more around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PadMap {
    /// What it reads.
    pub input: Map,
    /// What it writes: as many more rows and columns as the sides have.
    pub output: Map,
    /// How many, and what is in them.
    pub pad: Pad,
}

record! { PadMap(#read input: Map, output: Map, pad: Pad) }
kernel_call! { PadMap = pad, output: output }

impl PadMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the output is not the padded input, or overlaps it; if a reflection is not smaller than the map.
    pub const fn check(self) -> Checked<Self> {
        self.assert_sizes();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input)))
    }

    /// Panics if the output is not the padded input, or a reflection is not smaller than the map.
    pub(crate) const fn assert_sizes(&self) {
        let Self { input, output, pad: Pad { sides, mode, .. } } = self;
        assert!(input.channels == output.channels, "padding keeps the number of channels");
        assert!(fits([sides.top, input.height, sides.bottom], output.height), "rows of another number");
        assert!(fits([sides.left, input.width, sides.right], output.width), "columns of another number");
        if let Edge::Reflect = mode {
            let rows = sides.top < input.height && sides.bottom < input.height;
            let columns = sides.left < input.width && sides.right < input.width;
            assert!(rows && columns, "a reflection is smaller than the map");
        }
    }
}

/// Whether three numbers add up to another.
const fn fits([before, size, after]: [usize; 3], whole: usize) -> bool {
    size <= whole && before <= whole - size && after == whole - size - before
}

/// Copies a map, and fills what is around it.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn pad(run: Run<'_>, layer: &Checked<PadMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { pad_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn pad_in(run: Run<'_>, layer: &PadMap, ws: *mut f32) {
    let work = nanos_of_floats([2, layer.output.elements()]);
    // SAFETY: the caller's promise; partitions are rows of the output, which is not the input.
    unsafe { run.split(work, |partition| PadKernel::new(layer, ws, partition)) };
}

struct PadKernel<'a> {
    layer: &'a PadMap,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> PadKernel<'a> {
    /// # Safety
    ///
    /// As for [`pad_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a PadMap, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for PadKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let PadMap { input, output, pad: Pad { sides, mode, .. } } = *self.layer;
        let end = sides.left + input.width;
        for y in self.partition.of(output.height) {
            let row = source(y, sides.top, input.height, mode);
            for x in 0..sides.left {
                self.edge(s, [y, x], row);
            }
            match row {
                Some(row) => self.copy([row, 0], [y, sides.left], input.width),
                None => (sides.left..end).for_each(|x| self.edge(s, [y, x], None)),
            }
            for x in end..output.width {
                self.edge(s, [y, x], row);
            }
        }
    }
}

impl PadKernel<'_> {
    /// A pixel left or right of the map, or in a row without a source.
    #[inline(always)]
    fn edge<S: Simd>(&self, s: S, [y, x]: [usize; 2], row: Option<usize>) {
        let PadMap { input, output, pad: Pad { sides, mode, value } } = *self.layer;
        match (row, source(x, sides.left, input.width, mode)) {
            (Some(row), Some(column)) => self.copy([row, column], [y, x], 1),
            _ => {
                for c in (0..output.channels).step_by(S::LANES) {
                    // SAFETY: a pixel of the output, of which no more channels are written than there are.
                    unsafe { s.store_first(self.ws.add(output.at(y, x) + c), s.splat(value), output.channels - c) };
                }
            }
        }
    }

    /// Some pixels next to each other.
    #[inline(always)]
    fn copy(&self, [row, column]: [usize; 2], [y, x]: [usize; 2], pixels: usize) {
        let PadMap { input, output, .. } = *self.layer;
        let packed = input.pixel == input.channels && output.pixel == output.channels;
        let (runs, len) = if packed { (1, pixels * input.channels) } else { (pixels, input.channels) };
        for i in 0..runs {
            // SAFETY: these pixels lie in maps that were checked, and which don't overlap.
            unsafe {
                let from = self.ws.add(input.at(row, column + i)).cast_const();
                self.ws.add(output.at(y, x + i)).copy_from_nonoverlapping(from, len);
            }
        }
    }
}

/// The row or column that one of the output comes from, if it comes from any.
#[inline(always)]
pub(crate) const fn source(at: usize, before: usize, size: usize, mode: Edge) -> Option<usize> {
    if at >= before && at - before < size {
        return Some(at - before);
    }
    let last = size - 1;
    match mode.closed() {
        PadMode::Zero => None,
        PadMode::Replicate if at < before => Some(0),
        PadMode::Replicate => Some(last),
        PadMode::Reflect if at < before => Some(before - at),
        PadMode::Reflect => Some((2 * last + before).saturating_sub(at)),
    }
}
