//! Weights in the order in which kernels read them.
//!
//! Packed weights of a net are one array of `f32`; each layer has an offset in it. Channels are padded with zeros to
//! whole vectors, so that kernels load without looking at the end. The weights of a fully connected layer may be in half
//! precision, two in the bits of a float.

mod columns;
#[cfg(feature = "alloc")]
mod f16;
mod layout;
pub(crate) mod points;
mod rows;

pub use self::columns::ColumnPanels;
pub use self::layout::{Layout, Pack};
pub use self::rows::DenseRows;

pub use crate::simd::{HALF_PANEL, PANEL};

use crate::exec::divide::div_ceil;
use crate::pack::points::{MOST, MOST_TAPS, filter_matrix};
use cnn_net::op::Size;

/// The output of a layer times `scale`, plus `shift`: a bias and a folded batch normalisation.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    /// Factor of the weights.
    pub scale: f64,
    /// Bias.
    pub shift: f64,
}

/// The numbers of a batch normalisation in one channel.
#[derive(Clone, Copy, Debug)]
pub struct Normalisation {
    /// `weight`.
    pub weight: f32,
    /// `bias`.
    pub bias: f32,
    /// `running_mean`.
    pub mean: f32,
    /// `running_var`.
    pub var: f32,
    /// What is added to the variance.
    pub eps: f32,
}

impl Affine {
    /// This, followed by a batch normalisation.
    pub fn normalised(self, norm: &Normalisation) -> Self {
        let [weight, bias, mean, var, eps] = [norm.weight, norm.bias, norm.mean, norm.var, norm.eps].map(f64::from);
        let scale = weight / libm::sqrt(var + eps);
        Self { scale: self.scale * scale, shift: (self.shift - mean) * scale + bias }
    }
}

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
    pub const fn depth(&self) -> usize {
        self.kernel.area() * self.inputs
    }

    /// Packed size of one group.
    pub const fn group_len(&self) -> usize {
        self.outputs.next_multiple_of(HALF_PANEL) * (self.depth() + 1)
    }

    /// Packed size.
    pub const fn len(&self) -> usize {
        self.groups * self.group_len()
    }

    /// Packed size with weights in half precision.
    pub const fn f16_len(&self) -> usize {
        self.groups * (self.outputs.next_multiple_of(HALF_PANEL) / 2) * (self.depth() + 2)
    }

    /// Whether there is nothing to pack.
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
    fn pack_rows(
        &self,
        weight: impl Fn(usize) -> f64,
        affine: impl Fn(usize) -> Affine,
        packed: &mut [f32],
        store: impl Fn(&mut [f32], &[f32]),
    ) {
        let area = self.kernel.area();
        self.pack_panels(packed, |first, real, width, panel| {
            let (biases, rows) = panel.split_at_mut(width);
            let scales = begin_panel(first, real, &affine, biases);
            let mut values = [0.0; PANEL];
            let len = rows.len() / self.depth();
            for (k, row) in rows.chunks_exact_mut(len).enumerate() {
                let (tap, input) = (k / self.inputs, k % self.inputs);
                for (column, value) in values.iter_mut().enumerate().take(real) {
                    let at = ((first + column) * self.inputs + input) * area + tap;
                    *value = (weight(at) * scales[column]) as f32;
                }
                store(row, &values[..width]);
            }
        });
    }

    /// Hands each panel to `pack`: its first output channel, how many it has, its width, and its share of `packed`, where
    /// every channel takes the same.
    fn pack_panels(&self, packed: &mut [f32], mut pack: impl FnMut(usize, usize, usize, &mut [f32])) {
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
    pub const fn taps(&self) -> usize {
        div_ceil(self.kernel, self.stride)
    }

    /// Values of a transformed filter in one direction.
    pub const fn side(&self) -> usize {
        self.tile + self.taps() - 1
    }

    /// Products that are summed up: for each phase and input channel one.
    pub const fn depth(&self) -> usize {
        self.stride * self.stride * self.inputs
    }

    /// Panels with the values of each channel, which is what packing is about: filters of that size.
    const fn panels(&self) -> ConvPanels {
        let kernel = Size::square(self.side());
        ConvPanels { groups: self.groups, outputs: self.outputs, inputs: self.depth(), kernel }
    }

    /// Packed size.
    pub const fn len(&self) -> usize {
        self.panels().len()
    }

    /// Whether there is nothing to pack.
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
        let depth = self.depth();
        let matrix = filter_matrix(self.side(), self.taps());
        self.panels().pack_panels(packed, |first, real, width, panel| {
            let (biases, rows) = panel.split_at_mut(width);
            let scales = begin_panel(first, real, &affine, biases);
            let mut filters = [[0.0; PANEL]; MOST_TAPS * MOST_TAPS];
            let mut columns = [[[0.0; PANEL]; MOST]; MOST_TAPS];
            for input in 0..depth {
                self.gather(input, first, &scales[..real], &weight, &mut filters);
                self.transform(&matrix, &filters, &mut columns, |point, values| {
                    let row = &mut rows[(point * depth + input) * width..][..width];
                    for (slot, value) in row.iter_mut().zip(values) {
                        *slot = *value as f32;
                    }
                });
            }
        });
    }

    /// The filters of a phase and an input channel, `input` of all, for the output channels from `first` on, side by side.
    fn gather(
        &self,
        input: usize,
        first: usize,
        scales: &[f64],
        weight: impl Fn(usize) -> f32,
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
            let start = ((first + column) * inputs + channel) * kernel * kernel + top * kernel + left;
            for y in 0..rows {
                for x in 0..width {
                    filters[y * taps + x][column] = f64::from(weight(start + (y * kernel + x) * stride)) * scale;
                }
            }
        }
    }

    /// `G g G^T` of the filters of a panel side by side, which compilers make vectors of. Hands the values at each point to
    /// `store`. `columns` is memory for `(G g)^T`.
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

