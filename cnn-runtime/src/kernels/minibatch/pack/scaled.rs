//! Panels that a normalisation is folded into.

use crate::exec::run::Partition;
use crate::pack::{ConvPanels, PANEL, begin_panel};
use crate::simd::{Simd, UnsafeKernel};

use super::{PackStep, PanelPlace};

/// Scales the weights of some panels, which were copied, and writes their biases. The step was checked, and the shared floats are as many
/// as it needs. Other threads have other partitions.
pub(super) struct Scaled<'a> {
    pub(super) step: &'a PackStep,
    pub(super) panels: ConvPanels,
    pub(super) shared: *mut f32,
    pub(super) partition: Partition,
}

impl UnsafeKernel for Scaled<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self, _: S) {
        let ConvPanels { groups, outputs, .. } = self.panels;
        for place in PanelPlace::each(self.partition, [groups, outputs, self.panels.depth() + 1]) {
            // SAFETY: a panel of the layout, in this partition alone.
            let panel = unsafe { place.panel(self.shared.wrapping_add(self.step.to)) };
            // SAFETY: the conditions of the type.
            let affine = |output| unsafe { self.step.affine(self.shared, output) };
            let [first, real, width] = place.channels;
            let (biases, rows) = panel.split_at_mut(width);
            let scales = begin_panel(first, real, affine, biases);
            if width == PANEL {
                // Of a length that the compiler knows.
                rows.as_chunks_mut::<PANEL>().0.iter_mut().for_each(|row| scale(row, &scales));
            } else {
                rows.chunks_exact_mut(width).for_each(|row| scale(row, &scales));
            }
        }
    }
}

#[inline(always)]
fn scale(row: &mut [f32], scales: &[f64; PANEL]) {
    for (weight, scale) in row.iter_mut().zip(scales) {
        *weight = (f64::from(*weight) * scale) as f32;
    }
}
