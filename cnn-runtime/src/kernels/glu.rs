//! Gated linear units.

use crate::exec::run::{Partition, Run, nanos_of_floats};
use crate::place::bounds::{Checked, Reach, Region, assert_product};
use crate::place::map::Map;
use crate::simd::{Kernel, Simd, math};
use cnn_net::record;

/// The first half of the channels, times the sigmoid of the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gate {
    /// What it reads.
    pub input: Map,
    /// What it writes: half as many channels.
    pub output: Map,
}

record! { Gate(#read input: Map, output: Map) }
kernel_call! { Gate = glu, output: output }

impl Gate {
    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the output has not half of the input's channels and the same pixels, or overlaps the input.
    pub const fn check(self) -> Checked<Self> {
        self.assert_sizes();
        Checked::new(self, Reach::to(&self.output).reads(Region::of(&self.input)))
    }

    /// Panics if the output has not half of the input's channels and the same pixels.
    pub(super) const fn assert_sizes(&self) {
        let Self { input, output } = self;
        assert_product(&[2, output.channels]);
        let halves = input.channels == 2 * output.channels;
        assert!(
            halves && input.height == output.height && input.width == output.width,
            "an output of half the channels"
        );
    }
}

/// Multiplies the first half of the channels by the sigmoid of the second.
///
/// # Panics
///
/// If the workspace is too small.
#[inline(always)]
pub fn glu(run: Run<'_>, layer: &Checked<Gate>, ws: &mut [f32]) {
    let (run, ws) = layer.enter(run, ws);
    // SAFETY: the layer was checked; the workspace is as large as it needs.
    unsafe { glu_in(run, &layer.get(), ws) }
}

/// # Safety
///
/// The layer was checked, and `ws` has as many floats as it needs.
unsafe fn glu_in(run: Run<'_>, layer: &Gate, ws: *mut f32) {
    let work = nanos_of_floats([4, layer.input.elements()]);
    // SAFETY: the caller's promise; partitions are rows, and a row of the output needs the same row of the input alone.
    unsafe { run.split(work, |partition| GateKernel::new(layer, ws, partition)) };
}

struct GateKernel<'a> {
    layer: &'a Gate,
    ws: *mut f32,
    partition: Partition,
}

impl<'a> GateKernel<'a> {
    /// # Safety
    ///
    /// As for [`glu_in`]; other threads have other partitions.
    unsafe fn new(layer: &'a Gate, ws: *mut f32, partition: Partition) -> Self {
        Self { layer, ws, partition }
    }
}

impl Kernel for GateKernel<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        let Gate { input, output } = self.layer;
        for y in self.partition.of(output.height) {
            for x in 0..output.width {
                let from = self.ws.wrapping_add(input.at(y, x)).cast_const();
                let to = self.ws.wrapping_add(output.at(y, x));
                for c in (0..output.channels).step_by(S::LANES) {
                    let rest = output.channels - c;
                    // SAFETY: these are channels of both maps, which were checked.
                    unsafe {
                        let value = s.load_first(from.wrapping_add(c), rest);
                        let gate = s.load_first(from.wrapping_add(output.channels + c), rest);
                        s.store_first(to.wrapping_add(c), s.mul(value, math::sigmoid(s, gate)), rest);
                    }
                }
            }
        }
    }
}
