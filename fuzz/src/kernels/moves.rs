//! Layers that move numbers, or resize maps.

use cnn_net::op::{Edge, Pad, Padding, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::pad::{self, PadMap};
use cnn_runtime::kernels::reshape::{self, ReshapeMap};
use cnn_runtime::kernels::resize::{ResizeMap, bicubic, bilinear, nearest};
use cnn_runtime::kernels::shuffle::{
    ChannelShuffleMap, PixelShuffleMap, PixelUnshuffleMap, channel_shuffle, pixel_shuffle, pixel_unshuffle,
};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map, of_padding};
use super::{Case, Writes};

#[derive(Debug)]
struct Padded {
    input: Map,
    output: Map,
    sides: Padding,
    mode: Edge,
    value: f32,
}

pub(super) fn pad(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels) = (maker.size(9), maker.channels());
    let mode = maker.choices.pick(&[Edge::Zero, Edge::Reflect, Edge::Replicate]);
    let sides = maker.padding(if mode == Edge::Reflect { size.height.min(size.width) - 1 } else { 5 });
    let padded = Size::new(sides.top + size.height + sides.bottom, sides.left + size.width + sides.right);
    let (input, output) = (maker.plain(size, channels), maker.plain(padded, channels));
    Box::new(Padded { input, output, sides, mode, value: maker.choices.float() })
}

impl Case for Padded {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.output].into_iter().flat_map(of_map);
        maps.chain(of_padding(&mut self.sides)).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let Self { input, output, sides, mode, value } = *self;
        pad::pad(run, &PadMap { input, output, pad: Pad::new(sides).mode(mode).value(value) }.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

/// Which way numbers go.
#[derive(Clone, Copy, Debug)]
enum Way {
    ToPixels,
    ToChannels,
    Groups,
}

#[derive(Debug)]
struct Shuffle {
    way: Way,
    input: Map,
    output: Map,
    /// The factor, or the number of groups.
    by: usize,
}

pub(super) fn shuffle(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let way = maker.choices.pick(&[Way::ToPixels, Way::ToChannels, Way::Groups]);
    let (by, size, channels) = (maker.choices.between(1, 5), maker.size(6), maker.choices.between(1, 35));
    let large = (Size::new(size.height * by, size.width * by), channels);
    let small = (size, channels * by * by);
    let [from, to] = match way {
        Way::ToPixels => [small, large],
        Way::ToChannels => [large, small],
        Way::Groups => [(size, channels * by); 2],
    };
    let (input, output) = (maker.plain(from.0, from.1), maker.plain(to.0, to.1));
    Box::new(Shuffle { way, input, output, by })
}

impl Case for Shuffle {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.output].into_iter().flat_map(of_map);
        maps.chain([&mut self.by]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let Self { way, input, output, by } = *self;
        match way {
            Way::ToPixels => pixel_shuffle(run, &PixelShuffleMap { input, output, factor: by }.check(), ws),
            Way::ToChannels => pixel_unshuffle(run, &PixelUnshuffleMap { input, output, factor: by }.check(), ws),
            Way::Groups => channel_shuffle(run, &ChannelShuffleMap { input, output, groups: by }.check(), ws),
        }
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

#[derive(Debug)]
struct Reshape {
    input: Map,
    output: Map,
}

pub(super) fn reshape(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (mut from, mut to) = ([1; 3], [1; 3]);
    for _ in 0..4 {
        let factor = maker.choices.between(1, 6);
        from[maker.choices.below(3)] *= factor;
        to[maker.choices.below(3)] *= factor;
    }
    let [input, output] = [from, to].map(|[c, y, x]| maker.plain(Size::new(y, x), c));
    Box::new(Reshape { input, output })
}

impl Case for Reshape {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.input, &mut self.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        reshape::reshape(run, &ReshapeMap { input: self.input, output: self.output }.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

#[derive(Debug)]
struct Resize {
    taps: usize,
    layer: ResizeMap,
}

pub(super) fn resize(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (from, to, channels) = (maker.size(12), maker.size(20), maker.channels());
    let (input, output) = (maker.plain(from, channels), maker.plain(to, channels));
    let taps = maker.choices.pick(&[1, 2, 4]);
    Box::new(Resize { taps, layer: ResizeMap { input, output, align_corners: maker.choices.once_in(2) } })
}

impl Case for Resize {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.layer.input, &mut self.layer.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let layer = self.layer.check();
        match self.taps {
            1 => nearest(run, &layer, ws),
            2 => bilinear(run, &layer, ws),
            _ => bicubic(run, &layer, ws),
        }
    }

    fn writes(&self) -> Writes {
        self.layer.output.into()
    }
}
