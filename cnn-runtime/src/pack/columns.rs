//! Filters whose columns are transformed.

use super::affine::Affine;
use super::panels::{ConvPanels, copy_row};
use crate::pack::points::filter_matrix;
use cnn_net::op::Size;

/// The weights of a convolution by Winograd's algorithm along columns.
///
/// The columns of filters are transformed, so that they are [`ConvPanels`] of filters of `rows = tile + kernel.height - 1` rows,
/// which have a product of their own each. With a tile of 1 they are what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnPanels {
    /// Output channels.
    pub outputs: usize,
    /// Input channels.
    pub inputs: usize,
    /// Extent of a filter.
    pub kernel: Size,
    /// Rows of a tile.
    pub tile: usize,
}

impl ColumnPanels {
    /// Rows of a packed filter.
    #[must_use]
    pub const fn rows(&self) -> usize {
        if self.tile == 1 { self.kernel.height } else { self.tile + self.kernel.height - 1 }
    }

    const fn panels(&self) -> ConvPanels {
        let kernel = Size::new(self.rows(), self.kernel.width);
        ConvPanels { groups: 1, outputs: self.outputs, inputs: self.inputs, kernel }
    }

    /// Packed size.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.panels().len()
    }

    /// Whether there is nothing to pack.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs the elements of a `[outputs, inputs, height, width]` tensor, as [`ConvPanels::pack`] does. Filters are transformed in
    /// double precision.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`len`](Self::len), or there is no algorithm for such tiles.
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        if self.tile == 1 {
            return self.panels().pack(weight, affine, packed);
        }
        assert_eq!(packed.len(), self.len());
        let (rows, Size { height, width }) = (self.rows(), self.kernel);
        let matrix = filter_matrix(rows, height);
        let transformed = |at: usize| {
            let (channel, row, column) = (at / (rows * width), at / width % rows, at % width);
            let taps = (0..height).map(|y| f64::from(weight((channel * height + y) * width + column)));
            taps.zip(matrix[row]).map(|(tap, factor)| tap * factor).sum()
        };
        self.panels().pack_rows(transformed, affine, packed, copy_row);
    }
}
