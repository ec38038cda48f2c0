//! Maps in a workspace, one after the other.

use cnn_net::op::{Activation, Conv, Padding, Size};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::SLACK;

use crate::choose::Choices;

/// A workspace that is being laid out.
pub(super) struct Maker<'a, 'c> {
    pub(super) choices: &'a mut Choices<'c>,
    /// Floats of the workspace so far.
    pub(super) floats: usize,
    /// Floats of the weights so far.
    pub(super) weights: usize,
}

impl<'a, 'c> Maker<'a, 'c> {
    pub(super) fn new(choices: &'a mut Choices<'c>) -> Self {
        Self { choices, floats: 0, weights: 0 }
    }

    /// Room after everything so far, with space for a vector after it.
    pub(super) fn scratch(&mut self, floats: usize) -> usize {
        let start = self.floats + self.choices.below(3);
        self.floats = start + floats + SLACK;
        start
    }

    /// Room for packed weights.
    pub(super) fn weights(&mut self, floats: usize) -> usize {
        let start = self.choices.below(3);
        self.weights = start + floats;
        start
    }

    /// A map, perhaps a slice of the channels of a wider one.
    pub(super) fn map(&mut self, size: Size, channels: usize, halo: &Padding) -> Map {
        let (before, after) = self.choices.pick(&[(0, 0), (0, 0), (3, 0), (0, 5), (8, 9), (0, channels + 17)]);
        self.slice(size, channels, halo, [before, after])
    }

    /// A map in a wider one, with this many channels before and after it.
    pub(super) fn slice(&mut self, size: Size, channels: usize, halo: &Padding, [before, after]: [usize; 2]) -> Map {
        let pixel = before + channels + after;
        let row = (halo.left + size.width + halo.right) * pixel;
        let start = self.scratch((halo.top + size.height + halo.bottom) * row);
        let offset = start + halo.top * row + halo.left * pixel + before;
        Map { offset, height: size.height, width: size.width, channels, row, pixel }
    }

    /// A map without halo.
    pub(super) fn plain(&mut self, size: Size, channels: usize) -> Map {
        self.map(size, channels, &Padding::NONE)
    }

    /// The map, or another of its size, possibly in other channels of the same pixels.
    pub(super) fn same(&mut self, map: Map) -> Map {
        let spare = map.pixel - map.channels;
        match self.choices.below(4) {
            0 | 1 => map,
            2 if spare >= map.channels => {
                let next_to_it = Map { offset: map.offset + self.choices.between(map.channels, spare), ..map };
                self.floats = self.floats.max(next_to_it.end() + SLACK);
                next_to_it
            }
            _ => self.plain(Size::new(map.height, map.width), map.channels),
        }
    }

    /// Sometimes a map for a kernel to add to its output.
    pub(super) fn residual(&mut self, output: Map) -> Option<Map> {
        self.choices.once_in(3).then(|| self.same(output))
    }

    pub(super) fn size(&mut self, most: usize) -> Size {
        Size::new(self.choices.between(1, most), self.choices.between(1, most))
    }

    pub(super) fn channels(&mut self) -> usize {
        let most = self.choices.pick(&[1, 4, 8, 16, 17, 33, 70]);
        self.choices.between(1, most)
    }

    pub(super) fn padding(&mut self, most: usize) -> Padding {
        let mut edge = || self.choices.below(most + 1);
        Padding { top: edge(), left: edge(), bottom: edge(), right: edge() }
    }

    pub(super) fn activation(&mut self) -> Activation {
        let (alpha, beta) = (self.choices.float(), self.choices.float());
        self.choices.pick(&[
            Activation::Identity,
            Activation::Relu,
            Activation::Relu6,
            Activation::Step,
            Activation::Sigmoid,
            Activation::Tanh,
            Activation::LeakyRelu { slope: alpha },
            Activation::Elu { alpha },
            Activation::Selu { alpha, gamma: beta },
            Activation::Softplus { beta: alpha.abs().max(0.1), threshold: beta },
            Activation::HardShrink { lambda: alpha.abs() },
            Activation::SoftShrink { lambda: alpha.abs() },
            Activation::Softsign,
            Activation::Gelu,
            Activation::GeluTanh,
            Activation::Silu,
            Activation::Mish,
            Activation::HardSigmoid { alpha, beta },
            Activation::HardSwish,
            Activation::HardTanh { min: alpha.min(beta), max: alpha.max(beta) },
            Activation::Celu { alpha: alpha.abs().max(0.1) },
            Activation::Threshold { threshold: alpha, value: beta },
            Activation::LogSigmoid,
        ])
    }

    /// A convolution with these arguments, and the size of its output.
    pub(super) fn conv(&mut self, input: Size, kernel: Size, stride: Size, dilation: Size) -> (Conv, Size) {
        let reach = |taps: usize, dilation: usize| dilation * (taps - 1) + 1;
        let least = Size::new(reach(kernel.height, dilation.height), reach(kernel.width, dilation.width));
        let mut pad = self.padding(2);
        pad.bottom += least.height.saturating_sub(input.height + pad.top + pad.bottom);
        pad.right += least.width.saturating_sub(input.width + pad.left + pad.right);
        let output = Size {
            height: (pad.top + input.height + pad.bottom - least.height) / stride.height + 1,
            width: (pad.left + input.width + pad.right - least.width) / stride.width + 1,
        };
        (Conv { filters: 1, kernel, stride, pad, dilation, groups: 1, bias: true }, output)
    }
}

/// The numbers of a map.
pub(super) fn of_map(map: &mut Map) -> Vec<&mut usize> {
    let Map { offset, height, width, channels, row, pixel } = map;
    vec![offset, height, width, channels, row, pixel]
}

/// The numbers of a size.
pub(super) fn of_size(size: &mut Size) -> Vec<&mut usize> {
    let Size { height, width } = size;
    vec![height, width]
}

/// The numbers of a padding.
pub(super) fn of_padding(padding: &mut Padding) -> Vec<&mut usize> {
    let Padding { top, left, bottom, right } = padding;
    vec![top, left, bottom, right]
}
