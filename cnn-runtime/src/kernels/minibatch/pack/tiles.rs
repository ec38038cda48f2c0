//! Filters that are transformed for Winograd's algorithm.

use crate::exec::run::Partition;
use crate::pack::WinogradPanels;
use crate::simd::{Simd, UnsafeKernel};

use super::{PackStep, PanelPlace};

/// Some panels. The step was checked, its tensor begins at `weight`, and the shared floats are as many as it needs. Other threads have
/// other partitions.
pub(super) struct Tiles<'a> {
    pub(super) step: &'a PackStep,
    pub(super) panels: WinogradPanels,
    pub(super) weight: usize,
    pub(super) shared: *mut f32,
    pub(super) partition: Partition,
}

impl UnsafeKernel for Tiles<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, _: S) {
        let WinogradPanels { groups, outputs, .. } = self.panels;
        let len = self.panels.side().pow(2) * self.panels.depth() + 1;
        for place in PanelPlace::each(self.partition, [groups, outputs, len]) {
            // SAFETY: a panel of the layout, in this partition alone.
            let panel = unsafe { place.panel(self.shared.wrapping_add(self.step.to)) };
            let (from, distances) = self.places(place.group);
            let weight = |[output, input, tap]: [usize; 3]| {
                let [output, input, tap] =
                    [(output, 0), (input, 1), (tap, 2)].map(|(at, of)| at as isize * distances[of]);
                // SAFETY: a weight of the tensor.
                unsafe { *from.wrapping_offset(output + input + tap) }
            };
            // SAFETY: the conditions of the type.
            let affine = |output| unsafe { self.step.affine(self.shared, output) };
            self.panels.pack_panel(place.channels, weight, affine, panel);
        }
    }
}

impl Tiles<'_> {
    /// Where the first tap of the first input of output 0 would be, if all groups were this one, and the distances of outputs, inputs
    /// and taps.
    #[inline(always)]
    fn places(&self, group: usize) -> (*const f32, [isize; 3]) {
        let WinogradPanels { outputs, inputs, kernel, .. } = self.panels;
        let area = (kernel * kernel) as isize;
        let [outputs, inputs, group] = [outputs, inputs, group].map(|number| number as isize);
        let from = self.shared.cast_const().wrapping_add(self.weight);
        if self.step.turned {
            // Outputs are the inputs of the tensor, and counted through all groups.
            let first = group * outputs * (inputs - 1) * area + area - 1;
            (from.wrapping_offset(first), [area, outputs * area, -1])
        } else {
            (from, [inputs * area, area, 1])
        }
    }
}
