//! Transposed convolution, and the arithmetic of its size.

use super::argument::Arguments;
use super::{Padding, Size};
use crate::record;

/// A transposed convolution, like PyTorch's `ConvTranspose2d`: each number of the input adds the filter, multiplied by that
/// number, to the output; filters of neighbouring inputs are a stride apart.
///
/// Tensors: `weight` `[in_channels, filters / groups, kernel.height, kernel.width]`, and `bias` `[filters]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConvTranspose {
    /// Output channels.
    pub filters: usize,
    /// Extent of a filter.
    pub kernel: Size,
    /// Distance in the output between the filters of neighbours in the input.
    pub stride: Size,
    /// Rows and columns that are cropped from the output at each edge.
    pub pad: Padding,
    /// Rows and columns that are added to the output at the bottom and at the right, less than the stride or the dilation.
    pub output_pad: Size,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// The number of independent groups that input and output channels are split into.
    pub groups: usize,
    /// Whether a bias is added.
    pub bias: bool,
}

record! {
    ConvTranspose(filters: usize, kernel: Size) {
        stride: Size = Size::square(1),
        pad: Padding = Padding::NONE,
        output_pad: Size = Size::new(0, 0),
        dilation: Size = Size::square(1),
        groups: usize = 1,
        bias: bool = true,
    }
}

/// One direction of a [`ConvTranspose`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TransposedAxis {
    /// `height` or `width`.
    pub name: &'static str,
    /// Extent of a filter.
    pub kernel: usize,
    /// Distance between the filters of neighbours.
    pub stride: usize,
    /// Distance between the taps of a filter.
    pub dilation: usize,
    /// What is cut off before the first output.
    pub before: usize,
    /// What is cut off after the last.
    pub after: usize,
    /// What is added after the last.
    pub added: usize,
}

impl ConvTranspose {
    /// Both directions.
    #[must_use]
    pub const fn axes(&self) -> [TransposedAxis; 2] {
        let Self { kernel, stride, pad, output_pad, dilation, .. } = *self;
        [
            TransposedAxis {
                name: "height",
                kernel: kernel.height,
                stride: stride.height,
                dilation: dilation.height,
                before: pad.top,
                after: pad.bottom,
                added: output_pad.height,
            },
            TransposedAxis {
                name: "width",
                kernel: kernel.width,
                stride: stride.width,
                dilation: dilation.width,
                before: pad.left,
                after: pad.right,
                added: output_pad.width,
            },
        ]
    }

    /// The size of the input for which the output has this size.
    #[must_use]
    pub const fn input(&self, output: Size) -> Size {
        let [vertical, horizontal] = self.axes();
        Size::new(vertical.input(output.height), horizontal.input(output.width))
    }

    /// Its arguments in the language.
    pub(super) fn arguments(&mut self, to: &mut Arguments<'_>) {
        let one = Some(Size::square(1));
        to.positional().count("filters", &mut self.filters, None);
        to.positional().size("size", &mut self.kernel, None);
        to.size("stride", &mut self.stride, one);
        to.pad(&mut self.pad);
        to.size_or_zero("output_pad", &mut self.output_pad);
        to.size("dilation", &mut self.dilation, one);
        to.count("groups", &mut self.groups, Some(1));
        to.flag("bias", &mut self.bias, true);
    }
}

impl TransposedAxis {
    /// The output of an input of this extent, before anything is cut off.
    #[must_use]
    pub const fn whole(&self, input: usize) -> usize {
        (input - 1) * self.stride + self.dilation * (self.kernel - 1) + self.added + 1
    }

    /// The output of an input of this extent, unless all of it is cut off.
    #[must_use]
    pub const fn output(&self, input: usize) -> Option<usize> {
        match self.whole(input).checked_sub(self.before + self.after) {
            Some(0) | None => None,
            output => output,
        }
    }

    /// The input of which the output has this extent.
    const fn input(&self, output: usize) -> usize {
        let least = self.dilation * (self.kernel - 1) + self.added + 1;
        (output + self.before + self.after).saturating_sub(least) / self.stride + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_pytorch() {
        let axis = |conv: ConvTranspose| conv.axes()[0];
        let conv = ConvTranspose::new(1, Size::square(4)).stride(Size::square(2)).pad(Padding::symmetric(1, 1));
        assert_eq!(axis(conv).output(7), Some(14));
        assert_eq!(axis(conv).input(14), 7);
        let conv = ConvTranspose::new(1, Size::square(3)).stride(Size::square(2)).output_pad(Size::square(1));
        assert_eq!(axis(conv).output(4), Some(10));
        assert_eq!(axis(ConvTranspose::new(1, Size::square(1)).pad(Padding::symmetric(1, 1))).output(2), None);
    }
}
