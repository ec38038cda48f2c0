//! Convolutions without tiles.

use cnn_net::op::Size;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv::{Conv2d, conv2d, conv2d_batch, depthwise2d};
use cnn_runtime::kernels::strips::{Planar2d, Pooling, planar2d};
use cnn_runtime::pack::{ConvPanels, DepthwiseTaps};
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map, of_size};
use super::{Case, Writes};

/// The numbers of a convolution.
pub(super) fn of_conv(conv: &mut Conv2d) -> Vec<&mut usize> {
    let Conv2d { input, output, kernel, stride, dilation, residual, .. } = conv;
    let Conv2d { pad_top, pad_left, groups, weights, .. } = conv;
    let mut numbers = vec![pad_top, pad_left, groups, weights];
    numbers.extend(of_map(input).into_iter().chain(of_map(output)).chain(residual.iter_mut().flat_map(of_map)));
    numbers.extend([kernel, stride, dilation].into_iter().flat_map(of_size));
    numbers
}

#[derive(Debug)]
struct Direct(Conv2d);

pub(super) fn conv(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let groups = maker.choices.pick(&[1, 1, 1, 2, 5]);
    let (inputs, outputs) = (maker.channels(), maker.channels());
    let layer = any(maker, groups, inputs, outputs);
    let panels = ConvPanels { groups, outputs, inputs, kernel: layer.kernel };
    let weights = maker.weights(panels.len());
    Box::new(Direct(Conv2d { weights, ..layer }))
}

/// A convolution of any size, with this many channels in a group.
fn any(maker: &mut Maker<'_, '_>, groups: usize, inputs: usize, outputs: usize) -> Conv2d {
    let (size, kernel, stride, dilation) = (maker.size(9), maker.size(5), maker.size(3), maker.size(2));
    let (conv, computed) = maker.conv(size, kernel, stride, dilation);
    let halo = Conv2d::halo(&conv, size, computed);
    let input = maker.map(size, groups * inputs, &halo);
    let output = maker.plain(computed, groups * outputs);
    let residual = maker.residual(output);
    Conv2d { groups, residual, activation: maker.activation().into(), ..Conv2d::of(&conv, input, output) }
}

impl Case for Direct {
    fn numbers(&mut self) -> Vec<&mut usize> {
        of_conv(&mut self.0)
    }

    fn run(&self, run: Run<'_>, batch: Batch, weights: &[f32], ws: &mut [f32]) {
        if batch == Batch::one(ws) {
            conv2d(run, &self.0.check(), weights, ws);
        } else {
            conv2d_batch(run, &self.0.check(), batch, weights, ws);
        }
    }

    fn writes(&self) -> Writes {
        self.0.output.into()
    }

    fn takes_batch(&self) -> bool {
        true
    }
}

#[derive(Debug)]
struct Depthwise(Conv2d);

pub(super) fn depthwise(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let channels = maker.channels();
    let layer = any(maker, channels, 1, 1);
    let weights = maker.weights(DepthwiseTaps { channels, kernel: layer.kernel }.len());
    Box::new(Depthwise(Conv2d { weights, ..layer }))
}

impl Case for Depthwise {
    fn numbers(&mut self) -> Vec<&mut usize> {
        of_conv(&mut self.0)
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        depthwise2d(run, &self.0.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        self.0.output.into()
    }
}

#[derive(Debug)]
struct Planar(Planar2d);

pub(super) fn planar(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let winograd = maker.choices.once_in(2);
    let tile = if winograd { 4 } else { 1 };
    let pool = maker.choices.pick(&[None, Some(Pooling::Max), Some(Pooling::Average)]);
    let kernel = if winograd { Size::new(5, maker.choices.between(1, 5)) } else { maker.size(6) };
    let (stride, dilation) =
        if winograd { (Size::square(1), Size::square(1)) } else { (Size::new(2, 1), maker.size(2)) };
    let size = Size::new(maker.choices.between(1, 12), maker.choices.between(28, 50));
    let (conv, mut computed) = maker.conv(size, kernel, stride, dilation);
    let mut stored = computed;
    if pool.is_some() {
        stored = Size::new(computed.height.div_ceil(2), computed.width.div_ceil(2));
        computed = Size::new(2 * stored.height, 2 * stored.width);
    }
    let input = maker.slice(size, 1, &Planar2d::halo(&conv, size, computed, tile), [0, 0]);
    let filters = maker.choices.between(1, 8);
    let output = maker.plain(stored, filters);
    let activation = maker.activation();
    let mut layer =
        Planar2d { conv: Conv2d { activation: activation.into(), ..Conv2d::of(&conv, input, output) }, tile, pool };
    layer.conv.weights = maker.weights(layer.panels().len());
    Box::new(Planar(layer))
}

impl Case for Planar {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let mut numbers = of_conv(&mut self.0.conv);
        numbers.push(&mut self.0.tile);
        numbers
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        planar2d(run, &self.0.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        self.0.conv.output.into()
    }
}