/// The scales of a panel of `real` output channels from `first` on, whose biases are written; zeros after them.
fn begin_panel(first: usize, real: usize, affine: impl Fn(usize) -> Affine, biases: &mut [f32]) -> [f64; PANEL] {
    let mut scales = [0.0; PANEL];
    biases.fill(0.0);
    for (column, bias) in biases.iter_mut().enumerate().take(real) {
        let Affine { scale, shift } = affine(first + column);
        (scales[column], *bias) = (scale, shift as f32);
    }
    scales
}

/// A copy of a known length, which is no call.
fn copy_row(row: &mut [f32], values: &[f32]) {
    row.as_chunks_mut::<HALF_PANEL>().0.copy_from_slice(values.as_chunks().0);
}

/// `sum + values * factor` in each lane.
fn add_scaled(sum: &mut [f64; PANEL], values: &[f64; PANEL], factor: f64) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += value * factor;
    }
}

/// The weights of a depthwise convolution: bias `[channels]`, then `[kernel.height][kernel.width][channels]`, the
/// channels padded to [`PANEL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthwiseTaps {
    /// Input and output channels.
    pub channels: usize,
    /// Extent of a filter.
    pub kernel: Size,
}

impl DepthwiseTaps {
    /// Packed size.
    pub const fn len(&self) -> usize {
        padded(self.channels) * (self.kernel.area() + 1)
    }

    /// Whether there is nothing to pack.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs the elements of a `[channels, 1, height, width]` tensor, as [`ConvPanels::pack`] does.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`len`](Self::len).
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        assert_eq!(packed.len(), self.len());
        let area = self.kernel.area();
        let stride = padded(self.channels);
        packed.fill(0.0);
        for channel in 0..self.channels {
            let Affine { scale, shift } = affine(channel);
            packed[channel] = shift as f32;
            for tap in 0..area {
                packed[(1 + tap) * stride + channel] = (f64::from(weight(channel * area + tap)) * scale) as f32;
            }
        }
    }
}

/// Channels rounded up to whole panels: the length of a packed row with one number a channel.
pub const fn padded(channels: usize) -> usize {
    channels.next_multiple_of(PANEL)
}

/// Packed size of a [`pack_scale_shift`].
pub const fn scale_shift_len(channels: usize) -> usize {
    2 * padded(channels)
}

/// Packs a batch normalisation that could not be folded: scales `[channels]`, then shifts `[channels]`, both padded.
///
/// # Panics
///
/// If `packed` has another length than [`scale_shift_len`].
pub fn pack_scale_shift(channels: usize, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
    assert_eq!(packed.len(), scale_shift_len(channels));
    packed.fill(0.0);
    let (scales, shifts) = packed.split_at_mut(padded(channels));
    for channel in 0..channels {
        let Affine { scale, shift } = affine(channel);
        scales[channel] = scale as f32;
        shifts[channel] = shift as f32;
    }
}

/// Packs slopes of a `prelu`: `[pixels][channels]`, the channels padded, from a `[channels, pixels]` tensor.
///
/// # Panics
///
/// If `packed` is not `pixels * padded(channels)` long.
pub fn pack_slopes(channels: usize, pixels: usize, slope: impl Fn(usize) -> f32, packed: &mut [f32]) {
    assert_eq!(packed.len(), pixels * padded(channels));
    packed.fill(0.0);
    for (pixel, row) in packed.chunks_exact_mut(padded(channels)).enumerate() {
        for (channel, slot) in row[..channels].iter_mut().enumerate() {
            *slot = slope(channel * pixels + pixel);
        }
    }
}
