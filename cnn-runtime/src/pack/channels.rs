//! Weights of single channels: depthwise filters, scales and shifts, slopes.

use cnn_net::op::Size;

use super::affine::Affine;
use super::panels::padded;

/// The weights of a depthwise convolution: bias `[channels]`, then `[kernel.height][kernel.width][channels]`, the
/// channels padded to [`PANEL`](super::PANEL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthwiseTaps {
    /// Input and output channels.
    pub channels: usize,
    /// Extent of a filter.
    pub kernel: Size,
}

impl DepthwiseTaps {
    /// Packed size.
    #[must_use]
    pub const fn len(&self) -> usize {
        padded(self.channels) * (self.kernel.area() + 1)
    }

    /// Whether there is nothing to pack.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs the elements of a `[channels, 1, height, width]` tensor, as [`ConvPanels::pack`](super::ConvPanels::pack) does.
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

/// Packed size of a [`pack_scale_shift`].
#[must_use]
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

/// Packs what follows a normalisation: factors `[pixels][channels]`, then summands, the channels padded, from tensors
/// `[channels, pixels]`. A factor is a weight, times the scale of the element's `affine`.
///
/// # Panics
///
/// If `packed` is not `2 * pixels * padded(channels)` long.
pub fn pack_gains(
    channels: usize,
    pixels: usize,
    weight: impl Fn(usize) -> f32,
    affine: impl Fn(usize) -> Affine,
    packed: &mut [f32],
) {
    let row = padded(channels);
    assert_eq!(packed.len(), 2 * pixels * row);
    packed.fill(0.0);
    let (gains, shifts) = packed.split_at_mut(pixels * row);
    for element in 0..channels * pixels {
        let slot = element % pixels * row + element / pixels;
        let Affine { scale, shift } = affine(element);
        gains[slot] = (f64::from(weight(element)) * scale) as f32;
        shifts[slot] = shift as f32;
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
