//! The phases of a transposed convolution.
//!
//! Output `o` of one direction gets tap `k` of the filter at input `i` if `o + pad = i * stride + k * dilation`. Outputs that
//! are a stride apart, a *phase*, are reached by the same taps, which no other phase has. So a phase is a plain convolution of
//! the input with these taps, the last of them first, and no zeros are multiplied:
//!
//! ```text
//! 4 taps, stride 2, pad 1        y[0] y[2] y[4] …   x[i - 1] * w[3] + x[i] * w[1]
//!                                y[1] y[3] y[5] …   x[i] * w[2] + x[i + 1] * w[0]
//! ```

use cnn_net::op::Size;

use super::affine::Affine;
use super::panels::{ConvPanels, copy_row};
use crate::exec::divide::{div, div_rem};
use crate::simd::HALF_PANEL;

/// One direction of a transposed convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PhaseAxis {
    /// Taps of a filter.
    pub(crate) kernel: usize,
    /// Distance between the filters of neighbours; the number of phases.
    pub(crate) stride: usize,
    /// Distance between taps.
    pub(crate) dilation: usize,
    /// Outputs that are cut off before the first.
    pub(crate) pad: usize,
}

/// The taps of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taps {
    /// How many there are; perhaps none.
    pub(crate) count: usize,
    /// The last tap of the filter, which reads the first input.
    pub(crate) last: usize,
    /// From a tap to the one before it.
    pub(crate) step: usize,
}

impl PhaseAxis {
    /// The least number of taps whose distance is divisible by the stride.
    pub(crate) const fn step(self) -> usize {
        // stride / gcd(stride, dilation)
        let (mut a, mut b) = (self.stride, self.dilation);
        while b != 0 {
            (a, b) = (b, div_rem(a, b).1);
        }
        div(self.stride, a)
    }

    /// The taps of a phase.
    pub(crate) const fn taps(self, phase: usize) -> Taps {
        let Self { kernel, stride, dilation, pad } = self;
        let (step, rest) = (self.step(), div_rem(phase + pad, stride).1);
        let end = if step < kernel { step } else { kernel };
        let mut first = 0;
        while first < end && div_rem(first * dilation, stride).1 != rest {
            first += 1;
        }
        if first >= end {
            return Taps { count: 0, last: 0, step };
        }
        let more = div(kernel - 1 - first, step);
        Taps { count: more + 1, last: first + more * step, step }
    }
}

/// The weights of a transposed convolution: a [`ConvPanels`] for each phase, those of a row of phases one after another. A phase
/// without taps has its biases alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransposedPanels {
    /// Independent parts.
    pub groups: usize,
    /// Output channels of a group.
    pub outputs: usize,
    /// Input channels of a group.
    pub inputs: usize,
    /// Extent of a filter.
    pub kernel: Size,
    /// Phases.
    pub stride: Size,
    /// Distance between the taps of a filter.
    pub dilation: Size,
    /// Rows and columns of the output that are cut off before the first.
    pub pad: Size,
}

impl TransposedPanels {
    /// Both directions.
    pub(crate) const fn axes(&self) -> [PhaseAxis; 2] {
        let Self { kernel, stride, dilation, pad, .. } = *self;
        [
            PhaseAxis { kernel: kernel.height, stride: stride.height, dilation: dilation.height, pad: pad.height },
            PhaseAxis { kernel: kernel.width, stride: stride.width, dilation: dilation.width, pad: pad.width },
        ]
    }

    /// Packed size: each tap is in one phase, and each phase has biases.
    #[must_use]
    pub const fn len(&self) -> usize {
        let depth = self.kernel.area() * self.inputs;
        self.groups * self.outputs.next_multiple_of(HALF_PANEL) * (depth + self.stride.area())
    }

    /// Whether there is nothing to pack.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Packs the elements of a `[groups * inputs, outputs, height, width]` tensor, with `affine` of each output channel, which is
    /// called once for each channel and phase.
    ///
    /// # Panics
    ///
    /// If `packed` has another length than [`len`](Self::len).
    pub fn pack(&self, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine, packed: &mut [f32]) {
        assert_eq!(packed.len(), self.len());
        let Self { groups, outputs, inputs, kernel, stride, .. } = *self;
        let [vertical, horizontal] = self.axes();
        let mut rest = packed;
        for phase in 0..stride.area() {
            let rows = vertical.taps(phase / stride.width);
            let columns = horizontal.taps(phase % stride.width);
            let panels = ConvPanels { groups, outputs, inputs, kernel: Size::new(rows.count, columns.count) };
            let (packed, following) = rest.split_at_mut(panels.len());
            let weight = |[output, input, tap]: [usize; 3]| {
                let row = rows.last - tap / columns.count * rows.step;
                let column = columns.last - tap % columns.count * columns.step;
                let filter = (output / outputs * inputs + input) * outputs + output % outputs;
                f64::from(weight((filter * kernel.height + row) * kernel.width + column))
            };
            panels.pack_taps(weight, &affine, packed, copy_row);
            rest = following;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tap_is_in_one_phase() {
        for (kernel, stride, dilation) in [(4, 2, 1), (3, 2, 1), (5, 3, 2), (3, 4, 2), (2, 3, 3), (1, 5, 1), (7, 6, 4)]
        {
            for pad in 0..5 {
                let axis = PhaseAxis { kernel, stride, dilation, pad };
                let mut seen = vec![0; kernel];
                for phase in 0..stride {
                    let Taps { count, last, step } = axis.taps(phase);
                    for tap in (0..count).map(|index| last - index * step) {
                        assert_eq!((phase + pad) % stride, tap * dilation % stride, "{axis:?}");
                        seen[tap] += 1;
                    }
                }
                assert!(seen.iter().all(|times| *times == 1), "{axis:?}: {seen:?}");
            }
        }
    }
}
