//! Panels of output channels: convolutions and fully connected layers.

use cnn_net::op::Size;

use super::affine::Affine;
use crate::simd::{HALF_PANEL, PANEL};

/// The weights of a convolution, or of a fully connected layer (a convolution whose kernel is as large as its input).
///
/// Packed, they are `[groups][panels]`, and a panel of `p` output channels is its bias `[p]` followed by
/// `[kernel.height][kernel.width][inputs][p]`. Panels are [`PANEL`] wide; where at most [`HALF_PANEL`] channels remain
/// in a group, the last one is half as wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvPanels {
    /// Independent parts.
    pub groups: usize,
    /// Output channels of a group.
    pub outputs: usize,
    /// Input channels of a group.
    pub inputs: usize,
    /// Extent of a filter.
    pub kernel: Size,
}

impl ConvPanels {
    /// Weights of one output channel.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.kernel.area() * self.inputs
    }

    /// Packed size of one group.
    #[must_use]
    pub const fn group_len(&self) -> usize {
        self.outputs.next_multiple_of(HALF_PANEL) * (self.depth() + 1)
    }

    /// Packed size.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.groups * self.group_len()
    }

    /// Packed size with weights in half precision.
    #[must_use]
    pub const fn f16_len(&self) -> usize {
        self.groups * (self.outputs.next_multiple_of(HALF_PANEL) / 2) * (self.depth() + 2)
    }

    /// Whether there is nothing to pack.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs `weight`, which gives the elements of a `[groups * outputs, inputs, height, width]` tensor by their
    /// position, with `affine` of each output channel, into `packed` of [`len`](Self::len) elements. `affine` is called
    /// once for each channel, in their order, and for all channels of a panel before their weights are taken.
    ///
    /// # Panics
    ///
    /// If `packed` has another length.
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        assert_eq!(packed.len(), self.len());
        self.pack_rows(|at| weight(at).into(), affine, packed, copy_row);
    }

    /// Packs panels row by row; `store` writes one from the weights of its channels.
    pub(super) fn pack_rows(
        &self,
        weight: impl Fn(usize) -> f64,
        affine: impl Fn(usize) -> Affine,
        packed: &mut [f32],
        store: impl Fn(&mut [f32], &[f32]),
    ) {
        let (inputs, area) = (self.inputs, self.kernel.area());
        let weight = |[output, input, tap]: [usize; 3]| weight((output * inputs + input) * area + tap);
        self.pack_taps(weight, affine, packed, store);
    }

    /// The same for weights by output channel, input channel of the group, and tap.
    pub(super) fn pack_taps(
        &self,
        weight: impl Fn([usize; 3]) -> f64,
        affine: impl Fn(usize) -> Affine,
        packed: &mut [f32],
        store: impl Fn(&mut [f32], &[f32]),
    ) {
        self.pack_panels(packed, |first, real, width, panel| {
            let (biases, rows) = panel.split_at_mut(width);
            let scales = begin_panel(first, real, &affine, biases);
            if rows.is_empty() {
                return;
            }
            let mut values = [0.0; PANEL];
            let len = rows.len() / self.depth();
            for (k, row) in rows.chunks_exact_mut(len).enumerate() {
                let (tap, input) = (k / self.inputs, k % self.inputs);
                for (column, value) in values.iter_mut().enumerate().take(real) {
                    *value = (weight([first + column, input, tap]) * scales[column]) as f32;
                }
                store(row, &values[..width]);
            }
        });
    }

    /// Hands each panel to `pack`: its first output channel, how many it has, its width, and its share of `packed`, where
    /// every channel takes the same.
    pub(super) fn pack_panels(&self, packed: &mut [f32], mut pack: impl FnMut(usize, usize, usize, &mut [f32])) {
        let group_len = packed.len() / self.groups;
        let half_panel_len = group_len / self.outputs.div_ceil(HALF_PANEL);
        for (group, packed) in packed.chunks_exact_mut(group_len).enumerate() {
            let mut rest = packed;
            for first in (0..self.outputs).step_by(PANEL) {
                let width = if self.outputs - first > HALF_PANEL { PANEL } else { HALF_PANEL };
                let (panel, following) = rest.split_at_mut(width / HALF_PANEL * half_panel_len);
                pack(group * self.outputs + first, width.min(self.outputs - first), width, panel);
                rest = following;
            }
        }
    }
}

/// The scales of a panel of `real` output channels from `first` on, whose biases are written; zeros after them.
#[inline(always)]
pub(crate) fn begin_panel(
    first: usize,
    real: usize,
    affine: impl Fn(usize) -> Affine,
    biases: &mut [f32],
) -> [f64; PANEL] {
    let mut scales = [0.0; PANEL];
    biases.fill(0.0);
    for (column, bias) in biases.iter_mut().enumerate().take(real) {
        let Affine { scale, shift } = affine(first + column);
        (scales[column], *bias) = (scale, shift as f32);
    }
    scales
}

/// A copy of a known length, which is no call.
pub(super) fn copy_row(row: &mut [f32], values: &[f32]) {
    row.as_chunks_mut::<HALF_PANEL>().0.copy_from_slice(values.as_chunks().0);
}

/// Channels rounded up to whole panels: the length of a packed row with one number a channel.
#[must_use]
pub const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(PANEL)
}
