//! Functions of elements, of a pixel's channels, and normalisations.

use cnn_net::op::{Lrn, LrnWindow, Norm, Over, PreluPer, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::activation::{self, Activate, PreluMap};
use cnn_runtime::kernels::glu::{self, Gate};
use cnn_runtime::kernels::grn::{self, GrnMap};
use cnn_runtime::kernels::norm::{self, LrnMap, ScaleShift};
use cnn_runtime::kernels::normalise::{self, Normalise};
use cnn_runtime::kernels::softmax::{self, SoftmaxMap};
use cnn_runtime::pack::{padded, scale_shift_len};
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map};
use super::{Case, Writes};

fn map(maker: &mut Maker<'_, '_>) -> Map {
    let (size, channels) = (maker.size(9), maker.channels());
    maker.plain(size, channels)
}

pub(super) fn activate(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    Box::new(Activate { input, output: maker.same(input), activation: maker.activation().into() })
}

impl Case for Activate {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.input, &mut self.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        activation::activate(run, &self.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

pub(super) fn prelu(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    let per = maker.choices.pick(&PreluPer::ALL);
    let pixels = if per == PreluPer::Element { input.pixels() } else { 1 };
    let weights = maker.weights(pixels * padded(input.channels));
    Box::new(PreluMap { input, output: maker.same(input), weights, per })
}

impl Case for PreluMap {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.output].into_iter().flat_map(of_map);
        maps.chain([&mut self.weights]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        activation::prelu(run, &self.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

pub(super) fn lrn(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    let output = maker.plain(Size::new(input.height, input.width), input.channels);
    let beta = maker.choices.pick(&[0.75, 0.5, 1.0]);
    let window = LrnWindow::ALL[maker.choices.between(0, 2)];
    let lrn =
        Lrn { size: maker.choices.between(1, 9), window, alpha: maker.choices.float(), beta, k: maker.choices.float() };
    Box::new(LrnMap { input, output, lrn })
}

impl Case for LrnMap {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.output].into_iter().flat_map(of_map);
        maps.chain([&mut self.lrn.size]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        norm::lrn(run, &self.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

pub(super) fn scale_shift(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    let weights = maker.weights(scale_shift_len(input.channels));
    Box::new(ScaleShift { input, output: maker.same(input), weights, activation: maker.activation().into() })
}

impl Case for ScaleShift {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.output].into_iter().flat_map(of_map);
        maps.chain([&mut self.weights]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        norm::scale_shift(run, &self.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

pub(super) fn grn(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    let (output, eps) = (maker.same(input), maker.choices.float().abs());
    let layer = GrnMap::new(input, output, eps).weights(maker.weights(2 * padded(input.channels)));
    Box::new(layer.scratch(maker.scratch(GrnMap::scratch_floats(input.channels))))
}

impl Case for GrnMap {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.output].into_iter().flat_map(of_map);
        maps.chain([&mut self.weights, &mut self.scratch]).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        grn::grn(run, &self.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        let Self { output, scratch, .. } = *self;
        let ranges = vec![scratch..scratch + Self::scratch_floats(output.channels)];
        Writes { maps: vec![output], ranges }
    }
}

pub(super) fn normalise(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    let over = maker.choices.pick(&[Over::Channels, Over::All]);
    let (eps, affine, groups) = (maker.choices.float().abs(), maker.choices.once_in(2), input.channels);
    let norm = maker.choices.pick(&[
        Norm::Layer { over, eps, affine },
        Norm::Group { groups: if groups.is_multiple_of(3) { groups / 3 } else { 1 }, eps, affine },
        Norm::Instance { eps, affine },
        Norm::Rms { over, eps, affine },
        Norm::L2 { over, eps },
    ]);
    let layer = Normalise { input, output: maker.same(input), norm, weights: 0 };
    Box::new(Normalise { weights: maker.weights(layer.layout().len()), ..layer })
}

impl Case for Normalise {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let maps = [&mut self.input, &mut self.output].into_iter().flat_map(of_map);
        let groups = if let Norm::Group { groups, .. } = &mut self.norm { Some(groups) } else { None };
        maps.chain([&mut self.weights]).chain(groups).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        normalise::normalise(run, &self.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

pub(super) fn glu(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let output = map(maker);
    let input = maker.plain(Size::new(output.height, output.width), 2 * output.channels);
    Box::new(Gate { input, output })
}

impl Case for Gate {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.input, &mut self.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        glu::glu(run, &self.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.output.into()
    }
}

#[derive(Debug)]
struct Softmax {
    logarithm: bool,
    map: SoftmaxMap,
}

pub(super) fn softmax(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let input = map(maker);
    Box::new(Softmax { logarithm: maker.choices.once_in(2), map: SoftmaxMap { input, output: maker.same(input) } })
}

impl Case for Softmax {
    fn numbers(&mut self) -> Vec<&mut usize> {
        [&mut self.map.input, &mut self.map.output].into_iter().flat_map(of_map).collect()
    }

    fn run(&self, run: Run<'_>, _: Batch, _: &[f32], ws: &mut [f32]) {
        let softmax = if self.logarithm { softmax::log_softmax } else { softmax::softmax };
        softmax(run, &self.map.check(), ws);
    }

    fn writes(&self) -> Writes {
        self.map.output.into()
    }
}
