//! Values in and out of the workspace, and from one place in it to another.

mod chw;
mod halo;

pub use self::chw::{StoreChw, load_chw, store_chw};
pub(crate) use self::chw::{read_chw, write_chw};
pub use self::halo::{Halo, clear_halo};

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, assert_same_size};
use crate::place::map::Map;
use crate::place::runs::Runs;
use cnn_net::record;

/// A map and a copy of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CopyMap {
    /// What it reads.
    pub input: Map,
    /// What it writes.
    pub output: Map,
}

record! { CopyMap(#read input: Map, output: Map) }
kernel_call! { CopyMap = copy, output: output }

impl CopyMap {
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

/// Copies a map.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn copy(run: Run<'_>, layer: &Checked<CopyMap>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the workspace is as large as the layer needs.
    unsafe { copy_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn copy_in(run: Run<'_>, layer: &CopyMap, ws: *mut f32) {
    let CopyMap { input, output } = layer;
    let copy_rows = |partition: Partition| {
        let rows = partition.of(input.height);
        if rows.is_empty() {
            return;
        }
        let (input, output) = (input.band(&rows), output.band(&rows));
        let runs = Runs::of([input, output].into_iter());
        for (y, x) in runs.starts() {
            // SAFETY: both runs lie in maps that were checked against the workspace.
            unsafe { ws.add(output.at(y, x)).copy_from(ws.add(input.at(y, x)), runs.len) };
        }
    };
    // SAFETY: partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.each_partition(nanos_of_floats([2, input.elements()]), copy_rows) };
    run.done();
}
