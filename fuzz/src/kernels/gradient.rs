//! Gradients.

use cnn_net::op::{Padding, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::gradient::activation::{self, ActivateGradient};
use cnn_runtime::kernels::gradient::conv::{self, ConvInputGradient, ConvWeightGradient};
use cnn_runtime::kernels::gradient::dense::{self, DenseInputGradient, DenseWeightGradient};
use cnn_runtime::kernels::gradient::grn::{self, GrnGradient};
use cnn_runtime::kernels::gradient::loss::{self, CrossEntropy};
use cnn_runtime::pack::padded;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map, of_size};
use super::{Case, Writes};

fn map(maker: &mut Maker<'_, '_>) -> Map {
    let (size, channels) = (maker.size(9), maker.channels());
    maker.plain(size, channels)
}

pub(super) fn activate(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    let upstream = maker.same(input);
    let output = match maker.choices.below(3) {
        0 => input,
        1 => upstream,
        _ => maker.plain(Size::new(input.height, input.width), input.channels),
    };
    Box::new(ActivateGradient { input, upstream, output, activation: maker.activation().into() })
}

impl Case for ActivateGradient {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.input, &mut self.upstream, &mut self.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        activation::activate_gradient(run, &self.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

pub(super) fn grn(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    let upstream = maker.same(input);
    let output = match maker.choices.below(3) {
        0 => input,
        1 => upstream,
        _ => maker.plain(Size::new(input.height, input.width), input.channels),
    };
    let eps = maker.choices.float().abs();
    let layer = GrnGradient::new(input, upstream, output, eps).weights(maker.weights(2 * padded(input.channels)));
    Box::new(layer.scratch(maker.scratch(GrnGradient::scratch_floats(input.channels))))
}

impl Case for GrnGradient {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.upstream, &mut self.output].into_iter().flat_map(of_map);
        maps.chain([&mut self.weights, &mut self.scratch]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        grn::grn_gradient(run, &self.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        let Self { output, scratch, .. } = *self;
        let ranges = vec![scratch..scratch + Self::scratch_floats(output.channels)];
        Writes { maps: vec![output], ranges }
    }
}

/// A loss, and how many classes are given for it.
#[derive(Debug)]
struct Loss {
    layer: CrossEntropy,
    classes: usize,
    class: usize,
}

/// The most classes that are given.
const MOST_CLASSES: usize = 1 << 16;

pub(super) fn cross_entropy(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let logits = map(maker);
    let (output, pixels) = (maker.same(logits), logits.pixels());
    let smoothing = maker.choices.pick(&[0.0, 0.1]);
    let layer = CrossEntropy { logits, output, loss: maker.scratch(2 * pixels), weight: 0.5, smoothing };
    Box::new(Loss { layer, classes: pixels, class: maker.choices.below(logits.channels) })
}

impl Case for Loss {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let CrossEntropy { logits, output, loss, .. } = &mut self.layer;
        of_map(logits).into_iter().chain(of_map(output)).chain([loss, &mut self.classes, &mut self.class]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let classes = vec![self.class as u32; self.classes.min(MOST_CLASSES)];
        loss::cross_entropy(run, &self.layer.check(), &classes, ws);
    }

    fn writes(&self) -> Writes {
        let CrossEntropy { output, loss, .. } = self.layer;
        Writes { maps: vec![output], ranges: vec![loss..loss + 2 * output.pixels()] }
    }
}

pub(super) fn conv_input(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (size, channels, filters) = (maker.size(6), maker.channels(), maker.channels());
    let (kernel, stride) = (maker.size(4), maker.size(3));
    let upstream = maker.plain(size, filters);
    let extent = |windows: usize, step: usize, taps: usize| (windows - 1) * step + taps;
    let (height, width) =
        (extent(size.height, stride.height, kernel.height), extent(size.width, stride.width, kernel.width));
    // Its pixels are next to each other.
    let output = maker.slice(Size::new(height, width), channels, &Padding::NONE, [0, 0]);
    let weights = maker.weights(filters * kernel.area() * channels);
    Box::new(ConvInputGradient { upstream, output, kernel, stride, weights })
}

impl Case for ConvInputGradient {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.upstream, &mut self.output].into_iter().flat_map(of_map);
        let sizes = [&mut self.kernel, &mut self.stride].into_iter().flat_map(of_size);
        maps.chain(sizes).chain([&mut self.weights]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        conv::conv_input_gradient(run, &self.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

pub(super) fn dense_input(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (output, outputs) = (map(maker), maker.channels());
    let upstream = maker.plain(Size::square(1), outputs);
    let weights = maker.weights(outputs * output.elements());
    Box::new(DenseInputGradient { upstream, output, weights })
}

impl Case for DenseInputGradient {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.upstream, &mut self.output].into_iter().flat_map(of_map);
        maps.chain([&mut self.weights]).collect()
    }

    fn run(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
        dense::dense_input_gradient(run, &self.check(), batch, ws, &mut weights.to_vec());
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }

    fn takes_batch(&self) -> bool {
        true
    }
}

/// A layer, and how many gradients there is room for.
#[derive(Debug)]
struct Weights {
    layer: DenseWeightGradient,
    gradients: usize,
}

/// The most gradients that there is room for.
const MOST_GRADIENTS: usize = 1 << 20;

pub(super) fn dense_weights(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (input, outputs) = (map(maker), maker.channels());
    let upstream = maker.plain(Size::square(1), outputs);
    let (weight, len) = (maker.choices.below(3), input.elements() * outputs);
    let bias = maker.choices.once_in(2).then_some(weight + len);
    let gradients = weight + len + bias.map_or(0, |_| outputs);
    Box::new(Weights { layer: DenseWeightGradient { input, upstream, weight, bias }, gradients })
}

impl Case for Weights {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let DenseWeightGradient { input, upstream, weight, bias } = &mut self.layer;
        let maps = of_map(input).into_iter().chain(of_map(upstream));
        maps.chain([weight, &mut self.gradients]).chain(bias).collect()
    }

    fn run(&self, run: Run<'_>, batch: Batch, _: &[f32], ws: &mut [f32]) {
        let mut gradients = vec![0.0; self.gradients.min(MOST_GRADIENTS)];
        dense::dense_weight_gradient(run, &self.layer.check(), batch, ws, &mut gradients);
    }

    fn writes(&self) -> Writes {
        Writes::default()
    }

    fn takes_batch(&self) -> bool {
        true
    }
}

/// A convolution, and how many gradients there is room for.
#[derive(Debug)]
struct Filters {
    layer: ConvWeightGradient,
    gradients: usize,
}

pub(super) fn conv_weights(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let groups = maker.choices.pick(&[1, 1, 2, 3]);
    let (size, inputs, outputs) = (maker.size(7), maker.choices.between(1, 20), maker.choices.between(1, 20));
    let [kernel, stride, dilation] = [maker.size(4), maker.size(3), maker.size(2)];
    let (of, output) = maker.conv(size, kernel, stride, dilation);
    let input = maker.map(size, groups * inputs, &Conv2d::halo(&of, size, output));
    let upstream = maker.plain(output, groups * outputs);
    let (weight, len) = (maker.choices.below(3), upstream.channels * kernel.area() * inputs);
    let bias = maker.choices.once_in(2).then_some(weight + len);
    let gradients = weight + len + bias.map_or(0, |_| upstream.channels);
    let (pad_top, pad_left) = (of.pad.top, of.pad.left);
    let layer =
        ConvWeightGradient { input, upstream, kernel, stride, pad_top, pad_left, dilation, groups, weight, bias };
    Box::new(Filters { layer, gradients })
}

impl Case for Filters {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let ConvWeightGradient { input, upstream, kernel, stride, pad_top, pad_left, dilation, groups, weight, bias } =
            &mut self.layer;
        let maps = of_map(input).into_iter().chain(of_map(upstream));
        let sizes = [kernel, stride, dilation].into_iter().flat_map(of_size);
        maps.chain(sizes).chain([pad_top, pad_left, groups, weight, &mut self.gradients]).chain(bias).collect()
    }

    fn run(&self, run: Run<'_>, batch: Batch, _: &[f32], ws: &mut [f32]) {
        let mut gradients = vec![0.0; self.gradients.min(MOST_GRADIENTS)];
        conv::conv_weight_gradient(run, &self.layer.check(), batch, ws, &mut gradients);
    }

    fn writes(&self) -> Writes {
        Writes::default()
    }

    fn takes_batch(&self) -> bool {
        true
    }
}
