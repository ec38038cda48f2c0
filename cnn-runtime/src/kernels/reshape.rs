//! Maps of other sizes with the same numbers, in the order C, H, W.

use crate::exec::divide::{div, div_rem};
use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region};
use crate::place::map::Map;
use cnn_net::record;

/// A map and one of as many numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReshapeMap {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
}

record! { ReshapeMap(#read input: Map, output: Map) }
kernel_call! { ReshapeMap = reshape, output: output }

impl ReshapeMap {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the maps differ in the number of elements, or overlap.
    pub const fn check(self) -> Checked<Self> {
        let reach = Reach::to(&self.output).reads(Region::of(&self.input));
        assert!(self.input.elements() == self.output.elements(), "maps of different numbers of elements");
        Checked::new(self, reach)
    }
}

/// Copies each number to its place.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn reshape(run: Run<'_>, layer: &Checked<ReshapeMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { reshape_in(run, &layer.get(), ws) }
}

/// How much more a number at a distance from the last costs than one next to it.
const STRIDED: usize = 8;

/// Floats of the pixels that are visited channel by channel: they stay in L1.
const BLOCK: usize = 4096;

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn reshape_in(run: Run<'_>, layer: &ReshapeMap, ws: *mut f32) {
    let ReshapeMap { input, output } = layer;
    let most = div(BLOCK, output.pixel).max(1);
    let rows = |partition: Partition| {
        for y in partition.of(output.height) {
            for x in (0..output.width).step_by(most) {
                for c in 0..output.channels {
                    let mut place = Place::of((c * output.height + y) * output.width + x, input);
                    for x in x..output.width.min(x + most) {
                        // SAFETY: both are elements of maps that were checked, which don't overlap.
                        unsafe { *ws.add(output.at(y, x) + c) = *ws.add(input.at(place.y, place.x) + place.c) };
                        place.advance(input);
                    }
                }
            }
        }
    };
    // SAFETY: partitions are rows of the output, which is not the input.
    unsafe { run.each_partition(nanos_of_floats([STRIDED, output.elements()]), rows) };
    run.done();
}

/// An element of a map.
struct Place {
    c: usize,
    y: usize,
    x: usize,
}

impl Place {
    /// The element with this number in the order C, H, W.
    #[inline(always)]
    const fn of(index: usize, map: &Map) -> Self {
        let (row, x) = div_rem(index, map.width);
        let (c, y) = div_rem(row, map.height);
        Self { c, y, x }
    }

    /// The next one.
    #[inline(always)]
    const fn advance(&mut self, map: &Map) {
        self.x += 1;
        if self.x == map.width {
            (self.x, self.y) = (0, self.y + 1);
            if self.y == map.height {
                (self.y, self.c) = (0, self.c + 1);
            }
        }
    }
}
