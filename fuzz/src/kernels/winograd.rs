//! Convolutions by Winograd's algorithm, on tiles and along columns.

use cnn_net::op::{Activation, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::strips::{Columns2d, Pooling, columns2d};
use cnn_runtime::kernels::winograd::{Winograd2d, halo, winograd2d, winograd2d_batch};
use cnn_runtime::place::workspace::Batch;

use super::conv::of_conv;
use super::maker::Maker;
use super::{Case, Writes};

#[derive(Debug)]
struct Tiles(Winograd2d);

/// Tiles and taps for which there are algorithms.
const TILES: [(usize, usize); 6] = [(2, 3), (4, 3), (6, 3), (3, 4), (5, 4), (4, 5)];

pub(super) fn winograd(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let (tile, taps) = maker.choices.pick(&TILES);
    let stride = maker.choices.pick(&[1, 1, 1, 2, 4]);
    let kernel = taps * stride - maker.choices.below(stride);
    let (groups, inputs) = (maker.choices.pick(&[1, 1, 2]), maker.channels());
    let outputs = maker.channels();
    let pool = tile.is_multiple_of(2) && maker.choices.once_in(3);
    let size = maker.size(14);
    let (conv, mut computed) = maker.conv(size, Size::square(kernel), Size::square(stride), Size::square(1));
    let mut stored = computed;
    if pool {
        stored = Size::new(computed.height.div_ceil(2), computed.width.div_ceil(2));
        computed = Size::new(2 * stored.height, 2 * stored.width);
    }
    let input = maker.map(size, groups * inputs, &halo(&conv, size, computed, tile));
    let output = maker.plain(stored, groups * outputs);
    let residual = if pool { None } else { maker.residual(output) };
    let activation =
        if pool { maker.choices.pick(&[Activation::Identity, Activation::Relu]) } else { maker.activation() };
    let conv = Conv2d { groups, residual, activation: activation.into(), ..Conv2d::of(&conv, input, output) };
    let mut layer = Winograd2d { conv, tile, pool, block: maker.choices.between(1, 20), scratch: 0, mixed: false };
    layer.scratch = maker.scratch(layer.scratch_len());
    layer.conv.weights = maker.weights(layer.panels().len());
    Box::new(Tiles(layer))
}

impl Case for Tiles {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let Winograd2d { conv, tile, block, scratch, .. } = &mut self.0;
        let mut numbers = of_conv(conv);
        numbers.extend([tile, block, scratch]);
        numbers
    }

    fn run(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
        if batch == Batch::one(ws) {
            winograd2d(run, &self.0.check(), weights, ws);
        } else {
            winograd2d_batch(run, &self.0.check(), batch, weights, ws);
        }
    }

    fn writes(&self) -> Writes {
        let Winograd2d { conv, scratch, .. } = &self.0;
        let scratch = *scratch..scratch + self.0.scratch_len();
        Writes { maps: vec![conv.output], ranges: vec![scratch] }
    }

    fn takes_batch(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Columns(Columns2d);

pub(super) fn columns(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let kernel = Size::new(5, maker.choices.between(1, 6));
    let pool = maker.choices.pick(&[None, Some(Pooling::Max), Some(Pooling::Average)]);
    let (size, inputs, outputs) = (maker.size(14), maker.channels(), maker.channels());
    let (conv, mut computed) = maker.conv(size, kernel, Size::square(1), Size::square(1));
    let mut stored = computed;
    if pool.is_some() {
        stored = Size::new(computed.height.div_ceil(2), computed.width.div_ceil(2));
        computed = Size::new(2 * stored.height, 2 * stored.width);
    }
    let input = maker.slice(size, inputs, &Columns2d::halo(&conv, size, computed), [0, 0]);
    let output = maker.plain(stored, outputs);
    let conv = Conv2d { activation: maker.activation().into(), ..Conv2d::of(&conv, input, output) };
    let mut layer = Columns2d { conv, pool, scratch: 0 };
    layer.scratch = maker.scratch(layer.scratch_len());
    layer.conv.weights = maker.weights(layer.panels().len());
    Box::new(Columns(layer))
}

impl Case for Columns {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let Columns2d { conv, scratch, .. } = &mut self.0;
        let mut numbers = of_conv(conv);
        numbers.push(scratch);
        numbers
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        columns2d(run, &self.0.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        let scratch = self.0.scratch..self.0.scratch + self.0.scratch_len();
        Writes { maps: vec![self.0.conv.output], ranges: vec![scratch] }
    }
}
