//! Zeros around maps.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region, Windows};
use crate::place::map::Map;
use cnn_net::op::Padding;
use cnn_net::record;

/// Zeros around a map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Halo {
    /// The map in their midst.
    pub map: Map,
    /// Rows and columns of zeros.
    pub zeros: Padding,
}

record! { Halo(map: Map, zeros: Padding) }
kernel_call! { Halo = clear_halo }

impl Halo {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If it begins before the workspace, or the map has no elements.
    pub const fn check(self) -> Checked<Self> {
        let Self { map, zeros: Padding { top, left, bottom, right } } = self;
        let vertical = Windows { count: 1, stride: 1, taps: sum([top, map.height, bottom]), dilation: 1, before: top };
        let horizontal =
            Windows { count: 1, stride: 1, taps: sum([left, map.width, right]), dilation: 1, before: left };
        let line = Map { height: 1, width: horizontal.taps, ..map };
        assert!(map.height == 1 || map.row >= Region::of(&Map { offset: 0, ..line }).len(), "rows overlap");
        Checked::new(self, Reach::of(Region::windows(&map, vertical, horizontal)))
    }
}

/// A sum of three sizes.
const fn sum([a, b, c]: [usize; 3]) -> usize {
    match a.checked_add(b) {
        Some(ab) => match ab.checked_add(c) {
            Some(sum) => sum,
            None => panic!("a halo is larger than memory"),
        },
        None => panic!("a halo is larger than memory"),
    }
}

/// Zeroes the elements around a map.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn clear_halo(run: Run<'_>, halo: &Checked<Halo>, ws: &mut [f32]) {
    let (run, ws) = halo.enter(run, ws);
    // SAFETY: the workspace is as large as the halo needs.
    unsafe { clear_halo_in(run, &halo.get(), ws) }
}

/// # Safety
///
/// The halo was checked, and `ws` has as many floats as it needs.
unsafe fn clear_halo_in(run: Run<'_>, halo: &Halo, ws: *mut f32) {
    let Halo { map: Map { offset, height, width, channels, row, pixel }, zeros } = *halo;
    let (columns, rows) = (zeros.left + width + zeros.right, zeros.top + height + zeros.bottom);
    let corner = offset - zeros.top * row - zeros.left * pixel;
    let clear = |y: usize, x: usize, pixels: usize| {
        let run = if pixel == channels { pixels.max(1) } else { 1 };
        for x in (x..x + pixels).step_by(run) {
            // SAFETY: these are elements of the halo, which was checked.
            unsafe { ws.add(corner + y * row + x * pixel).write_bytes(0, run * channels) };
        }
    };
    let clear_rows = |partition: Partition| {
        for y in partition.of(rows) {
            if (zeros.top..zeros.top + height).contains(&y) {
                clear(y, 0, zeros.left);
                clear(y, zeros.left + width, zeros.right);
            } else {
                clear(y, 0, columns);
            }
        }
    };
    // SAFETY: partitions are rows, which don't overlap.
    unsafe { run.each_partition(nanos_of_floats([rows * columns - height * width, channels]), clear_rows) };
    run.done();
}
