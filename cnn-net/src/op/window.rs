//! How many windows fit into an input: the arithmetic that convolution and pooling share.

use super::{Padding, Size};

/// A window that moves over an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its extent.
    pub kernel: Size,
    /// Its step.
    pub stride: Size,
    /// Distance between its taps.
    pub dilation: Size,
    /// Padding around the input.
    pub pad: Padding,
    /// Whether the output size is rounded up.
    pub ceil: bool,
}

/// One direction of a [`Window`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// `height` or `width`.
    pub name: &'static str,
    /// Extent of the input.
    pub input: usize,
    /// Extent of the window.
    pub kernel: usize,
    /// Its step.
    pub stride: usize,
    /// Distance between its taps.
    pub dilation: usize,
    /// Padding before the input.
    pub before: usize,
    /// Padding after it.
    pub after: usize,
    /// Whether the output size is rounded up.
    pub ceil: bool,
}

impl Window {
    /// With `same` padding: the output is an input of this size divided by the stride. An odd row or column goes to the end or,
    /// if `lower`, to the beginning.
    #[must_use]
    pub fn padded_same(self, lower: bool, input: Size) -> Self {
        let [vertical, horizontal] = self.axes(input).map(|axis| axis.same(lower));
        let pad = Padding { top: vertical.0, bottom: vertical.1, left: horizontal.0, right: horizontal.1 };
        Self { pad, ..self }
    }

    /// Both directions over an input of this size.
    #[must_use]
    pub fn axes(&self, input: Size) -> [Axis; 2] {
        [
            Axis {
                name: "height",
                input: input.height,
                kernel: self.kernel.height,
                stride: self.stride.height,
                dilation: self.dilation.height,
                before: self.pad.top,
                after: self.pad.bottom,
                ceil: self.ceil,
            },
            Axis {
                name: "width",
                input: input.width,
                kernel: self.kernel.width,
                stride: self.stride.width,
                dilation: self.dilation.width,
                before: self.pad.left,
                after: self.pad.right,
                ceil: self.ceil,
            },
        ]
    }
}

impl Axis {
    /// The extent that a dilated kernel covers.
    #[must_use]
    pub fn extent(&self) -> usize {
        self.dilation * (self.kernel - 1) + 1
    }

    /// The input with its padding.
    #[must_use]
    pub fn padded(&self) -> usize {
        self.before + self.input + self.after
    }

    /// How many windows there are, if one fits.
    #[must_use]
    pub fn output(&self) -> Option<usize> {
        let room = self.padded().checked_sub(self.extent())?;
        let windows = if self.ceil { room.div_ceil(self.stride) } else { room / self.stride } + 1;
        // With `ceil`, a last window that would start in the far padding is dropped.
        let drop = self.ceil && (windows - 1) * self.stride >= self.input + self.before;
        Some(windows - usize::from(drop))
    }

    /// A window that has no tap in the input, by its index. Only a dilated one can step over it.
    #[must_use]
    pub fn empty_window(&self) -> Option<usize> {
        let windows = if self.dilation > 1 { self.output()? } else { 0 };
        (0..windows).find(|window| {
            let begin = window * self.stride;
            // The first tap after the padding.
            let tap = self.before.saturating_sub(begin).div_ceil(self.dilation);
            tap >= self.kernel || begin + tap * self.dilation >= self.before + self.input
        })
    }

    /// The padding before and after for which the output is the input divided by the stride, rounded up.
    fn same(&self, lower: bool) -> (usize, usize) {
        let windows = self.input.div_ceil(self.stride);
        let total = ((windows - 1) * self.stride + self.extent()).saturating_sub(self.input);
        let (small, large) = (total / 2, total - total / 2);
        if lower { (large, small) } else { (small, large) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(input: usize, kernel: usize, stride: usize, pad: usize, ceil: bool) -> Axis {
        Axis { name: "height", input, kernel, stride, dilation: 1, before: pad, after: pad, ceil }
    }

    #[test]
    fn sizes_round_down_or_up() {
        assert_eq!(axis(224, 7, 2, 3, false).output(), Some(112));
        assert_eq!(axis(112, 3, 2, 0, false).output(), Some(55));
        assert_eq!(axis(112, 3, 2, 0, true).output(), Some(56));
        assert_eq!(axis(2, 3, 1, 0, false).output(), None);
    }

    #[test]
    fn a_last_window_in_the_far_padding_is_dropped() {
        // PyTorch: nn.AvgPool2d(3, stride = 3, padding = 1, ceil_mode = True) takes 5 to 2, not 3.
        assert_eq!(axis(5, 3, 3, 1, true).output(), Some(2));
        assert_eq!(axis(2, 1, 2, 0, true).output(), Some(1));
    }

    #[test]
    fn same_keeps_the_size() {
        assert_eq!(axis(5, 3, 1, 0, false).same(false), (1, 1));
        assert_eq!(axis(5, 4, 1, 0, false).same(false), (1, 2));
        assert_eq!(axis(5, 4, 1, 0, false).same(true), (2, 1));
        assert_eq!(axis(5, 1, 2, 0, false).same(false), (0, 0));
    }

    #[test]
    fn a_dilated_window_can_miss_a_small_input() {
        let missing = Axis { dilation: 2, ..axis(1, 2, 1, 1, false) };
        assert_eq!(missing.empty_window(), Some(0));
        assert_eq!(axis(1, 3, 1, 1, false).empty_window(), None);
    }
}
