//! Weights in the order in which kernels read them.
//!
//! Packed weights of a net are one array of `f32`; each layer has an offset in it. Channels are padded with zeros to
//! whole vectors, so that kernels load without looking at the end. The weights of a fully connected layer may be in half
//! precision, two in the bits of a float.

#[cfg(feature = "alloc")]
mod f16;

use crate::op::Size;
use crate::winograd::points::{MOST, MOST_TAPS, filter_matrix};

/// Output channels of a full panel: two AVX2 vectors, one AVX-512 vector or four NEON vectors.
pub const PANEL: usize = 16;
/// Output channels of the half panel that may come last.
pub const HALF_PANEL: usize = 8;

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
    /// This, and a batch normalisation behind it.
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

    /// Whether there is nothing to pack.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs `weight`, which gives the elements of a `[groups * outputs, inputs, height, width]` tensor by their
    /// position, with `affine` of each output channel, into `packed` of [`len`](Self::len) elements. `affine` is called
    /// once for each channel, in their order, before its weights are taken.
    ///
    /// # Panics
    ///
    /// If `packed` has another length.
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        assert_eq!(packed.len(), self.len());
        let area = self.kernel.area();
        self.pack_columns(packed, |channel, column, width| {
            let Affine { scale, shift } = affine(channel);
            column[0] = shift as f32;
            for tap in 0..area {
                for input in 0..self.inputs {
                    let value = weight((channel * self.inputs + input) * area + tap);
                    column[(1 + tap * self.inputs + input) * width] = (f64::from(value) * scale) as f32;
                }
            }
        });
    }

    /// Hands each output channel and its column of a panel, in which every `width`-th element is its own, to `pack`; those
    /// behind the last channel are zeroed.
    fn pack_columns(&self, packed: &mut [f32], pack: impl Fn(usize, &mut [f32], usize)) {
        self.pack_panels(packed, |first, real, width, panel| {
            for column in 0..real {
                pack(first + column, &mut panel[column..], width);
            }
            for column in real..width {
                panel[column..].iter_mut().step_by(width).for_each(|slot| *slot = 0.0);
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
                let (panel, behind) = rest.split_at_mut(width / HALF_PANEL * half_panel_len);
                pack(group * self.outputs + first, width.min(self.outputs - first), width, panel);
                rest = behind;
            }
        }
    }
}

/// The weights of a convolution by Winograd's algorithm.
///
/// Packed, they are `[groups][panels]`, and a panel of `p` output channels is its bias `[p]` followed by the transformed
/// filters, `[n][n][inputs][p]` with `n = tile + taps - 1`. Panels are as wide as those of [`ConvPanels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WinogradPanels {
    /// Independent parts.
    pub groups: usize,
    /// Output channels of a group.
    pub outputs: usize,
    /// Input channels of a group.
    pub inputs: usize,
    /// Side of a filter.
    pub taps: usize,
    /// Side of a tile of outputs.
    pub tile: usize,
}

impl WinogradPanels {
    /// Values of a transformed filter in one direction.
    const fn side(&self) -> usize {
        self.tile + self.taps - 1
    }

    /// Panels of so many values for each channel, which is what packing is about: a filter of that size.
    const fn panels(&self) -> ConvPanels {
        let kernel = Size::square(self.side());
        ConvPanels { groups: self.groups, outputs: self.outputs, inputs: self.inputs, kernel }
    }

    /// Packed size.
    pub const fn len(&self) -> usize {
        self.panels().len()
    }

    /// Whether there is nothing to pack.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs the elements of a `[groups * outputs, inputs, taps, taps]` tensor, as [`ConvPanels::pack`] does. Filters are
    /// transformed in double precision.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`len`](Self::len), or there is no algorithm for such tiles.
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        assert_eq!(packed.len(), self.len());
        let matrix = filter_matrix(self.side(), self.taps);
        self.panels().pack_columns(packed, |channel, column, width| {
            let Affine { scale, shift } = affine(channel);
            column[0] = shift as f32;
            for input in 0..self.inputs {
                let at = (channel * self.inputs + input) * self.taps * self.taps;
                let filter = self.transform(&matrix, |tap| f64::from(weight(at + tap)) * scale);
                for (y, row) in filter[..self.side()].iter().enumerate() {
                    for (x, value) in row[..self.side()].iter().enumerate() {
                        let point = y * self.side() + x;
                        column[(1 + point * self.inputs + input) * width] = *value as f32;
                    }
                }
            }
        });
    }

    /// `G g G^T` of a filter.
    fn transform(&self, matrix: &[[f64; MOST_TAPS]; MOST], filter: impl Fn(usize) -> f64) -> [[f64; MOST]; MOST] {
        let (taps, n) = (self.taps, self.side());
        // (G g)^T, then G g G^T.
        let mut columns = [[0.0; MOST]; MOST_TAPS];
        for (x, column) in columns[..taps].iter_mut().enumerate() {
            for y in 0..taps {
                let tap = filter(y * taps + x);
                for (value, row) in column[..n].iter_mut().zip(matrix) {
                    *value += row[y] * tap;
                }
            }
        }
        let mut transformed = [[0.0; MOST]; MOST];
        for (y, row) in transformed[..n].iter_mut().enumerate() {
            for (value, factors) in row[..n].iter_mut().zip(matrix) {
                *value = columns[..taps].iter().zip(factors).map(|(column, factor)| column[y] * factor).sum();
            }
        }
        transformed
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
