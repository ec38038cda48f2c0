//! Fully connected layers that leave zeros out.

use super::affine::Affine;
use super::panels::{begin_panel, copy_row, padded};
use crate::simd::PANEL;

/// The weights of a fully connected layer in rows, for [`dense_nonzero`](crate::kernels::dense::dense_nonzero).
///
/// Packed, they are the bias `[outputs]`, followed by `[pixels][inputs][outputs]`, the outputs padded to [`PANEL`]. A row is
/// what one input adds to all outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseRows {
    /// Output features.
    pub outputs: usize,
    /// Channels of the input.
    pub inputs: usize,
    /// Pixels of the input.
    pub pixels: usize,
}

impl DenseRows {
    /// Weights of one output.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.pixels * self.inputs
    }

    /// Packed size.
    #[must_use]
    pub const fn len(&self) -> usize {
        padded(self.outputs) * (self.depth() + 1)
    }

    /// Packed size with weights in half precision.
    #[must_use]
    pub const fn f16_len(&self) -> usize {
        padded(self.outputs) / 2 * (self.depth() + 2)
    }

    /// Whether there is nothing to pack.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs the elements of a `[outputs, inputs, pixels]` tensor, as [`ConvPanels::pack`](super::ConvPanels::pack) does.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`len`](Self::len).
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        assert_eq!(packed.len(), self.len());
        self.pack_rows(weight, affine, packed, copy_row);
    }

    /// Packs the rows, panel by panel of their outputs: a tensor is read in its order. `store` writes a panel of a row.
    pub(super) fn pack_rows(
        &self,
        weight: impl Fn(usize) -> f32,
        affine: impl Fn(usize) -> Affine,
        packed: &mut [f32],
        store: impl Fn(&mut [f32], &[f32]),
    ) {
        let Self { outputs, inputs, pixels } = *self;
        let (biases, rows) = packed.split_at_mut(padded(outputs));
        let row_len = rows.len() / self.depth();
        let panel_len = row_len / outputs.div_ceil(PANEL);
        for (panel, biases) in biases.chunks_exact_mut(PANEL).enumerate() {
            let first = panel * PANEL;
            let real = PANEL.min(outputs - first);
            let scales = begin_panel(first, real, &affine, biases);
            let mut values = [0.0; PANEL];
            for (k, row) in rows.chunks_exact_mut(row_len).enumerate() {
                let (pixel, input) = (k / inputs, k % inputs);
                for (column, value) in values.iter_mut().enumerate().take(real) {
                    let at = ((first + column) * inputs + input) * pixels + pixel;
                    *value = (f64::from(weight(at)) * scales[column]) as f32;
                }
                store(&mut row[panel * panel_len..][..panel_len], &values);
            }
        }
    }
}
