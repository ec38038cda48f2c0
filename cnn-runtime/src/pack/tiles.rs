//! Filters that are transformed for Winograd's algorithm in tiles.

use cnn_net::op::Size;

use super::affine::Affine;
use super::panels::{ConvPanels, begin_panel, copy_row};
use super::points::{MOST, MOST_TAPS, filter_matrix};
use crate::exec::divide::div_ceil;
use crate::simd::PANEL;

/// The weights of a convolution by Winograd's algorithm.
///
/// With a stride `s`, a filter is `s * s` filters of stride 1, each for the input pixels of one phase, `(s i + a, s j + b)`, as
/// if phases were input channels. Their side is `taps = kernel / s`, rounded up, with zeros after the kernel.
///
/// Packed, they are `[groups][panels]`, and a panel of `p` output channels is its bias `[p]` followed by the transformed
/// filters, `[n][n][s][s][inputs][p]` with `n = tile + taps - 1`. Panels are as wide as those of [`ConvPanels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WinogradPanels {
    /// Independent parts.
    pub groups: usize,
    /// Output channels of a group.
    pub outputs: usize,
    /// Input channels of a group.
    pub inputs: usize,
    /// Side of a filter.
    pub kernel: usize,
    /// Step of the window, in both directions.
    pub stride: usize,
    /// Side of a tile of outputs.
    pub tile: usize,
}

impl WinogradPanels {
    /// Side of the filter of a phase.
    #[must_use]
    pub const fn taps(&self) -> usize {
        div_ceil(self.kernel, self.stride)
    }

    /// Values of a transformed filter in one direction.
    #[must_use]
    pub const fn side(&self) -> usize {
        self.tile + self.taps() - 1
    }

    /// Products that are summed up: for each phase and input channel one.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.stride * self.stride * self.inputs
    }

    /// Panels with the values of each channel, which is what packing is about: filters of that size.
    const fn panels(&self) -> ConvPanels {
        let kernel = Size::square(self.side());
        ConvPanels { groups: self.groups, outputs: self.outputs, inputs: self.depth(), kernel }
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

    /// Packs the elements of a `[groups * outputs, inputs, kernel, kernel]` tensor, as [`ConvPanels::pack`] does. Filters are
    /// transformed in double precision.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`len`](Self::len), or there is no algorithm for such tiles.
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        assert_eq!(packed.len(), self.len());
        let (inputs, area) = (self.inputs, self.kernel * self.kernel);
        let weight = |[output, input, tap]: [usize; 3]| weight((output * inputs + input) * area + tap);
        self.panels().pack_panels(packed, |first, real, width, panel| {
            self.pack_panel([first, real, width], weight, &affine, panel);
        });
    }

    /// Packs a panel: its first output channel, counted through all groups, how many it has, and its width. `weight` gives weights by
    /// output channel, input channel of the group, and tap.
    #[inline(always)]
    pub(crate) fn pack_panel(
        &self,
        [first, real, width]: [usize; 3],
        weight: impl Fn([usize; 3]) -> f32,
        affine: impl Fn(usize) -> Affine,
        panel: &mut [f32],
    ) {
        let depth = self.depth();
        let matrix = filter_matrix(self.side(), self.taps());
        let (biases, rows) = panel.split_at_mut(width);
        let scales = begin_panel(first, real, &affine, biases);
        let mut filters = [[0.0; PANEL]; MOST_TAPS * MOST_TAPS];
        let mut columns = [[[0.0; PANEL]; MOST]; MOST_TAPS];
        for input in 0..depth {
            self.gather(input, first, &scales[..real], &weight, &mut filters);
            self.transform(&matrix, &filters, &mut columns, |point, values| {
                let row = &mut rows[(point * depth + input) * width..][..width];
                copy_row(row, &values.map(|value| value as f32)[..width]);
            });
        }
    }

    /// The filters of a phase and an input channel, `input` of all, for the output channels from `first` on, side by side.
    #[inline(always)]
    fn gather(
        &self,
        input: usize,
        first: usize,
        scales: &[f64],
        weight: impl Fn([usize; 3]) -> f32,
        filters: &mut [[f64; PANEL]; MOST_TAPS * MOST_TAPS],
    ) {
        let Self { inputs, kernel, stride, .. } = *self;
        let (phase, channel, taps) = (input / inputs, input % inputs, self.taps());
        // Taps of the phase that are in the kernel; after it come zeros.
        let [top, left] = [phase / stride, phase % stride];
        let [rows, width] = [top, left].map(|first| (kernel - first).div_ceil(stride));
        if rows < taps || width < taps {
            *filters = [[0.0; PANEL]; MOST_TAPS * MOST_TAPS];
        }
        for (column, scale) in scales.iter().enumerate() {
            for y in 0..rows {
                for x in 0..width {
                    let tap = (top + y * stride) * kernel + left + x * stride;
                    filters[y * taps + x][column] = f64::from(weight([first + column, channel, tap])) * scale;
                }
            }
        }
    }

    /// `G g G^T` of the filters of a panel side by side, which compilers make vectors of. Hands the values at each point to
    /// `store`. `columns` is memory for `(G g)^T`.
    #[inline(always)]
    fn transform(
        &self,
        matrix: &[[f64; MOST_TAPS]; MOST],
        filters: &[[f64; PANEL]],
        columns: &mut [[[f64; PANEL]; MOST]; MOST_TAPS],
        mut store: impl FnMut(usize, &[f64; PANEL]),
    ) {
        let (taps, n) = (self.taps(), self.side());
        for (x, column) in columns[..taps].iter_mut().enumerate() {
            for (value, factors) in column[..n].iter_mut().zip(matrix) {
                *value = [0.0; PANEL];
                for (y, factor) in factors[..taps].iter().enumerate() {
                    add_scaled(value, &filters[y * taps + x], *factor);
                }
            }
        }
        for y in 0..n {
            for (x, factors) in matrix[..n].iter().enumerate() {
                let mut values = [0.0; PANEL];
                for (column, factor) in columns[..taps].iter().zip(factors) {
                    add_scaled(&mut values, &column[y], *factor);
                }
                store(y * n + x, &values);
            }
        }
    }
}

/// `sum + values * factor` in each lane.
#[inline(always)]
fn add_scaled(sum: &mut [f64; PANEL], values: &[f64; PANEL], factor: f64) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value * factor;
    }
}
