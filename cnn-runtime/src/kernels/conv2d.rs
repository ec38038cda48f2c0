//! The descriptor of a convolution, which several kernels take.

use crate::exec::divide::div;
use crate::kernels::activation::Elementwise;
use crate::kernels::epilogue::Epilogue;
use crate::pack::{ConvPanels, DepthwiseTaps, Layout};
use crate::place::bounds::{Checked, Reach, Region, Windows, assert_product};
use crate::place::map::Map;
use cnn_net::op::{Activation, Conv, Padding, Size};
use cnn_net::record;

/// A convolution of a map with its zero halo, with everything that is fused into it:
/// `output = activation(conv(input) + bias + residual)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2d {
    /// What it reads. At least `pad_top` rows and `pad_left` columns before it, and those after it that the last
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
    /// Where the packed weights begin.
    pub weights: usize,
    /// Added before the activation; of the output's shape. It may be the output itself.
    pub residual: Option<Map>,
    /// Applied last.
    pub activation: Elementwise,
}

record! {
    Conv2d(#read input: Map, output: Map, kernel: Size) {
        stride: Size = Size::square(1),
        pad_top: usize = 0,
        pad_left: usize = 0,
        dilation: Size = Size::square(1),
        groups: usize = 1,
        weights: usize = 0,
        #read residual: Option<Map> = None,
        activation: Elementwise as Activation = Activation::Identity,
    }
}

impl Conv2d {
    /// A convolution of one map into another, with its weights at the beginning and nothing fused into it.
    #[must_use]
    pub const fn of(conv: &Conv, input: Map, output: Map) -> Self {
        Self {
            input,
            output,
            kernel: conv.kernel,
            stride: conv.stride,
            pad_top: conv.pad.top,
            pad_left: conv.pad.left,
            dilation: conv.dilation,
            groups: conv.groups,
            weights: 0,
            residual: None,
            activation: Elementwise::of(Activation::Identity),
        }
    }

    /// Whether each channel has its own filter.
    pub(super) const fn is_depthwise(&self) -> bool {
        self.groups > 1 && self.groups == self.input.channels && self.groups == self.output.channels
    }

    /// How its weights are packed.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        let Self { input, output, kernel, groups, .. } = *self;
        if self.is_depthwise() {
            return Layout::Depthwise(DepthwiseTaps { channels: input.channels, kernel });
        }
        let (outputs, inputs) = (div(output.channels, groups), div(input.channels, groups));
        Layout::Conv(ConvPanels { groups, outputs, inputs, kernel })
    }

    /// The zeros that a convolution reads around an input of this size, for an output of that.
    #[must_use]
    pub const fn halo(conv: &Conv, input: Size, output: Size) -> Padding {
        let Conv { kernel, stride, pad, dilation, .. } = conv;
        let height = (output.height - 1) * stride.height + dilation.height * (kernel.height - 1) + 1;
        let width = (output.width - 1) * stride.width + dilation.width * (kernel.width - 1) + 1;
        Padding {
            top: pad.top,
            left: pad.left,
            bottom: height.saturating_sub(pad.top + input.height),
            right: width.saturating_sub(pad.left + input.width),
        }
    }

    /// What happens to its sums.
    pub(crate) const fn epilogue(&self) -> Epilogue {
        Epilogue::new(self.activation).adding(self.residual)
    }

    /// Checks it.
    ///
    /// # Panics
    ///
    /// If the groups don't divide the channels; if windows don't move, or begin before the workspace; if the output overlaps
    /// what is read, but for a residual that is the output; if the residual has another size.
    pub const fn check(self) -> Checked<Self> {
        Checked::new(self, self.reach(self.output.height, self.output.width))
    }

    /// What it reads and writes to compute `height` rows and `width` columns, and its residual.
    pub(crate) const fn reach(&self, height: usize, width: usize) -> Reach {
        let Self { input, output, kernel, groups, .. } = self;
        let divides = *groups > 0 && input.channels.is_multiple_of(*groups) && output.channels.is_multiple_of(*groups);
        assert!(divides, "the groups don't divide the channels");
        assert_product(&[kernel.height, kernel.width, input.channels]);
        let windows = self.windows(height, width, *kernel);
        // Only depthwise convolutions read whole vectors.
        let windows = if *groups == input.channels { windows.spilling() } else { windows };
        Reach::to(output).reads(windows).reads_residual(&self.residual, output)
    }

    /// All that it reads of its input for `height` rows and `width` columns of the output, with a kernel of this size.
    pub(crate) const fn windows(&self, height: usize, width: usize, kernel: Size) -> Region {
        let Self { input, stride, dilation, pad_top, pad_left, .. } = self;
        let vertical = Windows {
            count: height,
            stride: stride.height,
            taps: kernel.height,
            dilation: dilation.height,
            before: *pad_top,
        };
        let horizontal = Windows {
            count: width,
            stride: stride.width,
            taps: kernel.width,
            dilation: dilation.width,
            before: *pad_left,
        };
        Region::windows(input, vertical, horizontal)
    }

    /// Where the first window begins.
    pub(crate) const fn first(&self) -> usize {
        self.input.offset - self.pad_top * self.input.row - self.pad_left * self.input.pixel
    }
}
