//! The gradient of a map of which some channels were taken: 0 in all others.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region, assert_product};
use crate::place::map::Map;
use cnn_net::record;

/// The gradient of a map of which some channels were taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelsGradient {
    /// The gradient of the channels that were taken.
    pub upstream: Map,
    /// The gradient of the map.
    pub output: Map,
    /// The first one that was taken.
    pub first: usize,
}

record! { ChannelsGradient(#read upstream: Map, output: Map, first: usize) }
kernel_call! { ChannelsGradient = channels_gradient, output: output }

impl ChannelsGradient {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the output has not all of these channels, or other pixels; if the maps overlap.
    pub const fn check(self) -> Checked<Self> {
        let Self { upstream, output, first } = &self;
        assert_product(&[*first, 4]);
        assert!(upstream.height == output.height && upstream.width == output.width, "maps of different sizes");
        let rest = output.channels.checked_sub(*first);
        assert!(matches!(rest, Some(rest) if rest >= upstream.channels), "channels that are not there");
        Checked::new(self, Reach::to(output).reads(Region::of(upstream)))
    }
}

/// Puts channels between others, which are 0.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn channels_gradient(run: Run<'_>, layer: &Checked<ChannelsGradient>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { channels_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn channels_in(run: Run<'_>, layer: &ChannelsGradient, ws: *mut f32) {
    let ChannelsGradient { upstream, output, first } = *layer;
    let end = first + upstream.channels;
    let rows = |partition: Partition| {
        for y in partition.of(output.height) {
            for x in 0..output.width {
                // SAFETY: the caller's promise; a pixel of each map, which don't overlap.
                unsafe {
                    let to = ws.add(output.at(y, x));
                    to.write_bytes(0, first);
                    to.add(first).copy_from_nonoverlapping(ws.add(upstream.at(y, x)), upstream.channels);
                    to.add(end).write_bytes(0, output.channels - end);
                }
            }
        }
    };
    // SAFETY: partitions are rows of the output, which is not what is read.
    unsafe { run.each_partition(nanos_of_floats([2, output.elements()]), rows) };
    run.done();
}
