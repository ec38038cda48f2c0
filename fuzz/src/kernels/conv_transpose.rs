//! Transposed convolutions.

use cnn_net::op::{ConvTranspose, Size};
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::conv_transpose::{ConvTranspose2d, conv_transpose2d};
use cnn_runtime::place::workspace::Batch;

use super::maker::{Maker, of_map, of_size};
use super::{Case, Writes};

#[derive(Debug)]
struct Transposed(ConvTranspose2d);

pub(super) fn conv_transpose(maker: &mut Maker<'_, '_>) -> Box<dyn Case> {
    let groups = maker.choices.pick(&[1, 1, 1, 2, 5]);
    let (inputs, outputs) = (groups * maker.channels(), groups * maker.channels());
    let (size, kernel, stride, dilation) = (maker.size(9), maker.size(5), maker.size(4), maker.size(3));
    let output_pad = Size::new(
        maker.choices.below(stride.height.max(dilation.height)),
        maker.choices.below(stride.width.max(dilation.width)),
    );
    let pad = maker.padding(2);
    let mut conv = ConvTranspose { filters: outputs, kernel, stride, pad, output_pad, dilation, groups, bias: true };
    let output = |conv: &ConvTranspose| {
        let [vertical, horizontal] = conv.axes();
        Some(Size::new(vertical.output(size.height)?, horizontal.output(size.width)?))
    };
    let computed = output(&conv).unwrap_or_else(|| {
        conv.pad = Default::default();
        output(&conv).expect("nothing is cut off")
    });
    let input = maker.map(size, inputs, &ConvTranspose2d::halo(&conv, size, computed));
    let output = maker.plain(computed, outputs);
    let residual = maker.residual(output);
    let layer = ConvTranspose2d::of(&conv, input, output).residual(residual).activation(maker.activation());
    let weights = maker.weights(layer.layout().len());
    Box::new(Transposed(layer.weights(weights)))
}

impl Case for Transposed {
    fn numbers(&mut self) -> Vec<&mut usize> {
        let layer = &mut self.0;
        let ConvTranspose2d { input, output, kernel, stride, dilation, residual, .. } = layer;
        let ConvTranspose2d { pad_top, pad_left, groups, weights, .. } = layer;
        let mut numbers = vec![pad_top, pad_left, groups, weights];
        numbers.extend(of_map(input).into_iter().chain(of_map(output)).chain(residual.iter_mut().flat_map(of_map)));
        numbers.extend([kernel, stride, dilation].into_iter().flat_map(of_size));
        numbers
    }

    fn run(&self, run: Run<'_>, _: Batch, weights: &[f32], ws: &mut [f32]) {
        conv_transpose2d(run, &self.0.check(), weights, ws);
    }

    fn writes(&self) -> Writes {
        self.0.output.into()
    }
}
