//! Convolutions.
//!
//! [`conv2d`] describes a convolution to the micro-kernel of [`gemm`](crate::gemm); [`depthwise2d`] has a kernel of its
//! own, since with one input channel for each output channel there is nothing to multiply as matrices.

mod depthwise;

use crate::activation::Finish;
use crate::bounds::{Windows, assert_map, assert_same, weights_at};
use crate::gemm::{Gemm, Lattice, Patch};
use crate::isa::Isa;
use crate::map::Map;
use crate::op::{Activation, Size};
use crate::pack::{HALF_PANEL, padded};

/// A convolution of a map with its zero halo, with everything that is fused into it:
/// `output = activation(conv(input) + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2d {
    /// What it reads. At least `pad_top` rows and `pad_left` columns before it, and as many behind it as the last
    /// windows cover, are zeros in the workspace.
    pub input: Map,
    /// What it writes.
    pub output: Map,
    /// Extent of a filter.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Rows of the halo above the input that the first window covers.
    pub pad_top: usize,
    /// Columns of the halo left of the input that the first window covers.
    pub pad_left: usize,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// Independent parts of the channels.
    pub groups: usize,
    /// Where the packed weights ([`ConvPanels`](crate::pack::ConvPanels)) begin.
    pub weights: usize,
    /// Added before the activation; of the output's shape. It may be the output itself.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Activation,
}

/// A convolution in which each channel has a filter of its own; the fields are those of [`Conv2d`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Depthwise2d {
    /// What it reads.
    pub input: Map,
    /// What it writes, with as many channels.
    pub output: Map,
    /// Extent of a filter.
    pub kernel: Size,
    /// Step of the window.
    pub stride: Size,
    /// Rows of the halo above the input that the first window covers.
    pub pad_top: usize,
    /// Columns of the halo left of the input that the first window covers.
    pub pad_left: usize,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// Where the packed weights ([`DepthwiseTaps`](crate::pack::DepthwiseTaps)) begin.
    pub weights: usize,
    /// Added before the activation.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Activation,
}

/// Convolves a map.
///
/// # Panics
///
/// If what it reads or writes, with a vector behind it, lies outside of the workspace or of the weights, or the groups
/// don't divide the channels.
pub fn conv2d(isa: Isa, layer: &Conv2d, weights: &[f32], ws: &mut [f32]) {
    let Conv2d { input, output, kernel, stride, groups, .. } = layer;
    let windows = Windows {
        vertical: [output.height, stride.height, kernel.height, layer.dilation.height],
        horizontal: [output.width, stride.width, kernel.width, layer.dilation.width],
        before: [layer.pad_top, layer.pad_left],
    };
    let offset = windows.assert(input, ws.len());
    assert_map(output, ws.len());
    if let Some(residual) = &layer.residual {
        assert_same(residual, output, ws.len());
    }
    let divides = *groups > 0 && input.channels % groups == 0 && output.channels % groups == 0;
    assert!(divides, "{groups} groups don't divide the channels");
    let patch = layer.patch();
    let columns = (output.channels / groups).next_multiple_of(HALF_PANEL);
    let gemm = Gemm {
        weights: weights_at(weights, layer.weights, [*groups, columns, patch.depth() + 1]),
        ws: ws.as_mut_ptr(),
        windows: Lattice { offset, row: stride.height * input.row, pixel: stride.width * input.pixel },
        patch,
        output: *output,
        residual: layer.residual,
        groups: *groups,
        group_step: input.channels / groups,
        finish: Finish::of(layer.activation),
    };
    isa.run(gemm);
}

/// Convolves each channel of a map with a filter of its own.
///
/// # Panics
///
/// As [`conv2d`] does; also if input and output differ in their channels.
pub fn depthwise2d(isa: Isa, layer: &Depthwise2d, weights: &[f32], ws: &mut [f32]) {
    let Depthwise2d { input, output, kernel, stride, .. } = layer;
    let windows = Windows {
        vertical: [output.height, stride.height, kernel.height, layer.dilation.height],
        horizontal: [output.width, stride.width, kernel.width, layer.dilation.width],
        before: [layer.pad_top, layer.pad_left],
    };
    let offset = windows.assert(input, ws.len());
    assert_map(output, ws.len());
    if let Some(residual) = &layer.residual {
        assert_same(residual, output, ws.len());
    }
    assert!(input.channels == output.channels, "a depthwise convolution keeps the number of channels");
    let weights = weights_at(weights, layer.weights, [kernel.area() + 1, padded(input.channels)]);
    isa.run(depthwise::Depthwise { layer, offset, weights, ws: ws.as_mut_ptr() });
}

impl Conv2d {
    /// How the floats of a window lie in the input. Where nothing is between the taps of a kernel row, it is one segment.
    fn patch(&self) -> Patch {
        let Self { input, kernel, dilation, groups, .. } = self;
        let inputs = input.channels / groups;
        let contiguous = *groups == 1 && dilation.width == 1 && input.pixel == input.channels;
        let (segments, len) = if contiguous { (1, kernel.width * inputs) } else { (kernel.width, inputs) };
        Patch {
            rows: kernel.height,
            row: dilation.height * input.row,
            segments,
            segment: dilation.width * input.pixel,
            len,
        }
    }
}
